"""Queries and updates for a person's retry."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, selectinload

from domain.ingest.seen_payments import payments_in
from domain.later_looks import Finding
from models.base import one_of
from models.effects import Effect
from models.ledger import LedgerEntry
from models.payments import Allocation, Payment


def payment_of(session: Session, organization_id: int, external_id: str) -> Payment | None:
    """The organization's payment with its allocations, by the id that the source gave it."""
    return session.scalar(
        select(Payment)
        .where(Payment.organization_id == organization_id, Payment.external_id == external_id)
        .options(selectinload(Payment.allocations))
    )


def chosen_payments(session: Session, organization_id: int, external_ids: Collection[str]) -> Sequence[Payment]:
    """Those of the organization's payments that have these ids in the source, with their allocations, oldest first."""
    return session.scalars(
        select(Payment)
        .where(Payment.organization_id == organization_id, Payment.external_id.in_(external_ids))
        .options(selectinload(Payment.allocations))
        .order_by(Payment.id)
    ).all()


def payments_by_id(session: Session, organization_id: int, payment_ids: Collection[int]) -> Sequence[Payment]:
    """These of the organization's payments with their allocations, oldest first."""
    return session.scalars(
        select(Payment)
        .where(Payment.organization_id == organization_id, one_of(Payment.id, payment_ids))
        .options(selectinload(Payment.allocations))
        .order_by(Payment.id)
    ).all()


def ignore_twins(session: Session, allocation_ids: Collection[int]) -> None:
    """A person has seen the similar payments at the target and calls them other money."""
    session.execute(update(Allocation).where(Allocation.id.in_(allocation_ids)).values(ignore_twins=True))


def call_other_money(session: Session, allocation_ids: Collection[int]) -> None:
    """A person calls the doubles that were found beside these payments other money."""
    statement = select(LedgerEntry).where(
        LedgerEntry.allocation_id.in_(allocation_ids), LedgerEntry.finding == Finding.DOUBLED.value
    )
    for entry in session.scalars(statement):
        ids = {*(entry.other_money_ids or ()), *(one.external_id for one in entry.still_doubled_by)}
        entry.other_money_ids, entry.finding, entry.found = sorted(ids), "", None


def accept_changes(session: Session, allocation_ids: Collection[int]) -> None:
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


def entries_beside(
    session: Session, connection_id: int, allocation_ids: Collection[int]
) -> dict[str, list[LedgerEntry]]:
    """Every live ledger entry on the target invoices of these allocations, by invoice.

    The others on those invoices too: where a target keeps one payment per invoice, they share its fate.
    """
    on_the_way = select(Effect.target_invoice_id).where(Effect.allocation_id.in_(allocation_ids))
    entered = select(LedgerEntry.target_invoice_id).where(LedgerEntry.allocation_id.in_(allocation_ids))
    statement = select(LedgerEntry).where(
        LedgerEntry.connection_id == connection_id,
        LedgerEntry.removed_at.is_(None),
        or_(LedgerEntry.target_invoice_id.in_(on_the_way), LedgerEntry.target_invoice_id.in_(entered)),
    )
    found: dict[str, list[LedgerEntry]] = {}
    for entry in session.scalars(statement):
        found.setdefault(entry.target_invoice_id, []).append(entry)
    return found


def forget_entries(session: Session, entry_ids: Collection[int], now: datetime) -> Sequence[int]:
    """The target payments of these entries no longer exist: from now on they stand for nothing.

    Returns:
        The allocations that they stood for.
    """
    return session.scalars(
        update(LedgerEntry)
        .where(LedgerEntry.id.in_(entry_ids), LedgerEntry.removed_at.is_(None))
        .values(removed_at=now, removed_by_hand=True)
        .returning(LedgerEntry.allocation_id)
    ).all()


def mark_repaired(session: Session, entry_ids: Collection[int]) -> Sequence[int]:
    """A person has corrected at the target the payments that it had removed or changed.

    Returns:
        The allocations that these entries stand for.
    """
    return session.scalars(
        update(LedgerEntry)
        .where(LedgerEntry.id.in_(entry_ids))
        .values(harmed=False)
        .returning(LedgerEntry.allocation_id)
    ).all()
