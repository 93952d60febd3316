"""What match decides about: the allocations that are due, and how they stand at the moment when it writes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased, contains_eager

from models.decisions import DecisionRow
from models.effects import Effect
from models.payments import Allocation, Payment, is_own, number_of_parts


@dataclass(frozen=True, slots=True)
class DueAllocation:
    """An allocation to be decided.

    Attributes:
        due_at: code that clears this time must name the same one.
        is_own: this platform made the payment itself.
        effect_state: the id and the state of its newest effect; None if there never was one.
    """

    allocation: Allocation
    payment: Payment
    due_at: datetime
    is_own: bool
    effect_state: tuple[int, str] | None


def due_allocations(session: Session, organization_id: int, now: datetime, limit: int) -> list[DueAllocation]:
    """The due allocations of the organization, the longest overdue first."""
    statement = (
        select(Allocation, Payment, is_own(), Effect.id, Effect.state)
        .join(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(Effect, _is_newest())
        .where(Allocation.organization_id == organization_id, Allocation.match_due_at <= now)
        .order_by(Allocation.match_due_at, Allocation.id)
        .limit(limit)
    )
    return [
        DueAllocation(allocation, payment, allocation.match_due_at, own, (effect_id, state) if effect_id else None)
        for allocation, payment, own, effect_id, state in session.execute(statement)
        if allocation.match_due_at is not None
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an allocation stands at the moment.

    Attributes:
        allocation: with its payment.
        is_only_part: its payment has no other part.
        effect: the newest one, whatever its state.
        decision: the one in force.
    """

    allocation: Allocation
    is_only_part: bool
    effect: Effect | None
    decision: DecisionRow | None


def as_they_stand(session: Session, allocation_ids: Collection[int]) -> dict[int, Standing]:
    """How these allocations stand, by id, in one statement.

    While we hold the organization, ingest cannot store a newer version, and push cannot record an outcome.
    """
    statement = (
        select(Allocation, number_of_parts() == 1, Effect, DecisionRow)
        .join(Allocation.payment)
        .options(contains_eager(Allocation.payment))
        .outerjoin(Effect, _is_newest())
        .outerjoin(DecisionRow, and_(DecisionRow.allocation_id == Allocation.id, DecisionRow.current))
        .where(Allocation.id.in_(allocation_ids))
    )
    return {
        allocation.id: Standing(allocation, is_only_part, effect, decision)
        for allocation, is_only_part, effect, decision in session.execute(statement)
    }


def _is_newest() -> ColumnElement[bool]:
    """Whether an effect is the one of the highest generation of its allocation."""
    every = aliased(Effect)
    highest = select(func.max(every.generation)).where(every.allocation_id == Allocation.id).correlate(Allocation)
    return and_(Effect.allocation_id == Allocation.id, Effect.generation == highest.scalar_subquery())
