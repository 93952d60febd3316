"""Which ConnectWise invoice is meant when the one that we had found is no more, or when a number is there twice."""

import io
from dataclasses import replace

import pytest

from sandbox.faults import Fault
from tasks.points import Point
from tests.flow.doing import once_at
from tests.world import BothInvoices, World
from usecases.invoice_import import import_invoices


def removed_before_the_payment(world: World) -> tuple[BothInvoices, str]:
    """Match finds the invoice by its number; before push looks, somebody deletes it."""
    invoice = world.invoice("INV-1", "100.00")
    here = world.context
    removes = once_at(Point.PUSH_CLAIMED, lambda: world.connectwise.remove_invoice(invoice.connectwise_id or 0))
    world.context = replace(here, reached=removes)
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    world.context = here
    assert world.reason(payment) == "target_invoice_missing"
    return invoice, payment


def created_again(world: World, total: str = "100.00") -> int:
    return world.connectwise.add_invoice("INV-1", total, company_name="Cascade Dental", currency="USD")


def amounts_on(world: World, invoice_id: int) -> list[str]:
    return [str(payment.amount) for payment in world.connectwise.invoice(invoice_id).payments]


def test_an_invoice_that_was_created_again_with_the_same_number_gets_the_payment(world: World) -> None:
    invoice, first = removed_before_the_payment(world)
    again = created_again(world)
    world.later(hours=7)
    assert (world.reason(first), amounts_on(world, again)) == ("synced", ["40.00"])
    second = world.pay("30.00", (invoice, "30.00"))
    world.notice()
    assert (world.reason(second), amounts_on(world, again)) == ("synced", ["40.00", "30.00"])


def test_an_invoice_that_was_created_again_with_another_total_is_not_paid(world: World) -> None:
    _, payment = removed_before_the_payment(world)
    again = created_again(world, "90.00")
    world.later(hours=7)
    assert (world.reason(payment), amounts_on(world, again)) == ("total_differs", [])


def test_two_invoices_with_the_number_of_the_one_that_is_gone_are_left_to_a_person(world: World) -> None:
    _, payment = removed_before_the_payment(world)
    both = [created_again(world), created_again(world)]
    world.later(hours=7)
    assert world.reason(payment) == "target_invoice_ambiguous"
    assert [amounts_on(world, one) for one in both] == [[], []]


def test_a_link_that_was_imported_stands(world: World) -> None:
    invoice, payment = removed_before_the_payment(world)
    header = "number,origin,quickbooks_id,connectwise_id,total,currency,customer"
    row = f"INV-1,sync_tool,{invoice.quickbooks_id},{invoice.connectwise_id},100.00,USD,Cascade Dental"
    import_invoices(world.context, world.organization_id, io.StringIO(f"{header}\n{row}\n"))
    again = created_again(world)
    world.later(hours=7)
    assert (world.reason(payment), amounts_on(world, again)) == ("target_invoice_missing", [])


@pytest.mark.parametrize("in_doubt", [True, False])
def test_no_payment_goes_elsewhere_while_money_may_be_on_the_invoice_that_is_not_found(
    world: World, in_doubt: bool
) -> None:
    invoice = world.invoice("INV-1", "100.00")
    if in_doubt:
        world.connectwise.faults.add(Fault("commit_then_drop", method="POST", path="/payments$", times=1))
    world.pay("40.00", (invoice, "40.00"))
    world.notice()
    world.connectwise.remove_invoice(invoice.connectwise_id or 0)
    again = created_again(world)
    second = world.pay("30.00", (invoice, "30.00"))
    world.notice()
    for _ in range(3):
        world.later(hours=7)
    assert (world.reason(second), amounts_on(world, again)) == ("target_invoice_missing", [])
