"""Payments as lists show them: a page of rows in a handful of queries, whatever the size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from domain.payment_order import PaymentOrder
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.payment_counts import payment_counts
from models.payments import Payment
from models.views.payment_filter import PaymentFilter, columns_of, comes_after, sorted_by
from models.views.payment_rows import PaymentRow, rows_of
from models.views.payment_search import found_payments

T = TypeVar("T")
PAGE_SIZE_MAX = 500
EVERY_PAYMENT = PaymentFilter()


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, newest first; `next_before_id` asks for the next page and is None on the last one."""

    rows: tuple[T, ...]
    next_before_id: int | None


def list_payments(
    session: Session,
    organization_id: int,
    wanted: PaymentFilter = EVERY_PAYMENT,
    *,
    order: PaymentOrder = PaymentOrder.NEWEST,
    limit: int = 50,
    before_id: int | None = None,
) -> Page[PaymentRow]:
    """The organization's payments; if not said otherwise, the latest first: by their own date, then as they came in.

    Args:
        before_id: the last one of the page before; this page begins after its current place in the list.
    """
    found, next_id = _found(session, organization_id, wanted, order, max(1, min(limit, PAGE_SIZE_MAX)), before_id)
    return Page(tuple(rows_of(session, found)), next_id)


def ids_of_payments(session: Session, organization_id: int, wanted: PaymentFilter, limit: int) -> list[str]:
    """The ids in the source of those that the filter shows, the latest first."""
    found, _ = _found(session, organization_id, wanted, PaymentOrder.NEWEST, limit, None)
    return [payment.external_id for payment in found]


def _found(
    session: Session,
    organization_id: int,
    wanted: PaymentFilter,
    order: PaymentOrder,
    limit: int,
    before_id: int | None,
) -> tuple[Sequence[Payment], int | None]:
    """So many payments, and the id of the last one if there are more."""
    conditions = wanted.of_columns()
    if before_id is not None:
        conditions.append(_comes_after(session, organization_id, order, before_id))
    # One more than asked for shows whether there is another page.
    if wanted.search or wanted.customer or wanted.invoice:
        found = found_payments(session, organization_id, wanted, order, conditions, limit + 1)
    else:
        statement = select(Payment).where(Payment.organization_id == organization_id, *conditions)
        found = session.scalars(statement.order_by(*sorted_by(order, columns_of(order))).limit(limit + 1)).all()
    shown = found[:limit]
    return shown, shown[-1].id if len(found) > limit else None


def _comes_after(session: Session, organization_id: int, order: PaymentOrder, payment_id: int) -> ColumnElement[bool]:
    """Nothing comes after a payment that does not exist."""
    place = session.execute(
        select(*columns_of(order)).where(Payment.organization_id == organization_id, Payment.id == payment_id)
    ).one_or_none()
    return false() if place is None else comes_after(order, place)


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
