"""Voided and entered anew in QuickBooks: the same money never stands twice on the ConnectWise invoice."""

from datetime import date

import pytest

from sandbox.faults import Fault
from tests.world import BothInvoices, World
from usecases.retry import retry_payment

PAID_ON = "2026-11-20"
REMOVE = {"method": "DELETE", "path": "/payments"}


@pytest.fixture
def invoice(world: World) -> BothInvoices:
    return world.invoice("INV-1", "300.00")


def adopted(world: World, invoice: BothInvoices) -> str:
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date.fromisoformat(PAID_ON))
    payment = world.pay("100.00", (invoice, "100.00"), on=PAID_ON)
    world.notice()
    assert world.reason(payment) == "adopted"
    return payment


def entered_anew(world: World, invoice: BothInvoices, former: str, *, on: str = PAID_ON) -> str:
    world.quickbooks.void_payment(former)
    again = world.pay("100.00", (invoice, "100.00"), on=on)
    world.notice()
    return again


@pytest.mark.parametrize("on", [PAID_ON, "2026-11-22"])
def test_beside_an_adopted_payment_that_still_stands_there_none_is_created(
    world: World, invoice: BothInvoices, on: str
) -> None:
    former = adopted(world, invoice)
    again = entered_anew(world, invoice, former, on=on)
    world.later(hours=7)
    assert (world.reason(former), world.reason(again)) == ("not_ours_to_change", "former_payment_there")
    assert world.amounts_on(invoice) == ["100.00"]


def test_once_a_person_has_removed_the_adopted_payment_ours_is_created(world: World, invoice: BothInvoices) -> None:
    former = adopted(world, invoice)
    again = entered_anew(world, invoice, former)
    [typed] = world.on(invoice)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, typed.id)
    world.later(hours=1)
    assert (world.reason(former), world.reason(again)) == ("corrected_by_hand", "synced")
    [ours] = world.on(invoice)
    assert ours.id != typed.id


def test_other_money_is_created_beside_it_on_a_persons_word(world: World, invoice: BothInvoices) -> None:
    again = entered_anew(world, invoice, adopted(world, invoice))
    retry_payment(world.context, world.organization_id, again, create_anyway=True)
    world.settle()
    assert world.reason(again) == "synced"
    assert world.amounts_on(invoice) == ["100.00", "100.00"]


def test_another_amount_or_a_far_day_is_other_money(world: World, invoice: BothInvoices) -> None:
    former = adopted(world, invoice)
    world.quickbooks.void_payment(former)
    others = [
        world.pay("60.00", (invoice, "60.00"), on=PAID_ON),
        world.pay("100.00", (invoice, "100.00"), on="2026-11-10"),
    ]
    world.notice()
    assert [world.reason(other) for other in others] == ["synced", "synced"]


def test_where_somebody_typed_the_new_one_as_well_it_is_adopted(world: World, invoice: BothInvoices) -> None:
    former = adopted(world, invoice)
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date.fromisoformat(PAID_ON))
    again = entered_anew(world, invoice, former)
    assert world.reason(again) == "adopted"
    assert world.amounts_on(invoice) == ["100.00", "100.00"]


def test_beside_our_own_whose_removal_needs_approval_none_is_created(world: World, invoice: BothInvoices) -> None:
    world.choose(correction_policy="hold")
    former = world.pay("100.00", (invoice, "100.00"), on=PAID_ON)
    world.notice()
    again = entered_anew(world, invoice, former)
    assert (world.reason(former), world.reason(again)) == ("correction_needs_approval", "former_payment_there")
    assert world.amounts_on(invoice) == ["100.00"]
    world.choose(correction_policy="automatic")
    world.later(hours=1)
    assert (world.reason(former), world.reason(again)) == ("reversed", "synced")
    assert world.amounts_on(invoice) == ["100.00"]


def test_beside_our_own_that_connectwise_has_locked_none_is_created(world: World, invoice: BothInvoices) -> None:
    former = world.pay("100.00", (invoice, "100.00"), on=PAID_ON)
    world.notice()
    world.connectwise.faults.add(Fault(kind="error", status=409, times=None, **REMOVE))
    again = entered_anew(world, invoice, former)
    for _ in range(3):
        world.later(hours=7)
        assert (world.reason(former), world.reason(again)) == ("target_locked", "former_payment_there")
        assert world.amounts_on(invoice) == ["100.00"]


def test_beside_our_own_that_is_removed_by_ourselves_the_new_one_is_created_at_once(
    world: World, invoice: BothInvoices
) -> None:
    former = world.pay("100.00", (invoice, "100.00"), on=PAID_ON)
    world.notice()
    [old] = world.on(invoice)
    again = entered_anew(world, invoice, former)
    assert (world.reason(former), world.reason(again)) == ("reversed", "synced")
    [new] = world.on(invoice)
    assert new.id != old.id


@pytest.mark.parametrize("kind", ["commit_then_drop", "drop_before_commit"])
def test_while_the_removal_of_our_own_is_in_doubt_the_new_one_waits_for_it(
    world: World, invoice: BothInvoices, kind: str
) -> None:
    former = world.pay("100.00", (invoice, "100.00"), on=PAID_ON)
    world.notice()
    world.connectwise.faults.add(Fault(kind=kind, times=1, **REMOVE))
    again = entered_anew(world, invoice, former)
    for _ in range(3):
        assert len(world.on(invoice)) <= 1
        world.later(minutes=5)
    assert (world.reason(former), world.reason(again)) == ("reversed", "synced")
    assert world.amounts_on(invoice) == ["100.00"]
