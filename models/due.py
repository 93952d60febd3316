"""What match decides about: the allocations that are due, and how they stand at the moment when it writes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased, contains_eager

from models.base import one_of
from models.decisions import DecisionRow
from models.effects import Effect
from models.invoices import Invoice
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
    asked = {"organization": organization_id, "now": now, "at_most": limit}
    return [
        DueAllocation(allocation, payment, allocation.match_due_at, own, (effect_id, state) if effect_id else None)
        for allocation, payment, own, effect_id, state in session.execute(_due(), asked)
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
        invoice: the platform's record that names its document.
    """

    allocation: Allocation
    is_only_part: bool
    effect: Effect | None
    decision: DecisionRow | None
    invoice: Invoice | None


def as_they_stand(session: Session, allocation_ids: Collection[int]) -> dict[int, Standing]:
    """How these allocations stand, by id, in one statement.

    While we hold the organization, ingest cannot store a newer version, and push cannot record an outcome.
    """
    rows = session.execute(_standing(), {"ids": list(allocation_ids)})
    return {
        allocation.id: Standing(allocation, is_only_part, effect, decision, invoice)
        for allocation, is_only_part, effect, decision, invoice in rows
    }


# The statements are made once: every batch asks, and making them takes longer than the answers.


# The types do not know that an outer join may find nothing.
@cache
def _due() -> Select[Allocation, Payment, bool, int, str]:
    return (
        select(Allocation, Payment, is_own(), Effect.id, Effect.state)
        .join(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(Effect, _is_newest())
        .where(Allocation.organization_id == bindparam("organization"), Allocation.match_due_at <= bindparam("now"))
        .order_by(Allocation.match_due_at, Allocation.id)
        .limit(bindparam("at_most"))
    )


@cache
def _standing() -> Select[Allocation, bool, Effect | None, DecisionRow | None, Invoice | None]:
    names_it = and_(Invoice.organization_id == Allocation.organization_id, Invoice.source_id == Allocation.document_id)
    return (
        select(Allocation, number_of_parts() == 1, Effect, DecisionRow, Invoice)
        .join(Allocation.payment)
        .options(contains_eager(Allocation.payment))
        .outerjoin(Effect, _is_newest())
        .outerjoin(DecisionRow, and_(DecisionRow.allocation_id == Allocation.id, DecisionRow.current))
        .outerjoin(Invoice, names_it)
        .where(one_of(Allocation.id, named="ids"))
    )


def _is_newest() -> ColumnElement[bool]:
    """Whether an effect is the one of the highest generation of its allocation."""
    every = aliased(Effect)
    highest = select(func.max(every.generation)).where(every.allocation_id == Allocation.id).correlate(Allocation)
    return and_(Effect.allocation_id == Allocation.id, Effect.generation == highest.scalar_subquery())
