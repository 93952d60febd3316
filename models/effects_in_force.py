"""What is owed for parts of payments at the moment, for code that only reads it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from domain.match.planning import CurrentEffect
from domain.push.effect import OPEN, OPEN_ON_THE_WIRE, REPLACEABLE, Doubt, EffectState
from models.base import one_of
from models.effects import Effect, current_from
from models.payments import Allocation


def newest_state() -> Any:
    """The state of the newest effect of an allocation, as a column of a statement over allocations."""
    newest = aliased(Effect)
    return (
        select(newest.state)
        .where(newest.allocation_id == Allocation.id)
        .order_by(newest.generation.desc())
        .limit(1)
        .correlate(Allocation)
        .scalar_subquery()
    )


_UNSETTLED = tuple(state.value for state in EffectState if state in OPEN | REPLACEABLE)


def unsettled_effects(session: Session, allocation_ids: Collection[int]) -> dict[int, CurrentEffect]:
    """The effects of these allocations that are not over: open, held or given up. An allocation has one at most.

    For the plan of the outbox an allocation without any is the same as one whose newest effect is over.
    """
    statement = select(
        Effect.allocation_id,
        Effect.kind,
        Effect.target_invoice_id,
        Effect.target_payment_id,
        Effect.amount,
        Effect.currency,
        Effect.paid_on,
        Effect.state,
        Effect.reason,
        Effect.doubt,
    ).where(one_of(Effect.allocation_id, allocation_ids), Effect.state.in_(_UNSETTLED))
    return {allocation_id: current_from(*values) for allocation_id, *values in session.execute(statement)}


def sends_under_way(session: Session, organization_id: int) -> int:
    """How many effects of the organization may reach the target at this moment, or may have reached it."""
    on_the_wire = Effect.state.in_([state.value for state in OPEN_ON_THE_WIRE])
    in_doubt = and_(Effect.state.in_([state.value for state in REPLACEABLE]), Effect.doubt != Doubt.NONE.value)
    statement = select(func.count()).where(Effect.organization_id == organization_id, or_(on_the_wire, in_doubt))
    return session.scalar(statement) or 0
