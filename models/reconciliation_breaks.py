"""Breaks: the differences that runs have found, as they stand, with every step of their history.

A row of `reconciliation_break` is changed by later runs and by people; each change adds a `reconciliation_step`, and
steps are only ever added. Statements are made of the steps.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.reasons import Reason
from domain.reconciliation.breaks import FOR_INFORMATION, Break, BreakKind
from domain.reconciliation.documents import SourceStanding, TargetStanding
from domain.reconciliation.pairing import Pair
from domain.reconciliation.roll_forward import Standing, Step
from domain.reconciliation.settling import Acceptance, KnownBreak, Settled
from domain.reconciliation.statement import AboutBreak, Entry
from domain.reconciliation.verdict import BreakSum
from models.base import Base, BigId, ExactAmount, Json, UtcTime, one_of

_IS_OPEN = text("standing = 'open'")
SUBJECT_CHARACTERS_MAX = 400
NOTE_CHARACTERS_MAX = 500


class ReconciliationBreak(Base):
    __tablename__ = "reconciliation_break"
    __table_args__ = (
        UniqueConstraint("organization_id", "subject"),
        Index("ix_reconciliation_break_organization_id_invoice", "organization_id", "invoice"),
        Index("ix_reconciliation_break_organization_id_standing", "organization_id", "standing", "kind", "id"),
        # What is open over all organizations, for operators.
        Index("ix_reconciliation_break_open", "kind", "currency", postgresql_where=_IS_OPEN, sqlite_where=_IS_OPEN),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    # What it is about, the same in each run; and the invoice alone (`domain/reconciliation/pairing.py`).
    subject: Mapped[str] = mapped_column(String(SUBJECT_CHARACTERS_MAX))
    invoice: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(40))
    standing: Mapped[str] = mapped_column(String(20))
    # By how much it makes the balance at the source higher than the one at the target.
    share: Mapped[Decimal] = mapped_column(ExactAmount)
    currency: Mapped[str | None] = mapped_column(String(3))
    number: Mapped[str] = mapped_column(String(100))
    customer: Mapped[str] = mapped_column(String(500))
    source_invoice_id: Mapped[str] = mapped_column(String(50))
    target_invoice_id: Mapped[str] = mapped_column(String(50))
    source_amount: Mapped[Decimal | None] = mapped_column(ExactAmount)
    target_amount: Mapped[Decimal | None] = mapped_column(ExactAmount)
    source_date: Mapped[date | None]
    target_date: Mapped[date | None]
    source_payment_ids: Mapped[list[str]] = mapped_column(Json)
    target_payment_ids: Mapped[list[str]] = mapped_column(Json)
    reason: Mapped[str | None] = mapped_column(String(40))
    first_seen_at: Mapped[datetime] = mapped_column(UtcTime)
    # Since when it stands as it does.
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    last_run_id: Mapped[int] = mapped_column(BigId)
    # A person's word (`domain/reconciliation/settling.py`, Acceptance); None without one.
    accepted_by: Mapped[str | None] = mapped_column(String(254))
    accepted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    accepted_note: Mapped[str] = mapped_column(String(NOTE_CHARACTERS_MAX), default="")
    accepted_max: Mapped[Decimal | None] = mapped_column(ExactAmount)
    accepted_until: Mapped[date | None]

    def as_break(self) -> Break:
        return Break(
            kind=BreakKind(self.kind),
            share=self.share,
            currency=self.currency,
            subject=self.subject,
            source_amount=self.source_amount,
            target_amount=self.target_amount,
            source_date=self.source_date,
            target_date=self.target_date,
            source_payment_ids=tuple(self.source_payment_ids),
            target_payment_ids=tuple(self.target_payment_ids),
            reason=Reason(self.reason) if self.reason else None,
        )

    def as_known(self) -> KnownBreak:
        acceptance = None
        if self.accepted_max is not None:
            acceptance = Acceptance(self.accepted_max, self.accepted_until, self.source_amount, self.target_amount)
        return KnownBreak(self.as_break(), Standing(self.standing), acceptance)

    def as_known_by(self) -> AboutBreak:
        return AboutBreak(
            id=self.id,
            number=self.number,
            customer=self.customer,
            source_invoice_id=self.source_invoice_id,
            target_invoice_id=self.target_invoice_id,
            source_payment_ids=tuple(self.source_payment_ids),
            target_payment_ids=tuple(self.target_payment_ids),
            source_date=self.source_date,
            target_date=self.target_date,
        )

    def accept(self, by: str, note: str, share_max: Decimal, until: date | None, now: datetime) -> None:
        self.standing = Standing.ACCEPTED.value
        self.accepted_by, self.accepted_at, self.accepted_note = by, now, note
        self.accepted_max, self.accepted_until = share_max, until
        self.changed_at = now

    def withdraw_acceptance(self) -> None:
        self.accepted_by = self.accepted_at = self.accepted_max = self.accepted_until = None
        self.accepted_note = ""


class ReconciliationStep(Base):
    """One entry of a break's history. Never changed, never deleted."""

    __tablename__ = "reconciliation_step"
    __table_args__ = (Index("ix_reconciliation_step_organization_id_happened_at", "organization_id", "happened_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    break_id: Mapped[int] = mapped_column(ForeignKey("reconciliation_break.id"), index=True)
    # The run that found it; None where a person decided.
    run_id: Mapped[int | None] = mapped_column(BigId)
    happened_at: Mapped[datetime] = mapped_column(UtcTime)
    kind: Mapped[str] = mapped_column(String(40))
    standing: Mapped[str] = mapped_column(String(20))
    share: Mapped[Decimal] = mapped_column(ExactAmount)
    currency: Mapped[str | None] = mapped_column(String(3))
    # What each side said then.
    source_amount: Mapped[Decimal | None] = mapped_column(ExactAmount)
    target_amount: Mapped[Decimal | None] = mapped_column(ExactAmount)
    # A person's address; "" for the run.
    actor: Mapped[str] = mapped_column(String(254))
    note: Mapped[str] = mapped_column(String(NOTE_CHARACTERS_MAX))


@dataclass(frozen=True, slots=True)
class AboutInvoice:
    """The invoice of some breaks, as lists show it.

    Attributes:
        name: as `Pair.name`.
    """

    name: str
    number: str
    customer: str
    source_id: str
    target_id: str


def known_breaks(session: Session, organization_id: int, invoices: Collection[str]) -> dict[str, ReconciliationBreak]:
    """All breaks of these invoices, resolved ones too, by subject."""
    statement = select(ReconciliationBreak).where(
        ReconciliationBreak.organization_id == organization_id, one_of(ReconciliationBreak.invoice, invoices)
    )
    return {row.subject: row for row in session.scalars(statement)}


def one_sided_before(session: Session, organization_id: int) -> dict[str, Break]:
    """By the invoice's name, what was known to be on one side only, without ever having been linked."""
    kinds = [BreakKind.ONLY_AT_SOURCE.value, BreakKind.ONLY_AT_TARGET.value]
    statement = select(ReconciliationBreak).where(
        ReconciliationBreak.organization_id == organization_id,
        ReconciliationBreak.kind.in_(kinds),
        ReconciliationBreak.standing != Standing.GONE.value,
    )
    return {row.invoice: row.as_break() for row in session.scalars(statement)}


def open_elsewhere(session: Session, organization_id: int, names: Collection[str]) -> list[Pair]:
    """The invoices with a break that is still there, except those of these names; as they were known last."""
    statement = select(ReconciliationBreak).where(
        ReconciliationBreak.organization_id == organization_id,
        ReconciliationBreak.standing != Standing.GONE.value,
    )
    found = {row.invoice: row for row in session.scalars(statement) if row.invoice not in names}
    return [
        Pair(_source_of(row) if row.source_invoice_id else None, _target_of(row) if row.target_invoice_id else None)
        for row in found.values()
    ]


def _source_of(row: ReconciliationBreak) -> SourceStanding:
    nothing = Decimal(0)
    return SourceStanding(row.source_invoice_id, row.number, "", row.customer, None, row.currency, nothing, nothing)


def _target_of(row: ReconciliationBreak) -> TargetStanding:
    nothing = Decimal(0)
    return TargetStanding(
        row.target_invoice_id, row.number, "", (row.customer,), None, row.currency, nothing, nothing, None, None
    )


def store_settled(
    session: Session,
    organization_id: int,
    run_id: int,
    settled: Iterable[tuple[AboutInvoice, Settled]],
    rows: dict[str, ReconciliationBreak],
    now: datetime,
) -> None:
    """Stores what a run has found out about breaks; each piece of news becomes a step of the history.

    Args:
        rows: the stored ones, by subject (`known_breaks`).
    """
    steps: list[tuple[ReconciliationBreak, Settled]] = []
    for about, one in settled:
        row = rows.get(one.found.subject)
        if row is None:
            row = ReconciliationBreak(
                organization_id=organization_id,
                subject=one.found.subject,
                invoice=about.name,
                first_seen_at=now,
                changed_at=now,
            )
            session.add(row)
            rows[one.found.subject] = row
        _write(row, about, one, run_id, now)
        if one.is_step:
            steps.append((row, one))
    session.flush()
    session.add_all(
        ReconciliationStep(
            organization_id=organization_id,
            break_id=row.id,
            run_id=run_id,
            happened_at=now,
            kind=one.found.kind.value,
            standing=one.standing.value,
            share=one.found.share,
            currency=one.found.currency,
            source_amount=one.found.source_amount,
            target_amount=one.found.target_amount,
            actor="",
            note="",
        )
        for row, one in steps
    )


def _write(row: ReconciliationBreak, about: AboutInvoice, one: Settled, run_id: int, now: datetime) -> None:
    found = one.found
    row.kind, row.standing, row.share, row.currency = found.kind.value, one.standing.value, found.share, found.currency
    row.number, row.customer = about.number, about.customer
    row.source_invoice_id, row.target_invoice_id = about.source_id, about.target_id
    row.source_amount, row.target_amount = found.source_amount, found.target_amount
    row.source_date, row.target_date = found.source_date, found.target_date
    row.source_payment_ids, row.target_payment_ids = list(found.source_payment_ids), list(found.target_payment_ids)
    row.reason = found.reason.value if found.reason is not None else None
    row.last_run_id = run_id
    if one.is_step:
        row.changed_at = now
        if one.standing is not Standing.ACCEPTED:
            row.withdraw_acceptance()


def add_persons_step(
    session: Session, row: ReconciliationBreak, actor: str, note: str, now: datetime
) -> ReconciliationStep:
    """The entry of a person's word about a break that has just been changed by it."""
    step = ReconciliationStep(
        organization_id=row.organization_id,
        break_id=row.id,
        run_id=None,
        happened_at=now,
        kind=row.kind,
        standing=row.standing,
        share=row.share,
        currency=row.currency,
        source_amount=row.source_amount,
        target_amount=row.target_amount,
        actor=actor,
        note=note,
    )
    session.add(step)
    return step


# --- looking at them ---


@dataclass(frozen=True, slots=True)
class BreakFilter:
    """None asks for all; without a standing, all that are still there."""

    standing: Standing | None = None
    kind: BreakKind | None = None
    search: str = ""

    def conditions(self, organization_id: int) -> list[ColumnElement[bool]]:
        conditions = [ReconciliationBreak.organization_id == organization_id]
        if self.standing is not None:
            conditions.append(ReconciliationBreak.standing == self.standing.value)
        else:
            conditions.append(ReconciliationBreak.standing != Standing.GONE.value)
        if self.kind is not None:
            conditions.append(ReconciliationBreak.kind == self.kind.value)
        if self.search:
            conditions.append(ReconciliationBreak.number == self.search)
        return conditions


def breaks_in(
    session: Session, organization_id: int, wanted: BreakFilter, limit: int, after_id: int = 0
) -> Sequence[ReconciliationBreak]:
    """Those that fit, the longest known first."""
    statement = select(ReconciliationBreak).where(
        *wanted.conditions(organization_id), ReconciliationBreak.id > after_id
    )
    return session.scalars(statement.order_by(ReconciliationBreak.id).limit(limit)).all()


def break_by_id(session: Session, organization_id: int, break_id: int) -> ReconciliationBreak | None:
    """The organization's break; another organization's is not there."""
    return session.scalar(
        select(ReconciliationBreak).where(
            ReconciliationBreak.organization_id == organization_id, ReconciliationBreak.id == break_id
        )
    )


def steps_of(session: Session, organization_id: int, break_id: int) -> Sequence[ReconciliationStep]:
    """The history of one break, the oldest entry first."""
    statement = select(ReconciliationStep).where(
        ReconciliationStep.organization_id == organization_id, ReconciliationStep.break_id == break_id
    )
    return session.scalars(statement.order_by(ReconciliationStep.id)).all()


def sums_of_breaks(session: Session, organization_id: int) -> list[BreakSum]:
    """What is still there, by kind, standing and currency."""
    row = ReconciliationBreak
    statement = (
        select(row.kind, row.standing, row.currency, func.count(), func.sum(row.share))
        .where(row.organization_id == organization_id, row.standing != Standing.GONE.value)
        .group_by(row.kind, row.standing, row.currency)
        .order_by(row.kind, row.standing, row.currency)
    )
    return [
        BreakSum(BreakKind(kind), Standing(standing), currency, breaks, share)
        for kind, standing, currency, breaks, share in session.execute(statement)
    ]


def open_break_days(session: Session, organization_id: int) -> Sequence[date]:
    """The days at the source of the breaks without an explanation; one that moves no amount is not among them."""
    informing = [kind.value for kind in FOR_INFORMATION]
    statement = select(ReconciliationBreak.source_date).where(
        ReconciliationBreak.organization_id == organization_id,
        ReconciliationBreak.standing == Standing.OPEN.value,
        ReconciliationBreak.kind.not_in(informing),
        ReconciliationBreak.source_date.is_not(None),
    )
    return [day for day in session.scalars(statement) if day is not None]


def oldest_open(session: Session, organization_id: int) -> datetime | None:
    """When the oldest break was first seen that a person still has to do something about."""
    return session.scalar(
        select(func.min(ReconciliationBreak.first_seen_at)).where(
            ReconciliationBreak.organization_id == organization_id,
            ReconciliationBreak.standing == Standing.OPEN.value,
        )
    )


def history_until(session: Session, organization_id: int, until: datetime | None = None) -> list[Entry]:
    """Every entry of the history before this moment, or up to now, oldest first."""
    statement = (
        select(ReconciliationBreak, ReconciliationStep)
        .join(ReconciliationBreak, ReconciliationBreak.id == ReconciliationStep.break_id)
        .where(ReconciliationStep.organization_id == organization_id)
        .order_by(ReconciliationStep.id)
    )
    if until is not None:
        statement = statement.where(ReconciliationStep.happened_at < until)
    about: dict[int, AboutBreak] = {}
    return [
        Entry(
            about=about.setdefault(row.id, row.as_known_by()),
            step=Step(row.subject, step.happened_at, Standing(step.standing), step.share, step.currency),
            kind=BreakKind(step.kind),
            source_amount=step.source_amount,
            target_amount=step.target_amount,
            actor=step.actor,
            note=step.note,
        )
        for row, step in session.execute(statement)
    ]
