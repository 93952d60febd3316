"""Sending payments, paused by a person: of the whole installation, of one organization, or of one connection.

Nothing is decided anew by it. What is owed waits in the outbox as it is, and goes on when the pause ends.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, String, exists, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, UtcTime

WHY_CHARACTERS_MAX = 500
_THE_ONLY = 1


class Pausable:
    """The columns of whatever can be paused."""

    # Since when nothing new is sent; None while it is.
    paused_at: Mapped[datetime | None] = mapped_column(UtcTime)
    paused_by: Mapped[str] = mapped_column(String(254), default="", server_default=text("''"))
    paused_why: Mapped[str] = mapped_column(String(WHY_CHARACTERS_MAX), default="", server_default=text("''"))

    def pause(self, by: str, why: str, now: datetime) -> None:
        self.paused_at, self.paused_by, self.paused_why = now, by, why

    def resume(self) -> None:
        self.paused_at, self.paused_by, self.paused_why = None, "", ""

    @property
    def pause_in_words(self) -> str:
        """Who has paused it, since when and why; "" while it is not paused."""
        if self.paused_at is None:
            return ""
        return f"{self.paused_by} paused it on {self.paused_at:%Y-%m-%d at %H:%M:%S} UTC: {self.paused_why}"


class Installation(Pausable, Base):
    """What holds for all organizations; there is one row, or none before its first pause."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)


def installation(session: Session, *, locked: bool = False) -> Installation:
    """The one row, made if there is none yet; `locked` until the transaction ends."""
    found = session.get(Installation, _THE_ONLY, with_for_update=locked)
    if found is None:
        found = Installation(id=_THE_ONLY)
        session.add(found)
        session.flush()
    return found


def everything_is_paused() -> ColumnElement[bool]:
    """Whether nothing new is sent for anybody; answered once for each statement that asks."""
    return exists(select(Installation.id).where(Installation.paused_at.is_not(None)))


def pause_of_everything(session: Session) -> Installation | None:
    """The installation, if it is paused."""
    return session.scalar(select(Installation).where(Installation.paused_at.is_not(None)))
