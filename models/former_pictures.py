"""What a payment said before each change: kept when a newer picture replaces it, and never changed.

So a payment that never changed costs nothing, and what was known at any moment is the first picture that was replaced
later, or else the payment as it is.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, BigId, ExactAmount, Json, UtcTime
from models.payments import Payment


class FormerPicture(Base):
    __tablename__ = "former_picture"
    __table_args__ = (Index("ix_former_picture_payment_id", "payment_id", "replaced_at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    replaced_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int]
    flaw: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10))
    paid_on: Mapped[date | None]
    total: Mapped[Decimal] = mapped_column(ExactAmount)
    currency: Mapped[str | None] = mapped_column(String(3))
    # Of each part its id, amount, problem, and whether it was removed from the payment.
    parts: Mapped[list[list[Any]]] = mapped_column(Json)


@dataclass(frozen=True, slots=True)
class PartPicture:
    amount: Decimal
    problem: str | None
    removed: bool


@dataclass(frozen=True, slots=True)
class PaymentPicture:
    """What a payment said at a moment.

    Attributes:
        parts: by the id of the allocation; one that came later is not there.
    """

    version: int
    flaw: str | None
    state: str
    paid_on: date | None
    total: Decimal
    currency: str | None
    parts: dict[int, PartPicture]


def former_picture(row: Payment, now: datetime) -> FormerPicture:
    """The payment as it is, before a newer picture replaces it."""
    parts = [[one.id, str(one.amount), one.problem, one.removed] for one in row.allocations]
    return FormerPicture(
        payment_id=row.id,
        replaced_at=now,
        version=row.version,
        flaw=row.flaw,
        state=row.state,
        paid_on=row.paid_on,
        total=row.total,
        currency=row.currency,
        parts=parts,
    )


def picture_at(session: Session, payment_id: int, at: datetime) -> PaymentPicture:
    """What the payment said at this moment; we must have known it by then."""
    replaced_later = select(FormerPicture).where(FormerPicture.payment_id == payment_id, FormerPicture.replaced_at > at)
    former = session.scalar(replaced_later.order_by(FormerPicture.replaced_at, FormerPicture.id).limit(1))
    kept = former if former is not None else former_picture(session.get_one(Payment, payment_id), at)
    parts = {
        allocation_id: PartPicture(Decimal(amount), problem, removed)
        for allocation_id, amount, problem, removed in kept.parts
    }
    return PaymentPicture(kept.version, kept.flaw, kept.state, kept.paid_on, kept.total, kept.currency, parts)
