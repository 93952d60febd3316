"""Reconciliation runs: one comparison of both systems each, with the evidence of what was read; and what is left of it.

A run keeps its results in its own row; the invoices that are still to be read in depth are its `reconciliation_pair`
rows. Runs are kept: a statement of last year refers to them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ForeignKey, Index, Select, String, and_, bindparam, delete, exists, func, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from domain.clocks import CLOCKS_APART_MAX
from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.bridge import BridgeLine, BridgeRow
from domain.reconciliation.pairing import Pair
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted
from domain.reconciliation.verdict import BreakSum, SideUntrusted
from models.base import AT, Base, BigId, Json, UtcTime
from models.connections import Connection, ConnectionStatus, Role
from models.organizations import Organization


class RunState(StrEnum):
    CHECKING = "checking"  # our own records are to be checked
    READING = "reading"  # the lists of both sides are to be read
    EXAMINING = "examining"  # what the lists cannot explain is read in depth
    DONE = "done"


class ReconciliationRun(Base):
    __tablename__ = "reconciliation_run"
    __table_args__ = (
        Index("ix_reconciliation_run_organization_id_id", "organization_id", "id"),
        Index("ix_reconciliation_run_due_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    state: Mapped[str] = mapped_column(String(20), default=RunState.CHECKING.value)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    # Who asked for it, as activities name people; the platform itself for the one of every night.
    asked_by: Mapped[str] = mapped_column(String(254))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # When a worker comes to it next; None once it is done.
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # How often the reading was begun: a side that does not answer is asked again a few times, then never in this run.
    tries: Mapped[int] = mapped_column(default=0)
    # The software and the preferences in force, for whoever performs it again.
    parameters: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    # What each side said: counts, totals, instants, calls, hashes (`domain/reconciliation/evidence.py`).
    source: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    target: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    # Side, reason and detail of what could not be trusted.
    untrusted: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    # The accounts receivable of both sides, line by line: line, currency, documents, sum as text.
    bridge: Mapped[list[list[Any]]] = mapped_column(Json, default=list)
    # How many invoices were compared, how many of them agreed by their sums, were read in depth, and were left for
    # another run.
    compared: Mapped[int] = mapped_column(default=0)
    agreed: Mapped[int] = mapped_column(default=0)
    examined: Mapped[int] = mapped_column(default=0)
    left_over: Mapped[int] = mapped_column(default=0)
    metered_reads: Mapped[int] = mapped_column(default=0)
    calls: Mapped[int] = mapped_column(default=0)
    # When it ended: kind, standing, currency, breaks, sum of shares as text.
    breaks: Mapped[list[list[Any]]] = mapped_column(Json, default=list)
    # What was found of each invariant of our own records: name, rows that break it, ids of the first ones.
    invariants: Mapped[list[list[Any]] | None] = mapped_column(Json)
    # Where the next run goes on with the history.
    history_after: Mapped[str | None] = mapped_column(String(200))

    @property
    def is_over(self) -> bool:
        return self.state == RunState.DONE

    @property
    def sums(self) -> list[BreakSum]:
        """What was there when it ended."""
        return [
            BreakSum(BreakKind(kind), Standing(standing), currency, breaks, Decimal(share))
            for kind, standing, currency, breaks, share in self.breaks
        ]

    @property
    def broken_invariants(self) -> list[str]:
        """The names of those that did not hold."""
        return [name for name, violations, _ in self.invariants or () if violations]

    @property
    def bridge_rows(self) -> list[BridgeRow]:
        return [
            BridgeRow(BridgeLine(line), currency, documents, Decimal(amount))
            for line, currency, documents, amount in self.bridge
        ]

    @property
    def distrust(self) -> list[SideUntrusted]:
        return [SideUntrusted(side, Untrusted(WhyUntrusted(why), detail)) for side, why, detail in self.untrusted]


class ReconciliationPair(Base):
    """An invoice that the run still has to read in depth, as the lists had it."""

    __tablename__ = "reconciliation_pair"
    __table_args__ = (Index("ix_reconciliation_pair_run_id_id", "run_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("reconciliation_run.id", ondelete="CASCADE"))
    # Both sides as they were listed.
    pair: Mapped[dict[str, Any]] = mapped_column(Json)

    def as_listed(self) -> Pair:
        return _adapter().validate_python(self.pair, strict=False)


def add_run(
    session: Session, organization_id: int, by: str, parameters: Mapping[str, Any], now: datetime
) -> ReconciliationRun:
    """A run that is to be worked off. The one before tells where the history goes on."""
    before = latest_run(session, organization_id)
    run = ReconciliationRun(
        organization_id=organization_id,
        asked_by=by,
        asked_at=now,
        due_at=now,
        parameters=dict(parameters),
        history_after=before.history_after if before is not None else None,
    )
    session.add(run)
    session.flush()
    return run


def run_by_id(session: Session, organization_id: int, run_id: int) -> ReconciliationRun | None:
    """The organization's run; another organization's is not there."""
    return session.scalar(
        select(ReconciliationRun).where(
            ReconciliationRun.organization_id == organization_id, ReconciliationRun.id == run_id
        )
    )


def latest_run(session: Session, organization_id: int, *, is_over: bool | None = None) -> ReconciliationRun | None:
    return session.scalar(_latest_run(is_over=is_over), {"of_organization": organization_id})


@cache
def _latest_run(*, is_over: bool | None) -> Select[ReconciliationRun]:
    statement = select(ReconciliationRun).where(ReconciliationRun.organization_id == bindparam("of_organization"))
    if is_over is not None:
        done = ReconciliationRun.state == RunState.DONE.value
        statement = statement.where(done if is_over else ~done)
    return statement.order_by(ReconciliationRun.id.desc()).limit(1)


def runs_of(
    session: Session, organization_id: int, limit: int, before_id: int | None = None
) -> Sequence[ReconciliationRun]:
    """The newest first."""
    statement = select(ReconciliationRun).where(ReconciliationRun.organization_id == organization_id)
    if before_id is not None:
        statement = statement.where(ReconciliationRun.id < before_id)
    return session.scalars(statement.order_by(ReconciliationRun.id.desc()).limit(limit)).all()


def runs_ended_between(
    session: Session, organization_id: int, since: datetime, until: datetime
) -> Sequence[ReconciliationRun]:
    """Finished runs, oldest first; `until` is not included."""
    statement = select(ReconciliationRun).where(
        ReconciliationRun.organization_id == organization_id,
        ReconciliationRun.ended_at >= since,
        ReconciliationRun.ended_at < until,
    )
    return session.scalars(statement.order_by(ReconciliationRun.id)).all()


def due_run(session: Session, organization_id: int, now: datetime) -> ReconciliationRun | None:
    """The oldest run that the worker has something to do for."""
    return session.scalar(_due(), {"of_organization": organization_id, "at": now})


@cache
def _due() -> Select[ReconciliationRun]:
    due = select(ReconciliationRun).where(
        ReconciliationRun.organization_id == bindparam("of_organization"), ReconciliationRun.due_at <= AT
    )
    return due.order_by(ReconciliationRun.id).limit(1)


def organizations_with_due_runs() -> Select[int]:
    return select(ReconciliationRun.organization_id).where(ReconciliationRun.due_at <= AT)


def organizations_to_reconcile(session: Session, now: datetime, every: timedelta) -> Sequence[int]:
    """Those that sync, are connected on both sides, and had no run asked for within this time."""
    return session.scalars(_to_reconcile(), _since_and_until(now, every)).all()


def is_to_be_reconciled(session: Session, organization_id: int, now: datetime, every: timedelta) -> bool:
    """As `organizations_to_reconcile`, for one of them."""
    asked = {**_since_and_until(now, every), "of_organization": organization_id}
    return session.scalar(_is_to_be_reconciled(), asked) is not None


def _since_and_until(now: datetime, every: timedelta) -> dict[str, datetime]:
    # A moment from the future is a clock's mistake and no run.
    return {"since": now - every, "until": now + CLOCKS_APART_MAX}


# Made once: every sweep asks, and making the statement takes longer than the answer.
@cache
def _to_reconcile() -> Select[int]:
    source, target = aliased(Connection), aliased(Connection)
    since, until = bindparam("since", type_=UtcTime), bindparam("until", type_=UtcTime)

    def is_connected(one: type[Connection], role: Role) -> Any:
        return and_(
            one.organization_id == Organization.id,
            one.role == role.value,
            one.status == ConnectionStatus.ACTIVE.value,
        )

    is_of_this_time = and_(ReconciliationRun.asked_at > since, ReconciliationRun.asked_at <= until)
    recent = exists().where(
        ReconciliationRun.organization_id == Organization.id,
        or_(is_of_this_time, ReconciliationRun.state != RunState.DONE.value),
    )
    return (
        select(Organization.id)
        .join(source, is_connected(source, Role.SOURCE))
        .join(target, is_connected(target, Role.TARGET))
        # A new organization has nothing to compare yet.
        .where(Organization.sync_enabled, Organization.created_at <= since, ~recent)
        .order_by(Organization.id)
    )


@cache
def _is_to_be_reconciled() -> Select[int]:
    return _to_reconcile().where(Organization.id == bindparam("of_organization"))


# --- what is to be read in depth ---


@cache
def _adapter() -> TypeAdapter[Pair]:
    return TypeAdapter(Pair)


def add_pairs(session: Session, run_id: int, pairs: Iterable[Pair]) -> None:
    session.add_all(ReconciliationPair(run_id=run_id, pair=_adapter().dump_python(one, mode="json")) for one in pairs)


def next_pairs(session: Session, run_id: int, limit: int) -> Sequence[ReconciliationPair]:
    statement = select(ReconciliationPair).where(ReconciliationPair.run_id == run_id)
    return session.scalars(statement.order_by(ReconciliationPair.id).limit(limit)).all()


def count_pairs(session: Session, run_id: int) -> int:
    return session.scalar(select(func.count()).where(ReconciliationPair.run_id == run_id)) or 0


def forget_pairs(session: Session, run_id: int, pair_ids: Collection[int] | None = None) -> None:
    """These have been examined; without any, none of the run is examined any more."""
    statement = delete(ReconciliationPair).where(ReconciliationPair.run_id == run_id)
    if pair_ids is not None:
        statement = statement.where(ReconciliationPair.id.in_(pair_ids))
    session.execute(statement)
