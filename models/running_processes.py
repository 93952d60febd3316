"""Running processes: the last sign of life of every process, wherever it runs.

A process that ends as it should takes its row with it. The row of a killed one stays for an hour, so that it can be
told; the next process of the same name takes it over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, UtcTime, add_or_change

# For so long a silent process is shown.
SHOWN_FOR = timedelta(hours=1)


class ProcessKind(StrEnum):
    WEB = "web"
    WORKER = "worker"
    BEAT = "beat"


class RunningProcess(Base):
    __tablename__ = "running_process"

    # The line of the Procfile and the host, such as push.1@app-7.
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    # The queues that a worker takes from, separated by commas.
    queues: Mapped[str] = mapped_column(String(200))
    version: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    alive_at: Mapped[datetime] = mapped_column(UtcTime)

    @property
    def takes_from(self) -> frozenset[str]:
        return frozenset(one for one in self.queues.split(",") if one)


@dataclass(frozen=True, slots=True)
class Oneself:
    """A process as it tells of itself."""

    name: str
    kind: ProcessKind
    queues: tuple[str, ...]
    version: str
    started_at: datetime


def note_alive(session: Session, oneself: Oneself, now: datetime) -> None:
    told = {
        "kind": oneself.kind.value,
        "queues": ",".join(oneself.queues),
        "version": oneself.version,
        "started_at": oneself.started_at,
        "alive_at": now,
    }
    add_or_change(session, RunningProcess, {"name": oneself.name, **told}, unique=["name"], change=told)


def note_ended(session: Session, name: str) -> None:
    session.execute(delete(RunningProcess).where(RunningProcess.name == name))


def running_processes(session: Session, now: datetime) -> Sequence[RunningProcess]:
    """Those that are alive, and those that were within the last hour."""
    shown = select(RunningProcess).where(RunningProcess.alive_at > now - SHOWN_FOR)
    return session.scalars(shown.order_by(RunningProcess.name)).all()


def forget_silent(session: Session, now: datetime) -> None:
    session.execute(delete(RunningProcess).where(RunningProcess.alive_at <= now - SHOWN_FOR))
