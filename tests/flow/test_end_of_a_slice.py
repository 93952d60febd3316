"""Push gives its lane back with the last answer: only when nothing is under way and nothing more is owed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

import tasks.push.step
from connectors.http import TimeLimits
from domain.push.sums import Sums
from models.attempts import Attempt
from models.connections import note_sums
from models.effects import Effect
from models.lanes import Lane
from sandbox.faults import Fault
from tasks.context import Step
from tasks.push.step import push
from tasks.step import Drained
from tasks.wire import Wire
from tests.contexts import make_timing
from tests.world import BothInvoices, World

ON = date(2026, 11, 19)


def one_beside_a_typed_payment_and_one_alone(world: World) -> tuple[BothInvoices, BothInvoices]:
    """After the first one was added we owe a look, which is answered late; the other one is answered in between."""
    with world.context.database.writing() as session:
        note_sums(session, world.target_id, Sums.LAG)
    beside, alone = world.invoice("INV-1", "300.00"), world.invoice("INV-2", "100.00")
    world.connectwise.type_payment(beside.connectwise_id or 0, "50.00", payment_date=ON)
    world.pay("30.00", (beside, "30.00"))
    world.pay("100.00", (alone, "100.00"))
    world.notice(Step.INGEST, Step.MATCH)
    world.connectwise.faults.add(
        Fault("latency", method="POST", path=rf"/invoices/{alone.connectwise_id}/payments$", seconds=0.3),
        Fault("latency", method="GET", path=rf"/invoices/{beside.connectwise_id}/payments$", skip=1, seconds=0.8),
    )
    return beside, alone


def owed_looks(world: World) -> int:
    with world.context.database.reading() as session:
        is_owed = Effect.read_back_owed_since.is_not(None)
        return session.scalar(select(func.count()).select_from(Effect).where(is_owed)) or 0


def test_an_owed_look_that_is_under_way_keeps_the_lane(world: World) -> None:
    beside, alone = one_beside_a_typed_payment_and_one_alone(world)
    assert push(world.context, world.target_id) is Drained.DONE
    assert owed_looks(world) == 0
    assert (world.amounts_on(beside), world.amounts_on(alone)) == (["30.00", "50.00"], ["100.00"])


def untouched(world: World) -> BothInvoices:
    """A payment for an untouched invoice, at a target whose sums are known to follow."""
    first = world.invoice("INV-1")
    world.pay("100.00", (first, "100.00"))
    world.notice()
    invoice = world.invoice("INV-2")
    world.pay("100.00", (invoice, "100.00"))
    world.notice(Step.INGEST, Step.MATCH)
    return invoice


def test_a_lease_that_a_slow_target_has_used_up_is_extended_before_anything_is_intended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took 25 seconds to show the invoices: a send of up to 67 would not end within what is left of ninety."""
    invoice = untouched(world)
    world.clock.move(seconds=3)
    read = tasks.push.step._read_invoices

    def read_slowly(*arguments: object) -> object:
        found = read(*arguments)  # type: ignore[arg-type]
        world.clock.move(seconds=25)
        return found

    monkeypatch.setattr(tasks.push.step, "_read_invoices", read_slowly)
    # The product's own limits.
    platform = replace(world.context.platform, time_limits=TimeLimits())
    here = replace(world.context, platform=platform, timing=make_timing(slice=timedelta(seconds=60)))
    push(here, world.target_id)
    assert world.amounts_on(invoice) == ["100.00"]
    with world.context.database.reading() as session:
        assert set(session.scalars(select(Attempt.outcome))) == {"created"}


def test_after_the_last_answer_nothing_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that brought it may need a while to end. Whoever waited for that would find the lease over."""
    invoice = untouched(world)
    take = Wire.take

    def take_while_the_lane_is_ours(wire: Wire, *arguments: timedelta) -> object:
        with world.context.database.reading() as session:
            of_push = select(Lane).where(Lane.step == Step.PUSH.value)
            assert session.scalars(of_push).one().lease_until is not None
        return take(wire, *arguments)

    monkeypatch.setattr(Wire, "take", take_while_the_lane_is_ours)
    assert push(world.context, world.target_id) is Drained.DONE
    assert world.amounts_on(invoice) == ["100.00"]
