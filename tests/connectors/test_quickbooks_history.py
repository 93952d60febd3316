"""The whole history of invoices in slices, and the payments since a day: nothing twice, nothing left out."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Failure, Got
from connectors.quickbooks.reconciled import QuickBooksReconciled
from domain.reconciliation.documents import SourceSlice
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted
from sandbox.faults import Fault
from tests.connectors.vendors import QuickBooks

FIRST = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def reconciled(quickbooks: QuickBooks) -> QuickBooksReconciled:
    return QuickBooksReconciled(quickbooks.source._client, "USD")


@pytest.fixture
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("asking", "reconciled"):
        monkeypatch.setattr(f"connectors.quickbooks.{module}.PAGE_MAX", 3)


def slices(reconciled: QuickBooksReconciled, limit: int) -> list[SourceSlice]:
    read, after = [], None
    while True:
        result = reconciled.read_invoice_slice(after, limit)
        assert isinstance(result, Got), result
        read.append(result.value)
        after = result.value.next_after
        if after is None:
            return read


def numbers(read: list[SourceSlice]) -> list[str]:
    return sorted((one.number for part in read for one in part.invoices), key=int)


@pytest.mark.usefixtures("_short_pages")
@pytest.mark.parametrize("together", [1, 2, 3, 5])
@pytest.mark.parametrize("limit", [1, 4, 100])
def test_every_invoice_is_in_exactly_one_slice_however_many_were_made_in_a_second(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled, together: int, limit: int
) -> None:
    for number in range(11):
        at = FIRST + timedelta(seconds=number // together)
        quickbooks.sandbox.add_invoice("1", "10", str(number), at=at)
    read = slices(reconciled, limit)
    assert numbers(read) == [str(number) for number in range(11)]
    assert [part.counted for part in read] == [len(part.invoices) for part in read]
    assert len(read) == 1 or limit < 100


def test_a_thousand_invoices_are_two_reads(quickbooks: QuickBooks, reconciled: QuickBooksReconciled) -> None:
    for number in range(1003):
        quickbooks.sandbox.add_invoice("1", "10", str(number), at=FIRST + timedelta(seconds=number))
    read = slices(reconciled, 1000)
    assert numbers(read) == [str(number) for number in range(1003)]
    assert [part.evidence.metered_reads for part in read] == [2, 2]


def test_paid_invoices_are_there_with_what_has_lowered_them(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    invoice = quickbooks.sandbox.add_invoice("1", "100", "1001", deposit="10", invoice_date="2026-11-01")
    payment = quickbooks.pay("90", (invoice, "90"))
    ((one,),) = (part.invoices for part in slices(reconciled, 10))
    assert (one.external_id, one.number, one.customer_id, one.dated) == (invoice, "1001", "1", date(2026, 11, 1))
    assert (one.total, one.balance, one.deposit, one.payment_ids) == (100, 0, 10, (payment,))


def test_a_count_that_does_not_fit_is_not_trusted(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled, monkeypatch: pytest.MonkeyPatch
) -> None:
    quickbooks.invoice("10", "1001")
    monkeypatch.setattr("connectors.quickbooks.reconciled.count_where", lambda *_: Got(2))
    result = reconciled.read_invoice_slice()
    assert isinstance(result, Untrusted)
    assert result.why is WhyUntrusted.COUNT_DIFFERS


def test_an_invoice_whose_balance_cannot_be_read_spoils_its_slice(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    answer = '{"QueryResponse":{"Invoice":[{"Id":"7","TotalAmt":10}]}}'
    quickbooks.sandbox.faults.add(
        Fault("error", path="/query", body=answer, status=200),
        Fault("error", path="/query", body='{"QueryResponse":{"totalCount":1}}', status=200),
    )
    result = reconciled.read_invoice_slice()
    assert result == Untrusted(WhyUntrusted.ROW_UNREADABLE, "invoice 7")


def test_a_place_that_is_none_is_refused(reconciled: QuickBooksReconciled) -> None:
    assert isinstance(reconciled.read_invoice_slice("nowhere"), Failure)


# --- invoices and payments by id and number ---


def test_invoices_are_found_by_id_and_by_exact_number(quickbooks: QuickBooks, reconciled: QuickBooksReconciled) -> None:
    first, second = quickbooks.invoice("10", "A1"), quickbooks.invoice("20", "a1")
    result = reconciled.read_standings([first, "999"], ["a1", ""])
    assert isinstance(result, Got)
    assert {one.external_id for one in result.value.invoices} == {first, second}
    assert result.value.missing_ids == {"999"}


def test_payments_since_a_day_are_those_dated_and_those_changed_since(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    old = quickbooks.pay("1", payment_date="2026-09-01", at="2026-09-01T12:00:00Z")
    dated = quickbooks.pay("2", payment_date="2026-11-05", at="2026-10-01T12:00:00Z")
    entered_late = quickbooks.pay("3", payment_date="2026-09-01")
    result = reconciled.read_payments_since(date(2026, 11, 1))
    assert isinstance(result, Got)
    assert {one.external_id for one in result.value.payments} == {dated, entered_late}
    assert old not in result.value.flawed_ids
    assert result.value.evidence.asked["since"] == "2026-11-01"


def test_a_payment_without_its_lines_is_told_as_flawed(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    payment = quickbooks.pay("100", (quickbooks.invoice("100", "1001"), "100"))
    quickbooks.sandbox.faults.add(Fault("incomplete_picture", path="/query", times=None))
    result = reconciled.read_payments([payment])
    assert isinstance(result, Got)
    assert result.value.flawed_ids == {payment}


def test_payments_that_come_while_they_are_read_have_them_read_again(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    quickbooks.pay("1")
    on_exchange(reconciled, 4, lambda: quickbooks.pay("2"))
    result = reconciled.read_payments_since(date(2026, 11, 1))
    assert isinstance(result, Got)
    assert sorted(one.total for one in result.value.payments) == [Decimal(1), Decimal(2)]
    on_exchange(reconciled, 0, lambda: quickbooks.pay("3"), for_ever=True)
    moving = reconciled.read_payments_since(date(2026, 11, 1))
    assert isinstance(moving, Untrusted)
    assert moving.why is WhyUntrusted.COUNT_CHANGED


def on_exchange(
    reconciled: QuickBooksReconciled, number: int, happens: Callable[[], Any], *, for_ever: bool = False
) -> None:
    """Lets something happen before the exchange of this number (each asks twice), or before every one."""
    made = 0

    def keep() -> None:
        nonlocal made
        made += 1
        if for_ever or made == number:
            happens()

    reconciled._client.keep = keep
