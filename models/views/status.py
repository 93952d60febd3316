"""The status of a payment as SQL, made out of the pure rule itself, so that the two cannot say different things."""

from collections.abc import Iterator
from functools import cache
from itertools import groupby

from sqlalchemy import ColumnElement, and_, case, func, select, true
from sqlalchemy.orm import aliased

from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.status import PRECEDENCE, PaymentStatus, allocation_status, is_past
from models.decisions import Action, DecisionRow
from models.effects import Effect
from models.payments import Allocation, Payment

_States = tuple[EffectState | None, ...]
_ALL_STATES: _States = (None, *EffectState)


@cache
def status_rank() -> ColumnElement[int]:
    """The place of a payment's status in PRECEDENCE, to be used where `Payment` is selected from.

    Made once: putting the rule into words of SQL takes 20 ms, which every page of a list would wait for.
    """
    newest_effect = aliased(Effect)
    # By index, one effect for each allocation; almost all allocations have one or none.
    state = func.coalesce(
        select(newest_effect.state)
        .where(newest_effect.allocation_id == Allocation.id)
        .order_by(newest_effect.generation.desc())
        .limit(1)
        .correlate(Allocation)
        .scalar_subquery(),
        "",
    )
    rank = case(*_whens(state), else_=PRECEDENCE.index(PaymentStatus.ON_ITS_WAY))
    most_pressing = (
        select(func.min(rank))
        .select_from(Allocation)
        .outerjoin(DecisionRow, and_(DecisionRow.allocation_id == Allocation.id, DecisionRow.current))
        .where(Allocation.payment_id == Payment.id)
        .correlate(Payment)
        .scalar_subquery()
    )
    return func.coalesce(most_pressing, PRECEDENCE.index(PaymentStatus.ON_ITS_WAY)) % len(PRECEDENCE)


def _whens(state: ColumnElement[str]) -> Iterator[tuple[ColumnElement[bool], int | ColumnElement[int]]]:
    """One condition for every group of actions, states and reasons that the rule treats alike."""
    for action in Action:
        by_rule = groupby(sorted(_ALL_STATES, key=lambda one: _rule(action, one)), key=lambda one: _rule(action, one))
        for rule, states in by_rule:
            names = [one.value if one else "" for one in states]
            in_state = true() if len(names) == len(_ALL_STATES) else state.in_(names)
            for status in sorted(set(rule)):
                reasons = [reason.value for reason, one in zip(Reason, rule, strict=True) if one == status]
                for_reason = true() if len(reasons) == len(Reason) else DecisionRow.reason.in_(reasons)
                condition = and_(DecisionRow.action == action.value, in_state, for_reason)
                yield condition, _place(PaymentStatus(status))


def _place(status: PaymentStatus) -> int | ColumnElement[int]:
    """What the payment was moved away from comes after all that it is applied to, and before nothing."""
    place = PRECEDENCE.index(status)
    return case((Allocation.removed, place + len(PRECEDENCE)), else_=place) if is_past(status, removed=True) else place


def _rule(action: Action, state: EffectState | None) -> tuple[str, ...]:
    """What the rule says about every reason, in the order of the reasons."""
    return tuple(allocation_status(action.value, reason, state).value for reason in Reason)
