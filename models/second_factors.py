"""Second factors: a secret that a person's app shares with us, and codes for the day on which the app is lost."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, BigId, UtcTime
from models.users import User, end_sessions_of


class SecondFactor(Base):
    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(ForeignKey("dashboard_user.id"), primary_key=True, autoincrement=False)
    # Encrypted, because a code can only be compared with what the secret gives (`models/secrets.py`).
    sealed_secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    # Until a code was right it asks for nothing: the app may have been set up wrongly.
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # The time step of the last code that was taken; only a later one's code is taken after it.
    last_step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """One code that stands for the app once; a hash, as for every long random key."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("dashboard_user.id"))
    code_hash: Mapped[str] = mapped_column(String(64))


def second_factor_of(session: Session, user_id: int) -> SecondFactor | None:
    """The one that is on, or that waits for its first code."""
    return session.get(SecondFactor, user_id)


def active_second_factor(session: Session, user_id: int) -> SecondFactor | None:
    found = second_factor_of(session, user_id)
    return found if found is not None and found.confirmed_at is not None else None


def with_second_factor(session: Session, user_ids: Collection[int]) -> frozenset[int]:
    """Those of these users whose second factor is on."""
    statement = select(SecondFactor.user_id).where(
        SecondFactor.user_id.in_(user_ids), SecondFactor.confirmed_at.is_not(None)
    )
    return frozenset(session.scalars(statement))


def take_step(session: Session, user_id: int, step: int) -> bool:
    """Compare-and-set: False if the code of this step, or of a later one, was taken before."""
    taken = session.execute(
        update(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
        .values(last_step=step)
        .returning(SecondFactor.user_id)
    )
    return taken.first() is not None


def take_recovery_code(session: Session, user_id: int, code_hash: str) -> bool:
    """False if the user has no such code, or has used it."""
    taken = session.execute(
        delete(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, RecoveryCode.code_hash == code_hash)
        .returning(RecoveryCode.id)
    )
    return taken.first() is not None


def recovery_codes_left(session: Session, user_id: int) -> int:
    return session.scalar(select(func.count()).where(RecoveryCode.user_id == user_id)) or 0


def replace_recovery_codes(session: Session, user_id: int, code_hashes: Collection[str]) -> None:
    """The older ones no longer work. The caller has locked the user."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.add_all(RecoveryCode(user_id=user_id, code_hash=one) for one in code_hashes)


def forget_second_factor(session: Session, user_id: int) -> None:
    """The secret and every recovery code. The caller has locked the user."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))


def remove_user(session: Session, user: User) -> None:
    """The user with everything that let them in."""
    end_sessions_of(session, user.id)
    forget_second_factor(session, user.id)
    session.execute(delete(User).where(User.id == user.id))


def sealed_second_factors(session: Session) -> Mapping[int, str]:
    """The sealed secret of every second factor, by its user's id."""
    return {one.user_id: one.sealed_secret for one in session.scalars(select(SecondFactor))}


def replace_sealed_second_factor(session: Session, user_id: int, before: str, after: str) -> bool:
    """Compare-and-set; False if the secret was replaced meanwhile: the newer one stays."""
    replaced = session.execute(
        update(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.sealed_secret == before)
        .values(sealed_secret=after)
        .returning(SecondFactor.user_id)
    )
    return replaced.first() is not None
