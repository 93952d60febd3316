"""The payment that has been waiting for the longest time to reach the target."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.reasons import Reason
from domain.status import SETTLED, PaymentStatus
from models.payments import Payment


@dataclass(frozen=True, slots=True)
class OldestPayment:
    """A payment that is neither synced nor skipped.

    Attributes:
        listed_on: its own date, else the day it arrived.
        first_seen_at: since when it is known here.
    """

    external_id: str
    listed_on: date
    first_seen_at: datetime
    customer: str
    total: Decimal
    currency: str | None
    status: PaymentStatus
    reason: Reason | None


def oldest_unsynced(session: Session, organization_id: int) -> OldestPayment | None:
    """The one with the earliest date: the first of each list that is sorted so, one look into an index for each."""
    found = [
        payment
        for status in PaymentStatus
        if status not in SETTLED
        for payment in _first(session, organization_id, status)
    ]
    if not found:
        return None
    oldest = min(found, key=lambda one: (one.listed_on, one.first_seen_at, one.id))
    return OldestPayment(
        external_id=oldest.external_id,
        listed_on=oldest.listed_on,
        first_seen_at=oldest.first_seen_at,
        customer=oldest.customer_name,
        total=oldest.live_total,
        currency=oldest.currency,
        status=PaymentStatus(oldest.status),
        reason=Reason(oldest.reason) if oldest.reason else None,
    )


def _first(session: Session, organization_id: int, status: PaymentStatus) -> list[Payment]:
    statement = (
        select(Payment)
        .where(Payment.organization_id == organization_id, Payment.status == status.value)
        .order_by(Payment.listed_on, Payment.first_seen_at, Payment.id)
        .limit(1)
    )
    return list(session.scalars(statement))
