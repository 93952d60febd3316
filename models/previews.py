"""Previews of a change of preferences: what it would do, worked out piece by piece, and what came of it once saved.

A preview keeps its counts in its own row, and in its pieces the ids of the parts behind each number. It is forgotten a
day after it was worked out or saved.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, String, delete, exists, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.match.foresight import Certainty, Foreseen, Outcome
from domain.preference_changes import preferences_from
from domain.preferences import Preferences
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.base import AT, Base, BigId, Json, UtcTime
from models.payment_counts import payment_counts
from models.payments import Allocation, Payment

KEPT_FOR = timedelta(days=1)
# Of one organization at a time; the oldest that nobody has saved makes room.
PREVIEWS_MAX = 20
# How soon what came of a change is looked at again, while something of it is on its way.
COMPARED_AFTER_MIN, COMPARED_AFTER_MAX = timedelta(seconds=3), timedelta(minutes=10)


class PreviewState(StrEnum):
    COUNTING = "counting"  # its parts are being worked out
    READY = "ready"
    DECIDING = "deciding"  # saved; match decides the payments again
    DONE = "done"  # saved, decided, and compared


class Preview(Base):
    __tablename__ = "preview"
    __table_args__ = (
        Index("ix_preview_organization_id_id", "organization_id", "id"),
        Index("ix_preview_due_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    state: Mapped[str] = mapped_column(String(20), default=PreviewState.COUNTING.value)
    # Whose change it is, as activities name people.
    asked_by: Mapped[str] = mapped_column(String(254))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    # The preferences when it was asked for, and those that it is about (`domain/preference_changes.py`).
    before: Mapped[dict[str, Any]] = mapped_column(Json)
    after: Mapped[dict[str, Any]] = mapped_column(Json)
    # How many payments there were, and how many of them have been looked at, up to which id.
    payments: Mapped[int]
    looked_at: Mapped[int] = mapped_column(default=0)
    after_id: Mapped[int] = mapped_column(BigId, default=0)
    # The newest payment then, and how many payments had each status for each reason: has anything changed since?
    newest_id: Mapped[int] = mapped_column(BigId)
    statuses: Mapped[list[list[Any]]] = mapped_column(Json)
    # Parts that were due for a decision anyway while the preview looked at them.
    due_anyway: Mapped[int] = mapped_column(default=0)
    # Outcome, certainty, reason, currency, number of parts, their sum as text.
    counts: Mapped[list[list[Any]]] = mapped_column(Json, default=list)
    counted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    saved_by: Mapped[str] = mapped_column(String(254), default="")
    saved_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # What came of it: outcome, certainty, status, number of parts; and the same of the comparison under way.
    came_out: Mapped[list[list[Any]]] = mapped_column(Json, default=list)
    comparing: Mapped[list[list[Any]]] = mapped_column(Json, default=list)
    compared_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # When the worker comes to it next: to go on, or to forget it.
    due_at: Mapped[datetime] = mapped_column(UtcTime)

    @property
    def preferences_before(self) -> Preferences:
        return preferences_from(self.before)

    @property
    def preferences_after(self) -> Preferences:
        return preferences_from(self.after)


class PreviewPiece(Base):
    """The parts of some payments, by what the change would do to them."""

    __tablename__ = "preview_piece"
    __table_args__ = (Index("ix_preview_piece_preview_id_last_id", "preview_id", "last_id", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    preview_id: Mapped[int] = mapped_column(ForeignKey("preview.id"))
    # The last of its payments; pieces follow each other in the order of payments.
    last_id: Mapped[int] = mapped_column(BigId)
    # Outcome, certainty and reason, and the ids of these parts in the order of their payments.
    parts: Mapped[list[list[Any]]] = mapped_column(Json)


@dataclass(frozen=True, slots=True)
class Count:
    """One number of a preview: how many parts, and what they come to in one currency (None: not known)."""

    foreseen: Foreseen
    currency: str | None
    parts: int
    total: Decimal


def counts_of(preview: Preview) -> list[Count]:
    return [
        Count(Foreseen(Outcome(outcome), Reason(reason), Certainty(certainty)), currency, parts, Decimal(total))
        for outcome, certainty, reason, currency, parts, total in preview.counts
    ]


# --- its life ---


def add_preview(
    session: Session, organization_id: int, before: Mapping[str, Any], after: Mapping[str, Any], by: str, now: datetime
) -> Preview:
    """A preview that is to be worked out."""
    statuses = payment_counts(session, organization_id)
    preview = Preview(
        organization_id=organization_id,
        state=PreviewState.COUNTING.value,
        asked_by=by,
        asked_at=now,
        before=dict(before),
        after=dict(after),
        payments=sum(statuses.values()),
        newest_id=newest_payment(session, organization_id),
        statuses=_as_rows(statuses),
        due_at=now,
    )
    session.add(preview)
    session.flush()
    _make_room(session, organization_id, now)
    return preview


def newest_payment(session: Session, organization_id: int) -> int:
    """The highest id of its payments; 0 if it has none."""
    statement = select(func.max(Payment.id)).where(Payment.organization_id == organization_id)
    return session.scalar(statement) or 0


def preview_by_id(session: Session, organization_id: int, preview_id: int) -> Preview | None:
    """The organization's preview; another organization's is not there."""
    return session.scalar(select(Preview).where(Preview.organization_id == organization_id, Preview.id == preview_id))


def due_preview(session: Session, organization_id: int, now: datetime) -> Preview | None:
    """The oldest preview that the worker has something to do for."""
    due = select(Preview).where(Preview.organization_id == organization_id, Preview.due_at <= now)
    return session.scalar(due.order_by(Preview.id).limit(1))


def organizations_with_due_previews() -> Select[int]:
    # Not DISTINCT: SQLite would read all previews in the order of organizations for it.
    return select(Preview.organization_id).where(Preview.due_at <= AT)


def mark_saved(session: Session, preview: Preview, by: str, now: datetime) -> None:
    """Its change is in force now; next it is compared with what came of it.

    If it was not worked out yet, it never will be: the payments are about to be what the change makes of them.
    """
    if preview.counted_at is None:
        session.execute(delete(PreviewPiece).where(PreviewPiece.preview_id == preview.id))
        preview.counts, preview.looked_at, preview.after_id = [], 0, 0
    preview.state, preview.saved_by, preview.saved_at, preview.due_at = PreviewState.DECIDING.value, by, now, now


def forget_preview(session: Session, preview_id: int) -> None:
    session.execute(delete(PreviewPiece).where(PreviewPiece.preview_id == preview_id))
    session.execute(delete(Preview).where(Preview.id == preview_id))


def _make_room(session: Session, organization_id: int, now: datetime) -> None:
    """Beyond the number that is kept, the oldest that nobody has saved are due to be forgotten."""
    latest = select(Preview.id).where(Preview.organization_id == organization_id).order_by(Preview.id.desc())
    session.execute(
        update(Preview)
        .where(
            Preview.organization_id == organization_id,
            Preview.saved_at.is_(None),
            Preview.id.not_in(latest.limit(PREVIEWS_MAX)),
        )
        .values(state=PreviewState.READY.value, due_at=now)
        .execution_options(synchronize_session=False)
    )


def is_over(preview: Preview, now: datetime) -> bool:
    """Whether its day is over and it is to be forgotten."""
    if preview.state == PreviewState.DECIDING and preview.saved_at is not None:
        # A target that paces us for so long has something else to show than this comparison.
        return preview.saved_at + KEPT_FOR <= now
    return preview.state != PreviewState.COUNTING and preview.due_at <= now


# --- working it out ---


def store_piece(
    session: Session,
    preview: Preview,
    last_id: int,
    payments: int,
    found: Sequence[tuple[int, Foreseen, str | None, Decimal]],
    due_anyway: int,
) -> None:
    """Adds what was found about the next payments.

    Args:
        last_id: the last of these payments.
        found: of each part its id, what the change would do to it, and its currency and amount.
    """
    ids: dict[Foreseen, list[int]] = {}
    sums = {(one.foreseen, one.currency): (one.parts, one.total) for one in counts_of(preview)}
    for allocation_id, foreseen, currency, amount in found:
        ids.setdefault(foreseen, []).append(allocation_id)
        parts, total = sums.get((foreseen, currency), (0, Decimal(0)))
        sums[foreseen, currency] = parts + 1, total + amount
    session.add(
        PreviewPiece(
            preview_id=preview.id,
            last_id=last_id,
            parts=[[one.outcome.value, one.certainty.value, one.reason.value, some] for one, some in ids.items()],
        )
    )
    preview.counts = [
        [one.outcome.value, one.certainty.value, one.reason.value, currency, parts, str(total)]
        for (one, currency), (parts, total) in sums.items()
    ]
    preview.after_id, preview.looked_at = last_id, preview.looked_at + payments
    preview.due_anyway += due_anyway


def end_counting(preview: Preview, now: datetime) -> None:
    """All payments have been looked at."""
    preview.counted_at, preview.after_id = now, 0
    # Payments that came meanwhile were looked at as well.
    preview.payments = preview.looked_at
    preview.state, preview.due_at = PreviewState.READY.value, now + KEPT_FOR


# --- what came of it ---


def parts_left_to_decide(session: Session, preview: Preview) -> int:
    """How many parts wait for the decision that saving the change has made due."""
    statement = select(func.count()).where(
        Allocation.organization_id == preview.organization_id, Allocation.match_due_at <= preview.saved_at
    )
    return session.scalar(statement) or 0


def next_piece(session: Session, preview: Preview) -> PreviewPiece | None:
    """The next piece that is to be compared with what came of it."""
    statement = select(PreviewPiece).where(
        PreviewPiece.preview_id == preview.id, PreviewPiece.last_id > preview.after_id
    )
    return session.scalar(statement.order_by(PreviewPiece.last_id).limit(1))


def store_comparison(
    preview: Preview, piece: PreviewPiece, found: Mapping[tuple[Outcome, Certainty, PaymentStatus], int]
) -> None:
    """Adds what came of the parts of a piece."""
    sums = Counter({(outcome, certainty, status): parts for outcome, certainty, status, parts in preview.comparing})
    for (outcome, certainty, status), parts in found.items():
        sums[outcome.value, certainty.value, status.value] += parts
    preview.comparing = [[*key, parts] for key, parts in sums.items()]
    preview.after_id = piece.last_id


def end_comparison(preview: Preview, now: datetime) -> None:
    """All parts have been compared; what is on its way is compared again later, ever more rarely."""
    preview.came_out, preview.comparing = preview.comparing, []
    preview.compared_at, preview.after_id = now, 0
    since = now - (preview.saved_at or now)
    if any(status == PaymentStatus.ON_ITS_WAY for _, _, status, _ in preview.came_out):
        preview.due_at = now + min(max(since / 4, COMPARED_AFTER_MIN), COMPARED_AFTER_MAX)
    else:
        preview.state, preview.due_at = PreviewState.DONE.value, now + KEPT_FOR


# --- has anything changed since? ---


def has_changed_since(session: Session, preview: Preview) -> bool:
    """Whether payments came, changed or got another status or reason after the preview was asked for."""
    if preview.newest_id != newest_payment(session, preview.organization_id):
        return True
    if preview.statuses != _as_rows(payment_counts(session, preview.organization_id)):
        return True
    changed = Payment.updated_at > preview.asked_at
    return bool(session.scalar(select(exists().where(Payment.organization_id == preview.organization_id, changed))))


def _as_rows(statuses: Mapping[tuple[str, str], int]) -> list[list[Any]]:
    return [[status, reason, payments] for (status, reason), payments in sorted(statuses.items())]


# --- the lists behind the numbers ---


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which parts of a preview to list; None asks for all."""

    outcome: Outcome
    is_sure: bool | None = None
    reason: Reason | None = None

    def takes(self, foreseen: Foreseen) -> bool:
        is_sure = foreseen.certainty is Certainty.SURE
        return (
            foreseen.outcome is self.outcome
            and self.is_sure in (None, is_sure)
            and self.reason in (None, foreseen.reason)
        )


def parts_behind(session: Session, preview_id: int, chosen: Chosen) -> Iterator[tuple[int, Foreseen]]:
    """The ids of the chosen parts, in the order of their payments within each piece."""
    pieces = select(PreviewPiece.parts).where(PreviewPiece.preview_id == preview_id).order_by(PreviewPiece.last_id)
    for parts in session.scalars(pieces):
        for outcome, certainty, reason, ids in parts:
            foreseen = Foreseen(Outcome(outcome), Reason(reason), Certainty(certainty))
            if chosen.takes(foreseen):
                yield from ((allocation_id, foreseen) for allocation_id in ids)
