"""Figures over all organizations, for operators: payments, what is owed to targets and what is stuck; tells no names.

All of it is read at most every few seconds (`web/metrics.py`), whatever there is: each number comes from a table that
counts, from an index of few rows, or from a count that ends at `COUNTED_MAX`.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, literal, literal_column, select, text
from sqlalchemy.orm import Session

from domain.push.effect import EffectState
from models.attempts import Attempt
from models.effects import Effect, is_open
from models.endpoints import Endpoint
from models.payment_counts import PaymentCount

# More rows than this are not counted one by one: an operator acts on ten thousand as on a million.
COUNTED_MAX = 10_000
_STATEMENT_MILLISECONDS_MAX = 5_000


def in_bounded_time(session: Session) -> None:
    """From now on no statement of this transaction takes longer than some seconds; SQLite has no such limit."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SET LOCAL statement_timeout = {_STATEMENT_MILLISECONDS_MAX}"))


def payments_by_status_and_reason(session: Session) -> Mapping[tuple[str, str], int]:
    """How many payments there are; without those of which there are none."""
    total = func.sum(PaymentCount.payments)
    statement = select(PaymentCount.status, PaymentCount.reason, total).group_by(
        PaymentCount.status, PaymentCount.reason
    )
    return {(status, reason): int(payments) for status, reason, payments in session.execute(statement) if payments}


def effects_by_state(session: Session) -> Mapping[EffectState, int]:
    """What is owed to targets, and what is stuck: each state counted up to COUNTED_MAX."""
    # One walk over the open ones: how many are on the wire matters, and how many wait is only told roughly.
    some_open = select(Effect.state).where(is_open()).limit(COUNTED_MAX).subquery()
    moving = select(some_open.c.state, func.count()).group_by(some_open.c.state)
    counts = {EffectState(state): count for state, count in session.execute(moving)}
    stuck = (EffectState.IN_DOUBT, EffectState.HELD, EffectState.DEAD)
    for state in stuck:
        some = select(literal(1)).select_from(Effect).where(_is_stuck(state)).limit(COUNTED_MAX).subquery()
        counts[state] = session.scalar(select(func.count()).select_from(some)) or 0
    return {state: counts.get(state, 0) for state in (EffectState.PENDING, EffectState.SENDING, *stuck)}


def _is_stuck(state: EffectState) -> ColumnElement[bool]:
    # Written into the statement: an index of some rows is used only for a statement that names them itself.
    return Effect.state == literal_column(f"'{state.value}'")


def oldest_doubt(session: Session) -> datetime | None:
    """When the longest-lasting doubt about a send began."""
    some = select(Effect.id).where(_is_stuck(EffectState.IN_DOUBT)).limit(COUNTED_MAX).subquery()
    last_sent = (
        select(func.max(Attempt.started_at)).where(Attempt.effect_id == some.c.id).correlate(some).scalar_subquery()
    )
    return session.scalar(select(func.min(last_sent)).select_from(some))


def endpoints_by_state(session: Session) -> Mapping[str, int]:
    """How many of the organizations' own webhooks are on, fail at the moment, or were switched off by us."""
    state = case(
        (and_(Endpoint.is_on, Endpoint.failing_since.is_not(None)), "failing"),
        (Endpoint.is_on, "on"),
        (Endpoint.off_because != "", "switched_off"),
        else_="off",
    )
    return {name: count for name, count in session.execute(select(state, func.count()).group_by(state))}  # noqa: C416
