"""QuickBooks as the books of the Sync Tool: what is written arrives, and the answer shows what became of it."""

from decimal import Decimal

import pytest

from connectors.base import FailureKind, Got, Refused, Removed, Throttled, Unknown
from connectors.copying import Applied, Booked, CustomerMade, NameTaken, NumberTaken, PeriodClosed, Stale
from connectors.limits import Limiter
from connectors.quickbooks.books import QuickBooksBooks
from connectors.quickbooks.vendor import QuickBooks as QuickBooksVendor
from connectors.vendor import Account, BooksVendor, Surroundings
from domain.copying.booked import NameOwner, TaxMode
from sandbox.faults import Fault
from tests.connectors.books_support import (
    INVOICE,
    ISSUED_ON,
    another_company,
    booked,
    draft,
    in_the_books,
    line,
)
from tests.connectors.vendors import APPLICATION_ID, APPLICATION_SECRET, NO_LIMIT, PATIENCE, REALM, QuickBooks
from tests.contexts import quickbooks_settings

# --- what is written arrives ---


def test_an_invoice_is_created_as_it_was_drafted(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    lines = (line("100.00"), line("0.10"))
    invoice = booked(books, lines=lines, tax=Decimal("8.26"), note="Copied")
    assert (invoice.number, invoice.customer_id, invoice.issued_on) == ("7001", quickbooks.customer_id, ISSUED_ON)
    assert (invoice.total, invoice.tax, invoice.balance) == (Decimal("108.36"), Decimal("8.26"), Decimal("108.36"))
    assert (invoice.version, invoice.voided, invoice.changed_at) == (0, False, quickbooks.clock.now())
    truth = quickbooks.sandbox.invoice(invoice.external_id)
    assert (truth.doc_number, truth.total, truth.note, truth.own) == ("7001", Decimal("108.36"), "Copied", True)


@pytest.mark.parametrize("takes", [True, False])
def test_customers_can_pay_it_at_quickbooks_only_if_that_is_wanted(
    quickbooks: QuickBooks, books: QuickBooksBooks, takes: bool
) -> None:
    quickbooks.sandbox.set_preferences(takes_online_payments=not takes)
    invoice = booked(books, online_payment=takes)
    shown = quickbooks.source._client.entity("invoice", invoice.external_id)
    assert isinstance(shown, Got)
    told = shown.value["Invoice"]
    assert (told["AllowOnlineACHPayment"], told["AllowOnlineCreditCardPayment"]) == (takes, takes)
    assert told["EmailStatus"] == "NotSet"


def test_a_write_is_not_metered(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    booked(books)
    books.create_customer("Globex", None, "second")
    assert quickbooks.sandbox.metered_reads().get(REALM, 0) == 0


def test_the_same_request_is_carried_out_once(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    first = booked(books)
    assert booked(books) == first
    assert in_the_books(quickbooks) == 1


def test_a_request_that_quickbooks_has_forgotten_finds_its_own_invoice_in_the_way(
    quickbooks: QuickBooks, books: QuickBooksBooks
) -> None:
    quickbooks.sandbox.set_switches(request_ids_kept=1)
    first = booked(books)
    booked(books, "second", number="7002")
    again = books.create_invoice(draft(), "first")
    assert isinstance(again, NumberTaken)
    assert first.external_id in again.detail
    assert in_the_books(quickbooks) == 2


@pytest.mark.parametrize(("habit", "outcome"), [("replay", Booked), ("refuse", Refused)])
def test_another_invoice_under_the_same_request_is_not_created(
    quickbooks: QuickBooks, books: QuickBooksBooks, habit: str, outcome: type
) -> None:
    quickbooks.sandbox.set_switches(request_id_other_body=habit)
    booked(books)
    result = books.create_invoice(draft(number="7002"), "first")
    assert isinstance(result, outcome)
    # The number in the answer tells the caller that this is the first invoice.
    assert not isinstance(result, Booked) or result.invoice.number == "7001"
    assert in_the_books(quickbooks) == 1


@pytest.mark.parametrize(
    ("habit", "tax"),
    [("off", "5.00"), ("honour", "5.00"), ("recalc", "8.25"), ("recalc_zero", "0"), ("cent_off", "5.01")],
)
def test_the_answer_shows_what_quickbooks_has_made_of_the_tax(
    quickbooks: QuickBooks, books: QuickBooksBooks, habit: str, tax: str
) -> None:
    quickbooks.sandbox.set_switches(ast=habit)
    invoice = booked(books, lines=(line("100.00", tax_code_id="TAX"),), tax=Decimal("5.00"), tax_mode=TaxMode.AUTOMATED)
    assert (invoice.tax, invoice.total) == (Decimal(tax), 100 + Decimal(tax))


@pytest.mark.parametrize(("habit", "number"), [("use_sent", "7001"), ("ignore_sent", "1001")])
def test_the_answer_shows_the_number_that_quickbooks_has_given(
    quickbooks: QuickBooks, books: QuickBooksBooks, habit: str, number: str
) -> None:
    quickbooks.sandbox.set_switches(automatic_numbers=habit)
    quickbooks.sandbox.set_preferences(custom_numbers=False)
    assert booked(books).number == number


def test_outside_the_united_states_every_line_has_its_code(quickbooks: QuickBooks) -> None:
    realm_id, books = another_company(quickbooks, currency="GBP", country="GB")
    code = quickbooks.sandbox.add_tax_code("20.0% S", [{"name": "VAT", "rate": "0.2"}], realm_id=realm_id)
    lines = (line("100.00", tax_code_id=code),)
    invoice = booked(books, lines=lines, tax_mode=TaxMode.EVERY_LINE)
    assert (invoice.tax, invoice.total) == (Decimal(20), Decimal(120))
    uncoded = books.create_invoice(draft(number="7002", tax_mode=TaxMode.EVERY_LINE), "second")
    assert isinstance(uncoded, Refused)
    assert "tax code" in uncoded.detail


def test_an_invoice_in_another_currency(quickbooks: QuickBooks) -> None:
    realm_id, books = another_company(quickbooks, multicurrency=True)
    customer = quickbooks.sandbox.add_customer("Café Bleu", "EUR", realm_id=realm_id)
    assert booked(books, customer_id=customer, currency="EUR").currency == "EUR"
    wrong = books.create_invoice(draft(number="7002", customer_id=customer, currency="USD"), "second")
    assert isinstance(wrong, Refused)
    assert "The customer's currency is EUR" in wrong.detail, "only the detail says what to change"


# --- changing and removing ---


def test_a_change_sets_what_the_draft_names_and_leaves_the_rest(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    before = booked(books, note="Copied", lines=(line("60.00"), line("40.00")), tax=Decimal("8.25"))
    after = books.change_invoice(before.external_id, 0, draft(line("70.00"), due_on=None), "second")
    assert isinstance(after, Booked)
    assert (after.invoice.version, after.invoice.total, after.invoice.tax) == (1, Decimal(70), Decimal(0))
    assert quickbooks.sandbox.invoice(before.external_id).note == "Copied"


def test_a_paid_invoice_that_is_changed_shows_its_balance(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    before = booked(books)
    quickbooks.pay("30.00", (before.external_id, "30.00"))
    stale = books.change_invoice(before.external_id, before.version, draft(line("110.00")), "second")
    assert isinstance(stale, Stale)
    after = books.change_invoice(before.external_id, before.version + 1, draft(line("110.00")), "third")
    assert isinstance(after, Booked)
    assert (after.invoice.total, after.invoice.balance) == (Decimal(110), Decimal(80))


def test_a_change_of_an_invoice_that_is_gone_is_refused(books: QuickBooksBooks) -> None:
    result = books.change_invoice("999", 0, draft(), "first")
    assert isinstance(result, Refused)
    assert result.kind is FailureKind.NOT_FOUND


def test_an_invoice_is_removed_once(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    invoice = booked(books)
    assert books.remove_invoice(invoice.external_id, 0, "second") == Removed()
    assert books.remove_invoice(invoice.external_id, 0, "second") == Removed(), "the first answer again"
    assert quickbooks.sandbox.deleted_invoices() == [invoice.external_id]


def test_an_invoice_that_is_gone_already_counts_as_removed_after_a_look(
    quickbooks: QuickBooks, books: QuickBooksBooks
) -> None:
    invoice = booked(books)
    quickbooks.sandbox.delete_invoice(invoice.external_id)
    assert books.remove_invoice(invoice.external_id, 0, "second") == Removed()
    assert quickbooks.sandbox.metered_reads()[REALM] == 1


NOT_FOUND = '{"Fault":{"Error":[{"code":"610","Message":"Object Not Found"}],"type":"ValidationFault"}}'


def test_an_invoice_that_can_still_be_read_is_not_taken_for_gone(
    quickbooks: QuickBooks, books: QuickBooksBooks
) -> None:
    invoice = booked(books)
    quickbooks.sandbox.faults.add(Fault("error", status=400, body=NOT_FOUND))
    result = books.remove_invoice(invoice.external_id, 0, "second")
    assert isinstance(result, Refused)
    assert result.kind is FailureKind.NOT_FOUND


@pytest.mark.parametrize(
    ("look", "outcome"),
    [
        (Fault("throttle"), Throttled),
        (Fault("error"), Unknown),
        (Fault("drop_before_commit"), Unknown),
        (Fault("forbidden"), Refused),
    ],
    ids=lambda one: getattr(one, "kind", ""),
)
def test_without_a_look_nothing_is_taken_for_gone(
    quickbooks: QuickBooks, books: QuickBooksBooks, look: Fault, outcome: type
) -> None:
    quickbooks.sandbox.faults.add(Fault("error", status=400, body=NOT_FOUND), look)
    assert isinstance(books.remove_invoice("999", 0, "second"), outcome)


def test_an_invoice_with_a_payment_on_it_is_not_removed(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    invoice = booked(books)
    quickbooks.pay("30.00", (invoice.external_id, "30.00"))
    result = books.remove_invoice(invoice.external_id, invoice.version + 1, "second")
    assert isinstance(result, Applied)
    assert "A payment is applied to this invoice" in result.detail
    assert in_the_books(quickbooks) == 1


def test_an_invoice_of_a_closed_period_is_not_removed(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    invoice = booked(books)
    quickbooks.sandbox.set_preferences(books_closed_on=ISSUED_ON.isoformat())
    assert isinstance(books.remove_invoice(invoice.external_id, 0, "second"), PeriodClosed)


@pytest.mark.parametrize(
    "told", ['{"Id":"101"}', '{"Id":"102","status":"Deleted"}', '{"Id":"101","status":"Voided"}', INVOICE[11:-1]]
)
def test_an_answer_that_does_not_say_deleted_is_no_removal(
    quickbooks: QuickBooks, books: QuickBooksBooks, told: str
) -> None:
    quickbooks.sandbox.faults.add(Fault("error", status=200, body=f'{{"Invoice":{told}}}'))
    assert isinstance(books.remove_invoice("101", 0, "first"), Unknown)


# --- customers ---


def test_a_customer_is_created_once(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    for _ in range(2):
        result = books.create_customer("O’Neill’s Bar", None, "first")
        assert isinstance(result, CustomerMade)
        assert (result.customer.name, result.customer.owner) == ("O’Neill’s Bar", NameOwner.CUSTOMER)
        assert (result.customer.active, result.customer.currency) == (True, None)
    assert [one.name for one in quickbooks.sandbox.customers()] == ["Cascade Dental", "O’Neill’s Bar"]


def test_a_customer_with_a_currency_of_its_own(quickbooks: QuickBooks) -> None:
    _, books = another_company(quickbooks, multicurrency=True)
    result = books.create_customer("Café Bleu", "EUR", "first")
    assert isinstance(result, CustomerMade)
    assert result.customer.currency == "EUR"


@pytest.mark.parametrize("kind", ["vendor", "employee"])
def test_a_name_that_belongs_to_another_says_to_whom(quickbooks: QuickBooks, books: QuickBooksBooks, kind: str) -> None:
    quickbooks.sandbox.add_name_owner(kind, "Globex")
    result = books.create_customer("GLOBEX", None, "first")
    assert isinstance(result, NameTaken)
    assert f"Another {kind}" in result.detail


@pytest.mark.parametrize("name", ["", "Acme: East", "Acme\tEast", "x" * 501])
def test_a_name_that_cannot_be_used_is_refused(books: QuickBooksBooks, name: str) -> None:
    assert isinstance(books.create_customer(name, None, "first"), Refused)


def test_a_vendor_opens_the_books_of_a_connection(quickbooks: QuickBooks) -> None:
    settings = quickbooks_settings(quickbooks.url, client_id=APPLICATION_ID, client_secret=APPLICATION_SECRET)
    vendor: BooksVendor = QuickBooksVendor(settings, NO_LIMIT)
    surroundings = Surroundings(time_limits=PATIENCE, limiter=Limiter(None), now=quickbooks.clock.now)
    books = vendor.open_books(surroundings, Account(1, "quickbooks", REALM, {}, quickbooks.keeper))
    assert isinstance(books.create_invoice(draft(), "first"), Booked)
    assert isinstance(books.read_rules(), Got)
