"""Decisions: the decision about an allocation, its time and its reason. The newest one is the current one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ingest.seen_payments import payments_in, stored
from domain.match.decisions import Acknowledge, Adjust, Decision, Hold, Keep, Push, Reverse, Skip, Verdict
from domain.match.foresight import InForce
from domain.reasons import Reason
from domain.records import TargetPayment
from models.base import Base, BigId, Json, UtcTime, one_of

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
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    allocation_id: Mapped[int] = mapped_column(ForeignKey("allocation.id"), index=True)
    action: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(40))
    verdicts: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    # The target's answer, where that is the cause; shown as it is, so we cut it to a readable length.
    detail: Mapped[str] = mapped_column(Text, default="")
    # The payments on the target invoice that led to this decision (`domain/ingest/seen_payments.py`).
    seen: Mapped[list[list[str | None]] | None] = mapped_column(Json)
    decided_at: Mapped[datetime] = mapped_column(UtcTime)
    # When the same decision was last made again.
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


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A new decision about an allocation.

    Attributes:
        verdicts: field by field; a decision without any (an outcome of delivery) takes over those of the decision that
            it follows from.
        seen: the payments on the target invoice that led to it.
    """

    allocation_id: int
    action: Action
    reason: Reason
    verdicts: tuple[Verdict, ...] = ()
    detail: str = ""
    seen: tuple[TargetPayment, ...] = ()


def write_decision(session: Session, current: dict[int, DecisionRow], new: NewDecision, now: datetime) -> bool:
    """Makes this the current decision. False if it already is: then nothing is new, and only the look is recorded.

    Args:
        current: the current decisions by allocation, as this transaction has read them; this updates it.
    """
    former = current.get(new.allocation_id)
    told = [{"field": v.field, "source": v.source, "target": v.target, "identical": v.identical} for v in new.verdicts]
    if former is not None:
        told = told or list(former.verdicts)
        same = (former.action, former.reason, former.verdicts, former.detail)
        if same == (new.action.value, new.reason.value, told, new.detail):
            former.looked_at = now
            former.seen = stored(new.seen) or None
            return False
        former.current = False
    row = DecisionRow(
        allocation_id=new.allocation_id,
        action=new.action.value,
        reason=new.reason.value,
        verdicts=told,
        detail=new.detail,
        seen=stored(new.seen) or None,
        decided_at=now,
        current=True,
    )
    session.add(row)
    current[new.allocation_id] = row
    return True


def current_decisions(session: Session, allocation_ids: Collection[int]) -> dict[int, DecisionRow]:
    rows = session.scalars(
        select(DecisionRow).where(DecisionRow.allocation_id.in_(allocation_ids), DecisionRow.current)
    )
    return {row.allocation_id: row for row in rows}


def decisions_in_force(session: Session, allocation_ids: Collection[int]) -> dict[int, InForce]:
    """The current decisions, for code that only reads them."""
    statement = select(
        DecisionRow.allocation_id, DecisionRow.reason, DecisionRow.verdicts, DecisionRow.detail, DecisionRow.seen
    ).where(one_of(DecisionRow.allocation_id, allocation_ids), DecisionRow.current)
    return {
        allocation_id: InForce(Reason(reason), tuple(Verdict(**one) for one in verdicts), detail, payments_in(seen))
        for allocation_id, reason, verdicts, detail, seen in session.execute(statement)
    }
