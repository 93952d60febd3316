"""Retry, where somebody removed the payment or its whole invoice in ConnectWise, or where it only seems so."""

from dataclasses import replace

import pytest

from domain.breaker import CallKind
from models.breakers import breaker_of
from sandbox.faults import Fault
from tests.usecases.retrying import retry
from tests.world import BothInvoices, World
from usecases.connections import change_settings


def removed_by_hand(world: World) -> tuple[str, BothInvoices]:
    invoice = world.invoice("INV-1", "500.00")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    world.connectwise.delete_payment(invoice.connectwise_id or 0, world.on(invoice)[0].id)
    world.quickbooks.edit_payment(payment, total="90", lines=[(invoice.quickbooks_id, "90")])
    world.notice()
    assert world.reason(payment) == "target_payment_gone"
    return payment, invoice


def test_a_payment_that_somebody_removed_is_created_anew_after_a_retry(world: World) -> None:
    payment, invoice = removed_by_hand(world)
    retry(world, payment)
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["90.00"]


def test_a_payment_that_only_seemed_to_be_gone_is_not_created_beside_itself(world: World) -> None:
    invoice = world.invoice("INV-1", "500.00")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    # The invoice is shown without the payment for a moment.
    world.connectwise.faults.add(Fault("error", method="GET", path="/payments$", status=200, body="[]", times=1))
    world.quickbooks.edit_payment(payment, total="90", lines=[(invoice.quickbooks_id, "90")])
    world.notice()
    assert world.reason(payment) == "target_payment_gone"
    retry(world, payment)
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["90.00"]


def on_a_removed_invoice(world: World) -> tuple[str, BothInvoices, BothInvoices]:
    """Synced; then somebody removes the ConnectWise invoice and creates it anew."""
    former = world.invoice("INV-1", "500.00")
    payment = world.pay("100", (former, "100"))
    world.notice()
    assert world.reason(payment) == "synced"
    world.connectwise.remove_invoice(former.connectwise_id or 0)
    anew = world.connectwise.add_invoice("INV-1", "500.00", company_name="Cascade Dental", currency="USD")
    return payment, former, replace(former, connectwise_id=anew)


def test_a_payment_goes_to_the_invoice_that_was_created_anew_after_a_retry(world: World) -> None:
    payment, _, anew = on_a_removed_invoice(world)
    world.quickbooks.edit_payment(payment, total="90", lines=[(anew.quickbooks_id, "90")])
    world.notice()
    assert world.reason(payment) == "target_invoice_missing"
    retry(world, payment)
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(anew) == ["90.00"]


@pytest.mark.parametrize("policy", ["automatic", "hold"])
def test_a_payment_whose_invoice_was_removed_can_be_voided_with_a_retry(world: World, policy: str) -> None:
    world.choose(correction_policy=policy)
    payment, _, anew = on_a_removed_invoice(world)
    world.quickbooks.void_payment(payment)
    world.notice()
    world.later(hours=7)
    assert world.reason(payment) in ("target_invoice_missing", "correction_needs_approval")
    retry(world, payment)
    world.settle()
    assert world.reason(payment) in ("reversed", "corrected_by_hand")
    assert world.on(anew) == []


def test_an_invoice_that_was_only_hidden_does_not_get_its_payment_twice(world: World) -> None:
    invoice = world.invoice("INV-1", "500.00")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    hidden = [
        Fault("error", method="GET", path=r"/payments$", status=404, times=None),
        Fault("error", method="GET", path=r"/invoices$", status=200, body="[]", times=None),
    ]
    world.connectwise.faults.add(*hidden)
    retry(world, payment)
    world.settle()
    assert world.reason(payment) == "target_invoice_missing"
    world.connectwise.faults.clear()
    world.later(hours=7)
    assert world.reason(payment) == "former_payment_there"
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_correction_on_a_removed_invoice_does_not_keep_others_from_being_seen(world: World) -> None:
    world.choose(correction_policy="hold")
    payment, _, _ = on_a_removed_invoice(world)
    other_invoice = world.invoice("INV-2")
    other = world.pay("50", (other_invoice, "50"))
    world.notice()
    for one in (payment, other):
        world.quickbooks.void_payment(one)
    world.notice()
    world.connectwise.delete_payment(other_invoice.connectwise_id or 0, world.on(other_invoice)[0].id)
    for _ in range(12):
        world.later(hours=1)
    assert world.reason(other) == "corrected_by_hand"
    with world.context.database.reading() as session:
        assert breaker_of(session, world.target_id, CallKind.LOOK) is None


def test_a_shared_payment_that_somebody_removed_is_created_anew_with_the_sum(world: World) -> None:
    change_settings(world.context, world.target_id, {"strategy": "single"})
    world.connectwise.set_switches(second_payment="overwrite")
    invoice = world.invoice("INV-1", "500.00")
    edited, other = (world.pay("50", (invoice, "50")) for _ in range(2))
    world.notice()
    assert world.amounts_on(invoice) == ["100.00"]
    world.connectwise.delete_payment(invoice.connectwise_id or 0, world.on(invoice)[0].id)
    world.quickbooks.edit_payment(edited, total="40", lines=[(invoice.quickbooks_id, "40")])
    world.notice()
    assert world.reason(edited) == "target_payment_gone"
    retry(world, edited)
    world.settle()
    assert {world.reason(edited), world.reason(other)} == {"synced"}
    assert world.amounts_on(invoice) == ["90.00"]


def test_nothing_is_forgotten_when_the_target_cannot_say_whether_it_is_gone(world: World) -> None:
    payment, invoice = removed_by_hand(world)
    world.connectwise.faults.add(Fault("error", method="GET", path="/payments$", status=503, times=1))
    retry(world, payment)
    assert [effect.kind for effect in world.effects(payment)] == ["create", "adjust"]
    world.settle()
    assert world.amounts_on(invoice) == []
