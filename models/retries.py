"""What a person's retry needs to find and to set."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

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


def ignore_twins(session: Session, allocation_ids: Collection[int]) -> None:
    """A person has seen the similar payments at the target and says that they are other money."""
    session.execute(update(Allocation).where(Allocation.id.in_(allocation_ids)).values(ignore_twins=True))


def forget_target_payment(session: Session, effect: Effect, now: datetime) -> Sequence[int]:
    """The payment that this effect was to change is no more: it stands for nothing from now on.

    Returns:
        the allocations that it stood for; where a target keeps one payment per invoice these may be several.
    """
    return session.scalars(
        update(LedgerEntry)
        .where(
            LedgerEntry.connection_id == effect.connection_id,
            LedgerEntry.target_invoice_id == effect.target_invoice_id,
            LedgerEntry.target_payment_id == effect.target_payment_id,
            LedgerEntry.removed_at.is_(None),
        )
        .values(removed_at=now)
        .returning(LedgerEntry.allocation_id)
    ).all()
