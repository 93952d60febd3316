"""What the Sync Tool reads from QuickBooks: rules, lists, names and invoices, with few calls and without guesses."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.quickbooks.books import QuickBooksBooks
from domain.copying.booked import BookedInvoice, BooksRules, Item, NamedParty, NameOwner, TaxCode, TaxMode
from sandbox.faults import Fault
from tests.connectors.books_support import another_company
from tests.connectors.vendors import REALM, QuickBooks


def reads(quickbooks: QuickBooks) -> int:
    return quickbooks.sandbox.metered_reads().get(REALM, 0)


def got(result: ReadResult[Any]) -> Any:
    assert isinstance(result, Got), result
    return result.value


# --- rules ---


def test_the_rules_of_a_company_are_read_with_one_call(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    quickbooks.sandbox.set_switches(ast="honour")
    quickbooks.sandbox.set_preferences(books_closed_on="2026-10-31")
    assert got(books.read_rules()) == BooksRules(
        custom_numbers=True,
        home_currency="USD",
        many_currencies=False,
        tax_mode=TaxMode.AUTOMATED,
        closed_on=date(2026, 10, 31),
    )
    assert reads(quickbooks) == 1


def test_a_company_that_numbers_by_itself_and_taxes_nothing(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    quickbooks.sandbox.set_preferences(custom_numbers=False, uses_sales_tax=False)
    rules = got(books.read_rules())
    assert (rules.custom_numbers, rules.tax_mode, rules.closed_on) == (False, TaxMode.NONE, None)
    assert reads(quickbooks) == 1


def test_only_the_country_tells_a_companys_own_rates_from_codes_on_every_line(
    quickbooks: QuickBooks, books: QuickBooksBooks
) -> None:
    assert got(books.read_rules()).tax_mode is TaxMode.CODES
    _, british = another_company(quickbooks, currency="GBP", country="GB", multicurrency=True)
    rules = got(british.read_rules())
    assert (rules.tax_mode, rules.home_currency, rules.many_currencies) == (TaxMode.EVERY_LINE, "GBP", True)


PREFERENCES = '{"SalesFormsPrefs":{"CustomTxnNumbers":true},"CurrencyPrefs":{},"TaxPrefs":{"UsingSalesTax":true}}'


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"Preferences":[]}',
        '{"Preferences":{}}',
        '{"Preferences":{"SalesFormsPrefs":1,"CurrencyPrefs":1,"TaxPrefs":1}}',
        f'{{"Preferences":{PREFERENCES.replace("true", "null", 1)}}}',
        f'{{"Preferences":{PREFERENCES.replace("UsingSalesTax", "Other")}}}',
        f'{{"Preferences":{PREFERENCES.replace("TaxPrefs", "Other")}}}',
    ],
)
def test_rules_that_are_not_told_are_not_guessed(quickbooks: QuickBooks, books: QuickBooksBooks, body: str) -> None:
    quickbooks.sandbox.faults.add(Fault("error", status=200, body=body))
    result = books.read_rules()
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.UNAVAILABLE


@pytest.mark.parametrize("body", ["{}", '{"CompanyInfo":{}}', '{"CompanyInfo":{"Country":7}}'])
def test_a_country_that_is_not_told_is_not_guessed(quickbooks: QuickBooks, books: QuickBooksBooks, body: str) -> None:
    quickbooks.sandbox.faults.add(Fault("error", status=200, body=body, path="/companyinfo/"))
    assert isinstance(books.read_rules(), Failure)


# --- items and tax codes ---


def test_items_are_active_products_and_services_in_the_order_of_their_names(
    quickbooks: QuickBooks, books: QuickBooksBooks
) -> None:
    hardware = quickbooks.sandbox.add_item("hardware", "NonInventory", taxable=True)
    quickbooks.sandbox.add_item("All goods", "Category")
    quickbooks.sandbox.add_item("Bundle", "Group")
    quickbooks.sandbox.set_active("Item", quickbooks.sandbox.add_item("Old"), active=False)
    assert got(books.list_items()) == (
        Item(hardware, "hardware", "NonInventory", taxable=True),
        Item("1", "Services", "Service"),
    )


def test_a_long_list_of_items_is_read_to_its_end(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    for number in range(1999):
        quickbooks.sandbox.add_item(f"Item {number:04}")
    assert len(got(books.list_items())) == 2000
    assert reads(quickbooks) == 3, "two full pages, and the empty one that shows the end"


def test_tax_codes_in_the_order_of_their_names(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    quickbooks.sandbox.set_active("TaxCode", quickbooks.sandbox.add_tax_code("Old"), active=False)
    assert got(books.list_tax_codes()) == (TaxCode("NON", "NON"), TaxCode("TAX", "TAX", taxable=True))


@pytest.mark.parametrize("told", ["{}", "[]", '{"Item":{}}'])
def test_an_answer_without_a_list_is_no_empty_list(quickbooks: QuickBooks, books: QuickBooksBooks, told: str) -> None:
    quickbooks.sandbox.faults.add(Fault("error", status=200, body=f'{{"QueryResponse":{told}}}'))
    result = books.list_items()
    assert got(result) == () if told == "{}" else isinstance(result, Failure)


def test_rubbish_in_a_list_takes_nothing_with_it(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    body = '{"QueryResponse":{"Item":[null,7,{},{"Id":"5","Name":"Labor","Active":"yes","Taxable":1,"Type":null}]}}'
    quickbooks.sandbox.faults.add(Fault("error", status=200, body=body))
    assert got(books.list_items()) == (Item("5", "Labor"),)


# --- names ---


def names_of(parties: tuple[NamedParty, ...]) -> list[tuple[str, NameOwner]]:
    return sorted((party.name, party.owner) for party in parties)


def test_a_name_is_looked_for_among_customers_vendors_and_employees(
    quickbooks: QuickBooks, books: QuickBooksBooks
) -> None:
    quickbooks.sandbox.add_name_owner("vendor", "Globex")
    quickbooks.sandbox.add_name_owner("employee", "Jane Doe")
    quickbooks.sandbox.add_customer("Globex East")
    found = got(books.find_parties(["Globex", "jane doe", "Cascade Dental", "Initech"]))
    assert names_of(found) == [
        ("Cascade Dental", NameOwner.CUSTOMER),
        ("Globex", NameOwner.VENDOR),
        ("Jane Doe", NameOwner.EMPLOYEE),
    ]
    assert reads(quickbooks) == 3


def test_no_names_cost_no_call(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    assert got(books.find_parties(["", "  "])) == ()
    assert got(books.find_by_numbers([""])) == ()
    assert got(books.read_customers([])) == got(books.read_booked([])) == ()
    assert reads(quickbooks) == 0


@pytest.mark.parametrize("habit", ["kept", "marked"])
def test_an_inactive_customer_keeps_its_name(quickbooks: QuickBooks, books: QuickBooksBooks, habit: str) -> None:
    quickbooks.sandbox.set_switches(inactive_names=habit)
    quickbooks.sandbox.set_active("Customer", quickbooks.customer_id, active=False)
    expected = (NamedParty(quickbooks.customer_id, "Cascade Dental", active=False),)
    assert got(books.find_parties(["Cascade Dental"])) == expected
    assert got(books.read_customers([quickbooks.customer_id])) == expected


def test_an_active_customer_may_have_the_mark_in_its_own_name(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    customer = quickbooks.sandbox.add_customer("Globex (deleted)")
    assert got(books.find_parties(["Globex"])) == ()
    assert got(books.read_customers([customer])) == (NamedParty(customer, "Globex (deleted)"),)


@pytest.mark.parametrize("habit", ["found", "missed"])
@pytest.mark.parametrize("kept", ["O’Neill’s Bar", "O'Neill's Bar", "O‘Neill’s bar"])
@pytest.mark.parametrize("asked", ["O’Neill’s Bar", "O'Neill's Bar"])
def test_a_name_is_found_whatever_its_quotation_marks_look_like(
    quickbooks: QuickBooks, books: QuickBooksBooks, habit: str, kept: str, asked: str
) -> None:
    quickbooks.sandbox.set_switches(typographic_quotes=habit)
    quickbooks.sandbox.add_customer(kept)
    quickbooks.sandbox.add_customer("O'Neill's Barn")
    quickbooks.sandbox.add_name_owner("vendor", "Other")
    assert names_of(got(books.find_parties([asked]))) == [(kept, NameOwner.CUSTOMER)]
    assert reads(quickbooks) == 3, "one question for each kind of party"


@pytest.mark.parametrize(
    ("kept", "asked"), [("“Best” Cars", '"Best" Cars'), ("'Round the Clock", "’Round the Clock"), ("Joe’s", "Joe's")]
)
@pytest.mark.parametrize("inactive", ["kept", "marked"])
def test_a_quotation_mark_may_stand_anywhere(
    quickbooks: QuickBooks, books: QuickBooksBooks, kept: str, asked: str, inactive: str
) -> None:
    quickbooks.sandbox.set_switches(typographic_quotes="missed", inactive_names=inactive)
    customer = quickbooks.sandbox.add_customer(kept)
    quickbooks.sandbox.set_active("Customer", customer, active=False)
    assert got(books.find_parties([asked])) == (NamedParty(customer, kept, active=False),)


@pytest.mark.parametrize("name", ["100% Fit", "back\\slash", "a,b) OR (c", "Ünïcødé 東京", "under_score"])
def test_a_name_is_data_and_never_a_part_of_the_question(
    quickbooks: QuickBooks, books: QuickBooksBooks, name: str
) -> None:
    customer = quickbooks.sandbox.add_customer(name)
    quoted = quickbooks.sandbox.add_customer(f"{name}'s")
    assert got(books.find_parties([name])) == (NamedParty(customer, name),)
    assert got(books.find_parties([f"{name}'s"])) == (NamedParty(quoted, f"{name}'s"),)


def test_a_customer_has_a_currency_where_there_are_several(quickbooks: QuickBooks) -> None:
    realm_id, books = another_company(quickbooks, multicurrency=True)
    customer = quickbooks.sandbox.add_customer("Café Bleu", "EUR", realm_id=realm_id)
    assert got(books.read_customers(["1", customer, "99"])) == (
        NamedParty("1", "Alpine Dental", currency="USD"),
        NamedParty(customer, "Café Bleu", currency="EUR"),
    )


def test_a_name_that_cannot_be_read_is_not_taken_for_free(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    body = '{"QueryResponse":{"Customer":[{"Id":"7"}]}}'
    quickbooks.sandbox.faults.add(Fault("error", status=200, body=body, times=2))
    assert isinstance(books.find_parties(["Globex"]), Failure)
    assert isinstance(books.read_customers(["7"]), Failure)


# --- invoices ---


def test_many_invoices_are_found_with_one_call(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    for number in range(300):
        quickbooks.invoice("100.00", f"INV-{number}")
    found = got(books.find_by_numbers([f"INV-{number}" for number in range(0, 600, 2)]))
    assert {invoice.number for invoice in found} == {f"INV-{number}" for number in range(0, 300, 2)}
    assert reads(quickbooks) == 1


@pytest.mark.parametrize("limit", [299, 100, 1])
def test_a_list_of_numbers_that_is_refused_is_asked_in_shorter_ones(
    quickbooks: QuickBooks, books: QuickBooksBooks, limit: int
) -> None:
    quickbooks.sandbox.set_switches(in_list_limit=limit)
    ids = [quickbooks.invoice("100.00", f"INV-{number}") for number in range(40)]
    numbers = [f"INV-{number}" for number in range(320 if limit > 1 else 40)]
    assert {invoice.external_id for invoice in got(books.find_by_numbers(numbers))} == set(ids)


def test_a_question_that_is_refused_in_every_length_is_refused(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    quickbooks.sandbox.faults.add(Fault("error", status=400, body="html", times=None, path="/query$"))
    result = books.find_by_numbers([f"INV-{number}" for number in range(300)])
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.REFUSED
    assert reads(quickbooks) <= 9


def test_numbers_are_compared_exactly_and_may_repeat(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    twins = {quickbooks.invoice("100.00", "INV-1"), quickbooks.invoice("70.00", "INV-1")}
    quickbooks.invoice("100.00", "inv-1")
    quickbooks.invoice("100.00", "INV-11")
    quickbooks.invoice("100.00")
    assert {invoice.external_id for invoice in got(books.find_by_numbers(["INV-1"]))} == twins


def test_more_invoices_than_a_page_holds(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    for _ in range(1001):
        quickbooks.invoice("100.00", "INV-1")
    assert len({invoice.external_id for invoice in got(books.find_by_numbers(["INV-1"]))}) == 1001
    assert reads(quickbooks) == 2


def test_an_invoice_is_read_as_it_is_now(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    invoice = quickbooks.invoice("100.00", "INV-1")
    quickbooks.clock.move(minutes=5)
    quickbooks.pay("30.00", (invoice, "30.00"))
    assert got(books.read_booked([invoice, "999"])) == (
        BookedInvoice(
            external_id=invoice,
            version=1,
            number="INV-1",
            customer_id=quickbooks.customer_id,
            issued_on=date(2026, 11, 22),
            currency=None,
            total=Decimal(100),
            tax=Decimal(0),
            balance=Decimal(70),
            changed_at=quickbooks.clock.now(),
        ),
    )


def test_an_invoice_that_changes_meanwhile_is_read_once_and_as_it_is_last(
    quickbooks: QuickBooks, books: QuickBooksBooks
) -> None:
    told = [f'{{"Id":"1","SyncToken":"{version}","TotalAmt":{version},"Balance":0}}' for version in (1, 2)]
    body = f'{{"QueryResponse":{{"Invoice":[{",".join(told)}]}}}}'
    quickbooks.sandbox.faults.add(Fault("error", status=200, body=body))
    [invoice] = got(books.read_booked(["1"]))
    assert (invoice.version, invoice.total) == (2, Decimal(2))


def test_an_invoice_that_was_deleted_is_missing(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    invoice = quickbooks.invoice("100.00", "INV-1")
    quickbooks.sandbox.delete_invoice(invoice)
    assert got(books.read_booked([invoice])) == ()


@pytest.mark.parametrize("habit", ["Voided", "Voided - "])
def test_a_voided_invoice_shows_it(quickbooks: QuickBooks, books: QuickBooksBooks, habit: str) -> None:
    quickbooks.sandbox.set_switches(void_note=habit)
    voided = quickbooks.sandbox.add_invoice(quickbooks.customer_id, "100.00", "INV-1", note="Thanks")
    quickbooks.sandbox.void_invoice(voided)
    quickbooks.invoice("0", "INV-2")
    found = got(books.find_by_numbers(["INV-1", "INV-2"]))
    assert {invoice.number: invoice.voided for invoice in found} == {"INV-1": True, "INV-2": False}


UNREADABLE = ["null", "{}", '{"Id":"1"}', '{"Id":"1","SyncToken":"0","TotalAmt":"x","Balance":1}']


@pytest.mark.parametrize("told", UNREADABLE)
def test_an_invoice_that_cannot_be_read_is_not_left_out(
    quickbooks: QuickBooks, books: QuickBooksBooks, told: str
) -> None:
    body = f'{{"QueryResponse":{{"Invoice":[{told}]}}}}'
    quickbooks.sandbox.faults.add(Fault("error", status=200, body=body, times=2))
    for result in (books.read_booked(["1"]), books.find_by_numbers(["INV-1"])):
        assert isinstance(result, Failure)
        assert result.kind is FailureKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("throttle"), FailureKind.THROTTLED),
        (Fault("error"), FailureKind.UNAVAILABLE),
        (Fault("drop_before_commit"), FailureKind.UNAVAILABLE),
        (Fault("garbage"), FailureKind.UNAVAILABLE),
        (Fault("forbidden"), FailureKind.FORBIDDEN),
    ],
    ids=lambda one: getattr(one, "kind", one),
)
def test_a_read_on_a_bad_day_is_a_failure(
    quickbooks: QuickBooks, books: QuickBooksBooks, fault: Fault, kind: FailureKind
) -> None:
    calls = [
        books.read_rules,
        books.list_items,
        books.list_tax_codes,
        lambda: books.find_parties(["Globex"]),
        lambda: books.find_parties(["O'Neill"]),
        lambda: books.read_customers(["1"]),
        lambda: books.find_by_numbers(["INV-1"]),
        lambda: books.read_booked(["1"]),
    ]
    for call in calls:
        quickbooks.sandbox.faults.add(fault)
        result = call()
        assert isinstance(result, Failure)
        assert result.kind is kind
