"""A connection that may not be called for a while: what waits says why, and goes on by itself."""

from datetime import timedelta

from domain.reasons import Reason
from models.connections import Connection, connection_by_id
from tasks.pauses import pause_for
from tests.world import World


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
