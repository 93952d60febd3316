"""The proof of a closed gap: which payments it had, who found them, and whether both sides have the same number.

Called by: catch-up, in the same lane, one bounded step at a time, some minutes after a gap was closed.
Does: lists the payments of the stretch from our own records; has the source count its payments there (one metered
read); waits for the next catch-up, so that everything up to the count is known; counts ours once more. If the counts
differ, it asks the source which payments it has there, hands unknown ones to ingest, and counts again. What the
source does not show is never taken for deleted.
Leaves behind: `gap_payment` and `gap_count` rows, and the stage of the proof, moved in the same transaction.
If it dies here: the step is done again; a second count is one row more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from connectors.base import Change, ChangedEntity, Failure, Got, ReadResult, Source
from domain.breaker import CallKind
from domain.gap_statement.counts import AfterCount, Count, after_count, counted
from domain.gap_statement.findings import finding_of
from models.connections import Connection, connection_by_id
from models.gap_proofs import (
    add_count,
    add_findings,
    counts_of,
    in_this_round,
    incomplete_payments,
    span_of,
    stretch_of,
    touched_since,
    write_numbers,
)
from models.gaps import Gap, ProofStage, gap_by_id, gap_to_prove
from models.inbox import Entity, EventSource, has_waiting_news
from models.known_objects import Stretch, count_existing
from tasks.calls import SHORT_WAIT, note_failure, note_success, waited_out
from tasks.catch_up.changes import store_news
from tasks.context import Context, Step
from tasks.hints import MISSED
from tasks.points import Point
from tasks.step import Lease

log = structlog.get_logger()

PAYMENTS_PER_STEP = 500
# A look lists so many pages of a thousand payments at most, each a metered read.
LOOK_PAGES_MAX = 3
# So long news may take to be stored before we come again.
_AGAIN_AFTER = timedelta(minutes=1)


def prove_step(context: Context, lease: Lease, connection: Connection, gap: Gap) -> bool:
    """Does the next part of the proof.

    Returns:
        Whether more can be done right now: of this proof, or a catch-up for it.
    """
    if _is_news_waiting(context, connection):
        # What waits in the inbox is known and not stored: our number would be too small.
        _put_off(context, lease, gap)
        return False
    match ProofStage(gap.proof_stage):
        case ProofStage.LIST:
            return _list(context, lease, gap)
        case ProofStage.COUNT:
            return _count(context, lease, connection, gap)
        case ProofStage.COMPARE:
            return _compare(context, lease, connection, gap)
        case ProofStage.LOOK:
            return _look(context, lease, connection, gap)
        case ProofStage.NONE | ProofStage.HEAR | ProofStage.DONE as stage:
            raise AssertionError(f"there is nothing to do for a proof at {stage!r}")


def _is_news_waiting(context: Context, connection: Connection) -> bool:
    with context.database.reading() as session:
        return has_waiting_news(session, connection.id, Entity.PAYMENT, [MISSED])


def _put_off(context: Context, lease: Lease, gap: Gap) -> None:
    now = context.clock.now()
    with context.database.writing() as session:
        lease.guard(session)
        current = _current(session, gap)
        if current is not None:
            current.proof_due_at = now + _AGAIN_AFTER
    context.nudge(Step.INGEST, lease.owner_id)


def _current(session: Session, gap: Gap) -> Gap | None:
    """The gap for a change; None if the proof was asked for anew meanwhile, and begins again."""
    current = gap_by_id(session, gap.id)
    is_same = (current.proof_stage, current.proof_asked_at) == (gap.proof_stage, gap.proof_asked_at)
    return current if is_same else None


# --- the payments ---


def _list(context: Context, lease: Lease, gap: Gap) -> bool:
    with context.database.reading() as session:
        listed = touched_since(session, gap, [MISSED], PAYMENTS_PER_STEP)
    span = span_of(gap)
    found = [(payment, finding_of(touched, span)) for payment, touched in listed.payments]
    with context.database.writing() as session:
        lease.guard(session)
        current = _current(session, gap)
        if current is None:
            return True
        add_findings(session, current, [(payment, one) for payment, one in found if one is not None])
        if listed.next_id is not None:
            current.listed_payment_id = listed.next_id
        else:
            write_numbers(session, current)
            current.proof_stage = ProofStage.COUNT.value
    context.reached(Point.PROOF_LISTED)
    return True


# --- the counts ---


def _count(context: Context, lease: Lease, connection: Connection, gap: Gap) -> bool:
    source, stretch = context.source(connection).keeping(lease.keep), stretch_of(gap)
    with context.database.reading() as session:
        held = count_existing(session, connection.id, Entity.PAYMENT, stretch)
        incomplete = incomplete_payments(session, connection.id)
    asked_at = context.clock.now()
    result = source.count_changed(ChangedEntity.PAYMENT, stretch.since, stretch.until)
    if isinstance(result, Failure):
        return _failed(context, connection, result)
    context.reached(Point.PROOF_COUNTED)
    with context.database.writing() as session:
        lease.guard(session)
        current = _current(session, gap)
        if current is None:
            return True
        add_count(session, current, Count(asked_at, result.value, held, incomplete))
        current.proof_stage = ProofStage.HEAR.value
    context.reached(Point.PROOF_STORED)
    note_success(context, connection, CallKind.SCAN)
    return True


def _failed(context: Context, connection: Connection, failure: Failure) -> bool:
    if waited_out(context, failure, at_least=SHORT_WAIT):
        return True
    note_failure(context, connection, failure, CallKind.SCAN)
    return False


def _compare(context: Context, lease: Lease, connection: Connection, gap: Gap) -> bool:
    now, stretch = context.clock.now(), stretch_of(gap)
    with context.database.writing() as session:
        lease.guard(session)
        current = _current(session, gap)
        if current is None:
            return True
        rows = in_this_round(counts_of(session, current), current)
        rows[-1].held_after = count_existing(session, current.connection_id, Entity.PAYMENT, stretch)
        rows[-1].compared_at = now
        counts = [row.as_count() for row in rows]
        _move_on(current, after_count(counts), now)
    context.reached(Point.PROOF_COMPARED)
    log.info(
        "gap.counted",
        connection_id=lease.owner_id,
        gap_id=gap.id,
        source=counts[-1].source,
        held=counts[-1].held_after,
        says=type(counted(counts)).__name__,
    )
    return gap_to_prove([current], connection.cursor_at, now) is not None


def _move_on(gap: Gap, following: AfterCount, now: datetime) -> None:
    match following:
        case AfterCount.LOOK:
            gap.proof_stage = ProofStage.LOOK.value
        case AfterCount.COUNT_AGAIN:
            gap.proof_stage, gap.proof_due_at = ProofStage.COUNT.value, now + _AGAIN_AFTER
        case AfterCount.DONE:
            gap.proof_stage, gap.proof_due_at = ProofStage.DONE.value, None


# --- which payments make the difference ---


def _look(context: Context, lease: Lease, connection: Connection, gap: Gap) -> bool:
    """The payments that we do not know go to ingest; then we count again.

    One that we hold and that the source does not list is not deleted by that (decision 0011): the source may not show
    it yet. Change data capture tells deletions, and where it does not reach, the scan that closed the gap.
    """
    source, stretch = context.source(connection).keeping(lease.keep), stretch_of(gap)
    seen = _listed(source, stretch)
    if isinstance(seen, Failure):
        return _failed(context, connection, seen)
    context.reached(Point.PROOF_LOOKED)
    now = context.clock.now()
    with context.database.writing() as session:
        lease.guard(session)
        current = _current(session, gap)
        if current is None:
            return True
        fresh = connection_by_id(session, lease.owner_id)
        stored = store_news(session, source, fresh, seen.value, EventSource.COUNT, now)
        # What was found belongs into the list.
        current.proof_stage = (ProofStage.LIST if stored else ProofStage.COUNT).value
        current.listed_payment_id, current.proof_due_at = 0, now + _AGAIN_AFTER
    context.reached(Point.PROOF_LOOK_STORED)
    note_success(context, connection, CallKind.SCAN)
    if stored:
        log.warning("gap.found_by_count", connection_id=connection.id, gap_id=gap.id, payments=stored)
        context.nudge(Step.INGEST, connection.id)
        context.reached(Point.PROOF_NUDGED)
    return False


def _listed(source: Source, stretch: Stretch) -> ReadResult[Sequence[Change]]:
    """What the source has in the stretch, in a few pages."""
    changes: list[Change] = []
    since: datetime | None = stretch.since
    for _ in range(LOOK_PAGES_MAX):
        if since is None:
            break
        page = source.list_changed(ChangedEntity.PAYMENT, since, stretch.until)
        if isinstance(page, Failure):
            return page
        changes += page.value.changes
        since = page.value.next_since
    return Got(changes)
