"""The keys that programs send with a write, so that a repetition is answered and not done again.

A key is claimed before its call does anything, and gets the answer afterwards. Forgotten after a day.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.repeated_calls import Answer, Earlier
from models.base import Base, BigId, UtcTime, insert_one

KEY_CHARACTERS_MAX = 200


class IdempotencyKey(Base):
    __tablename__ = "idempotency_key"
    __table_args__ = (
        UniqueConstraint("organization_id", "key"),
        Index("ix_idempotency_key_began_at", "began_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    key: Mapped[str] = mapped_column(String(KEY_CHARACTERS_MAX))
    # SHA-256 of method, address and body.
    request: Mapped[str] = mapped_column(String(64))
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    # Grows when the key is claimed again: the answer of an earlier claim that comes late is not kept.
    claims: Mapped[int] = mapped_column(default=1)
    # The answer; None until there is one.
    status: Mapped[int | None]
    media_type: Mapped[str] = mapped_column(String(100), default="")
    body: Mapped[str] = mapped_column(Text, default="")

    @property
    def as_earlier(self) -> Earlier:
        answer = None if self.status is None else Answer(self.status, self.media_type, self.body)
        return Earlier(self.request, self.began_at, answer)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do what a key stands for, and to keep its answer."""

    key_id: int
    claims: int


def claim_new_key(session: Session, organization_id: int, key: str, request: str, now: datetime) -> Claim | None:
    """None if the organization has sent this key before."""
    row = {
        "organization_id": organization_id,
        "key": key,
        "request": request,
        "began_at": now,
        "claims": 1,
        "media_type": "",
        "body": "",
    }
    inserted = insert_one(session, IdempotencyKey, row)
    return None if inserted is None else Claim(inserted.id, 1)


def locked_key(session: Session, organization_id: int, key: str) -> IdempotencyKey | None:
    statement = select(IdempotencyKey).where(
        IdempotencyKey.organization_id == organization_id, IdempotencyKey.key == key
    )
    return session.scalar(statement.with_for_update())


def claim_again(row: IdempotencyKey, request: str, now: datetime) -> Claim:
    """Takes over a key that nobody works for any more; the row is locked."""
    row.request, row.began_at, row.claims = request, now, row.claims + 1
    row.status, row.media_type, row.body = None, "", ""
    return Claim(row.id, row.claims)


def keep_answer(session: Session, claim: Claim, answer: Answer) -> None:
    """Keeps it if the claim is still in force."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.id == claim.key_id, IdempotencyKey.claims == claim.claims)
        .values(status=answer.status, media_type=answer.media_type, body=answer.body)
        .execution_options(synchronize_session=False)
    )


def give_back(session: Session, claim: Claim) -> None:
    """Nothing was done for the key: it is as if it had never been sent."""
    session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.id == claim.key_id, IdempotencyKey.claims == claim.claims)
    )


def forget_old_keys(session: Session, before: datetime, limit: int) -> int:
    """Forgets at most so many of the keys that were claimed by then, the oldest first; returns how many."""
    key_id = IdempotencyKey.__table__.c.id
    oldest = select(key_id).where(IdempotencyKey.began_at <= before).order_by(key_id).limit(limit)
    # One that is in use right now is left for the next time.
    ids = session.scalars(oldest.with_for_update(skip_locked=True)).all()
    if ids:
        session.execute(delete(IdempotencyKey).where(key_id.in_(ids)))
    return len(ids)
