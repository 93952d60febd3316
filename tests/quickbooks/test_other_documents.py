"""Payments whose lines name other documents than invoices, from change data capture to what a partner reads."""

import pytest

from domain.status import PaymentStatus
from models.views.payment_list import list_payments
from tests.quickbooks.telling import told
from tests.world import World


def payment_body(world: World, total: int, *lines: tuple[int, str, str]) -> dict[str, object]:
    return {
        "Id": "900",
        "SyncToken": "0",
        "TxnDate": "2026-11-20",
        "TotalAmt": total,
        "UnappliedAmt": 0,
        "CurrencyRef": {"value": "USD"},
        "CustomerRef": {"value": world.customer_id},
        "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": one, "TxnType": kind}]} for amount, one, kind in lines],
    }


@pytest.mark.parametrize("kind", ["Deposit", "RefundReceipt", "SomethingNew"])
def test_a_credit_from_any_document_is_left_out_without_anybody_being_asked(world: World, kind: str) -> None:
    invoice = world.invoice("INV-1")
    told(world, Payment=[payment_body(world, 0, (100, invoice.quickbooks_id, "Invoice"), (100, "88", kind))])
    world.notice()
    assert world.reason("900", invoice) == "credit_applied"
    assert world.on(invoice) == []
    with world.context.database.reading() as session:
        [row] = list_payments(session, world.organization_id).rows
    assert row.status is PaymentStatus.SKIPPED


def test_a_charge_of_any_kind_keeps_no_invoice_waiting(world: World) -> None:
    invoice = world.invoice("INV-1")
    lines = (100, invoice.quickbooks_id, "Invoice"), (20, "88", "StatementCharge")
    told(world, Payment=[payment_body(world, 120, *lines)])
    world.notice()
    assert (world.reason("900", invoice), world.amounts_on(invoice)) == ("synced", ["100.00"])
    assert world.reason("900", kind="other") == "other_document"
