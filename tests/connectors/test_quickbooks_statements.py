"""An invoice of QuickBooks with everything that lowers its balance: credits, deposits, and who is told to have typed it."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from connectors.base import Failure, FailureKind, Got
from domain.reasons import Reason
from domain.records import AllocationKind, InvoiceStatement
from sandbox.faults import Fault
from tests.connectors.vendors import QuickBooks, open_quickbooks


@pytest.fixture
def quickbooks() -> Iterator[QuickBooks]:
    with open_quickbooks() as opened:
        yield opened


def statement(quickbooks: QuickBooks, invoice_id: str) -> InvoiceStatement:
    result = quickbooks.source.read_statement(invoice_id)
    assert isinstance(result, Got), result
    return result.value


def test_two_reads_are_enough_however_many_payments_there_are(quickbooks: QuickBooks) -> None:
    invoice = quickbooks.invoice("100.00", "INV-1")
    unpaid = quickbooks.invoice("100.00", "INV-2")
    for _ in range(12):
        quickbooks.pay("1.00", (invoice, "1.00"))
    for one, reads in ((invoice, 2), (unpaid, 1)):
        before = sum(quickbooks.sandbox.metered_reads().values())
        assert statement(quickbooks, one).reads == reads
        assert sum(quickbooks.sandbox.metered_reads().values()) - before == reads


def test_an_applied_credit_is_told_as_no_money(quickbooks: QuickBooks) -> None:
    invoice = quickbooks.invoice("100.00", "INV-1")
    quickbooks.sandbox.apply_credit_memo(invoice, "15.00")
    told = statement(quickbooks, invoice)
    assert told.invoice.balance == Decimal("85.00")
    (payment,) = told.payments
    kinds = {one.kind: (one.amount, one.problem) for one in payment.allocations}
    assert kinds == {
        AllocationKind.INVOICE: (Decimal("15.00"), Reason.CREDIT_APPLIED),
        AllocationKind.CREDIT_MEMO: (Decimal("15.00"), None),
    }


def test_a_deposit_on_the_form_is_told_although_there_is_no_payment(quickbooks: QuickBooks) -> None:
    invoice = quickbooks.invoice("100.00", "INV-1")
    quickbooks.sandbox.edit_invoice(invoice, deposit="30.00")
    told = statement(quickbooks, invoice)
    assert (told.deposit, told.invoice.balance, told.payments) == (Decimal("30.00"), Decimal("70.00"), ())


def test_who_changed_a_payment_last_is_a_number_of_the_company(quickbooks: QuickBooks) -> None:
    invoice = quickbooks.invoice("100.00", "INV-1")
    by_hand = quickbooks.pay("10.00", (invoice, "10.00"))
    told = statement(quickbooks, invoice)
    assert told.traces[by_hand].last_changed_by == "0"
    assert told.traces[by_hand].entered_at == quickbooks.clock.now()
    quickbooks.sandbox.set_switches(last_modified_by=False)
    assert statement(quickbooks, invoice).traces[by_hand].last_changed_by == ""


def test_a_deleted_invoice_is_not_found_and_the_answer_proves_it(quickbooks: QuickBooks) -> None:
    invoice = quickbooks.invoice("100.00", "INV-1")
    quickbooks.sandbox.delete_invoice(invoice)
    result = quickbooks.source.read_statement(invoice)
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.NOT_FOUND


@pytest.mark.parametrize(
    "body",
    [
        '{"Invoice": {"Id": "IT", "TotalAmt": 100.0}}',
        '{"Invoice": {"Id": "IT", "Balance": "many", "TotalAmt": 100.0}}',
        '{"Invoice": {"Id": "999", "Balance": 1.0, "TotalAmt": 100.0}}',
        '{"Invoice": []}',
        "{}",
    ],
)
def test_an_answer_without_the_amounts_of_this_invoice_is_no_answer(quickbooks: QuickBooks, body: str) -> None:
    invoice = quickbooks.invoice("100.00", "INV-1")
    quickbooks.sandbox.faults.add(Fault(kind="error", status=200, path="/invoice/", body=body.replace("IT", invoice)))
    result = quickbooks.source.read_statement(invoice)
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.UNAVAILABLE


def test_when_the_payments_cannot_be_read_nothing_is_told(quickbooks: QuickBooks) -> None:
    """An invoice without its payments would look unpaid."""
    invoice = quickbooks.invoice("100.00", "INV-1")
    quickbooks.pay("10.00", (invoice, "10.00"))
    quickbooks.sandbox.faults.add(Fault(kind="error", status=503, path="/query", times=None))
    assert isinstance(quickbooks.source.read_statement(invoice), Failure)
