"""Catch-up: change data capture, the truth behind the hints. What webhooks missed arrives in the same inbox.

Called by: the sweep, when a source connection's time has come; the command line.
Does: asks the source for everything that changed since the cursor, minus an overlap, and stores it.
Leaves behind: inbox events with full payloads, and the cursor, moved in the same transaction as the rows.
If it dies here: the cursor has not moved; the same changes come again and are duplicates.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from celery import shared_task

from connectors.base import Change, Changes, Failure
from models.connections import Connection, connection_by_id
from models.inbox import Entity, EventSource, NewEvent, store_events
from tasks.context import Context, Step
from tasks.lane import Drained, Lease, drain
from tasks.pauses import note_failure, note_success
from tasks.points import Point
from tasks.process import process_context

log = structlog.get_logger()


def catch_up(context: Context, connection_id: int) -> Drained:
    """Brings the inbox of one source connection up to the source's own clock."""
    return drain(context, Step.CATCH_UP, connection_id, lambda lease: _catch_up_once(context, lease))


def _catch_up_once(context: Context, lease: Lease) -> bool:
    with context.database.reading() as session:
        connection = connection_by_id(session, lease.owner_id)
    now = context.clock.now()
    paused = connection.not_before is not None and connection.not_before > now
    if not connection.is_active or paused:
        return False
    # A new connection starts at the moment it was made; older payments are a backfill's work.
    cursor = connection.cursor_at or connection.connected_at
    result = context.source(connection).changes_since(cursor - context.timing.catch_up_overlap)
    if isinstance(result, Failure):
        note_failure(context, connection, result)
        return False
    context.reached(Point.CATCH_UP_SOURCE_READ)
    stored = _store(context, lease, result.value, cursor)
    note_success(context, connection)
    log.info("catch_up.stored", connection_id=connection.id, changes=len(result.value.changes), new=stored)
    context.reached(Point.CATCH_UP_STORED)
    if stored:
        context.nudge(Step.INGEST, connection.id)
    return not result.value.complete


def _store(context: Context, lease: Lease, changes: Changes, cursor: datetime) -> int:
    now = context.clock.now()
    with context.database.writing() as session:
        lease.guard(session)
        connection = connection_by_id(session, lease.owner_id)
        stored = store_events(session, _as_events(connection, changes.changes), now)
        connection.cursor_at = max(cursor, changes.until)
        connection.caught_up_at = now
        connection.next_catch_up_at = now + context.timing.catch_up
    return stored


def _as_events(connection: Connection, changes: Sequence[Change]) -> list[NewEvent]:
    return [
        NewEvent(
            connection_id=connection.id,
            source=EventSource.CATCH_UP,
            event_id=change.event_id,
            entity=Entity(change.entity.value),
            entity_id=change.entity_id,
            verb=change.verb,
            occurred_at=change.changed_at,
            payload=change.payload,
        )
        for change in changes
    ]


@shared_task(name="payments.catch_up")
def catch_up_task(connection_id: int) -> str:
    return catch_up(process_context(Step.CATCH_UP, connection_id), connection_id).value
