"""Writes the plan into the outbox: new effects, and the end of those that are no longer wanted."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.match.planning import Cancel, Enqueue, Leave, Payload, Revive
from domain.push.effect import ATTEMPTS_MAX, Doubt, EffectKind, EffectState
from domain.push.glance import StoredGlance
from models.connections import Connection
from models.due import DueAllocation
from models.effects import Effect, move


def carry_out(
    session: Session,
    due: DueAllocation,
    planned: Leave | Cancel | Revive | Enqueue,
    effect: Effect | None,
    target: Connection | None,
    now: datetime,
    trace: str | None = None,
    glance: StoredGlance | None = None,
) -> bool:
    """Makes the outbox match the plan. True if we owe something now.

    Args:
        trace: where the payment's trace goes on, with what we owe.
        glance: what the look has shown of an untouched invoice.
    """
    match planned:
        case Leave():
            return effect is not None and effect.state == EffectState.PENDING
        case Cancel():
            _move(session, effect, EffectState.CANCELLED)
            return False
        case Revive():
            if effect is not None and Doubt(effect.doubt).is_unanswered:
                # Whatever keeps it from being replaced stays on it until push has looked.
                _move(session, effect, EffectState.IN_DOUBT, due_at=now, trace=trace)
                return True
            values = {"attempts": ATTEMPTS_MAX - 1} if effect is not None and effect.state == EffectState.DEAD else {}
            _move(session, effect, EffectState.PENDING, due_at=now, reason="", detail="", trace=trace, **values)
            return True
        case Enqueue(payload, cancel_current):
            if cancel_current:
                _move(session, effect, EffectState.CANCELLED)
            if target is None:
                raise AssertionError("a payment was decided to be pushed without a target")
            generation = (effect.generation if effect else 0) + 1
            # Push goes by it for nothing but the first send for this part of a payment.
            is_first = payload.kind is EffectKind.CREATE and generation == 1
            session.add(_new_effect(due, payload, generation, target, now, trace, glance if is_first else None))
            return True


def _move(session: Session, effect: Effect | None, wanted: EffectState, **values: object) -> None:
    if effect is None or not move(session, effect, wanted, **values):
        # Push claimed it between our read and this write: this transaction must be rolled back.
        raise BatchOutdated


def state_of(effect: Effect | None) -> tuple[int, str] | None:
    return (effect.id, effect.state) if effect else None


class BatchOutdated(Exception):
    """Push was faster; match decides the batch again from the facts at that time."""


def _new_effect(
    due: DueAllocation,
    payload: Payload,
    generation: int,
    target: Connection,
    now: datetime,
    trace: str | None,
    glance: StoredGlance | None,
) -> Effect:
    allocation = due.allocation
    return Effect(
        organization_id=allocation.organization_id,
        connection_id=target.id,
        allocation_id=allocation.id,
        generation=generation,
        kind=payload.kind.value,
        target_invoice_id=payload.target_invoice_id,
        target_payment_id=payload.target_payment_id,
        amount=payload.amount,
        currency=payload.currency,
        paid_on=payload.paid_on,
        due_at=now,
        created_at=now,
        trace=trace,
        glance=glance,
    )
