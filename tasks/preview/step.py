"""Preview: what a change of preferences would do to the payments there are, and what came of it once it was saved.

Called by: a nudge for an organization, when a person has asked for a preview or saved one.
Does, a piece of payments at a time: gathers the facts as match does, decides by the pure `domain.match.foresight` and
adds to the counts. After the change was saved and match is through, it compares the promises with what came of them.
Calls nobody outside, and writes to no table but its own two.
Leaves behind: a preview with its counts and the lists behind them, for a day.
If it dies here: the preview remembers how far it was and goes on from there.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from domain.match.foresight import Certainty, Outcome
from domain.status import PaymentStatus
from models.part_statuses import statuses_of_parts
from models.previews import (
    Preview,
    PreviewPiece,
    PreviewState,
    due_preview,
    end_comparison,
    end_counting,
    forget_preview,
    is_over,
    next_piece,
    parts_left_to_decide,
    preview_by_id,
    store_comparison,
    store_piece,
)
from tasks.context import Context, Step
from tasks.points import Point
from tasks.preview.counting import Nothing, Piece, RecordsNearby, look_at_next
from tasks.step import Drained, Lease, database_may_be_away, drain, process_context

log = structlog.get_logger()

# How soon to ask again whether match is through with what was saved.
MATCH_POLL = timedelta(seconds=2)


def preview(context: Context, organization_id: int) -> Drained:
    """Works on the due previews of the organization."""
    nearby = RecordsNearby()
    return drain(context, Step.PREVIEW, organization_id, lambda lease: _Batch(context, lease, nearby).work())


@dataclass(frozen=True, slots=True)
class _Batch:
    context: Context
    lease: Lease
    nearby: RecordsNearby

    def work(self) -> bool:
        """Does one piece of one preview. True if more is waiting right now."""
        now = self.context.clock.now()
        with self.context.database.reading() as session:
            due = due_preview(session, self.lease.owner_id, now)
            if due is None:
                return False
            if is_over(due, now):
                found: _Found = _Forget()
            elif due.state == PreviewState.COUNTING:
                found = look_at_next(session, due, self.nearby, now)
            else:
                found = _compare_next(session, due)
        self.context.reached(Point.PREVIEW_LOOKED)
        with self.context.database.writing() as session:
            self.lease.guard(session)
            current = preview_by_id(session, due.organization_id, due.id)
            if current is not None and (current.state, current.after_id) == (due.state, due.after_id):
                _store(session, current, found, now)
        self.context.reached(Point.PREVIEW_STORED)
        return not isinstance(found, _Wait)


@dataclass(frozen=True, slots=True)
class _Forget:
    """Its day is over."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """Match still decides what the change has made due."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """What came of the parts of one piece."""

    piece: PreviewPiece
    statuses: Counter[tuple[Outcome, Certainty, PaymentStatus]]


@dataclass(frozen=True, slots=True)
class _AllCompared:
    """Every piece has been compared."""


_Found = Piece | Nothing | _Forget | _Wait | _Compared | _AllCompared


def _store(session: Session, current: Preview, found: _Found, now: datetime) -> None:
    match found:
        case _Forget():
            forget_preview(session, current.id)
        case _Wait():
            current.due_at = now + MATCH_POLL
        case Nothing():
            end_counting(current, now)
            log.info("preview.ready", organization_id=current.organization_id, payments=current.payments)
        case Piece(last_id, payments, parts, due_anyway):
            store_piece(session, current, last_id, payments, parts, due_anyway)
        case _AllCompared():
            end_comparison(current, now)
        case _Compared(piece, statuses):
            store_comparison(current, piece, statuses)


def _compare_next(session: Session, due: Preview) -> _Wait | _Compared | _AllCompared:
    if due.compared_at is None and due.after_id == 0 and parts_left_to_decide(session, due):
        return _Wait()
    piece = next_piece(session, due)
    if piece is None:
        return _AllCompared()
    by_kind = [(Outcome(outcome), Certainty(certainty), ids) for outcome, certainty, _, ids in piece.parts]
    every: Collection[int] = [one for _, _, ids in by_kind for one in ids]
    statuses = statuses_of_parts(session, every)
    return _Compared(
        piece,
        Counter(
            (outcome, certainty, statuses[one]) for outcome, certainty, ids in by_kind for one in ids if one in statuses
        ),
    )


@shared_task(name="payments.preview")
def preview_task(organization_id: int) -> None:
    with database_may_be_away():
        preview(process_context(Step.PREVIEW, organization_id), organization_id)
