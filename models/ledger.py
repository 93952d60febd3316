"""The ledger: which target payment stands for which allocation. A payment is claimed at most once.

An entry is as things stand now. Each change of one is written down beside it (`models/ledger_changes.py`), and only
`models/ledger_writing.py` and `models/delivery_rows.py` make any.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ingest.seen_payments import payments_in
from domain.later_looks import Finding
from domain.match.facts import Part, SyncedPayment
from domain.records import TargetPayment
from models.base import Base, BigId, ExactAmount, Json, UtcTime, one_of
from models.payments import Allocation, Payment

_LIVE = text("removed_at IS NULL")
_UNSHARED = text("NOT shared AND NOT handed_over")


class EntryState:
    """What an entry says; each of its changes says the same, as it was afterwards."""

    target_invoice_id: Mapped[str] = mapped_column(String(50))
    target_payment_id: Mapped[str] = mapped_column(String(50))
    amount: Mapped[Decimal] = mapped_column(ExactAmount)
    # As the payment has it.
    currency: Mapped[str | None] = mapped_column(String(3))
    paid_on: Mapped[date]
    # How long it took from the first news of the payment to this entry, as a class (`domain/daily_numbers.py`).
    within_seconds: Mapped[int | None]
    # False: a person had typed it and we linked it; we never change or remove such a payment.
    ours: Mapped[bool]
    # One payment of ours stands for several allocations of the invoice (strategy `single`).
    shared: Mapped[bool] = mapped_column(default=False)
    # The target removed or changed the payment when another one was added; a person must look.
    harmed: Mapped[bool] = mapped_column(default=False)
    # The fault that the last look found in the payment (`domain/later_looks.py`), and the payments that show it.
    finding: Mapped[str] = mapped_column(String(20), default="")
    found: Mapped[list[list[str | None]] | None] = mapped_column(Json)
    # Payments like this one on the invoice that a person has called other money.
    other_money_ids: Mapped[list[str] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    # Its day in UTC: what reached the target on a day is added up in the order of an index.
    entered_on: Mapped[date | None] = mapped_column(
        default=lambda context: context.get_current_parameters()["created_at"].date()
    )
    removed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # A person removed the payment at the target, not we.
    removed_by_hand: Mapped[bool] = mapped_column(default=False)
    # A person said that the payment is the money of another allocation, which has an entry for it now.
    handed_over: Mapped[bool] = mapped_column(default=False)


class LedgerEntry(EntryState, Base):
    __tablename__ = "ledger_entry"
    __table_args__ = (
        # A target payment stands for one allocation, unless the tenant keeps one payment for the whole invoice.
        Index(
            "uq_ledger_entry_claim",
            "connection_id",
            "target_invoice_id",
            "target_payment_id",
            unique=True,
            postgresql_where=_UNSHARED,
            sqlite_where=_UNSHARED,
        ),
        # Used twice for every delivery; the claims above leave out the shared ones and cannot serve these queries.
        Index("ix_ledger_entry_invoice", "connection_id", "target_invoice_id"),
        # At most one live target payment for one allocation: never twice.
        # What reached the target in the last days: all that the overview asks about an entry is in the index.
        Index(
            "ix_ledger_entry_day",
            "organization_id",
            "entered_on",
            "currency",
            "within_seconds",
            "removed_at",
            "amount",
        ),
        Index("uq_ledger_entry_live", "allocation_id", unique=True, postgresql_where=_LIVE, sqlite_where=_LIVE),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    allocation_id: Mapped[int] = mapped_column(ForeignKey("allocation.id"), index=True)

    @property
    def payment_key(self) -> tuple[int, str, str]:
        return (self.connection_id, self.target_invoice_id, self.target_payment_id)

    @property
    def still_doubled_by(self) -> tuple[TargetPayment, ...]:
        return _still_doubled_by(self.finding, self.found)

    @property
    def what_was_found(self) -> Finding | None:
        return _what_was_found(self.finding)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as decisions see it, for code that only reads it; the attributes are its columns."""

    allocation_id: int
    connection_id: int
    target_invoice_id: str
    target_payment_id: str
    amount: Decimal
    paid_on: date
    ours: bool
    shared: bool
    harmed: bool
    finding: str
    found: list[list[str | None]] | None
    is_removed: bool
    removed_by_hand: bool

    @property
    def payment_key(self) -> tuple[int, str, str]:
        return (self.connection_id, self.target_invoice_id, self.target_payment_id)

    @property
    def still_doubled_by(self) -> tuple[TargetPayment, ...]:
        return _still_doubled_by(self.finding, self.found)

    def as_synced(self, beside: Sequence[Part] = ()) -> SyncedPayment:
        return SyncedPayment(
            target_invoice_id=self.target_invoice_id,
            target_payment_id=self.target_payment_id,
            amount=self.amount,
            paid_on=self.paid_on,
            ours=self.ours,
            harmed=self.harmed,
            beside=tuple(beside),
            finding=_what_was_found(self.finding),
            found=payments_in(self.found),
        )


def _still_doubled_by(finding: str, found: Sequence[Sequence[str | None]] | None) -> tuple[TargetPayment, ...]:
    """The payments like this one that were found beside it, and may outlast it."""
    return payments_in(found) if finding == Finding.DOUBLED else ()


def _what_was_found(finding: str) -> Finding | None:
    return Finding(finding) if finding else None


def synced_payments(session: Session, allocation_ids: Collection[int]) -> dict[int, LedgerEntry]:
    statement = select(LedgerEntry).where(
        LedgerEntry.allocation_id.in_(allocation_ids), LedgerEntry.removed_at.is_(None)
    )
    return {entry.allocation_id: entry for entry in session.scalars(statement)}


def parts_beside(session: Session, entries: Collection[Recorded]) -> dict[int, list[Part]]:
    """The other parts that these entries' payments stand for, by allocation; only shared payments have any."""
    shared = {entry.payment_key for entry in entries if entry.shared}
    if not shared:
        return {}
    statement = (
        select(LedgerEntry, Allocation, Payment)
        .join(Allocation, Allocation.id == LedgerEntry.allocation_id)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(
            LedgerEntry.connection_id.in_({connection_id for connection_id, _, _ in shared}),
            LedgerEntry.target_invoice_id.in_({invoice_id for _, invoice_id, _ in shared}),
            LedgerEntry.removed_at.is_(None),
        )
        .order_by(LedgerEntry.id)
    )
    parts: dict[tuple[int, str, str], dict[int, Part]] = {}
    for entry, allocation, payment in session.execute(statement):
        part = Part((entry.amount, entry.paid_on), _wanted(allocation, payment))
        parts.setdefault(entry.payment_key, {})[entry.allocation_id] = part
    return {
        entry.allocation_id: [part for one, part in parts[entry.payment_key].items() if one != entry.allocation_id]
        for entry in entries
        if entry.shared
    }


def _wanted(allocation: Allocation, payment: Payment) -> tuple[Decimal, date] | None:
    return (allocation.amount, payment.paid_on) if allocation.is_wanted and payment.paid_on is not None else None


# More columns than the driver's types can count.
_RECORDED: tuple[Any, ...] = (
    LedgerEntry.allocation_id,
    LedgerEntry.connection_id,
    LedgerEntry.target_invoice_id,
    LedgerEntry.target_payment_id,
    LedgerEntry.amount,
    LedgerEntry.paid_on,
    LedgerEntry.ours,
    LedgerEntry.shared,
    LedgerEntry.harmed,
    LedgerEntry.finding,
    LedgerEntry.found,
    LedgerEntry.removed_at.is_not(None),
    LedgerEntry.removed_by_hand,
)


def synced_and_taken_back(
    session: Session, allocation_ids: Collection[int]
) -> tuple[dict[int, Recorded], dict[int, Recorded]]:
    """The live entry of each of these allocations, and the last one that was taken back; there may be both."""
    if not allocation_ids:
        return {}, {}
    statement = select(*_RECORDED).where(one_of(LedgerEntry.allocation_id, allocation_ids)).order_by(LedgerEntry.id)
    synced: dict[int, Recorded] = {}
    taken_back: dict[int, Recorded] = {}
    for row in session.execute(statement):
        entry = Recorded(*row)
        (taken_back if entry.is_removed else synced)[entry.allocation_id] = entry
    return synced, taken_back
