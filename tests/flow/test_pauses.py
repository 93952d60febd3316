"""A connection that may not be called for a while: what waits says why, and continues automatically."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.reasons import Reason
from models.connections import Connection, connection_by_id
from sandbox.faults import Fault
from tasks.calls import pause_for
from tasks.points import Point
from tests.flow.doing import once_at
from tests.world import World
from usecases.retry import retry_payment

pytestmark = pytest.mark.both_databases


def target(world: World) -> Connection:
    with world.context.database.reading() as session:
        return connection_by_id(session, world.target_id)


def is_paused(world: World, reason: Reason = Reason.TARGET_THROTTLED, **duration: float) -> None:
    pause_for(world.context, target(world), timedelta(**duration), reason)


def test_a_pause_whose_reason_nobody_knows_holds_payments_instead_of_failing(world: World) -> None:
    is_paused(world, minutes=10)
    with world.context.database.writing() as session:
        connection_by_id(session, world.target_id).pause_reason = ""
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "target_unreachable"
    world.later(minutes=11)
    assert world.reason(payment) == "synced"


def test_what_waits_for_a_pause_says_why_and_goes_on_by_itself(world: World) -> None:
    is_paused(world, minutes=10)
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "target_throttled"
    assert world.connectwise.calls.total == 0
    world.later(minutes=11)
    assert world.reason(payment) == "synced"


def calls_after(world: World, point: Point, wait: timedelta) -> int:
    """How many calls a running push makes after somebody else was told to wait."""
    here, before = world.context, []

    def somebody_is_told_to_wait() -> None:
        pause_for(here, target(world), wait, Reason.TARGET_THROTTLED)
        before.append(world.connectwise.calls.total)

    timing = replace(here.timing, push_parallel=1)
    world.context = replace(here, reached=once_at(point, somebody_is_told_to_wait), timing=timing)
    world.notice()
    world.context = here
    return world.connectwise.calls.total - before[0]


@pytest.mark.parametrize("point", [Point.PUSH_LOOKED, Point.PUSH_INVOICES_READ, Point.PUSH_CLAIMED])
def test_a_push_that_is_under_way_stops_when_another_is_told_to_wait(world: World, point: Point) -> None:
    invoices = [world.invoice(f"INV-{number}") for number in range(6)]
    payments = [world.pay("100.00", (invoice, "100.00")) for invoice in invoices]
    assert calls_after(world, point, timedelta(minutes=10)) == 0
    assert {effect.attempts for one in payments for effect in world.effects(one)} == {0}
    world.later(minutes=11)
    assert {world.reason(one) for one in payments} == {"synced"}


def test_slow_down_said_to_the_look_after_a_write_is_heard(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "20.00", payment_date=date(2026, 10, 1))
    world.connectwise.faults.add(Fault("throttle", method="GET", path="/payments$", retry_after=600, times=1, skip=1))
    world.pay("50.00", (invoice, "50.00"))
    world.notice()
    assert target(world).not_before == world.clock.now() + timedelta(minutes=10)
    assert target(world).why_paused is Reason.TARGET_THROTTLED


def test_a_persons_retry_does_not_call_a_target_that_asked_us_to_wait(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    [synced] = world.on(invoice)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, synced.id)
    world.quickbooks.edit_payment(payment, total="50.00", lines=[(invoice.quickbooks_id, "50.00")])
    world.notice()
    is_paused(world, minutes=10)
    calls = world.connectwise.calls.total
    retry_payment(world.context, world.organization_id, payment)
    assert world.connectwise.calls.total == calls
    world.later(minutes=11)
    retry_payment(world.context, world.organization_id, payment)
    world.settle()
    assert world.amounts_on(invoice) == ["50.00"]


def test_a_pause_that_comes_while_something_is_sent_holds_back_the_look_afterwards(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "20.00", payment_date=date(2026, 10, 1))
    payment = world.pay("50.00", (invoice, "50.00"))
    assert calls_after(world, Point.PUSH_ANSWERED, timedelta(minutes=10)) == 0
    assert world.reason(payment) == "synced"
