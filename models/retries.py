"""What a person's retry needs to find and to set."""

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

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
