"""Decisions: what was decided about an allocation, when, and why. The newest one is the current one."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.decisions import Acknowledge, Adjust, Decision, Hold, Keep, Push, Reverse, Skip, Verdict
from domain.reasons import Reason
from domain.records import TargetPayment
from domain.seen_payments import stored
from models.base import Base, BigId, Json, UtcTime

_CURRENT = text("current")


class Action(StrEnum):
    PUSH = "push"
    ADJUST = "adjust"
    REVERSE = "reverse"
    SKIP = "skip"
    HOLD = "hold"


class DecisionRow(Base):
    __tablename__ = "decision"
    __table_args__ = (
        Index("uq_decision_current", "allocation_id", unique=True, postgresql_where=_CURRENT, sqlite_where=_CURRENT),
        Index("ix_decision_reason", "organization_id", "reason", postgresql_where=_CURRENT, sqlite_where=_CURRENT),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    allocation_id: Mapped[int] = mapped_column(ForeignKey("allocation.id"), index=True)
    payment_version: Mapped[int]
    action: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(40))
    verdicts: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    # What the target answered, where that is the cause; shown as it is, so it is cut to a readable length.
    detail: Mapped[str] = mapped_column(Text, default="")
    # The payments on the target invoice because of which it was decided so (`domain/seen_payments.py`).
    seen: Mapped[list[list[str | None]] | None] = mapped_column(Json)
    decided_at: Mapped[datetime] = mapped_column(UtcTime)
    # When the same was decided once more, the last time.
    looked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    current: Mapped[bool] = mapped_column(default=True)

    @property
    def why(self) -> Reason:
        return Reason(self.reason)


def action_of(decision: Decision) -> Action:
    match decision:
        case Keep(Reason.REVERSED | Reason.CORRECTED_BY_HAND) | Acknowledge(None):
            return Action.REVERSE
        case Push() | Keep() | Acknowledge():
            return Action.PUSH
        case Adjust():
            return Action.ADJUST
        case Reverse():
            return Action.REVERSE
        case Skip():
            return Action.SKIP
        case Hold():
            return Action.HOLD


def record_decision(
    session: Session,
    *,
    organization_id: int,
    allocation_id: int,
    payment_version: int,
    action: Action,
    reason: Reason,
    now: datetime,
    verdicts: Sequence[Verdict] = (),
    detail: str = "",
    seen: Sequence[TargetPayment] = (),
) -> bool:
    """Makes this the current decision; False if it already is: the same again is no news, but it was looked at.

    A decision without verdicts (an outcome of delivery) takes over those of the decision that it follows from.
    """
    current = current_decision(session, allocation_id)
    told = [{"field": v.field, "source": v.source, "target": v.target, "identical": v.identical} for v in verdicts]
    if current is not None:
        told = told or list(current.verdicts)
        same = (current.action, current.reason, current.verdicts, current.detail)
        if same == (action.value, reason.value, told, detail):
            current.payment_version = payment_version
            current.looked_at = now
            current.seen = stored(seen) or None
            return False
        session.execute(update(DecisionRow).where(DecisionRow.id == current.id).values(current=False))
    session.add(
        DecisionRow(
            organization_id=organization_id,
            allocation_id=allocation_id,
            payment_version=payment_version,
            action=action.value,
            reason=reason.value,
            verdicts=told,
            detail=detail,
            seen=stored(seen) or None,
            decided_at=now,
        )
    )
    return True


def current_decision(session: Session, allocation_id: int) -> DecisionRow | None:
    return session.scalar(select(DecisionRow).where(DecisionRow.allocation_id == allocation_id, DecisionRow.current))


def current_decisions(session: Session, allocation_ids: Collection[int]) -> dict[int, DecisionRow]:
    rows = session.scalars(
        select(DecisionRow).where(DecisionRow.allocation_id.in_(allocation_ids), DecisionRow.current)
    )
    return {row.allocation_id: row for row in rows}


def decisions_about(session: Session, allocation_id: int) -> Sequence[DecisionRow]:
    statement = select(DecisionRow).where(DecisionRow.allocation_id == allocation_id).order_by(DecisionRow.id)
    return session.scalars(statement).all()
