"""The time of day is set back or forward, by minutes or by years: nothing waits for the old time, and nothing is twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from models.connections import connection_by_id
from models.lanes import take_lane
from sandbox.faults import Fault
from tasks.catch_up.step import catch_up
from tasks.context import Step
from tasks.ingest.step import ingest
from tasks.match.step import match
from tasks.points import Point
from tasks.push.step import push
from tests.contexts import TestClock
from tests.few import in_turn
from tests.flow.doing import another_host, once_at
from tests.world import BothInvoices, World

# Less than anything is set ahead by, more than that, and more than anything keeps.
BACK = [timedelta(minutes=40), timedelta(days=1), timedelta(days=400)]
# Whatever waits is due early; the refresh tokens of QuickBooks, whose clock is the same here, live a hundred days.
FORWARD = [timedelta(minutes=40), timedelta(days=50)]
POST = {"method": "POST", "path": "/payments$"}


def set_clock(world: World, by: timedelta) -> None:
    world.clock.suspend(seconds=by.total_seconds())


def until_done(world: World, invoice: BothInvoices, minutes: int = 12) -> int:
    """Half a minute after the other, until the payment is there; after how many seconds by the clock that never jumps."""
    began = world.clock.monotonic()
    for _ in range(minutes * 2):
        world.later(seconds=30)
        if world.amounts_on(invoice):
            break
    return int(world.clock.monotonic() - began)


# --- what there may be when the clock is set ---


def dead_holders(world: World, _invoice: BothInvoices) -> None:
    catch_up(world.context, world.source_id)
    owners = {Step.MATCH.value: world.organization_id, Step.PUSH.value: world.target_id}
    with world.context.database.writing() as session:
        for lane in (*Step, "tokens"):
            owner_id = owners.get(str(lane), world.source_id)
            take_lane(session, str(lane), owner_id, "dead", world.clock.now(), world.context.timing.lease)


def an_event(world: World, _invoice: BothInvoices) -> None:
    catch_up(world.context, world.source_id)


def an_event_that_was_postponed(world: World, _invoice: BothInvoices) -> None:
    catch_up(world.context, world.source_id)
    with world.context.database.writing() as session:
        from sqlalchemy import update

        from models.inbox import InboxEvent

        session.execute(update(InboxEvent).values(due_at=world.clock.now() + timedelta(seconds=30), tries=1))


def a_payment_to_be_decided(world: World, _invoice: BothInvoices) -> None:
    catch_up(world.context, world.source_id)
    ingest(world.context, world.source_id)


def an_effect(world: World, invoice: BothInvoices) -> None:
    a_payment_to_be_decided(world, invoice)
    match(world.context, world.organization_id)


def an_effect_that_rests(world: World, _invoice: BothInvoices) -> None:
    world.connectwise.faults.add(Fault("error", status=429, times=1, **POST))
    world.notice()


def a_breaker_that_is_open(world: World, _invoice: BothInvoices) -> None:
    world.connectwise.faults.add(Fault("error", method="GET", status=503, times=None))
    world.notice()
    for _ in range(4):
        world.later(seconds=61)
    world.connectwise.faults.clear()


def a_payment_that_is_held(world: World, invoice: BothInvoices) -> None:
    world.connectwise.edit_invoice(invoice.connectwise_id or 0, total="90.00")
    world.notice()
    for _ in range(5):
        world.later(minutes=10)
    world.connectwise.edit_invoice(invoice.connectwise_id or 0, total="100.00")


def a_read_just_now(world: World, _invoice: BothInvoices) -> None:
    catch_up(world.context, world.source_id)
    with world.context.database.writing() as session:
        connection = connection_by_id(session, world.source_id)
        connection.read_at, connection.read_streak = world.clock.now(), 5


def a_doubt(world: World, _invoice: BothInvoices) -> None:
    world.connectwise.faults.add(Fault("drop_before_commit", times=1, **POST))
    world.notice()


SITUATIONS = [
    dead_holders,
    an_event,
    an_event_that_was_postponed,
    a_payment_to_be_decided,
    an_effect,
    an_effect_that_rests,
    a_breaker_that_is_open,
    a_payment_that_is_held,
    a_read_just_now,
    a_doubt,
]


@pytest.mark.parametrize(("situation", "back"), in_turn(SITUATIONS, BACK))
def test_a_clock_that_is_set_back_keeps_nothing_waiting(
    world: World, situation: Callable[[World, BothInvoices], None], back: timedelta
) -> None:
    catch_up(world.context, world.source_id)
    invoice = world.invoice("INV-1", "100.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    situation(world, invoice)
    set_clock(world, -back)
    assert until_done(world, invoice) <= 8 * 60
    world.later(hours=1)
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment) == "synced"


@pytest.mark.parametrize(("situation", "forward"), in_turn(SITUATIONS, FORWARD))
def test_a_clock_that_goes_forward_does_nothing_twice(
    world: World, situation: Callable[[World, BothInvoices], None], forward: timedelta
) -> None:
    catch_up(world.context, world.source_id)
    invoice = world.invoice("INV-1", "100.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    situation(world, invoice)
    set_clock(world, forward)
    until_done(world, invoice)
    world.later(hours=1)
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment) == "synced"


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("at", "jump"),
    in_turn([Point.PUSH_CLAIMED, Point.PUSH_INTENDED, Point.PUSH_ANSWERED], [timedelta(days=1), timedelta(days=-1)]),
)
def test_a_jump_under_a_living_holder_creates_nothing_twice(world: World, at: Point, jump: timedelta) -> None:
    """Another worker looks in at that very moment: forward the lease has run out, and the fencing number protects."""
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    here, there = world.context, another_host(world.context)

    def jumps() -> None:
        set_clock(world, jump)
        push(there, world.target_id)

    world.context = replace(here, reached=once_at(at, jumps))
    world.notice()
    world.context = here
    for _ in range(20):
        world.later(seconds=60)
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment) == "synced"


@pytest.mark.both_databases
@pytest.mark.parametrize("apart", [timedelta(days=1), timedelta(days=-1), timedelta(seconds=100)], ids=str)
def test_a_host_whose_clock_is_another_takes_no_lane_from_a_living_one_to_send_twice(
    world: World, apart: timedelta
) -> None:
    """The holder has put its intent on disk and sends late; the other host works through its own wrong clock."""
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    here = world.context
    wrong = TestClock(world.clock.now() + apart)
    there = replace(another_host(here), clock=wrong)

    def other_works() -> None:
        for _ in range(3):
            push(there, world.target_id)
            world.clock.move(seconds=5)
            wrong.move(seconds=5)

    world.context = replace(here, reached=once_at(Point.PUSH_INTENDED, other_works))
    world.notice()
    world.context = here
    for _ in range(20):
        world.later(seconds=60)
        wrong.move(seconds=60)
        push(there, world.target_id)
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment) == "synced"


@pytest.mark.both_databases
def test_a_lease_that_a_wrong_clock_took_is_cut_to_its_own_length_and_no_further(world: World) -> None:
    lease, now = world.context.timing.lease, world.clock.now()

    def take(at: timedelta, holder: str) -> int | None:
        with world.context.database.writing() as session:
            return take_lane(session, "push", 7, holder, now + at, lease)

    day = timedelta(days=1)
    assert take(day, "from tomorrow") is not None
    assert take(timedelta(0), "waits") is None
    assert take(lease - timedelta(seconds=1), "waits") is None
    assert take(lease, "goes on") is not None
