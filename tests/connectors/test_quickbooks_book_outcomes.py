"""What a write to QuickBooks ends in: refusals by their meaning, and on a bad day nothing is sent twice."""

import threading
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import FailureKind, NotSent, Paced, Refused, Throttled, Unknown
from connectors.copying import Booked, NameTaken, NumberTaken, PeriodClosed, Stale
from connectors.http import TimeLimits
from connectors.limits import Limiter, Rate
from connectors.quickbooks.books import QuickBooksBooks
from sandbox.faults import Fault
from tests.connectors.bad_days import UNKNOWN_AT_EVERY_VENDOR
from tests.connectors.books_support import (
    CUSTOMER_WRITES,
    INVOICE,
    booked,
    client_of,
    draft,
    in_the_books,
    line,
    posts,
)
from tests.connectors.vendors import REALM, MemoryKeeper, QuickBooks, wire_to
from workers.redis_server import free_port

INVOICES = "/invoice$"
IMPATIENT = TimeLimits(connect_seconds=0.5, read_seconds=0.3)


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


DUPLICATE = '"Message":"Duplicate Number","Detail":"Duplicate Number : INV-1 has it"'
FORMS = [
    f'{{"Fault":{{"Error":[{{{DUPLICATE},"code":"6140"}}]}}}}',
    f'{{"Fault":{{"Error":[{{"code":"2020","Message":"Missing"}},{{{DUPLICATE},"code":"6140"}}]}}}}',
    f'{{"fault":{{"error":{{{DUPLICATE},"code":"006140"}}}}}}',
    '<Fault><Error code="6140"><Message>Duplicate Number</Message><Detail>INV-1 has it</Detail></Error></Fault>',
]


@pytest.mark.parametrize("status", [400, 200])
@pytest.mark.parametrize("body", FORMS)
def test_a_refusal_in_every_form_keeps_the_detail(
    quickbooks: QuickBooks, books: QuickBooksBooks, body: str, status: int
) -> None:
    quickbooks.sandbox.faults.add(Fault("error", status=status, body=body))
    result = books.create_invoice(draft(), "first")
    assert isinstance(result, NumberTaken)
    assert "INV-1 has it" in result.detail
    assert result.detail.count("Duplicate Number") == 1


def test_a_detail_that_holds_our_token_hides_it(quickbooks: QuickBooks, books: QuickBooksBooks) -> None:
    token = str(quickbooks.keeper.secrets["access_token"])
    body = f'{{"Fault":{{"Error":[{{"code":"6000","Message":"No","Detail":"No : {token}"}}]}}}}'
    quickbooks.sandbox.faults.add(Fault("error", status=400, body=body))
    result = books.create_invoice(draft(), "first")
    assert isinstance(result, Refused)
    assert token not in result.detail


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
    *UNKNOWN_AT_EVERY_VENDOR,
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
