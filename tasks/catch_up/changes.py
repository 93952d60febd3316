"""Stores the changes that a source reports, and finds those that are news: no earlier message reported them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from connectors.base import Change, Source
from domain.gaps import Found
from domain.records import PaymentState, SourcePayment
from models.connections import Connection
from models.inbox import (
    Entity,
    EventSource,
    NewEvent,
    hinted_among,
    known_event_ids,
    reopen_events,
    store_events,
    told_since,
)
from models.invoices import source_invoices
from models.payments import Payment, payments_by_external_id

# Our clock and the source's may differ by this much, so a webhook can seem to have come before its change.
_CLOCKS_APART = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class StoredChanges:
    """The result of storing changes.

    Attributes:
        events: how many were not stored before.
        found: the payments among them that are news, however we learned of them.
        missed: those of them that a webhook should have reported and did not.
        missed_since: when the earliest of these was changed; None if there is none.
        changed_at: when the payments that are news were changed, as far as the source says.
    """

    events: int
    found: Found
    missed: Found
    missed_since: datetime | None
    changed_at: Sequence[datetime]


def store_changes(
    session: Session,
    source: Source,
    connection: Connection,
    changes: Sequence[Change],
    kind: EventSource,
    now: datetime,
    *,
    on_its_way_since: datetime | None = None,
    gap_opened_at: datetime | None = None,
) -> StoredChanges:
    """Stores the changes in the inbox.

    Args:
        on_its_way_since: a webhook about a newer change may still come; None where we expect no webhook.
        gap_opened_at: anything stored since then counts as found in the gap, whatever reported it first.
    """
    known = known_event_ids(session, connection.id, kind, [change.event_id for change in changes])
    fresh = [change for change in changes if change.event_id not in known]
    told_again = _contradicted(session, connection.id, [change for change in changes if change.event_id in known])
    news = _news(session, source, connection.id, fresh, gap_opened_at)
    if gap_opened_at is not None and news:
        # Counts each payment once, even if a scan finds two versions of it.
        ids = {change.entity_id for change in news}
        counted = told_since(session, connection.id, kind, Entity.PAYMENT, ids, gap_opened_at)
        news = {change: verb for change, verb in news.items() if change.entity_id not in counted}
    missed: list[Change] = []
    if news and on_its_way_since is not None:
        earliest = min((change.changed_at for change in news if change.changed_at), default=now) - _CLOCKS_APART
        hinted = hinted_among(session, connection.id, Entity.PAYMENT, {one.entity_id for one in news}, earliest)
        missed = [change for change in news if _was_missed(change, hinted, on_its_way_since)]
    stored = store_events(session, [_as_event(connection, change, kind) for change in fresh], now)
    stored += reopen_events(session, connection.id, kind, [change.event_id for change in told_again], now)
    return StoredChanges(
        events=stored,
        found=_found(news.values()),
        missed=_found(news[change] for change in missed),
        missed_since=min((change.changed_at for change in missed if change.changed_at), default=None),
        changed_at=[change.changed_at for change in news if change.changed_at],
    )


def _found(verbs: Iterable[str]) -> Found:
    told = list(verbs)
    return Found(told.count("new"), told.count("changed"), told.count("deleted"))


def store_news(
    session: Session,
    source: Source,
    connection: Connection,
    changes: Sequence[Change],
    kind: EventSource,
    now: datetime,
) -> int:
    """Stores only the payments among these that we do not hold as they are; returns how many there were."""
    news = _news(session, source, connection.id, changes, None)
    return store_events(session, [_as_event(connection, change, kind) for change in news], now)


def _contradicted(session: Session, connection_id: int, known: Sequence[Change]) -> list[Change]:
    """Changes reported again that contradict our record: we could not find the object, or it was revived since."""
    payments = payments_by_external_id(session, connection_id, _ids(known, Entity.PAYMENT))
    invoices = source_invoices(session, connection_id, _ids(known, Entity.INVOICE))
    standings = {(Entity.PAYMENT, one): row.standing for one, row in payments.items()}
    standings |= {(Entity.INVOICE, one): row.standing for one, row in invoices.items()}

    def is_contradicted(change: Change) -> bool:
        held = standings.get((Entity(change.entity.value), change.entity_id))
        if held is None:
            return False
        return not held.deleted if change.verb == "deleted" else held.deleted and held.inferred

    return [change for change in known if is_contradicted(change)]


def _ids(changes: Iterable[Change], entity: Entity) -> set[str]:
    return {change.entity_id for change in changes if change.entity.value == entity}


def _news(
    session: Session, source: Source, connection_id: int, fresh: Sequence[Change], gap_opened_at: datetime | None
) -> dict[Change, str]:
    """Maps each news change of a payment to its verb. Leaves out changes that we already hold or that add nothing."""
    rows = payments_by_external_id(session, connection_id, _ids(fresh, Entity.PAYMENT))
    news: dict[Change, str] = {}
    for change in fresh:
        if change.entity.value != Entity.PAYMENT:
            continue
        try:
            payment = source.parse_payment(change.payload)
        except ValueError:
            continue
        verb = _verb(payment, rows.get(change.entity_id), gap_opened_at)
        if verb:
            news[change] = verb
    return news


def _verb(payment: SourcePayment, row: Payment | None, gap_opened_at: datetime | None) -> str:
    gone = payment.state is PaymentState.DELETED
    if row is None or (gap_opened_at is not None and row.first_seen_at >= gap_opened_at):
        return "" if gone else "new"
    was_stored_in_the_gap = gap_opened_at is not None and row.updated_at >= gap_opened_at
    if gone:
        return "deleted" if row.state != PaymentState.DELETED or was_stored_in_the_gap else ""
    is_newer = row.state != PaymentState.DELETED and payment.version > row.version
    return "changed" if is_newer or was_stored_in_the_gap else ""


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
