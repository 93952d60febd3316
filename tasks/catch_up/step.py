"""Catch-up: change data capture, the truth behind the hints. Changes that webhooks missed reach the same inbox.

Called by: the sweep, when a source connection's time has come; the command line.
Does: asks the source for everything that changed since the cursor, minus an overlap, and stores it. Where one answer
cannot cover it (a cursor a month old, an answer cut off, an operator's date) it opens a gap and scans (`scan.py`).
Also where we had not asked for long, or webhooks are lost. Closed gaps are proved in the same lane (`proving.py`).
Leaves behind: inbox events with full payloads, and the cursor, moved in the same transaction as the rows.
If it dies here: the cursor has not moved; the same changes come again and are duplicates.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from connectors.base import Changes, Failure, FailureKind, ReadResult
from domain.breaker import CallKind
from domain.clocks import CLOCKS_APART_MAX
from domain.gaps import CHANGES_REACH, GapKind, was_out
from domain.webhook_health import ON_ITS_WAY, webhooks_are_back, webhooks_are_silent
from models.connections import Connection, connection_by_id
from models.gap_proofs import note_heard
from models.gaps import (
    ALL_ENTITIES,
    Gap,
    begin_scan,
    gap_to_prove,
    note_lost_webhooks,
    open_gap,
    prove_again,
    unfinished_gaps,
)
from models.inbox import EventSource
from tasks.calls import may_call, note_failure, note_success, waited_out
from tasks.catch_up.changes import StoredChanges, store_changes
from tasks.catch_up.proving import prove_step
from tasks.catch_up.scan import scan_step
from tasks.context import Context, Step
from tasks.points import Point
from tasks.reviving import try_again
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context

log = structlog.get_logger()

# If our own clock has gone back, we believe the source's clock as long as it is at most this far past its last answer.
CURSOR_STEP_MAX = timedelta(days=1)


def catch_up(context: Context, connection_id: int) -> Drained:
    """Brings the inbox of one source connection up to the source's own clock."""
    return drain(context, Step.CATCH_UP, connection_id, lambda lease: _catch_up_once(context, lease))


def _catch_up_once(context: Context, lease: Lease) -> bool:
    with context.database.reading() as session:
        connection = connection_by_id(session, lease.owner_id)
        unfinished = unfinished_gaps(session, lease.owner_id)
        may_ask = may_call(context, session, lease.owner_id, CallKind.CATCH_UP)
        may_scan = may_call(context, session, lease.owner_id, CallKind.SCAN)
    try_again(context, lease, connection)
    now = context.clock.now()
    gaps = [gap for gap in unfinished if gap.is_open]
    to_prove = gap_to_prove(unfinished, connection.cursor_at, now)
    holding = next((gap for gap in gaps if gap.holds_cursor and gap.is_scanning), None)
    if holding is not None:
        return may_scan and scan_step(context, lease, connection, holding)
    backfill = next((gap for gap in gaps if not gap.holds_cursor and gap.is_scanning), None)
    is_due = connection.next_catch_up_at is None or connection.next_catch_up_at <= now
    if backfill is not None and not (is_due and may_ask):
        # A backfill must not keep today's payments waiting: it continues while nothing else is due.
        return may_scan and scan_step(context, lease, connection, backfill)
    if to_prove is not None and may_scan and not (is_due and may_ask):
        return prove_step(context, lease, connection, to_prove)
    return may_ask and _ask(context, lease, connection, gaps, now)


def _ask(context: Context, lease: Lease, connection: Connection, gaps: Sequence[Gap], now: datetime) -> bool:
    # A new connection starts at the moment it was made; older payments need a backfill.
    cursor = connection.cursor_at or connection.connected_at
    since = cursor - context.timing.catch_up_overlap
    too_old = now - since > CHANGES_REACH
    # The cursor is out of reach: the scan does the rest, and ends with the source's clock from this answer. Deletions
    # that this answer reports need no check one by one.
    asked_since = now - CHANGES_REACH if too_old else since
    context.reached(Point.CATCH_UP_CURSOR_READ)
    result = _believable(context, connection, context.source(connection).keeping(lease.keep).changes_since(asked_since))
    if isinstance(result, Failure):
        if waited_out(context, result):
            return True
        note_failure(context, connection, result, CallKind.CATCH_UP)
        return False
    context.reached(Point.CATCH_UP_SOURCE_READ)
    if too_old:
        _open_scan(context, lease, since, result.value)
        context.reached(Point.CATCH_UP_GAP_OPENED)
        note_success(context, connection, CallKind.CATCH_UP)
        return True
    stored, is_proof_waiting = _store(context, lease, result.value, since)
    context.reached(Point.CATCH_UP_STORED)
    note_success(context, connection, CallKind.CATCH_UP)
    log.info(
        "catch_up.stored",
        connection_id=connection.id,
        changes=len(result.value.changes),
        new=stored.events,
        missed=stored.missed.payments,
    )
    if stored.events:
        context.nudge(Step.INGEST, connection.id)
        context.reached(Point.CATCH_UP_NUDGED)
    is_backfilling = any(not gap.holds_cursor and gap.is_scanning for gap in gaps)
    return not result.value.complete or is_backfilling or is_proof_waiting


def _believable(context: Context, connection: Connection, result: ReadResult[Changes]) -> ReadResult[Changes]:
    """Limits how far the cursor follows the source's clock: one far ahead would make us skip all changes until then."""
    if isinstance(result, Failure):
        return result
    latest, cursor = context.clock.now() + CLOCKS_APART_MAX, connection.cursor_at
    if cursor is not None and cursor > latest:
        # The source has said this time before: its clock did not go forward, ours went back.
        latest = cursor + CURSOR_STEP_MAX
    if result.value.until <= latest:
        return result
    detail = f"the source says that it is {result.value.until:%Y-%m-%d %H:%M} UTC, which is ahead of our clock"
    return Failure(FailureKind.UNAVAILABLE, detail)


def _open_scan(context: Context, lease: Lease, since: datetime, changes: Changes) -> None:
    now = context.clock.now()
    with context.database.writing() as session:
        lease.guard(session)
        connection = connection_by_id(session, lease.owner_id)
        gap = _begin_scan(context, session, connection.id, GapKind.TOO_OLD, since, changes.until, ALL_ENTITIES)
        stored = store_changes(
            session,
            context.source(connection),
            connection,
            changes.changes,
            EventSource.CATCH_UP,
            now,
            gap_opened_at=gap.opened_at,
        )
        gap.add(stored.found)
    if stored.events:
        context.nudge(Step.INGEST, lease.owner_id)


def _begin_scan(
    context: Context,
    session: Session,
    connection_id: int,
    kind: GapKind,
    since: datetime,
    until: datetime,
    entities: frozenset[str],
) -> Gap:
    now = context.clock.now()
    gap = open_gap(session, connection_id, kind, since, now)
    begin_scan(gap, since, until, entities, now)
    log.warning("gap.opened", connection_id=connection_id, kind=gap.kind, since=since.isoformat())
    return gap


def _store(context: Context, lease: Lease, changes: Changes, since: datetime) -> tuple[StoredChanges, bool]:
    """What was stored, and whether the proof of a gap can go on now."""
    is_proof_waiting = False
    now = context.clock.now()
    with context.database.writing() as session:
        lease.guard(session)
        connection = connection_by_id(session, lease.owner_id)
        source = context.source(connection)
        unfinished = unfinished_gaps(session, connection.id)
        gap = next((one for one in unfinished if one.is_open and one.holds_cursor), None)
        if gap is None and was_out(connection.caught_up_at, now, context.timing.catch_up):
            gap = _open_outage(session, connection, now)
        # No webhook comes for a company that is not connected.
        expected_before = None if gap is not None else changes.until - ON_ITS_WAY
        if changes.cut:
            # The cursor stays where it is until a scan has found the changes that the answer left out.
            entities = frozenset(entity.value for entity in changes.cut)
            gap = _begin_scan(context, session, connection.id, GapKind.CUT, since, changes.until, entities)
        stored = store_changes(
            session,
            source,
            connection,
            changes.changes,
            EventSource.CATCH_UP,
            now,
            on_its_way_since=expected_before,
            gap_opened_at=gap.opened_at if gap is not None else None,
        )
        if stored.missed_since is not None:
            connection.missed_at, connection.missed_count = now, connection.missed_count + stored.missed.payments
            note_lost_webhooks(session, connection.id, stored.missed_since, now).add(stored.missed)
        if gap is not None:
            gap.add(stored.found)
        prove_again(session, connection.id, stored.changed_at, now + context.timing.catch_up_overlap)
        if changes.complete:
            _move_cursor(context, connection, gap, changes.until, now)
            note_heard(session, unfinished, changes.until)
            _close_lost_webhooks(context, connection, unfinished, changes.until, now)
            is_proof_waiting = gap_to_prove(unfinished, connection.cursor_at, now) is not None
    return stored, is_proof_waiting


def _open_outage(session: Session, connection: Connection, now: datetime) -> Gap:
    """For a connection that was in order, and for long we did not ask: what was stored since then was found in it."""
    gap = open_gap(session, connection.id, GapKind.OUTAGE, connection.cursor_at or connection.connected_at, now)
    # What came with the last answer is no news.
    gap.opened_at = (connection.caught_up_at or now) + datetime.resolution
    log.warning("gap.opened", connection_id=connection.id, kind=gap.kind, since=gap.from_at.isoformat())
    return gap


def _close_lost_webhooks(
    context: Context, connection: Connection, gaps: Iterable[Gap], until: datetime, now: datetime
) -> None:
    gap = next((one for one in gaps if one.is_open and one.kind == GapKind.LOST_WEBHOOKS), None)
    if gap is None:
        return
    lost_at = max(gap.opened_at, connection.missed_at or gap.opened_at)
    if webhooks_are_back(connection.heard_at, lost_at, now):
        gap.close(until, now, context.timing.catch_up_overlap)
        log.info("gap.closed", connection_id=connection.id, kind=gap.kind, told=gap.sentence)


def _move_cursor(context: Context, connection: Connection, gap: Gap | None, until: datetime, now: datetime) -> None:
    connection.cursor_at = max(connection.cursor_at or until, until)
    connection.caught_up_at = now
    timing = context.timing
    silent = webhooks_are_silent(connection.connected_at, connection.heard_at, connection.missed_at, now)
    connection.next_catch_up_at = now + (min(timing.catch_up, timing.catch_up_silent) if silent else timing.catch_up)
    if gap is not None:
        gap.close(until, now, timing.catch_up_overlap)
        log.info("gap.closed", connection_id=connection.id, kind=gap.kind, told=gap.sentence)


@shared_task(name="payments.catch_up")
def catch_up_task(connection_id: int) -> None:
    with database_may_be_away():
        catch_up(process_context(Step.CATCH_UP, connection_id), connection_id)
