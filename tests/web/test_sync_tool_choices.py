"""Sync Invoices > Customers and > Preferences: choices that a bookkeeper makes once."""

from datetime import date
from decimal import Decimal

import pytest

from domain.copying.billed import LineKind
from domain.copying.terms import CopyTerms, DebtorChoice, LineDetail, TaxAs
from models.customer_links import CustomerLink, all_links
from models.organizations import organization_by_id
from tests.copying import Tool, set_up
from tests.web.browser import Browser, forms_in
from tests.web.sync_tool import CUSTOMERS, LIST, PREFERENCES, words_on
from tests.world import World

TERMS = "/sync-invoices/terms"


@pytest.fixture
def tool(world: World) -> Tool:
    return set_up(world)


def link(tool: Tool, company: str) -> CustomerLink:
    with tool.world.context.database.reading() as session:
        return next(one for one in all_links(session, tool.world.organization_id) if one.company == company)


def known(tool: Tool, *companies: str) -> None:
    """Each company has an invoice that was checked, so its name was looked up."""
    numbers = [f"CW-{company}" for company in companies]
    for number, company in zip(numbers, companies, strict=True):
        tool.bill(number[:15], company_name=company, company_identifier=company.replace(" ", ""))
    tool.refresh()
    tool.preview(*[number[:15] for number in numbers])


# --- customers ---


def test_without_a_preview_the_page_says_how_companies_come(tool: Tool, partner: Browser) -> None:
    assert "No company is known yet." in words_on(partner.get(CUSTOMERS).text)


def test_a_proposal_is_told_and_used(tool: Tool, partner: Browser) -> None:
    known(tool, "Cascade Dental")
    assert "QuickBooks has a customer Cascade Dental" in words_on(partner.get(CUSTOMERS).text)
    page = words_on(partner.send(CUSTOMERS, {"do": "use"}).text)
    assert "Is the customer Cascade Dental" in page
    assert "chosen by books@northwind.example" in page
    assert link(tool, "Cascade Dental").customer_id == tool.world.customer_id


def test_a_choice_is_taken_back(tool: Tool, partner: Browser) -> None:
    known(tool, "Cascade Dental")
    partner.get(CUSTOMERS)
    partner.send(CUSTOMERS, {"do": "use"})
    partner.send(CUSTOMERS, {"do": "undo"})
    assert link(tool, "Cascade Dental").customer_id is None


def test_the_name_of_a_vendor_is_told_and_another_name_entered(tool: Tool, partner: Browser) -> None:
    tool.world.quickbooks.add_name_owner("vendor", "Dune Cafe")
    known(tool, "Dune Cafe")
    page = words_on(partner.get(CUSTOMERS).text)
    assert "In QuickBooks, Dune Cafe is a vendor, so no customer can have this name." in page
    assert 'value="Dune Cafe (DuneCafe)"' in partner.page
    page = words_on(partner.send(CUSTOMERS, {"do": "create"}).text)
    assert "A customer Dune Cafe (DuneCafe) is created together with the first invoice." in page
    assert link(tool, "Dune Cafe").create_as == "Dune Cafe (DuneCafe)"


def test_a_name_that_the_books_do_not_take_is_refused(tool: Tool, partner: Browser) -> None:
    known(tool, "Dune Cafe")
    partner.get(CUSTOMERS)
    answer = partner.send(CUSTOMERS, {"do": "create", "name": "Dune: Cafe"})
    assert (answer.status_code, "without colons" in answer.text) == (409, True)
    assert link(tool, "Dune Cafe").create_as is None


def test_all_proposals_are_used_at_once(tool: Tool, partner: Browser) -> None:
    known(tool, "Cascade Dental", "Dune Cafe")
    page = words_on(partner.get(CUSTOMERS).text)
    assert "2 companies without a customer" in page
    form = next(form for form in forms_in(partner.page) if form.action.endswith("use-proposals"))
    answer = partner.client.post(form.action, data=form.fields)
    assert "1 choice made." in answer.text
    assert link(tool, "Dune Cafe").create_as is None
    partner.get(CUSTOMERS)
    partner.send("/sync-invoices/customers/use-proposals", {"create": "yes"})
    assert link(tool, "Dune Cafe").create_as == "Dune Cafe"


def test_companies_are_searched_and_narrowed(tool: Tool, partner: Browser) -> None:
    known(tool, "Cascade Dental", "Dune Cafe")
    partner.get(CUSTOMERS)
    assert "Dune Cafe" in partner.get(f"{CUSTOMERS}?search=dune").text
    assert "Cascade Dental" not in partner.page
    assert "No company matches." in words_on(partner.get(f"{CUSTOMERS}?show=chosen").text)


def test_companies_have_pages(tool: Tool, partner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.sync_customers.ROWS_PER_PAGE", 1)
    known(tool, "Cascade Dental", "Dune Cafe")
    assert "Dune Cafe" not in partner.get(CUSTOMERS).text
    after = partner.page.split("/sync-invoices/customers?after=")[1].split('"')[0]
    assert "Dune Cafe" in partner.get(f"{CUSTOMERS}?after={after}").text


# --- preferences ---


def terms(tool: Tool) -> CopyTerms:
    with tool.world.context.database.reading() as session:
        return organization_by_id(session, tool.world.organization_id).copy_terms


def test_the_choices_are_saved_with_names_to_choose_from(tool: Tool, partner: Browser) -> None:
    hours = tool.world.quickbooks.add_item("Hours")
    assert "Items and tax codes are being read from QuickBooks." in words_on(partner.get(PREFERENCES).text)
    tool.world.settle()
    assert f'<option value="{hours}">Hours</option>' in partner.get(PREFERENCES).text
    changes = {
        "start_on": "2026-10-01",
        "line_detail": "totals",
        "tax_as": "line",
        "tax_item_id": hours,
        "item_service": hours,
        "rounding_max": "0.10",
        "debtor": "company",
        "zero_totals": "on",
        "prefix": "NW",
    }
    assert "Your choices for the Sync Tool are saved." in words_on(partner.send(TERMS, changes).text)
    now = terms(tool)
    assert (now.start_on, now.line_detail, now.tax_as) == (date(2026, 10, 1), LineDetail.TOTALS, TaxAs.LINE)
    assert (now.tax_item_id, now.items[LineKind.SERVICE]) == (hours, hours)
    assert (now.rounding_max, now.debtor, now.zero_totals) == (Decimal("0.10"), DebtorChoice.COMPANY, True)
    assert (now.prefix, now.adopt, now.automatic, now.online_payment) == ("NW", True, False, False)


def test_a_switch_that_is_off_is_saved_as_off(tool: Tool, partner: Browser) -> None:
    partner.get(PREFERENCES)
    form = next(form for form in forms_in(partner.page) if form.action == TERMS)
    del form.fields["adopt"]
    partner.client.post(TERMS, data=form.fields)
    assert not terms(tool).adopt


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("rounding_max", "five", "Enter a rounding limit from 0 to 100."),
        ("start_on", "tomorrow", "Write the start date as 2026-01-31."),
        ("prefix", "far too long", "The prefix of batches has 1 to 8 letters or digits."),
    ],
)
def test_what_cannot_be_used_is_said_and_stays_typed(
    tool: Tool, partner: Browser, field: str, value: str, sentence: str
) -> None:
    before = terms(tool)
    partner.get(PREFERENCES)
    answer = partner.send(TERMS, {field: value})
    assert (answer.status_code, sentence in words_on(answer.text)) == (422, True)
    assert f'value="{value}"' in answer.text
    assert terms(tool) == before


def test_books_that_number_by_themselves_are_told(tool: Tool, partner: Browser) -> None:
    tool.world.quickbooks.set_preferences(custom_numbers=False)
    known(tool, "Cascade Dental")
    for address in (PREFERENCES, LIST):
        page = words_on(partner.get(address).text)
        assert "Nothing can be copied at the moment. QuickBooks numbers invoices by itself" in page, address
        assert "switch on custom transaction numbers" in page, address


def test_tax_codes_are_asked_for_only_where_the_books_need_them(tool: Tool, partner: Browser) -> None:
    known(tool, "Cascade Dental")
    assert "Tax code of taxable lines" not in partner.get(PREFERENCES).text


def test_the_mode_of_payments_is_a_form_of_its_own(tool: Tool, partner: Browser) -> None:
    tool.choose(prefix="NW")
    partner.get(PREFERENCES)
    partner.send(PREFERENCES, {"sync_mode": "all_invoices"})
    assert terms(tool).prefix == "NW"
