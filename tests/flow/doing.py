"""Doing what a flow test does again and again: typing payments, losing answers, two hosts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from models.connections import connection_by_id
from sandbox.faults import Fault
from tasks.context import Context
from tasks.points import Point
from tests.world import BothInvoices, World

POST = {"method": "POST", "path": r"/payments$"}
TWENTIETH = date(2026, 11, 20)
POST_PAYMENT = {"method": "POST", "path": r"/payments$"}


def once_at(point: Point, happens: Callable[[], None]) -> Callable[[Point], None]:
    """For a context's `reached`: something happens when this point is reached for the first time."""
    still = [happens]

    def reached(at: Point) -> None:
        if at is point and still:
            still.pop()()

    return reached


def another_host(context: Context) -> Context:
    return replace(context, holder="another host")


def with_strategy(world: World, strategy: str) -> None:
    with world.context.database.writing() as session:
        connection = connection_by_id(session, world.target_id)
        connection.settings = {**connection.settings, "strategy": strategy}


def type_in(world: World, invoice_id: int | None, amount: str, on: date = TWENTIETH) -> int:
    return world.connectwise.type_payment(invoice_id or 0, amount, payment_date=on)


def one_payment(world: World) -> tuple[BothInvoices, str]:
    invoice = world.invoice("INV-1")
    return invoice, world.pay("100.00", (invoice, "100.00"), on="2026-11-20")


def lost_on_the_way_back(world: World, invoice: BothInvoices) -> str:
    """A payment of 50.00 that arrived although its answer did not."""
    world.connectwise.faults.add(Fault(kind="commit_then_drop", times=1, **POST))
    payment = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    return payment
