"""Parts of payments as they are stored, as far as a decision depends on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.leaving_out import LeftOut
from models.due import DueAllocation
from models.payments import Allocation, Payment, is_own, left_out_by_now


@dataclass(frozen=True, slots=True)
class StoredPart:
    """One part of a payment, as far as a decision depends on it; the attributes are its columns and its payment's.

    Attributes:
        is_own: this platform made the payment itself.
    """

    allocation_id: int
    payment_id: int
    kind: str
    document_id: str
    amount: Decimal
    problem: str | None
    removed: bool
    match_due_at: datetime | None
    state: str
    currency: str | None
    paid_on: date | None
    flaw: str | None
    is_own: bool
    left_out: LeftOut | None


def part_of(due: DueAllocation) -> StoredPart:
    """The part that is due for a decision."""
    allocation, payment = due.allocation, due.payment
    return StoredPart(
        allocation_id=allocation.id,
        payment_id=payment.id,
        kind=allocation.kind,
        document_id=allocation.document_id,
        amount=allocation.amount,
        problem=allocation.problem,
        removed=allocation.removed,
        match_due_at=due.due_at,
        state=payment.state,
        currency=payment.currency,
        paid_on=payment.paid_on,
        flaw=payment.flaw,
        is_own=due.is_own,
        left_out=payment.left_out_now,
    )


def parts_after(
    session: Session, organization_id: int, payment_id: int, payments: int
) -> tuple[Sequence[StoredPart], int | None]:
    """The parts of the organization's next payments after this one, in the order of their ids.

    Returns:
        the parts, and the last of the payments; None if there are no more.
    """
    next_ids = session.scalars(
        select(Payment.id)
        .where(Payment.organization_id == organization_id, Payment.id > payment_id)
        .order_by(Payment.id)
        .limit(payments)
    ).all()
    if not next_ids:
        return (), None
    statement = (
        select(
            Allocation.id,
            Allocation.payment_id,
            Allocation.kind,
            Allocation.document_id,
            Allocation.amount,
            Allocation.problem,
            Allocation.removed,
            Allocation.match_due_at,
            Payment.state,
            Payment.currency,
            Payment.paid_on,
            Payment.flaw,
            is_own(),
            Payment.left_out,
            Payment.left_out_version,
            Payment.version,
            Payment.flawed_version,
        )
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Payment.organization_id == organization_id, Payment.id.between(next_ids[0], next_ids[-1]))
        # PostgreSQL does not conclude it by itself, and would read all parts there are.
        .where(Allocation.payment_id.between(next_ids[0], next_ids[-1]))
        .order_by(Payment.id, Allocation.id)
    )
    # More columns than the driver's types can count.
    rows: Iterable[Sequence[Any]] = session.execute(statement)
    return [_stored_part(*row) for row in rows], next_ids[-1]


def _stored_part(*row: Any) -> StoredPart:
    *values, left_out, seen, version, flawed_version = row
    values.append(left_out_by_now(left_out, seen, version, flawed_version))
    return StoredPart(*values)
