"""Payments as lists show them: a page of rows in a handful of queries, whatever the size."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, false, literal, select, tuple_
from sqlalchemy.orm import Session

from domain.reasons import Reason
from domain.status import PaymentStatus
from models.payment_counts import payment_counts
from models.payments import Payment
from models.views.payment_rows import PaymentRow, rows_of
from models.views.payment_search import NEWEST_FIRST, ORDER, found_payments

T = TypeVar("T")
PAGE_SIZE_MAX = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, newest first; `next_before_id` asks for the next page and is None on the last one."""

    rows: tuple[T, ...]
    next_before_id: int | None


def list_payments(
    session: Session,
    organization_id: int,
    *,
    status: PaymentStatus | None = None,
    search: str = "",
    limit: int = 50,
    before_id: int | None = None,
) -> Page[PaymentRow]:
    """The organization's payments, the latest first: by their own date, and within one day in the order they came in.

    Args:
        before_id: the last one of the page before; this page begins after its current place in the list.
        search: part of a customer's name, a reference or an invoice number, or a whole payment id or amount.
    """
    limit = max(1, min(limit, PAGE_SIZE_MAX))
    conditions = []
    if before_id is not None:
        conditions.append(_comes_after(session, organization_id, before_id))
    if status is not None:
        conditions.append(Payment.status == status.value)
    # One more than asked for shows whether there is another page.
    if search.strip():
        found = found_payments(session, organization_id, search.strip(), conditions, limit + 1)
    else:
        statement = select(Payment).where(Payment.organization_id == organization_id, *conditions)
        found = session.scalars(statement.order_by(*NEWEST_FIRST).limit(limit + 1)).all()
    shown = found[:limit]
    return Page(tuple(rows_of(session, shown)), shown[-1].id if len(found) > limit else None)


def _comes_after(session: Session, organization_id: int, payment_id: int) -> ColumnElement[bool]:
    """Nothing comes after a payment that does not exist."""
    place = session.execute(
        select(*ORDER).where(Payment.organization_id == organization_id, Payment.id == payment_id)
    ).one_or_none()
    if place is None:
        return false()
    values = [literal(value, column.type) for value, column in zip(place, ORDER, strict=True)]
    return tuple_(*ORDER) < tuple_(*values)


def count_by_status(session: Session, organization_id: int) -> dict[PaymentStatus, int]:
    """How many payments have each status; includes every status, even at zero."""
    counts = dict.fromkeys(PaymentStatus, 0)
    for (status, _), payments in payment_counts(session, organization_id).items():
        counts[PaymentStatus(status)] += payments
    return counts


def count_by_reason(session: Session, organization_id: int) -> dict[PaymentStatus, dict[Reason, int]]:
    """How many payments have each reason, by status, the largest numbers first; leaves out what none has."""
    counts: dict[PaymentStatus, dict[Reason, int]] = {status: {} for status in PaymentStatus}
    most_first = sorted(payment_counts(session, organization_id).items(), key=lambda one: -one[1])
    for (status, reason), payments in most_first:
        if reason:
            counts[PaymentStatus(status)][Reason(reason)] = payments
    return counts
