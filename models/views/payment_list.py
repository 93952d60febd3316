"""Payments as lists show them: a page of rows in a handful of queries, whatever the size."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, CompoundSelect, false, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from domain.money import is_storable
from domain.records import AllocationKind
from domain.status import PaymentStatus
from models.connections import Connection
from models.invoices import Invoice, SourceInvoiceRow
from models.payment_counts import payment_counts
from models.payments import Allocation, Payment
from models.views.payment_rows import PaymentRow, rows_of

T = TypeVar("T")
PAGE_SIZE_MAX = 500
# In the index's order; the id only separates two that arrived at the same moment.
_ORDER = (Payment.listed_on, Payment.first_seen_at, Payment.id)


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
    statement = select(Payment).where(Payment.organization_id == organization_id)
    if before_id is not None:
        statement = statement.where(_comes_after(session, organization_id, before_id))
    if search.strip():
        statement = statement.where(_matches(organization_id, search.strip()))
    if status is not None:
        statement = statement.where(Payment.status == status.value)
    # One more than asked for shows whether there is another page.
    newest_first = (column.desc() for column in _ORDER)
    found = session.scalars(statement.order_by(*newest_first).limit(limit + 1)).all()
    shown = found[:limit]
    return Page(tuple(rows_of(session, shown)), shown[-1].id if len(found) > limit else None)


def _comes_after(session: Session, organization_id: int, payment_id: int) -> ColumnElement[bool]:
    """Nothing comes after a payment that does not exist."""
    place = session.execute(
        select(*_ORDER).where(Payment.organization_id == organization_id, Payment.id == payment_id)
    ).one_or_none()
    if place is None:
        return false()
    values = [literal(value, column.type) for value, column in zip(place, _ORDER, strict=True)]
    return tuple_(*_ORDER) < tuple_(*values)


def count_by_status(session: Session, organization_id: int) -> dict[PaymentStatus, int]:
    """How many payments have each status; includes every status, even at zero."""
    counts = payment_counts(session, organization_id)
    return {status: counts.get(status.value, 0) for status in PaymentStatus}


def _matches(organization_id: int, search: str) -> ColumnElement[bool]:
    part = search.lower()
    found_number = func.lower(SourceInvoiceRow.number).contains(part, autoescape=True)
    # Numbers first, and the payments from there: the other way round every payment costs two look-ups.
    documents: CompoundSelect[Any] = union_all(
        select(SourceInvoiceRow.external_id)
        .join(Connection, Connection.id == SourceInvoiceRow.connection_id)
        .where(Connection.organization_id == organization_id, found_number),
        select(Invoice.source_id).where(
            Invoice.organization_id == organization_id,
            Invoice.source_id.is_not(None),
            func.lower(Invoice.number).contains(part, autoescape=True),
        ),
    )
    numbered = select(Allocation.payment_id).where(
        Allocation.organization_id == organization_id,
        Allocation.kind == AllocationKind.INVOICE.value,
        Allocation.document_id.in_(documents),
    )
    found = [
        Payment.external_id == search,
        func.lower(Payment.customer_name).contains(part, autoescape=True),
        func.lower(Payment.reference).contains(part, autoescape=True),
        Payment.id.in_(numbered),
    ]
    amount = _amount_in(search)
    return or_(*found, Payment.live_total == amount) if amount is not None else or_(*found)


def _amount_in(search: str) -> Decimal | None:
    try:
        amount = Decimal(search.replace(",", ""))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and is_storable(amount) else None
