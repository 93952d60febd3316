"""A long work over many payments of an organization, which a person previews and confirms and a worker does.

Taking back a span and retrying by a filter are such works. The parts are listed once, when it is asked for, so that
nobody confirms one thing and gets another. The row remembers how far the work is, so that it goes on there after
whatever has happened. Each kind has a table of its own for its parts.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, UtcTime

# One that nobody confirms is forgotten.
KEPT_FOR = timedelta(days=1)
NOTE_CHARACTERS_MAX = 500


class WorkState(StrEnum):
    COUNTING = "counting"  # its parts are being judged
    READY = "ready"  # a person may confirm it
    TAKING = "taking"  # its payments are being worked on
    STOPPED = "stopped"  # a person has stopped it, or it cannot be done now; it can go on
    DONE = "done"


class LongWork:
    """The columns of one."""

    state: Mapped[str] = mapped_column(String(20), default=WorkState.COUNTING.value)
    asked_by: Mapped[str] = mapped_column(String(254))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    confirmed_by: Mapped[str] = mapped_column(String(254), default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # Who has stopped it, and why if it was not a person's wish.
    stopped_by: Mapped[str] = mapped_column(String(254), default="")
    stopped_why: Mapped[str] = mapped_column(String(NOTE_CHARACTERS_MAX), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # How many payments it is about, and how many the work under way is through with, up to which id.
    payments: Mapped[int] = mapped_column(default=0)
    looked_at: Mapped[int] = mapped_column(default=0)
    after_id: Mapped[int] = mapped_column(BigId, default=0)
    # When the worker comes to it next: to go on, or to forget it; None for never.
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)

    def is_over(self, now: datetime) -> bool:
        """Whether nobody has confirmed it within its day."""
        return self.state == WorkState.READY and self.due_at is not None and self.due_at <= now

    def get_ready(self, now: datetime) -> None:
        """It is known what it would do: a person may confirm it."""
        self.state, self.after_id, self.looked_at = WorkState.READY.value, 0, 0
        self.due_at = now + KEPT_FOR

    def begin(self, by: str, now: datetime) -> None:
        """A person has confirmed it."""
        self.state, self.confirmed_by, self.confirmed_at, self.due_at = WorkState.TAKING.value, by, now, now
        self.after_id, self.looked_at = 0, 0

    def stop(self, by: str, why: str = "") -> None:
        self.state, self.stopped_by, self.stopped_why, self.due_at = WorkState.STOPPED.value, by, why, None

    def go_on(self, now: datetime) -> None:
        self.state, self.stopped_by, self.stopped_why, self.due_at = WorkState.TAKING.value, "", "", now

    def end(self, now: datetime) -> None:
        self.state, self.ended_at, self.due_at = WorkState.DONE.value, now, None

    def note_progress(self, last_id: int, payments: int) -> None:
        """So many payments more are done, up to this id."""
        self.after_id = last_id
        self.looked_at += payments
