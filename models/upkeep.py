"""Rows that nothing needs any more: forgotten some at a time, the oldest first, and never one that a promise needs.

Rows that another transaction is using are left for the next time.
"""

from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from domain.gaps import WAITED_OUT
from domain.push.effect import OPEN, REPLACEABLE, EffectState
from models.attempts import Attempt
from models.connect_requests import ConnectRequest
from models.effects import Effect
from models.gaps import Gap
from models.inbox import InboxEvent
from models.invitations import Invitation

_SETTLED = tuple(state.value for state in EffectState if state not in OPEN | REPLACEABLE)


def forget_payloads(session: Session, before: datetime, limit: int) -> int:
    """Forgets what came with reports that were dealt with by then; the reports themselves stay.

    A gap that is still being closed counts what has been told since it was opened. Stretches that are only waited out
    may last for months, and count nothing.
    """
    is_counted = exists().where(
        Gap.connection_id == InboxEvent.connection_id,
        Gap.closed_at.is_(None),
        Gap.kind.not_in([kind.value for kind in WAITED_OUT]),
        Gap.opened_at <= InboxEvent.received_at,
    )
    oldest = (
        select(InboxEvent.id)
        .where(InboxEvent.payload.is_not(None), InboxEvent.done_at <= before, ~is_counted)
        .order_by(InboxEvent.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=InboxEvent)
    )
    ids = session.scalars(oldest).all()
    if ids:
        session.execute(
            update(InboxEvent)
            .where(InboxEvent.id.in_(ids))
            .values(payload=None)
            .execution_options(synchronize_session=False)
        )
    return len(ids)


def forget_attempts(session: Session, before: datetime, after_id: int, limit: int) -> tuple[int, int | None]:
    """Forgets attempts that began by then, of effects that are settled; those of any other may still be judged by them.

    Args:
        after_id: goes on after this attempt.

    Returns:
        how many were forgotten, and the last attempt that was looked at; None if there are no more so old.
    """
    next_ones = select(Attempt.id, Attempt.started_at).where(Attempt.id > after_id).order_by(Attempt.id).limit(limit)
    old = [attempt_id for attempt_id, started_at in session.execute(next_ones) if started_at <= before]
    if not old:
        return 0, None
    settled = (
        select(Attempt.id)
        .join(Effect, Effect.id == Attempt.effect_id)
        .where(Attempt.id.in_(old), Effect.state.in_(_SETTLED))
        .order_by(Attempt.id)
        .with_for_update(skip_locked=True, of=Attempt)
    )
    ids = session.scalars(settled).all()
    if ids:
        session.execute(delete(Attempt).where(Attempt.id.in_(ids)))
    return len(ids), old[-1]


def forget_late_answers(session: Session, now: datetime) -> int:
    """Forgets invitations and consents under way that nobody can answer any more."""
    late = 0
    for table in (Invitation, ConnectRequest):
        oldest = select(table.id).where(table.expires_at <= now).order_by(table.id)
        ids = session.scalars(oldest.with_for_update(skip_locked=True)).all()
        if ids:
            session.execute(delete(table).where(table.id.in_(ids)))
        late += len(ids)
    return late
