"""Storing what a source tells of changes, and knowing what of it was news: nobody had told us of it before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from connectors.base import Change, Source
from domain.gaps import Found
from domain.records import PaymentState, SourcePayment
from models.connections import Connection
from models.inbox import Entity, EventSource, NewEvent, hinted_among, known_event_ids, store_events
from models.payments import Payment, payments_by_external_id
from tasks.tombstones import is_tombstone

# How far our clock and the source's may be apart before a webhook seems to have come before its change.
_CLOCKS_APART = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class StoredChanges:
    """What storing came to.

    Attributes:
        events: how many were not stored before.
        found: the payments among them that are news, whoever told of them.
        missed: how many of these should have been told by webhook and were not.
    """

    events: int
    found: Found
    missed: int


def store_changes(
    session: Session,
    source: Source,
    connection: Connection,
    changes: Sequence[Change],
    kind: EventSource,
    now: datetime,
    *,
    on_its_way_since: datetime | None = None,
) -> StoredChanges:
    """Stores the changes in the inbox.

    Args:
        on_its_way_since: a webhook about something newer may still come; None where no webhook is to be expected.
    """
    known = known_event_ids(session, connection.id, kind, [change.event_id for change in changes])
    fresh = [change for change in changes if change.event_id not in known]
    news = _news(session, source, connection.id, fresh)
    missed = 0
    if news and on_its_way_since is not None:
        earliest = min((change.changed_at for change in news if change.changed_at), default=now) - _CLOCKS_APART
        hinted = hinted_among(session, connection.id, Entity.PAYMENT, {one.entity_id for one in news}, earliest)
        missed = sum(_was_missed(change, hinted, on_its_way_since) for change in news)
    stored = store_events(session, [_as_event(connection, change, kind) for change in fresh], now)
    verbs = list(news.values())
    return StoredChanges(stored, Found(verbs.count("new"), verbs.count("changed"), verbs.count("deleted")), missed)


def _news(session: Session, source: Source, connection_id: int, fresh: Sequence[Change]) -> dict[Change, str]:
    """What each change of a payment is to us; changes that we hold already, or that end up as nothing, are left out."""
    about = [change for change in fresh if change.entity.value == Entity.PAYMENT]
    rows = payments_by_external_id(session, connection_id, {change.entity_id for change in about})
    news: dict[Change, str] = {}
    for change in about:
        try:
            payment = source.parse_payment(change.payload)
        except ValueError:
            continue
        verb = _verb(payment, rows.get(change.entity_id))
        if verb:
            news[change] = verb
    return news


def _verb(payment: SourcePayment, row: Payment | None) -> str:
    if is_tombstone(payment):
        return "deleted" if row is not None and row.state != PaymentState.DELETED else ""
    if row is None:
        return "new"
    return "changed" if row.state != PaymentState.DELETED and payment.version > row.version else ""


def _was_missed(change: Change, hinted: set[str], on_its_way_since: datetime) -> bool:
    return change.changed_at is not None and change.changed_at < on_its_way_since and change.entity_id not in hinted


def _as_event(connection: Connection, change: Change, kind: EventSource) -> NewEvent:
    return NewEvent(
        connection_id=connection.id,
        source=kind,
        event_id=change.event_id,
        entity=Entity(change.entity.value),
        entity_id=change.entity_id,
        verb=change.verb,
        occurred_at=change.changed_at,
        payload=change.payload,
    )
