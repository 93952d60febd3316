"""A payment that somebody removed in ConnectWise: known to be gone, never told as synced, never created by itself."""

import pytest

from sandbox.faults import Fault
from tests.world import BothInvoices, World


def removed(world: World, amount: str = "40.00") -> tuple[BothInvoices, str]:
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay(amount, (invoice, amount))
    world.notice()
    [ours] = world.on(invoice)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, ours.id)
    return invoice, payment


def edit(world: World, invoice: BothInvoices, payment: str, amount: str) -> None:
    world.quickbooks.edit_payment(payment, total=amount, lines=[(invoice.quickbooks_id, amount)])
    world.notice()


@pytest.mark.parametrize("policy", ["automatic", "hold"])
def test_a_payment_that_is_gone_stays_gone_when_the_edit_is_undone(world: World, policy: str) -> None:
    world.choose(correction_policy=policy)
    invoice, payment = removed(world)
    for amount in ("50.00", "40.00"):
        edit(world, invoice, payment, amount)
        world.later(hours=7)
        assert world.reason(payment) == "target_payment_gone"
    assert world.on(invoice) == []


def test_a_payment_that_only_seemed_to_be_gone_is_changed_when_it_is_seen_again(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    # ConnectWise answers 404 to keys that may not see a record.
    world.connectwise.faults.add(Fault(kind="error", status=404, times=1, method="PATCH", path="/payments"))
    edit(world, invoice, payment, "50.00")
    assert world.reason(payment) == "target_payment_gone"
    world.later(hours=7)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["50.00"]


def test_a_payment_that_is_gone_and_voided_is_taken_back(world: World) -> None:
    invoice, payment = removed(world)
    edit(world, invoice, payment, "50.00")
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.reason(payment) == "reversed"
