"""The status of a payment as SQL, generated from the pure rule itself, so that the two cannot disagree."""

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
    """The place of a payment's status in PRECEDENCE, for use in a query that selects from `Payment`.

    Built once: translating the rule into SQL takes 20 ms, which every page of a list would wait for.
    """
    newest_effect = aliased(Effect)
    # Looks up one effect for each allocation by index; almost all allocations have one or none.
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
    """A part that the payment was moved away from ranks after all its other parts, and counts if there are none."""
    place = PRECEDENCE.index(status)
    return case((Allocation.removed, place + len(PRECEDENCE)), else_=place) if is_past(status, removed=True) else place


def _rule(action: Action, state: EffectState | None) -> tuple[str, ...]:
    """The rule's result for every reason, in the order of the reasons."""
    return tuple(allocation_status(action.value, reason, state).value for reason in Reason)
