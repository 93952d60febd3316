"""A scan: closing a gap where change data capture does not reach, or has cut its answer off.

Called by: catch-up, in the same lane, one bounded step at a time.
Does: lists everything that changed in the gap and still exists, in closed windows; then looks for every payment and
invoice that we know, because what was deleted is in no list.
Leaves behind: inbox events, and how far it is, moved in the same transaction; at its end the cursor.
If it dies here: the same step is done again, and its events are duplicates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from connectors.base import Change, ChangedEntity, Failure, Got, ReadResult, Source
from domain.breaker import CallKind
from domain.gaps import GapKind, ScanStage, stage_after
from models.connections import Connection, connection_by_id
from models.gaps import Gap, gap_by_id, known_invoice_ids, known_payment_ids
from models.inbox import EventSource
from tasks.context import Context, Step
from tasks.found_changes import store_changes
from tasks.lane import Lease
from tasks.pacing import waited_out
from tasks.pauses import note_failure, note_success
from tasks.points import Point

log = structlog.get_logger()

# One query of the source each.
IDS_PER_STEP = 300


@dataclass(frozen=True, slots=True)
class _Progress:
    """What a step found, and where the next one begins; with neither, its stage is over."""

    changes: Sequence[Change]
    listed_until_at: datetime | None = None
    checked_id: str | None = None


def scan_step(context: Context, lease: Lease, connection: Connection, gap: Gap) -> bool:
    """Does the next bit of the scan; True if there is more of it to do right now."""
    source, stage = context.source(connection), ScanStage(gap.stage)
    result = _list(source, gap, stage) if stage.is_listing else _check(context, source, connection, gap, stage)
    if isinstance(result, Failure):
        if waited_out(context, result):
            return True
        note_failure(context, connection, result, CallKind.SCAN)
        return False
    context.reached(Point.SCAN_SOURCE_READ)
    stored, closed = _store(context, lease, source, gap.id, result.value)
    context.reached(Point.SCAN_STORED)
    note_success(context, connection, CallKind.SCAN)
    if stored:
        context.nudge(Step.INGEST, connection.id)
        context.reached(Point.SCAN_NUDGED)
    return not closed


def _list(source: Source, gap: Gap, stage: ScanStage) -> ReadResult[_Progress]:
    since, until = gap.listed_until_at, gap.until_at
    if since is None or until is None:
        raise AssertionError("a scan began without its bounds")
    page = source.list_changed(ChangedEntity(stage.entity), since, until)
    if isinstance(page, Failure):
        return page
    return Got(_Progress(page.value.changes, listed_until_at=page.value.next_since))


def _check(
    context: Context, source: Source, connection: Connection, gap: Gap, stage: ScanStage
) -> ReadResult[_Progress]:
    known = known_payment_ids if stage is ScanStage.CHECK_PAYMENTS else known_invoice_ids
    with context.database.reading() as session:
        ids = known(session, connection.id, gap, IDS_PER_STEP)
    context.reached(Point.SCAN_IDS_READ)
    gone = source.find_gone(ChangedEntity(stage.entity), ids)
    if isinstance(gone, Failure):
        return gone
    return Got(_Progress(gone.value, checked_id=ids[-1] if len(ids) == IDS_PER_STEP else None))


def _store(context: Context, lease: Lease, source: Source, gap_id: int, progress: _Progress) -> tuple[int, bool]:
    now = context.clock.now()
    with context.database.writing() as session:
        lease.guard(session)
        connection = connection_by_id(session, lease.owner_id)
        gap = gap_by_id(session, gap_id)
        kind = EventSource.CATCH_UP if gap.holds_cursor else EventSource.BACKFILL
        stored = store_changes(session, source, connection, progress.changes, kind, now)
        gap.add(stored.found)
        _move_on(context, connection, gap, progress, now)
    return stored.events, gap.closed_at is not None


def _move_on(context: Context, connection: Connection, gap: Gap, progress: _Progress, now: datetime) -> None:
    if progress.listed_until_at is not None or progress.checked_id is not None:
        gap.listed_until_at = progress.listed_until_at or gap.listed_until_at
        gap.checked_id = progress.checked_id or gap.checked_id
        return
    following = stage_after(ScanStage(gap.stage), frozenset(gap.entities.split(",")))
    # The second listing begins where the first one did.
    gap.stage, gap.listed_until_at, gap.checked_id = following.value, gap.scan_from_at, ""
    if following is ScanStage.NONE:
        gap.closed_at = now
        if gap.holds_cursor and gap.until_at is not None:
            connection.caught_up_at = now
            connection.cursor_at = max(connection.cursor_at or gap.until_at, gap.until_at)
            # Not at once: while the overlap still reaches into a flood, the next answer would be cut off as well.
            connection.next_catch_up_at = now + context.timing.catch_up_overlap
        log.info("gap.closed", connection_id=connection.id, kind=GapKind(gap.kind).value, told=gap.sentence)
