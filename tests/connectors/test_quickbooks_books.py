"""QuickBooks as the books of the Sync Tool: every write is sent once, and its outcome says what became of it."""

import threading
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import (
    FailureKind,
    Got,
    NotSent,
    Paced,
    Refused,
    Removed,
    Throttled,
    Unknown,
)
from connectors.copying import (
    Applied,
    Booked,
    CustomerMade,
    NameTaken,
    NumberTaken,
    PeriodClosed,
    Stale,
)
from connectors.http import TimeLimits
from connectors.limits import Limiter, Rate
from connectors.quickbooks.books import QuickBooksBooks
from domain.copying.booked import BookedInvoice, NameOwner, TaxMode
from sandbox.faults import Fault
from tests.connectors.books_support import (
    CUSTOMER_WRITES,
    INVOICE_WRITES,
    ISSUED_ON,
    another_company,
    client_of,
    draft,
    line,
)
from tests.connectors.vendors import REALM, MemoryKeeper, QuickBooks, wire_to
from workers.redis_server import free_port

INVOICES = "/invoice$"
IMPATIENT = TimeLimits(connect_seconds=0.5, read_seconds=0.3)


@pytest.fixture
def books(quickbooks: QuickBooks) -> QuickBooksBooks:
    return QuickBooksBooks(quickbooks.source._client)


def posts(quickbooks: QuickBooks) -> int:
    return quickbooks.sandbox.calls.count(INVOICE_WRITES)


def in_the_books(quickbooks: QuickBooks) -> int:
    return len(quickbooks.sandbox.invoices())


def booked(books: QuickBooksBooks, request_id: str = "first", **more: Any) -> BookedInvoice:
    result = books.create_invoice(draft(**more), request_id)
    assert isinstance(result, Booked), result
    return result.invoice


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


# --- refusals ---


@pytest.mark.parametrize("status", [400, 200])
@pytest.mark.parametrize("spelling", ["upper", "lower"])
def test_every_refusal_has_its_meaning(
    quickbooks: QuickBooks, books: QuickBooksBooks, status: int, spelling: str
) -> None:
    invoice = booked(books)
    quickbooks.sandbox.set_switches(refusal_status=status, fault_spelling=spelling)
    quickbooks.sandbox.set_preferences(books_closed_on="2026-10-31")
    outcomes = [
        books.create_invoice(draft(), "a"),
        books.create_invoice(draft(number="7002", issued_on=date(2026, 10, 31)), "b"),
        books.change_invoice(invoice.external_id, invoice.version + 1, draft(), "c"),
        books.remove_invoice(invoice.external_id, invoice.version + 1, "d"),
        books.create_customer("Cascade Dental", None, "e"),
    ]
    assert list(map(type, outcomes)) == [NumberTaken, PeriodClosed, Stale, Stale, NameTaken]
    assert in_the_books(quickbooks) == 1


REFUSALS: list[tuple[dict[str, Any], FailureKind, str]] = [
    ({"customer_id": "99"}, FailureKind.REFUSED, "2500"),
    ({"number": "x" * 22}, FailureKind.REFUSED, "2050"),
    ({"lines": (line("100.00", "99"),)}, FailureKind.REFUSED, "2500"),
    ({"lines": (line("-1.00"),)}, FailureKind.REFUSED, "0 or greater"),
    ({"lines": (line("1.00"),) * 751}, FailureKind.REFUSED, "at most 750 lines"),
    ({"currency": "EUR"}, FailureKind.REFUSED, "currency"),
]


@pytest.mark.parametrize(("more", "kind", "words"), REFUSALS, ids=[words for _, _, words in REFUSALS])
def test_a_refusal_without_a_meaning_of_its_own_keeps_the_words(
    quickbooks: QuickBooks, books: QuickBooksBooks, more: dict[str, Any], kind: FailureKind, words: str
) -> None:
    result = books.create_invoice(draft(**more), "first")
    assert isinstance(result, Refused)
    assert result.kind is kind
    assert words in result.detail
    assert in_the_books(quickbooks) == 0


def test_an_inactive_customer_or_item_is_called_by_its_name(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    quickbooks.sandbox.set_active("Customer", quickbooks.customer_id, active=False)
    result = books.create_invoice(draft(), "first")
    assert isinstance(result, Refused)
    assert result.kind is FailureKind.NOT_FOUND
    assert "Cascade Dental has been made inactive" in result.detail


def test_a_price_below_a_cent_may_be_refused_and_nothing_else_is_lost(
    quickbooks: QuickBooks, books: QuickBooksBooks
) -> None:
    priced = line("123.40", quantity=Decimal(1000), unit_price=Decimal("0.1234"))
    booked(books, lines=(priced,))
    quickbooks.sandbox.set_switches(unit_price_decimals=2)
    result = books.create_invoice(draft(priced, number="7002"), "second")
    assert isinstance(result, Refused)
    assert "6070" in result.detail
    booked(books, "third", number="7002", lines=(line("123.40"),))


def test_a_suspended_company_is_told_as_such(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    quickbooks.sandbox.set_switches(suspended=True)
    result = books.create_invoice(draft(), "first")
    assert isinstance(result, Refused)
    assert result.kind is FailureKind.SUSPENDED


# --- bad days ---

INVOICE = '{"Invoice":{"Id":"101","SyncToken":"0","TotalAmt":100,"Balance":100}}'
# Kind of fault, what the write ends in, how many invoices there are afterwards.
FAULTS = [
    (Fault("latency", seconds=0.01), Booked, 1),
    (Fault("throttle", retry_after=3), Throttled, 0),
    (Fault("throttle", body="Too Many Requests"), Throttled, 0),
    (Fault("monthly_cap"), Throttled, 0),
    (Fault("forbidden"), Refused, 0),
    (Fault("fault_in_200"), Unknown, 0),
    (Fault("error", status=500), Unknown, 0),
    (Fault("error", status=400), Unknown, 0),
    (Fault("error", status=503, body="html"), Unknown, 0),
    (Fault("error", status=500, body='{"Fault":{"Error":[{"code":"6140","Message":"Duplicate"}]}}'), Unknown, 0),
    (Fault("error", status=500, body='{"Fault":{"Error":[{"code":"3200","Message":"Token"}]}}'), Unknown, 0),
    (Fault("error", status=408, body=""), Unknown, 0),
    (Fault("error", status=400, body="html"), Refused, 0),
    (Fault("error", status=404, body=""), Refused, 0),
    (Fault("error", status=200, body="[]"), Unknown, 0),
    (Fault("error", status=200, body="{}"), Unknown, 0),
    (Fault("error", status=200, body='{"Invoice":[]}'), Unknown, 0),
    (Fault("error", status=200, body='{"Invoice":{}}'), Unknown, 0),
    (Fault("error", status=200, body=INVOICE.replace('"101"', '""')), Unknown, 0),
    (Fault("error", status=200, body=INVOICE.replace('"0"', '"new"')), Unknown, 0),
    (Fault("error", status=200, body=INVOICE.replace('"TotalAmt":100,', "")), Unknown, 0),
    (Fault("error", status=200, body=INVOICE.replace('"TotalAmt":100', '"TotalAmt":NaN')), Unknown, 0),
    (Fault("error", status=200, body=INVOICE.replace("100}", "1E+60}")), Unknown, 0),
    (Fault("error", status=200, body=INVOICE.replace("100}", '100,"TxnTaxDetail":{"TotalTax":"x"}}')), Unknown, 0),
    (Fault("error", status=201, body=INVOICE), Unknown, 0),
    (Fault("error", status=204, body=""), Unknown, 0),
    (Fault("error_after_commit"), Unknown, 1),
    (Fault("hang", seconds=0.05), Unknown, 0),
    (Fault("hang_after_commit", seconds=0.05), Unknown, 1),
    (Fault("drop_before_commit"), Unknown, 0),
    (Fault("commit_then_drop"), Unknown, 1),
    (Fault("truncate"), Unknown, 1),
    (Fault("garbage"), Unknown, 0),
    (Fault("garbage_after_commit"), Unknown, 1),
    (Fault("redirect"), Unknown, 0),
    # The copy of the request has the same id.
    (Fault("duplicate_delivery"), Booked, 1),
]


@pytest.mark.parametrize(
    ("fault", "outcome", "invoices"), FAULTS, ids=[f"{one.kind}-{one.status}-{one.body}" for one, _, _ in FAULTS]
)
def test_a_creation_on_a_bad_day(
    quickbooks: QuickBooks, books: QuickBooksBooks, fault: Fault, outcome: type, invoices: int
) -> None:
    quickbooks.sandbox.faults.add(fault)
    result = books.create_invoice(draft(), "first")
    assert type(result) is outcome, result
    assert in_the_books(quickbooks) == invoices
    assert posts(quickbooks) == 1, "it is sent once, whatever happens"


@pytest.mark.parametrize("kind", ["error_after_commit", "commit_then_drop", "truncate", "garbage_after_commit"])
def test_a_lost_answer_comes_again_under_the_same_request(
    quickbooks: QuickBooks, books: QuickBooksBooks, kind: str
) -> None:
    quickbooks.sandbox.faults.add(Fault(kind))
    assert isinstance(books.create_invoice(draft(), "first"), Unknown)
    assert booked(books).external_id == quickbooks.sandbox.invoices()[0].id
    assert in_the_books(quickbooks) == 1


@pytest.mark.parametrize("kind", ["error", "commit_then_drop", "garbage_after_commit", "redirect"])
def test_a_change_a_removal_and_a_customer_may_be_unknown_too(
    quickbooks: QuickBooks, books: QuickBooksBooks, kind: str
) -> None:
    invoice = booked(books)
    quickbooks.sandbox.faults.add(Fault(kind, times=3))
    assert isinstance(books.create_customer("Globex", None, "a"), Unknown)
    assert isinstance(books.change_invoice(invoice.external_id, 0, draft(), "b"), Unknown)
    assert isinstance(books.remove_invoice(invoice.external_id, 1, "c"), Unknown)
    assert quickbooks.sandbox.calls.count(CUSTOMER_WRITES) == 1
    assert posts(quickbooks) == 3


def test_a_late_commit_is_unknown_and_lands_afterwards(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    quickbooks.sandbox.faults.add(Fault("late_commit", seconds=0.05))
    assert isinstance(books.create_invoice(draft(), "first"), Unknown)
    landed = threading.Event()
    for _ in range(500):
        if in_the_books(quickbooks) == 1:
            landed.set()
            break
        landed.wait(0.01)
    assert landed.is_set()


def test_no_answer_in_time_is_unknown(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    books._client._wire = wire_to("quickbooks", IMPATIENT)
    quickbooks.sandbox.faults.add(Fault("hang_after_commit", seconds=30))
    result = books.create_invoice(draft(), "first")
    assert isinstance(result, Unknown)
    assert "time limit" in result.detail
    assert in_the_books(quickbooks) == 1


def test_a_connection_that_cannot_be_made_sends_nothing(quickbooks: QuickBooks) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    books = QuickBooksBooks(client_of(quickbooks, REALM, quickbooks.keeper, nobody))
    assert isinstance(books.create_invoice(draft(), "first"), NotSent)
    assert isinstance(books.create_customer("Globex", None, "second"), NotSent)
    assert isinstance(books.remove_invoice("101", 0, "third"), NotSent)


def test_our_own_limit_sends_nothing(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    wire = books._client._wire
    wire._limiter, wire._rates = Limiter(None), (Rate(1, 60),)
    booked(books)
    result = books.create_invoice(draft(number="7002"), "second")
    assert isinstance(result, Paced)
    assert 0 < result.retry_after.total_seconds() <= 60
    assert posts(quickbooks) == 1


def test_a_throttled_write_says_how_long_to_wait(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    quickbooks.sandbox.faults.add(Fault("throttle", retry_after=77), Fault("throttle"))
    for seconds in (77, 60):
        result = books.create_invoice(draft(), "first")
        assert isinstance(result, Throttled)
        assert result.retry_after.total_seconds() == seconds


# --- tokens ---


def test_a_token_that_ended_early_is_replaced_and_the_write_sent_again(
    quickbooks: QuickBooks, books: QuickBooksBooks
) -> None:
    quickbooks.sandbox.faults.add(Fault("expired_token"))
    booked(books)
    assert (posts(quickbooks), in_the_books(quickbooks), quickbooks.keeper.saved) == (2, 1, 1)
    sent = [one.query for one in quickbooks.sandbox.calls.recent if one.path.endswith("/invoice")]
    assert sent[0] == sent[1], "with the same request id"


def test_a_new_token_that_is_refused_as_well_is_a_bad_moment_of_theirs(
    quickbooks: QuickBooks, books: QuickBooksBooks
) -> None:
    quickbooks.sandbox.faults.add(Fault("expired_token", times=None, path=INVOICES))
    result = books.create_invoice(draft(), "first")
    assert isinstance(result, NotSent)
    assert "just refreshed" in result.detail
    assert str(quickbooks.keeper.secrets["access_token"]) not in result.detail
    assert posts(quickbooks) == 2


def test_the_end_of_the_consent_is_told_as_such(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    quickbooks.keeper.secrets |= {"access_token": "old", "refresh_token": "gone"}
    result = books.create_invoice(draft(), "first")
    assert isinstance(result, Refused)
    assert result.kind is FailureKind.CREDENTIALS
    assert quickbooks.keeper.reconnects == 1
    assert in_the_books(quickbooks) == 0


def test_without_a_token_nothing_is_sent(quickbooks: QuickBooks) -> None:
    keeper = MemoryKeeper({"refresh_token": quickbooks.keeper.secrets["refresh_token"]})
    books = QuickBooksBooks(client_of(quickbooks, REALM, keeper))
    quickbooks.sandbox.faults.add(Fault("error", path="/tokens/bearer"))
    assert isinstance(books.create_invoice(draft(), "first"), NotSent)
    assert posts(quickbooks) == 0


def test_a_step_that_has_lost_its_lease_sends_nothing(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    class LeaseLostError(Exception):
        pass

    def keep() -> None:
        raise LeaseLostError

    with pytest.raises(LeaseLostError):
        books.keeping(keep).create_invoice(draft(), "first")
    assert posts(quickbooks) == 0


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
