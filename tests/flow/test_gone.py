"""A payment that somebody removed in ConnectWise: known to be gone, never told as synced, never created by itself."""

import pytest

from sandbox.faults import Fault
from tests.flow.doing import type_in
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
    # The invoice is shown without the payment for a moment.
    world.connectwise.faults.add(Fault("error", method="GET", path="/payments$", status=200, body="[]", times=1))
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


# --- removed, and typed in its place ---


@pytest.mark.parametrize("policy", ["automatic", "hold"])
@pytest.mark.parametrize("ours", [True, False])
def test_what_a_person_typed_in_its_place_is_linked(world: World, policy: str, ours: bool) -> None:
    world.choose(correction_policy=policy)
    invoice = world.invoice("INV-1", "300.00")
    if not ours:
        type_in(world, invoice.connectwise_id, "40.00")
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    world.notice()
    [before] = world.on(invoice)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, before.id)
    edit(world, invoice, payment, "70.00")
    assert world.reason(payment) == "target_payment_gone"
    typed = type_in(world, invoice.connectwise_id, "70.00")
    world.later(hours=7)
    world.later(minutes=1)
    assert world.reason(payment) == "adopted"
    assert [one.id for one in world.on(invoice)] == [typed]


def test_a_typed_payment_that_was_removed_and_typed_anew_clears_the_hold(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    typed = type_in(world, invoice.connectwise_id, "100.00")
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    edit(world, invoice, payment, "70.00")
    assert world.reason(payment) == "not_ours_to_change"
    world.connectwise.delete_payment(invoice.connectwise_id or 0, typed)
    again = type_in(world, invoice.connectwise_id, "70.00")
    world.later(hours=7)
    world.later(minutes=1)
    assert world.reason(payment) == "adopted"
    assert [one.id for one in world.on(invoice)] == [again]


def test_two_payments_that_may_have_been_typed_in_its_place_leave_it_to_a_person(world: World) -> None:
    invoice, payment = removed(world)
    edit(world, invoice, payment, "70.00")
    for _ in range(2):
        type_in(world, invoice.connectwise_id, "70.00")
    world.later(hours=7)
    assert world.reason(payment) == "target_payment_gone"
    assert world.amounts_on(invoice) == ["70.00", "70.00"]
