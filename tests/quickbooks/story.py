"""What tests about QuickBooks ask of a world, beyond what the world answers itself."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from connectors.quickbooks import changes
from models.breakers import breakers_of
from models.connections import Connection, ConnectionStatus, connection_by_id
from models.gaps import Gap, gaps_of
from models.inbox import Entity, EventSource, NewEvent, store_events
from sandbox.quickbooks.truth import PaymentTruth
from tasks.context import Step
from tasks.points import Point
from tests.queries import all_allocations
from tests.world import World

# The steps that read QuickBooks: what a test asks only of them takes half the time without match and push.
READERS = (Step.CATCH_UP, Step.INGEST)


class Death(BaseException):
    """The worker's process ends here: no handler, no clean-up."""


def die_at(world: World, point: Point, time: int = 1) -> None:
    """The worker dies the so-manieth time that it reaches the point, once."""
    remaining = [time]

    def reached(where: Point) -> None:
        if where is point:
            remaining[0] -= 1
            if remaining[0] == 0:
                raise Death(point)

    world.context = replace(world.context, reached=reached)


def source(world: World) -> Connection:
    with world.context.database.reading() as session:
        return connection_by_id(session, world.source_id)


def failures(world: World) -> int:
    """Failures in a row of QuickBooks, over all kinds of calls."""
    with world.context.database.reading() as session:
        return sum(one.failures for one in breakers_of(session, [world.source_id]).get(world.source_id, []))


def gaps(world: World) -> list[Gap]:
    """The latest first."""
    with world.context.database.reading() as session:
        return list(gaps_of(session, world.source_id))


def hint(
    world: World,
    *payment_ids: str,
    verb: str = "created",
    entity: Entity = Entity.PAYMENT,
    happened_at: datetime | None = None,
) -> None:
    """Webhooks tell of these payments; without a moment, of what has just happened."""
    now = world.clock.now()
    events = [
        NewEvent(
            connection_id=world.source_id,
            source=EventSource.WEBHOOK,
            event_id=f"{one}-{verb}-{now.timestamp()}",
            entity=entity,
            entity_id=one,
            verb=verb,
            occurred_at=happened_at or now,
        )
        for one in payment_ids
    ]
    with world.context.database.writing() as session:
        store_events(session, events, now)
        connection_by_id(session, world.source_id).heard_at = now
    world.context.nudge(Step.INGEST, world.source_id)


def no_catch_up(world: World, **duration: float) -> None:
    """Change data capture is not due for so long: what happens meanwhile is known from hints alone.

    From now on it comes as seldom as that: a moment further ahead than the steps ever set it would pass for the trace
    of a clock that was wrong, and the sweep would bring it back.
    """
    pause = timedelta(**duration)
    timing = world.context.timing
    world.context = replace(world.context, timing=replace(timing, catch_up=max(pause, timing.catch_up)))
    with world.context.database.writing() as session:
        connection_by_id(session, world.source_id).next_catch_up_at = world.clock.now() + pause


def answers_end_after(world: World, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change data capture and a page of a query hold so many objects at most, instead of a thousand."""
    world.quickbooks.set_switches(cdc_cap=count)
    monkeypatch.setattr(changes, "CHANGES_MAX", count)
    monkeypatch.setattr(changes, "PAGE_MAX", count)


def disconnected(world: World) -> None:
    with world.context.database.writing() as session:
        connection_by_id(session, world.source_id).status = ConnectionStatus.DISCONNECTED.value


def differences(world: World) -> list[str]:
    """What we hold, against what the books say; none if they agree to the cent."""
    truth = {payment.id: picture_of(payment) for payment in world.quickbooks.payments()}
    held: dict[str, Picture] = {}
    with world.context.database.reading() as session:
        for allocation, payment in all_allocations(session, world.organization_id):
            _, applied = held.setdefault(payment.external_id, (payment.state, {}))
            if allocation.kind == "invoice" and not allocation.removed:
                applied[allocation.document_id] = allocation.amount
    gone = {identity: ("deleted", held[identity][1]) for identity in held if identity not in truth}
    return [
        f"payment {identity}: {books} in the books, {held.get(identity)} here"
        for identity, books in (truth | gone).items()
        if held.get(identity) != books
    ]


# The state, and what is applied to each invoice.
Picture = tuple[str, dict[str, Decimal]]


def picture_of(payment: PaymentTruth) -> Picture:
    applied: dict[str, Decimal] = {}
    for line in payment.lines:
        for kind, document in line.linked:
            if kind == "Invoice" and line.amount:
                applied[document] = applied.get(document, Decimal(0)) + line.amount
    return ("voided" if payment.voided else "live"), applied


def metered(world: World) -> int:
    return sum(world.quickbooks.metered_reads().values())
