"""A scan: closes a gap that change data capture does not reach, or for which it cut its answer off.

Called by: catch-up, in the same lane, one bounded step at a time.
Does: lists everything that changed in the gap and still exists, in closed windows; then looks for the payments and
invoices that we know, because no list shows deleted ones: by counting (`count.py`), or each by its id.
Leaves behind: inbox events, and the scan's position, moved in the same transaction; at its end the cursor.
If it dies here: the next run repeats the step, and its events are duplicates.
"""

from datetime import datetime
from itertools import takewhile

import structlog

from connectors.base import ChangedEntity, Failure, Got, ReadResult, Source
from domain.breaker import CallKind
from domain.gaps import GapKind, ScanStage, stage_after
from models.connections import Connection, connection_by_id
from models.gaps import Gap, complete_since, gap_by_id
from models.inbox import Entity, EventSource
from models.known_objects import Stretch, known_invoice_ids, known_payment_ids
from tasks.calls import SHORT_WAIT, note_failure, note_success, waited_out
from tasks.catch_up.changes import store_changes
from tasks.catch_up.count import IDS_PER_STEP, Progress, count
from tasks.context import Context, Step
from tasks.points import Point
from tasks.step import Lease

log = structlog.get_logger()


def scan_step(context: Context, lease: Lease, connection: Connection, gap: Gap) -> bool:
    """Does the next part of the scan. True if more can be done right now."""
    source, stage = context.source(connection).keeping(lease.keep), ScanStage(gap.stage)
    if stage.is_listing:
        result = _list(source, gap, stage)
    elif stage.is_counting:
        result = count(context, source, connection, gap, Entity(stage.entity))
    else:
        result = _check(context, source, connection, gap, stage)
    if isinstance(result, Failure):
        return _failed(context, connection, result)
    context.reached(Point.SCAN_SOURCE_READ)
    stored, closed = _store(context, lease, source, gap.id, result.value)
    context.reached(Point.SCAN_STORED)
    if stored:
        context.nudge(Step.INGEST, connection.id)
        context.reached(Point.SCAN_NUDGED)
    if result.value.failure is not None:
        return _failed(context, connection, result.value.failure)
    note_success(context, connection, CallKind.SCAN)
    return not closed


def _failed(context: Context, connection: Connection, failure: Failure) -> bool:
    if waited_out(context, failure, at_least=SHORT_WAIT):
        return True
    note_failure(context, connection, failure, CallKind.SCAN)
    return False


def _list(source: Source, gap: Gap, stage: ScanStage) -> ReadResult[Progress]:
    since, until = gap.listed_until_at, gap.until_at
    if since is None or until is None:
        raise AssertionError("a scan began without its bounds")
    page = source.list_changed(ChangedEntity(stage.entity), since, until)
    if isinstance(page, Failure):
        return page
    return Got(Progress(page.value.changes, listed_until_at=page.value.next_since))


def _check(
    context: Context, source: Source, connection: Connection, gap: Gap, stage: ScanStage
) -> ReadResult[Progress]:
    known = known_payment_ids if stage is ScanStage.CHECK_PAYMENTS else known_invoice_ids
    with context.database.reading() as session:
        counted = Stretch.before(complete_since(session, connection), gap) if gap.is_counted else None
        ids = known(session, connection.id, gap, IDS_PER_STEP, counted)
    context.reached(Point.SCAN_IDS_READ)
    result = source.find_gone(ChangedEntity(stage.entity), ids)
    if isinstance(result, Failure):
        return result
    unchecked = result.value.unchecked_ids
    checked = list(takewhile(lambda one: one not in unchecked, ids))
    is_last = len(checked) == len(ids) < IDS_PER_STEP
    checked_id = None if is_last else (checked[-1] if checked else gap.checked_id)
    return Got(Progress(result.value.deletions, checked_id=checked_id, failure=result.value.failure))


def _store(context: Context, lease: Lease, source: Source, gap_id: int, progress: Progress) -> tuple[int, bool]:
    now = context.clock.now()
    with context.database.writing() as session:
        lease.guard(session)
        connection = connection_by_id(session, lease.owner_id)
        gap = gap_by_id(session, gap_id)
        kind = EventSource.CATCH_UP if gap.holds_cursor else EventSource.BACKFILL
        stored = store_changes(session, source, connection, progress.changes, kind, now, gap_opened_at=gap.opened_at)
        gap.add(stored.found)
        _move_on(context, connection, gap, progress, now)
    return stored.events, gap.closed_at is not None


def _move_on(context: Context, connection: Connection, gap: Gap, progress: Progress, now: datetime) -> None:
    if progress.listed_until_at is not None or progress.checked_id is not None:
        gap.listed_until_at = progress.listed_until_at or gap.listed_until_at
        gap.checked_id = gap.checked_id if progress.checked_id is None else progress.checked_id
        return
    following = stage_after(ScanStage(gap.stage), frozenset(gap.entities.split(",")), counts=gap.is_counted)
    # The second listing begins where the first one did, and a count begins with the objects changed longest ago.
    begins_at = gap.scan_from_at if following.is_listing else None
    gap.stage, gap.listed_until_at, gap.checked_id = following.value, begins_at, ""
    if following is ScanStage.NONE:
        gap.close(gap.until_at or now, now, context.timing.catch_up_overlap)
        if gap.holds_cursor and gap.until_at is not None:
            connection.caught_up_at = now
            connection.cursor_at = max(connection.cursor_at or gap.until_at, gap.until_at)
            # Not at once: while the overlap reaches into a flood, the source would cut the next answer off too.
            connection.next_catch_up_at = now + context.timing.catch_up_overlap
        log.info("gap.closed", connection_id=connection.id, kind=GapKind(gap.kind).value, told=gap.sentence)
