"""The inbox: a source's reports, stored before anything is done about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    exists,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import Mapped, Session, aliased, defer, mapped_column

from domain.breaker import CallKind
from domain.trace_context import TRACE_CHARACTERS
from models.base import AT, Base, BigId, UtcTime, insert_new, one_of
from models.breakers import Breaker, by_kind
from models.connections import Connection
from models.invoices import SourceInvoiceRow
from models.payments import Payment


class EventSource(StrEnum):
    WEBHOOK = "webhook"
    CATCH_UP = "catch_up"
    BACKFILL = "backfill"
    # What the source showed after it had counted other payments than we hold.
    COUNT = "count"
    # Our own hints: look for an invoice, or look at it again.
    INGEST = "ingest"


class Entity(StrEnum):
    PAYMENT = "payment"
    INVOICE = "invoice"


class InboxEvent(Base):
    __tablename__ = "inbox_event"
    __table_args__ = (
        # The source's own id of the event (the same on a repeated delivery) makes a duplicate harmless.
        UniqueConstraint("connection_id", "source", "event_id"),
        Index(
            "ix_inbox_event_waiting",
            "connection_id",
            "id",
            postgresql_where=text("done_at IS NULL"),
            sqlite_where=text("done_at IS NULL"),
        ),
        Index("ix_inbox_event_entity", "connection_id", "entity", "entity_id"),
        # What came with reports is forgotten one day, the oldest first.
        Index(
            "ix_inbox_event_payload",
            "id",
            postgresql_where=text("payload IS NOT NULL"),
            sqlite_where=text("payload IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    source: Mapped[str] = mapped_column(String(10))
    event_id: Mapped[str] = mapped_column(String(200))
    entity: Mapped[str] = mapped_column(String(20))
    entity_id: Mapped[str] = mapped_column(String(50))
    # The source's word for the event; informative only, because we read the entity again anyway.
    verb: Mapped[str] = mapped_column(String(20))
    occurred_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # The whole object as it came over the wire, if the source sent it (change data capture does, a webhook does not).
    payload: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    # Not read again before then (the source said "not found" right after "created").
    due_at: Mapped[datetime] = mapped_column(UtcTime)
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # Where the trace of what it tells of goes on; only while traces are exported.
    trace: Mapped[str | None] = mapped_column(String(TRACE_CHARACTERS))


@dataclass(frozen=True, slots=True)
class NewEvent:
    connection_id: int
    source: EventSource
    event_id: str
    entity: Entity
    entity_id: str
    verb: str
    occurred_at: datetime | None
    payload: str | None = None
    due_at: datetime | None = None
    tries: int = 0
    trace: str | None = None


def store_events(session: Session, events: Sequence[NewEvent], now: datetime) -> int:
    """Stores new events; returns how many there were. A duplicate of a stored event changes nothing."""
    rows: list[Mapping[str, Any]] = [
        {
            "connection_id": event.connection_id,
            "source": event.source.value,
            "event_id": event.event_id,
            "entity": event.entity.value,
            "entity_id": event.entity_id,
            "verb": event.verb,
            "occurred_at": event.occurred_at,
            "payload": event.payload,
            "received_at": now,
            "due_at": event.due_at or now,
            "tries": event.tries,
            "trace": event.trace,
        }
        for event in events
    ]
    return insert_new(session, InboxEvent, rows)


def known_event_ids(session: Session, connection_id: int, source: EventSource, event_ids: Collection[str]) -> set[str]:
    """The event ids among these that are already stored for this source of events."""
    asked = {"of_connection": connection_id, "of_source": source.value, "events": list(event_ids)}
    return set(session.scalars(_known(), asked))


@cache
def _known() -> Select[str]:
    return select(InboxEvent.event_id).where(
        InboxEvent.connection_id == bindparam("of_connection"),
        InboxEvent.source == bindparam("of_source"),
        one_of(InboxEvent.event_id, named="events"),
    )


def hinted_among(
    session: Session, connection_id: int, entity: Entity, entity_ids: Collection[str], since: datetime
) -> set[str]:
    """The entities among these that a webhook has reported since then."""
    asked = {"of_connection": connection_id, "kind": entity.value, "ids": list(entity_ids), "since": since}
    return set(session.scalars(_hinted(), asked))


@cache
def _hinted() -> Select[str]:
    return select(InboxEvent.entity_id).where(
        InboxEvent.connection_id == bindparam("of_connection"),
        InboxEvent.entity == bindparam("kind"),
        InboxEvent.entity_id.in_(bindparam("ids", expanding=True)),
        InboxEvent.source == EventSource.WEBHOOK.value,
        InboxEvent.received_at >= bindparam("since"),
    )


def told_since(
    session: Session,
    connection_id: int,
    source: EventSource,
    entity: Entity,
    entity_ids: Collection[str],
    since: datetime,
) -> set[str]:
    """The entities among these whose content this source of events has delivered since then."""
    statement = select(InboxEvent.entity_id).where(
        InboxEvent.connection_id == connection_id,
        InboxEvent.entity == entity.value,
        InboxEvent.entity_id.in_(entity_ids),
        InboxEvent.source == source.value,
        InboxEvent.payload.is_not(None),
        InboxEvent.received_at >= since,
    )
    return set(session.scalars(statement))


def told_deleted(connection_id: int, entity: Entity) -> Select[str]:
    """The ids of objects that wait here to be stored as deleted."""
    return select(InboxEvent.entity_id).where(
        InboxEvent.connection_id == connection_id,
        InboxEvent.entity == entity.value,
        InboxEvent.verb == "deleted",
        InboxEvent.payload.is_not(None),
        InboxEvent.done_at.is_(None),
    )


def reopen_events(
    session: Session, connection_id: int, source: EventSource, event_ids: Collection[str], now: datetime
) -> int:
    """Makes them wait again, as if received now; returns how many of them were done."""
    if not event_ids:
        return 0
    statement = (
        update(InboxEvent)
        .where(InboxEvent.connection_id == connection_id, InboxEvent.source == source.value)
        .where(InboxEvent.event_id.in_(event_ids), InboxEvent.done_at.is_not(None))
        .values(done_at=None, received_at=now, due_at=now, tries=0)
        .returning(InboxEvent.id)
    )
    return len(session.execute(statement).all())


def waiting_events(
    session: Session, connection_id: int, now: datetime, limit: int, *, only_content: bool = False
) -> Sequence[InboxEvent]:
    """Waiting events that are due, oldest first; if we may not read now, only those that came with their content."""
    return session.scalars(_waiting(limit, only_content), {"of_connection": connection_id, "at": now}).all()


@dataclass(frozen=True, slots=True)
class Inbox:
    """A connection, what waits for it, and what decides whether it may be read.

    Attributes:
        breakers: of the kinds of call that have failed.
        events: as `waiting_events` gives them.
        unheld: payments and invoices among those that the events are about of which we hold nothing. Only the holder of
            the lane stores any.
    """

    connection: Connection
    breakers: Mapping[CallKind, Breaker]
    events: Sequence[InboxEvent]
    unheld: Mapping[Entity, Collection[str]]


def inbox_of(session: Session, connection_id: int, now: datetime, limit: int) -> Inbox:
    """The connection and what waits for it, in one statement: the last look of every slice finds nothing.

    Args:
        limit: a few. The connection comes with each event, so many are cheaper by themselves.

    Raises:
        LookupError: there is no such connection.
    """
    rows = session.execute(_inbox(limit), {"of_connection": connection_id, "at": now}).all()
    if not rows:
        raise LookupError(f"no connection with id {connection_id}")
    breakers = by_kind(breaker for _, breaker, *_ in rows)
    # Once for each of them, whatever the number of breakers.
    events = {event.id: event for _, _, event, _ in rows if event is not None}
    unheld: dict[Entity, set[str]] = {entity: set() for entity in Entity}
    for *_, event, is_held in rows:
        if event is not None and not is_held:
            unheld[Entity(event.entity)].add(event.entity_id)
    return Inbox(rows[0][0], breakers, tuple(events.values()), unheld)


# The statements are made once: every batch asks, and making them takes longer than the answers.


@cache
def _waiting(limit: int, only_content: bool = False) -> Select[InboxEvent]:
    statement = select(InboxEvent).where(
        InboxEvent.connection_id == bindparam("of_connection"), InboxEvent.done_at.is_(None), InboxEvent.due_at <= AT
    )
    if only_content:
        statement = statement.where(InboxEvent.payload.is_not(None))
    return statement.order_by(InboxEvent.id).limit(limit)


_HELD_AS: Mapping[Entity, type[Payment | SourceInvoiceRow]] = {
    Entity.PAYMENT: Payment,
    Entity.INVOICE: SourceInvoiceRow,
}


# The types do not know that an outer join may find nothing.
@cache
def _inbox(limit: int) -> Select[Connection, Breaker | None, InboxEvent | None, bool]:
    event = aliased(InboxEvent, _waiting(limit).subquery())
    is_held = or_(
        *(
            and_(
                event.entity == entity.value,
                exists().where(row.connection_id == event.connection_id, row.external_id == event.entity_id),
            )
            for entity, row in _HELD_AS.items()
        )
    )
    return (
        select(Connection, Breaker, event, is_held)
        .outerjoin(Breaker, Breaker.connection_id == Connection.id)
        .outerjoin(event, true())
        .where(Connection.id == bindparam("of_connection"))
        .order_by(event.id)
    )


def hinted_waiting(
    session: Session, connection_id: int, entity: Entity, entity_ids: Collection[str], verb: str
) -> set[str]:
    """The entities among these with a waiting hint of this kind, due or not."""
    if not entity_ids:
        return set()
    statement = select(InboxEvent.entity_id).where(
        InboxEvent.connection_id == connection_id,
        InboxEvent.entity == entity.value,
        InboxEvent.entity_id.in_(entity_ids),
        InboxEvent.verb == verb,
        InboxEvent.done_at.is_(None),
        InboxEvent.payload.is_(None),
    )
    return set(session.scalars(statement))


def has_waiting_news(session: Session, connection_id: int, entity: Entity, verbs: Collection[str]) -> bool:
    """Whether news about such entities waits to be stored; of our own hints only those with these verbs count."""
    statement = select(InboxEvent.id).where(
        InboxEvent.connection_id == connection_id,
        InboxEvent.entity == entity.value,
        InboxEvent.done_at.is_(None),
        or_(InboxEvent.source != EventSource.INGEST.value, InboxEvent.verb.in_(verbs)),
    )
    return session.scalar(statement.limit(1)) is not None


def messages_about(
    session: Session, connection_id: int, entity: Entity, entity_ids: Collection[str], since: datetime
) -> dict[str, list[InboxEvent]]:
    """What was reported about each of these entities since then, in the order in which it came."""
    statement = (
        select(InboxEvent)
        .where(
            InboxEvent.connection_id == connection_id,
            InboxEvent.entity == entity.value,
            InboxEvent.entity_id.in_(entity_ids),
            InboxEvent.received_at >= since,
        )
        .order_by(InboxEvent.received_at, InboxEvent.id)
        .options(defer(InboxEvent.payload))
    )
    found: dict[str, list[InboxEvent]] = {}
    for event in session.scalars(statement):
        found.setdefault(event.entity_id, []).append(event)
    return found


def finish_events(session: Session, event_ids: Collection[int], now: datetime) -> None:
    session.execute(update(InboxEvent).where(InboxEvent.id.in_(event_ids)).values(done_at=now))


def postpone_events(session: Session, event_ids: Collection[int], due_at: datetime) -> None:
    session.execute(
        update(InboxEvent).where(InboxEvent.id.in_(event_ids)).values(due_at=due_at, tries=InboxEvent.tries + 1)
    )


def events_about(session: Session, connection_id: int, entity: Entity, entity_id: str) -> Sequence[InboxEvent]:
    statement = (
        select(InboxEvent)
        .where(
            InboxEvent.connection_id == connection_id,
            InboxEvent.entity == entity.value,
            InboxEvent.entity_id == entity_id,
        )
        .order_by(InboxEvent.id)
    )
    return session.scalars(statement).all()


def connections_with_waiting_events() -> Select[int]:
    return select(InboxEvent.connection_id).where(InboxEvent.done_at.is_(None), InboxEvent.due_at <= AT).distinct()
