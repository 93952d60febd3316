"""Attempts to deliver effects: on disk before a send, with what became of it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, Update, bindparam, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import AT, Base, BigId, UtcTime
from models.effects import DETAIL_CHARACTERS_MAX


class Attempt(Base):
    """One attempt to deliver an effect, on disk before the send."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("effect_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    effect_id: Mapped[int] = mapped_column(ForeignKey("effect.id"))
    number: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    outcome: Mapped[str | None] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(Text, default="")


def attempts_of(session: Session, effect_id: int) -> Sequence[Attempt]:
    return session.scalars(select(Attempt).where(Attempt.effect_id == effect_id).order_by(Attempt.number)).all()


def finish_attempts(session: Session, finished: Sequence[tuple[int, int, str, str]], now: datetime) -> None:
    """Closes attempts.

    Args:
        finished: effect, attempt number, outcome, the target's words.
    """
    if not finished:
        return
    rows = [
        {
            "of_effect": effect_id,
            "of_number": number,
            "its_outcome": outcome,
            "its_detail": detail[:DETAIL_CHARACTERS_MAX],
            "at": now,
        }
        for effect_id, number, outcome, detail in finished
    ]
    session.connection().execute(_finish(), rows)


@cache
def _finish() -> Update:
    return (
        update(Attempt)
        .where(
            Attempt.effect_id == bindparam("of_effect"),
            Attempt.number == bindparam("of_number"),
            Attempt.outcome.is_(None),
        )
        .values(outcome=bindparam("its_outcome"), detail=bindparam("its_detail"), finished_at=AT)
        .execution_options(synchronize_session=False)
    )


def abandon_attempts(session: Session, effect_ids: Collection[int], now: datetime) -> None:
    """Closes attempts that a dead process left open."""
    session.execute(
        update(Attempt)
        .where(Attempt.effect_id.in_(effect_ids), Attempt.outcome.is_(None))
        .values(outcome="unknown", detail="the process that sent it ended without an answer", finished_at=now)
    )
