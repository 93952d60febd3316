"""Changes of the ledger outside of a delivery, each with its cause (`models/ledger_changes.py`).

What a delivery changes is in `models/delivery_rows.py`. Nothing else changes an entry.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from domain.ingest.seen_payments import payments_in
from domain.later_looks import Finding
from domain.ledger_changes import EntryChange
from models.ledger import LedgerEntry
from models.ledger_changes import Cause, note_change


def _change(session: Session, cause: Cause, conditions: Sequence[ColumnElement[bool]], **values: Any) -> Sequence[int]:
    """Changes these entries in one statement, and notes why; returns the allocations that they stand for."""
    statement = update(LedgerEntry).where(*conditions).values(**values)
    changed = session.execute(statement.returning(LedgerEntry.id, LedgerEntry.allocation_id)).all()
    for entry_id, _ in sorted(changed):
        note_change(session, entry_id, cause)
    return [allocation_id for _, allocation_id in changed]


def _live(allocation_id: int) -> Sequence[ColumnElement[bool]]:
    return (LedgerEntry.allocation_id == allocation_id, LedgerEntry.removed_at.is_(None))


def _payments_are(
    connection_id: int, target_invoice_id: str, target_payment_ids: Collection[str]
) -> Sequence[ColumnElement[bool]]:
    return (
        LedgerEntry.connection_id == connection_id,
        LedgerEntry.target_invoice_id == target_invoice_id,
        LedgerEntry.target_payment_id.in_(target_payment_ids),
        LedgerEntry.removed_at.is_(None),
    )


# --- what a look shows ---


def correct_by_hand(session: Session, allocation_id: int, amount: Decimal, paid_on: date, now: datetime) -> None:
    """A person gave the payment this amount and date at the target."""
    cause = Cause(EntryChange.CORRECTED_BY_HAND, now)
    _change(session, cause, _live(allocation_id), amount=amount, paid_on=paid_on)
    # A double beside it stays on record.
    is_over = LedgerEntry.finding.not_in(["", Finding.DOUBLED.value])
    _change(session, cause, [*_live(allocation_id), is_over], finding="", found=None)


def remove_by_hand(session: Session, allocation_id: int, now: datetime) -> None:
    """A person removed the payment at the target."""
    cause = Cause(EntryChange.REMOVED_BY_HAND, now)
    _change(session, cause, _live(allocation_id), removed_at=now, removed_by_hand=True)


def mark_harmed(
    session: Session,
    connection_id: int,
    target_invoice_id: str,
    payment_ids: Collection[str],
    now: datetime,
    effect_id: int,
) -> None:
    """The target removed or changed these payments when this effect added another one."""
    cause = Cause(EntryChange.HARMED, now, effect_id)
    _change(session, cause, _payments_are(connection_id, target_invoice_id, payment_ids), harmed=True)


def mark_gone(
    session: Session, connection_id: int, target_invoice_id: str, target_payment_id: str, now: datetime, *, gone: bool
) -> Sequence[int]:
    """Records that a look did not find the payment on the invoice, or found it there again.

    Returns:
        The allocations for which this is news.
    """
    is_news = LedgerEntry.finding != Finding.GONE.value if gone else LedgerEntry.finding == Finding.GONE.value
    conditions = [*_payments_are(connection_id, target_invoice_id, [target_payment_id]), is_news]
    finding = Finding.GONE.value if gone else ""
    return _change(session, Cause(EntryChange.LOOKED_AT, now), conditions, finding=finding, found=None)


def note_findings(
    session: Session,
    entry_ids: Collection[int],
    finding: Finding | None,
    found: list[list[str | None]],
    now: datetime,
) -> None:
    """Stores what a look has found about the payment of these entries."""
    values = {"finding": finding.value if finding is not None else "", "found": found or None}
    _change(session, Cause(EntryChange.LOOKED_AT, now), [LedgerEntry.id.in_(entry_ids)], **values)


# --- what a person says ---


def call_other_money(session: Session, allocation_ids: Collection[int], now: datetime, actor: str) -> None:
    """A person calls the doubles that were found beside these payments other money."""
    statement = select(LedgerEntry).where(
        LedgerEntry.allocation_id.in_(allocation_ids), LedgerEntry.finding == Finding.DOUBLED.value
    )
    for entry in session.scalars(statement):
        ids = {*(entry.other_money_ids or ()), *(one.external_id for one in entry.still_doubled_by)}
        entry.other_money_ids, entry.finding, entry.found = sorted(ids), "", None
        note_change(session, entry, Cause(EntryChange.CALLED_OTHER_MONEY, now, actor=actor))


def accept_changes(session: Session, allocation_ids: Collection[int], now: datetime, actor: str) -> None:
    """Enters people's changes to these payments of ours in the ledger; differences from the source get corrected."""
    statement = select(LedgerEntry).where(
        LedgerEntry.allocation_id.in_(allocation_ids),
        LedgerEntry.removed_at.is_(None),
        LedgerEntry.finding == Finding.CHANGED.value,
        LedgerEntry.ours,
        # If a payment stands for several parts, we do not guess how to divide it.
        ~LedgerEntry.shared,
    )
    for entry in session.scalars(statement):
        for there in payments_in(entry.found):
            entry.amount, entry.paid_on = there.amount, there.paid_on or entry.paid_on
        entry.finding, entry.found = "", None
        note_change(session, entry, Cause(EntryChange.ACCEPTED, now, actor=actor))


def forget_entries(session: Session, entry_ids: Collection[int], now: datetime, actor: str) -> Sequence[int]:
    """The target payments of these entries no longer exist: from now on they stand for nothing.

    Returns:
        The allocations that they stood for.
    """
    cause = Cause(EntryChange.REMOVED_BY_HAND, now, actor=actor)
    conditions = [LedgerEntry.id.in_(entry_ids), LedgerEntry.removed_at.is_(None)]
    return _change(session, cause, conditions, removed_at=now, removed_by_hand=True)


def mark_repaired(session: Session, entry_ids: Collection[int], now: datetime, actor: str) -> Sequence[int]:
    """A person has corrected at the target the payments that it had removed or changed.

    Returns:
        The allocations that these entries stand for.
    """
    cause = Cause(EntryChange.REPAIRED, now, actor=actor)
    return _change(session, cause, [LedgerEntry.id.in_(entry_ids)], harmed=False)
