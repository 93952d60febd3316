"""Runs of the Sync Tool: what a person asked for, and what became of each invoice; and every write that was made."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    Update,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.copying.reasons import CopyReason
from domain.copying.states import ALLOWED, CopyAction, ItemState, RunState
from models.base import AT, Base, BigId, Json, UtcTime, insert_new
from models.billed_invoices import BilledInvoiceRow, billed_by_id, enqueue, hold_available

INVOICES_PER_RUN_MAX = 50_000
# By whom a run was started if no person did.
AUTOMATICALLY = "automatic copying"
# Outcomes of writes that have not left us.
NOTHING_SENT = ("not sent", "paced")


class CopyRun(Base):
    __tablename__ = "copy_run"
    __table_args__ = (
        Index("ix_copy_run_organization_id_state", "organization_id", "state"),
        Index("ix_copy_run_due_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    action: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    started_by: Mapped[str] = mapped_column(String(200))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    confirmed_by: Mapped[str] = mapped_column(String(200), default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # When its invoices are checked; None once they are.
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # How often somebody asked for the check anew: the result of one that began before counts for nothing.
    checked_anew: Mapped[int] = mapped_column(default=0)
    # Nobody has to confirm what the preview shows.
    confirmed_beforehand: Mapped[bool] = mapped_column(default=False)
    # Why it does not go on at the moment, in words; "" while it does.
    waits_for: Mapped[str] = mapped_column(Text, default="")

    @property
    def is_automatic(self) -> bool:
        return self.started_by == AUTOMATICALLY


class CopyRunItem(Base):
    __tablename__ = "copy_run_item"
    __table_args__ = (
        UniqueConstraint("run_id", "billed_invoice_id"),
        Index("ix_copy_run_item_run_id_state", "run_id", "state", "id"),
        Index("ix_copy_run_item_billed_invoice_id", "billed_invoice_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("copy_run.id"))
    billed_invoice_id: Mapped[int] = mapped_column(ForeignKey("billed_invoice.id"))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(Text, default="")
    # What would be written, as `web/copy_previews.py` reads it.
    preview: Mapped[dict[str, Any] | None] = mapped_column(Json)
    books_id: Mapped[str | None] = mapped_column(String(50))
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class CopyAttempt(Base):
    """One write of the Sync Tool, on disk before it is sent."""

    __tablename__ = "copy_attempt"
    __table_args__ = (Index("ix_copy_attempt_billed_invoice_id", "billed_invoice_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    billed_invoice_id: Mapped[int] = mapped_column(ForeignKey("billed_invoice.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("copy_run.id"))
    what: Mapped[str] = mapped_column(String(20))
    request_id: Mapped[str] = mapped_column(String(50))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    outcome: Mapped[str | None] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(Text, default="")


def run_by_id(session: Session, organization_id: int, run_id: int) -> CopyRun | None:
    return session.scalar(_run_by_id(), {"of_organization": organization_id, "of_run": run_id})


@cache
def _run_by_id() -> Select[CopyRun]:
    """Made once: whoever watches a run asks this again and again."""
    of_organization = CopyRun.organization_id == bindparam("of_organization")
    return select(CopyRun).where(of_organization, CopyRun.id == bindparam("of_run"))


def runs_of(session: Session, organization_id: int, limit: int = 50, before: int | None = None) -> Sequence[CopyRun]:
    """The newest first; `before` continues a page after the run with this id."""
    statement = select(CopyRun).where(CopyRun.organization_id == organization_id)
    if before is not None:
        statement = statement.where(CopyRun.id < before)
    return session.scalars(statement.order_by(CopyRun.id.desc()).limit(limit)).all()


def counts_of_runs(session: Session, run_ids: Collection[int]) -> dict[int, dict[ItemState, int]]:
    """How many items of each run are in each state."""
    counts: dict[int, dict[ItemState, int]] = {run_id: {} for run_id in run_ids}
    for run_id, state, count in session.execute(_counts_of_runs(), {"of_runs": list(run_ids)}):
        counts[run_id][ItemState(state)] = count
    return counts


@cache
def _counts_of_runs() -> Select[int, str, int]:
    return (
        select(CopyRunItem.run_id, CopyRunItem.state, func.count())
        .where(CopyRunItem.run_id.in_(bindparam("of_runs", expanding=True)))
        .group_by(CopyRunItem.run_id, CopyRunItem.state)
    )


def add_run(
    session: Session, organization_id: int, action: CopyAction, by: str, now: datetime, *, confirmed_beforehand: bool
) -> CopyRun:
    run = CopyRun(
        organization_id=organization_id,
        action=action.value,
        state=RunState.CHECKING.value,
        started_by=by,
        started_at=now,
        due_at=now,
        confirmed_beforehand=confirmed_beforehand,
    )
    session.add(run)
    session.flush()
    return run


def add_items(session: Session, run: CopyRun, invoice_ids: Iterable[int]) -> int:
    rows = [
        {"run_id": run.id, "billed_invoice_id": one, "state": ItemState.CHECKING.value, "detail": ""}
        for one in invoice_ids
    ]
    return insert_new(session, CopyRunItem, rows)


def items_to_check(
    session: Session, organization_id: int, now: datetime, limit: int
) -> tuple[CopyRun | None, Sequence[tuple[CopyRunItem, BilledInvoiceRow]]]:
    """The oldest run that is due to be checked, and the next of its items that are not."""
    run = session.scalar(_due_run(), {"of_organization": organization_id, "at": now})
    if run is None:
        return None, ()
    items = (
        select(CopyRunItem, BilledInvoiceRow)
        .join(BilledInvoiceRow, BilledInvoiceRow.id == CopyRunItem.billed_invoice_id)
        .where(CopyRunItem.run_id == run.id, CopyRunItem.state == ItemState.CHECKING.value)
        .order_by(CopyRunItem.id)
        .limit(limit)
    )
    return run, [(item, row) for item, row in session.execute(items)]


# Statements that every turn of the Sync Tool sends are made once.
@cache
def _due_run() -> Select[CopyRun]:
    is_due = CopyRun.organization_id == bindparam("of_organization"), CopyRun.due_at <= AT
    return select(CopyRun).where(*is_due).order_by(CopyRun.id).limit(1)


def organizations_with_runs_to_check() -> Select[int]:
    return select(CopyRun.organization_id).where(CopyRun.due_at <= AT).distinct()


def put_off_runs(session: Session, organization_id: int, why: str, until: datetime) -> None:
    """No run of this organization goes on or is checked before then, for this reason in words."""
    is_open = CopyRun.state.in_([RunState.CHECKING.value, RunState.RUNNING.value])
    is_checked = CopyRun.due_at.is_not(None)
    session.execute(
        update(CopyRun)
        .where(CopyRun.organization_id == organization_id, is_open)
        .values(waits_for=why, due_at=case((is_checked, until)))
        .execution_options(synchronize_session=False)
    )


def items_of(session: Session, run_id: int, states: Collection[ItemState]) -> Sequence[CopyRunItem]:
    statement = (
        select(CopyRunItem)
        .where(CopyRunItem.run_id == run_id, CopyRunItem.state.in_([state.value for state in states]))
        .order_by(CopyRunItem.id)
    )
    return session.scalars(statement).all()


def end_items(session: Session, ended: Sequence[tuple[BilledInvoiceRow, ItemState]], now: datetime) -> None:
    """Tells the runs that asked for them what became of these invoices."""
    by_key = {(row.run_id, row.id): (row, state) for row, state in ended if row.run_id is not None}
    if not by_key:
        return
    statement = select(CopyRunItem).where(
        CopyRunItem.run_id.in_({run_id for run_id, _ in by_key}),
        CopyRunItem.billed_invoice_id.in_({row_id for _, row_id in by_key}),
    )
    for item in session.scalars(statement):
        found = by_key.get((item.run_id, item.billed_invoice_id))
        if found is not None:
            row, state = found
            item.state, item.reason, item.detail = state.value, row.reason, row.detail
            item.books_id, item.ended_at = row.books_id, now


def queue_ready_items(session: Session, run: CopyRun, by: str, now: datetime) -> int:
    """A person has said yes: whatever is ready is done. Returns how many invoices that are."""
    action = CopyAction(run.action)
    ready = {item.billed_invoice_id: item for item in items_of(session, run.id, [ItemState.READY])}
    rows = billed_by_id(session, run.organization_id, ready)
    allowed = {state.value for state in ALLOWED[action]}
    going = [row for row in rows if row.state in allowed]
    for row in going:
        ready.pop(row.id).state = ItemState.QUEUED.value
    for item in ready.values():
        # Something else has become of it since the preview.
        item.state, item.reason = ItemState.PROBLEM.value, CopyReason.CHANGED_MEANWHILE.value
    enqueue(going, action, run.id, now)
    run.state = (RunState.RUNNING if going else RunState.DONE).value
    run.confirmed_by, run.confirmed_at, run.ended_at = by, now, None if going else now
    return len(going)


def note_waiting(session: Session, run_ids: Collection[int], why: str) -> None:
    """Why these runs do not go on, in words; "" if they do."""
    session.execute(
        update(CopyRun)
        .where(CopyRun.id.in_(sorted(run_ids)), CopyRun.waits_for != why)
        .values(waits_for=why)
        .execution_options(synchronize_session=False)
    )


def end_runs(session: Session, run_ids: Collection[int], now: datetime) -> None:
    """Ends those of the runs that have nothing left to do."""
    session.execute(_end_runs(), {"ids": sorted(run_ids), "at": now})


@cache
def _end_runs() -> Update:
    left = exists().where(CopyRunItem.run_id == CopyRun.id, CopyRunItem.state == ItemState.QUEUED.value)
    return (
        update(CopyRun)
        .where(CopyRun.id.in_(bindparam("ids", expanding=True)), CopyRun.state == RunState.RUNNING.value, ~left)
        .values(state=RunState.DONE.value, ended_at=AT, waits_for="")
        .execution_options(synchronize_session=False)
    )


# --- attempts ---


def begin_attempts(session: Session, attempts: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Puts writes on disk that are about to be sent."""
    session.add_all([CopyAttempt(started_at=now, **one) for one in attempts])


def end_attempts(session: Session, ended: Sequence[tuple[int, str, str, str]], now: datetime) -> None:
    """Records the answers of writes: the row, what it was, its outcome and the words of the system."""
    if not ended:
        return
    open_ones = select(CopyAttempt).where(
        CopyAttempt.billed_invoice_id.in_({one[0] for one in ended}), CopyAttempt.ended_at.is_(None)
    )
    results = {(row_id, what): (outcome, detail) for row_id, what, outcome, detail in ended}
    for attempt in session.scalars(open_ones):
        result = results.get((attempt.billed_invoice_id, attempt.what))
        if result is not None:
            attempt.ended_at, attempt.outcome, attempt.detail = now, result[0][:20], result[1][:2000]


def written_for(session: Session, run_id: int, row_ids: Collection[int]) -> set[int]:
    """Those of the invoices about which this run has sent something, or is about to."""
    is_sent = or_(CopyAttempt.outcome.is_(None), CopyAttempt.outcome.not_in(NOTHING_SENT))
    statement = select(CopyAttempt.billed_invoice_id).where(
        CopyAttempt.billed_invoice_id.in_(row_ids), CopyAttempt.run_id == run_id, is_sent
    )
    return set(session.scalars(statement))


def attempts_of_copies(session: Session, row_ids: Collection[int]) -> Sequence[CopyAttempt]:
    statement = select(CopyAttempt).where(CopyAttempt.billed_invoice_id.in_(row_ids)).order_by(CopyAttempt.id)
    return session.scalars(statement).all()


# --- checking ---


@dataclass(frozen=True, slots=True)
class Checked:
    """What would be done with one invoice.

    Attributes:
        preview: what would be written, as JSON; amounts as text.
    """

    item_id: int
    state: ItemState
    reason: CopyReason | None = None
    detail: str = ""
    preview: Mapping[str, Any] | None = None


def store_checked(session: Session, checked: Sequence[Checked]) -> None:
    """Keeps what would be done with these invoices, except those that a person has left out meanwhile."""
    by_id = {one.item_id: one for one in checked}
    statement = select(CopyRunItem).where(CopyRunItem.id.in_(by_id), CopyRunItem.state == ItemState.CHECKING.value)
    for item in session.scalars(statement):
        one = by_id[item.id]
        item.state, item.reason, item.detail = one.state.value, one.reason.value if one.reason else None, one.detail
        item.preview = dict(one.preview) if one.preview is not None else None


def checked_run(session: Session, run: CopyRun) -> CopyRun | None:
    """The run as it is now, if the check that began with this one still counts: nobody stopped it, or asked anew."""
    now_run = session.get_one(CopyRun, run.id)
    return now_run if now_run.due_at is not None and now_run.checked_anew == run.checked_anew else None


def end_check(session: Session, run: CopyRun, now: datetime) -> None:
    """All invoices of the run have been checked: a person decides, or has decided beforehand."""
    if _is_any_checked_still(session, run.id):
        return
    run.state, run.due_at = RunState.CHECKED.value, None
    if run.is_automatic:
        # Nobody looks at this run, so what cannot be done waits for a person in the list.
        problems = {item.billed_invoice_id: item for item in items_of(session, run.id, [ItemState.PROBLEM])}
        hold_available(
            billed_by_id(session, run.organization_id, problems),
            CopyAction(run.action),
            {row_id: (item.reason, item.detail) for row_id, item in problems.items()},
        )
    if run.confirmed_beforehand:
        queue_ready_items(session, run, run.started_by, now)


def _is_any_checked_still(session: Session, run_id: int) -> bool:
    session.flush()
    checking = CopyRunItem.state == ItemState.CHECKING.value
    return bool(session.scalar(select(exists().where(CopyRunItem.run_id == run_id, checking))))
