"""What changes in QuickBooks after the sync changes in ConnectWise, and only what we created."""

from datetime import date

import pytest

from tests.world import World

pytestmark = pytest.mark.both_in_the_build


def test_a_payment_voided_after_the_sync_is_taken_back(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.amounts_on(invoice) == []
    assert world.balance_of(invoice) == "100.00"
    assert world.reason(payment) == "reversed"


def test_a_payment_deleted_after_the_sync_is_taken_back(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.quickbooks.delete_payment(payment)
    world.notice()
    assert world.amounts_on(invoice) == []
    assert world.reason(payment) == "reversed"


def test_an_edited_amount_and_date_are_changed(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-18")
    world.notice()
    world.quickbooks.edit_payment(
        payment, total="70.00", lines=[(invoice.quickbooks_id, "70.00")], payment_date=date(2026, 11, 20)
    )
    world.notice()
    [changed] = world.on(invoice)
    assert (str(changed.amount), changed.payment_date.date()) == ("70.00", date(2026, 11, 20))
    assert world.reason(payment) == "synced"


def test_a_payment_moved_to_another_invoice_moves(world: World) -> None:
    wrong, right = world.invoice("INV-1"), world.invoice("INV-2")
    payment = world.pay("100.00", (wrong, "100.00"))
    world.notice()
    world.quickbooks.move_payment(payment, wrong.quickbooks_id, right.quickbooks_id)
    world.notice()
    assert (world.amounts_on(wrong), world.amounts_on(right)) == ([], ["100.00"])


def test_pay_void_and_pay_again_ends_with_one_payment(world: World) -> None:
    invoice = world.invoice("INV-1")
    first = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.quickbooks.void_payment(first)
    world.notice()
    second = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.amounts_on(invoice) == ["100.00"]
    assert (world.reason(first), world.reason(second)) == ("reversed", "synced")


def test_unapplying_and_applying_again_makes_a_new_generation(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.quickbooks.split_payment(payment, [])
    world.notice()
    assert world.amounts_on(invoice) == []
    world.quickbooks.split_payment(payment, [(invoice.quickbooks_id, "100.00")])
    world.notice()
    assert world.amounts_on(invoice) == ["100.00"]
    assert [effect.generation for effect in world.effects(payment, invoice)] == [1, 2, 3]


def test_with_corrections_on_hold_nothing_is_changed_without_a_person(world: World) -> None:
    world.choose(correction_policy="hold")
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment) == "correction_needs_approval"


def test_a_payment_that_a_person_typed_is_never_removed(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 20))
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "adopted"
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment) == "not_ours_to_change"


def test_our_payment_that_a_person_removed_is_not_created_again(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    [ours] = world.on(invoice)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, ours.id)
    world.quickbooks.edit_payment(payment, total="50.00", lines=[(invoice.quickbooks_id, "50.00")])
    world.notice()
    assert world.on(invoice) == []
    assert world.reason(payment) == "target_payment_gone"


def test_the_switch_turned_off_stops_corrections_as_well(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.choose(sync_enabled=False)
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment) == "switched_off"
