"""A clean payment costs one call: where an invoice's sums say that nothing was ever applied, nothing is listed."""

from datetime import date

import pytest

from domain.push.sums import Sums
from models.connections import connection_by_id
from sandbox.faults import Fault
from tests.world import BothInvoices, World

PAID_ON = date(2026, 11, 20)
LIST, POST = "GET /finance/invoices/{id}/payments", "POST /finance/invoices/{id}/payments"


def sums(world: World) -> str:
    with world.context.database.reading() as session:
        return connection_by_id(session, world.target_id).sums


def count(world: World, route: str) -> int:
    return world.connectwise.calls.count(route)


def paid(world: World, number: int) -> tuple[str, BothInvoices]:
    invoice = world.invoice(f"INV-{number}")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.settle()
    return payment, invoice


def test_after_the_first_payment_no_list_is_read_for_a_clean_one(world: World) -> None:
    paid(world, 1)
    assert sums(world) == Sums.FOLLOW
    lists, posts = count(world, LIST), count(world, POST)
    for number in range(2, 8):
        payment, invoice = paid(world, number)
        assert world.reason(payment) == "synced"
        assert world.amounts_on(invoice) == ["100.00"]
    assert count(world, LIST) == lists
    assert count(world, POST) == posts + 6


def test_where_somebody_has_typed_it_the_list_is_read_and_nothing_created(world: World) -> None:
    paid(world, 1)
    invoice = world.invoice("INV-2", "500.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=PAID_ON)
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.settle()
    assert world.reason(payment) == "adopted"
    assert world.amounts_on(invoice) == ["100.00"]


def test_where_sums_lag_every_list_is_read_and_what_was_just_typed_is_seen(world: World) -> None:
    world.connectwise.set_switches(sums="late")
    paid(world, 1)
    assert sums(world) == Sums.LAG
    invoice = world.invoice("INV-2", "500.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=PAID_ON)
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.settle()
    assert world.reason(payment) == "adopted"
    assert world.amounts_on(invoice) == ["100.00"]


def test_sums_that_begin_to_lag_are_never_believed_again(world: World) -> None:
    paid(world, 1)
    world.connectwise.set_switches(sums="late")
    # The second payment on the invoice lists it, and the list has more than the sums.
    invoice = world.invoice("INV-2", "500.00")
    for _ in range(2):
        world.pay("100.00", (invoice, "100.00"))
        world.notice()
        world.settle()
    assert sums(world) == Sums.LAG
    world.connectwise.set_switches(sums="at_once")
    lists = count(world, LIST)
    paid(world, 3)
    assert (sums(world), count(world, LIST)) == (Sums.LAG, lists + 1)


@pytest.mark.parametrize("answer", [503, 400])
def test_a_question_about_the_sums_that_fails_costs_no_payment(world: World, answer: int) -> None:
    # The first reads of invoices are match's and push's own; the third is the question.
    world.connectwise.faults.add(Fault("error", path="/finance/invoices$", status=answer, skip=2, times=1))
    payment, invoice = paid(world, 1)
    assert world.reason(payment) == "synced"
    assert sums(world) == Sums.UNPROVEN
    paid(world, 2)
    assert sums(world) == Sums.FOLLOW
    assert world.amounts_on(invoice) == ["100.00"]
