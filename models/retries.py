"""Queries and updates for a person's retry."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, selectinload

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
