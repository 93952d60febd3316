"""The proof of a closed gap: each count of both sides with its moments, and the payments of the stretch.

Counts are only added; the second half of one comes with the next catch-up. A payment that was listed once stays listed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, case, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.gap_statement.counts import Count
from domain.gap_statement.findings import (
    LATE_AFTER,
    Finding,
    FoundBy,
    Group,
    Happened,
    Message,
    Span,
    Teller,
    Touched,
)
from domain.gaps import GapKind
from domain.records import PaymentState
from models.base import Base, BigId, ExactAmount, UtcTime, insert_new, one_of
from models.connections import Connection
from models.gaps import Gap, ProofStage
from models.inbox import Entity, EventSource, InboxEvent, messages_about
from models.known_objects import Stretch
from models.payments import Payment


class GapCount(Base):
    """One count of both sides (`domain/gap_statement/counts.py`)."""

    __tablename__ = "gap_count"
    __table_args__ = (Index("ix_gap_count_gap_id_id", "gap_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    gap_id: Mapped[int] = mapped_column(ForeignKey("gap.id"))
    counted_at: Mapped[datetime] = mapped_column(UtcTime)
    source_count: Mapped[int]
    held_before: Mapped[int]
    incomplete: Mapped[int]
    # The source's own clock up to which the next catch-up brought everything; None until it came.
    heard_until: Mapped[datetime | None] = mapped_column(UtcTime)
    held_after: Mapped[int | None]
    compared_at: Mapped[datetime | None] = mapped_column(UtcTime)

    def as_count(self) -> Count:
        return Count(
            counted_at=self.counted_at,
            source=self.source_count,
            held_before=self.held_before,
            incomplete=self.incomplete,
            heard_until=self.heard_until,
            held_after=self.held_after,
            compared_at=self.compared_at,
        )


class GapPayment(Base):
    """One payment of a stretch (`domain/gap_statement/findings.py`), with its amount when it was listed."""

    __tablename__ = "gap_payment"
    __table_args__ = (UniqueConstraint("gap_id", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    gap_id: Mapped[int] = mapped_column(ForeignKey("gap.id"))
    external_id: Mapped[str] = mapped_column(String(50))
    happened: Mapped[str] = mapped_column(String(10))
    found_by: Mapped[str] = mapped_column(String(20))
    # By the source's clock; None for a deletion that nobody reported.
    happened_at: Mapped[datetime | None] = mapped_column(UtcTime)
    heard_at: Mapped[datetime] = mapped_column(UtcTime)
    # How long after the change we heard of it; None if nothing says when it was made.
    late_seconds: Mapped[int | None]
    amount: Mapped[Decimal] = mapped_column(ExactAmount)
    currency: Mapped[str | None] = mapped_column(String(3))


# --- counting ---


def stretch_of(gap: Gap) -> Stretch:
    """The seconds in which both sides count."""
    if gap.until_at is None:
        raise AssertionError("a gap that is not over cannot be counted")
    return Stretch(gap.from_at.replace(microsecond=0), gap.until_at.replace(microsecond=0))


def incomplete_payments(session: Session, connection_id: int) -> int:
    """How many payments have a newer picture that shows too little to say when they were changed."""
    statement = select(func.count()).select_from(Payment)
    return session.scalar(statement.where(Payment.connection_id == connection_id, Payment.flaw.is_not(None))) or 0


def add_count(session: Session, gap: Gap, count: Count) -> None:
    session.add(
        GapCount(
            gap_id=gap.id,
            counted_at=count.counted_at,
            source_count=count.source,
            held_before=count.held_before,
            incomplete=count.incomplete,
        )
    )


def note_heard(session: Session, gaps: Iterable[Gap], until: datetime) -> None:
    """Counts of these gaps that wait: a catch-up that began after them has brought everything up to `until`."""
    waiting = [gap for gap in gaps if gap.proof_stage == ProofStage.HEAR]
    if not waiting:
        return
    session.execute(
        update(GapCount)
        .where(GapCount.gap_id.in_([gap.id for gap in waiting]), GapCount.heard_until.is_(None))
        .values(heard_until=until)
        .execution_options(synchronize_session=False)
    )
    for gap in waiting:
        gap.proof_stage = ProofStage.COMPARE.value


def counts_of(session: Session, gap: Gap) -> Sequence[GapCount]:
    """All counts of the gap, oldest first."""
    return counts_of_all(session, [gap])[gap.id]


def counts_of_all(session: Session, gaps: Collection[Gap]) -> Mapping[int, Sequence[GapCount]]:
    """The same for several gaps, by their ids."""
    counts: dict[int, list[GapCount]] = {gap.id: [] for gap in gaps}
    for row in session.scalars(select(GapCount).where(GapCount.gap_id.in_(counts)).order_by(GapCount.id)):
        counts[row.gap_id].append(row)
    return counts


def in_this_round(counts: Iterable[GapCount], gap: Gap) -> list[GapCount]:
    """Those that were taken since the proof was last asked for."""
    asked_at = gap.proof_asked_at
    return [one for one in counts if asked_at is not None and one.counted_at >= asked_at]


# --- listing ---


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the payments that were touched since the gap began, and where the next page begins (None: nowhere)."""

    payments: Sequence[tuple[Payment, Touched]]
    next_id: int | None


def touched_since(session: Session, gap: Gap, recounted: Sequence[str], limit: int) -> Listed:
    """The next payments whose record was changed since the gap began, with what was reported about each.

    Args:
        recounted: the verbs of our own hints that stand for a reconciliation.
    """
    organization_id = select(Connection.organization_id).where(Connection.id == gap.connection_id).scalar_subquery()
    statement = select(Payment).where(
        Payment.organization_id == organization_id,
        Payment.connection_id == gap.connection_id,
        Payment.id > gap.listed_payment_id,
        Payment.updated_at >= gap.opened_at,
    )
    found = session.scalars(statement.order_by(Payment.id).limit(limit)).all()
    ids = [one.external_id for one in found]
    # Webhooks also come while a connection is cut, and wait until it is opened again.
    events = messages_about(session, gap.connection_id, Entity.PAYMENT, ids, min(gap.from_at, gap.opened_at))
    messages = {one: [event for event in told if _is_news_to(gap, event)] for one, told in events.items()}
    payments = [
        (
            one,
            Touched(
                first_seen_at=one.first_seen_at,
                is_deleted=one.state == PaymentState.DELETED,
                messages=_messages(one, messages.get(one.external_id, ()), recounted),
            ),
        )
        for one in found
    ]
    return Listed(payments, found[-1].id if len(found) == limit else None)


def _is_news_to(gap: Gap, event: InboxEvent) -> bool:
    """Whether it came since we were not listening, or waited when that began."""
    waited = event.source == EventSource.WEBHOOK and (event.done_at is None or event.done_at >= gap.opened_at)
    return waited or event.received_at >= gap.opened_at


def span_of(gap: Gap) -> Span:
    if gap.until_at is None:
        raise AssertionError("a gap that is not over has no payments yet")
    return Span(GapKind(gap.kind), gap.from_at, gap.until_at, gap.opened_at, gap.scan_began_at)


def _messages(payment: Payment, events: Iterable[InboxEvent], recounted: Sequence[str]) -> list[Message]:
    messages = []
    for event in events:
        teller = _TELLERS.get(EventSource(event.source))
        if event.source == EventSource.INGEST and event.verb in recounted:
            # The hint says nothing of the change; the payment does.
            messages.append(Message(Teller.RECONCILIATION, event.received_at, payment.changed_at))
        elif teller is not None:
            is_absence = event.verb == "deleted" and event.occurred_at is None
            messages.append(Message(teller, event.received_at, event.occurred_at, is_absence))
    return messages


_TELLERS: Mapping[EventSource, Teller] = {
    EventSource.WEBHOOK: Teller.WEBHOOK,
    EventSource.CATCH_UP: Teller.CATCH_UP,
    EventSource.BACKFILL: Teller.BACKFILL,
    EventSource.COUNT: Teller.COUNT,
}


def add_findings(session: Session, gap: Gap, found: Iterable[tuple[Payment, Finding]]) -> None:
    """Lists these payments; one that is listed already stays as it is."""
    rows: list[Mapping[str, Any]] = [
        {
            "gap_id": gap.id,
            "external_id": payment.external_id,
            "happened": finding.happened.value,
            "found_by": finding.found_by.value,
            "happened_at": finding.happened_at,
            "heard_at": finding.heard_at,
            "late_seconds": int(finding.late_by.total_seconds()) if finding.late_by is not None else None,
            "amount": payment.live_total,
            "currency": payment.currency,
        }
        for payment, finding in found
    ]
    if rows:
        insert_new(session, GapPayment, rows)


def write_numbers(session: Session, gap: Gap) -> None:
    """Makes the numbers of the gap those of the payments that are listed."""
    statement = select(GapPayment.happened, func.count()).where(GapPayment.gap_id == gap.id)
    numbers = dict.fromkeys(Happened, 0)
    for happened, count in session.execute(statement.group_by(GapPayment.happened)):
        numbers[Happened(happened)] = count
    gap.new_count, gap.changed_count = numbers[Happened.NEW], numbers[Happened.CHANGED]
    gap.deleted_count = numbers[Happened.DELETED]


# --- looking at them ---


def groups_of(session: Session, gap: Gap) -> list[Group]:
    """The payments of the stretch by what happened, who found them, whether they were late, and currency."""
    row = GapPayment
    is_late = case((or_(row.late_seconds.is_(None), row.late_seconds > LATE_AFTER.total_seconds()), 1), else_=0)
    columns = (row.happened, row.found_by, is_late, row.currency)
    statement = (
        select(*columns, func.count(), func.sum(row.amount), func.max(row.late_seconds))
        .where(row.gap_id == gap.id)
        .group_by(*columns)
        .order_by(row.happened, row.found_by, row.currency)
    )
    return [
        Group(
            happened=Happened(happened),
            found_by=FoundBy(found_by),
            is_late=bool(late),
            currency=currency,
            payments=payments,
            amount=amount,
            latest_by=timedelta(seconds=latest) if latest is not None else None,
        )
        for happened, found_by, late, currency, payments, amount, latest in session.execute(statement)
    ]


def payments_of_gap(session: Session, gap: Gap, limit: int, after_id: int = 0) -> Sequence[GapPayment]:
    """The payments of the stretch in the order in which they were listed."""
    statement = select(GapPayment).where(GapPayment.gap_id == gap.id, GapPayment.id > after_id)
    return session.scalars(statement.order_by(GapPayment.id).limit(limit)).all()


def customers_of(session: Session, connection_id: int, external_ids: Collection[str]) -> Mapping[str, str]:
    """The customer of each of these payments, by the payment's id."""
    statement = select(Payment.external_id, Payment.customer_name)
    statement = statement.where(Payment.connection_id == connection_id, one_of(Payment.external_id, external_ids))
    return {external_id: name for external_id, name in session.execute(statement)}  # noqa: C416 - rows are not pairs
