"""The platform's invoices as lists show them: filters, an order, a page of rows, and counts by outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal, select, tuple_
from sqlalchemy.orm import Session

from domain.comparing.outcomes import InvoiceOrder, Outcome, Owed
from domain.preferences import InvoiceOrigin
from models.connections import Role, connection_in_role
from models.invoices import Invoice, SourceInvoiceRow

PAGE_SIZE_MAX = 500
# Counting goes no further: "10,000 or more" is enough for a person.
COUNT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """What a list shows; whatever is empty leaves nothing out.

    Attributes:
        search: part of the number, or a whole id in one of the two systems.
        customer: part of the customer's name.
    """

    outcome: Outcome | None = None
    owed: Owed | None = None
    origin: InvoiceOrigin | None = None
    search: str = ""
    customer: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice.

    Attributes:
        balance: at the source, as it told us last; None if it has not.
        version: of the source's invoice, as it told us last.
        difference: by how much the source's balance was above the target's at `compared_at`.
    """

    id: int
    organization_id: int
    number: str
    customer: str
    origin: InvoiceOrigin
    source_id: str | None
    target_id: str | None
    total: Decimal
    currency: str
    owed: Owed
    balance: Decimal | None
    version: int | None
    outcome: Outcome
    difference: Decimal | None
    compared_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class InvoicePage:
    rows: tuple[InvoiceRow, ...]
    has_more: bool


def list_invoices(
    session: Session,
    organization_id: int,
    chosen: InvoiceFilter,
    *,
    order: InvoiceOrder = InvoiceOrder.NUMBER,
    limit: int = 50,
    offset: int = 0,
    after_id: int | None = None,
) -> InvoicePage:
    """A page of the organization's invoices.

    Args:
        after_id: the last one of the page before; this page begins after its current place in the list.
    """
    limit = max(1, min(limit, PAGE_SIZE_MAX))
    books = _books_of(session, organization_id)
    statement = (
        select(Invoice, SourceInvoiceRow)
        .outerjoin(SourceInvoiceRow, _same_document(books))
        .where(*_conditions(organization_id, chosen))
        .order_by(*_sorted_by(order))
        .limit(limit + 1)
        .offset(offset)
    )
    if after_id is not None:
        statement = statement.where(_comes_after(session, organization_id, order, after_id))
    found = [_row(invoice, picture) for invoice, picture in session.execute(statement)]
    return InvoicePage(tuple(found[:limit]), len(found) > limit)


def count_invoices(session: Session, organization_id: int, chosen: InvoiceFilter) -> int:
    """How many invoices the filter shows, but no more than COUNT_MAX."""
    statement = select(Invoice.id)
    if chosen.owed is not None:
        statement = statement.outerjoin(SourceInvoiceRow, _same_document(_books_of(session, organization_id)))
    some = statement.where(*_conditions(organization_id, chosen)).limit(COUNT_MAX).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def count_by_outcome(session: Session, organization_id: int) -> Mapping[Outcome, int]:
    """How many of the organization's invoices have each outcome; includes every outcome, even at zero."""
    statement = (
        select(Invoice.compared_as, func.count())
        .where(Invoice.organization_id == organization_id)
        .group_by(Invoice.compared_as)
    )
    counts = {_outcome(stored): count for stored, count in session.execute(statement)}
    return {outcome: counts.get(outcome, 0) for outcome in Outcome}


def invoice_row(session: Session, organization_id: int, invoice_id: int) -> InvoiceRow | None:
    """One invoice of the organization; None if it has no such invoice."""
    books = _books_of(session, organization_id)
    found = session.execute(
        select(Invoice, SourceInvoiceRow)
        .outerjoin(SourceInvoiceRow, _same_document(books))
        .where(Invoice.organization_id == organization_id, Invoice.id == invoice_id)
    ).one_or_none()
    return None if found is None else _row(*found)


def ids_with_number(session: Session, organization_id: int, number: str) -> Sequence[int]:
    """The organization's invoices with exactly this number, the oldest record first."""
    statement = select(Invoice.id).where(Invoice.organization_id == organization_id, Invoice.number == number)
    return session.scalars(statement.order_by(Invoice.id)).all()


_ORDERS: Mapping[InvoiceOrder, Sequence[ColumnElement[Any]]] = {
    InvoiceOrder.NUMBER: (Invoice.number.expression, Invoice.id.expression),
    InvoiceOrder.CUSTOMER: (Invoice.customer.expression, Invoice.id.expression),
    InvoiceOrder.TOTAL: (Invoice.total.expression, Invoice.id.expression),
    InvoiceOrder.NEWEST: (Invoice.id.expression,),
}
_DOWNWARDS = frozenset({InvoiceOrder.TOTAL, InvoiceOrder.NEWEST})


def _sorted_by(order: InvoiceOrder) -> list[ColumnElement[Any]]:
    columns = _ORDERS[order]
    return [column.desc() for column in columns] if order in _DOWNWARDS else list(columns)


def _comes_after(session: Session, organization_id: int, order: InvoiceOrder, invoice_id: int) -> ColumnElement[bool]:
    """Nothing comes after an invoice that does not exist."""
    columns = _ORDERS[order]
    place = session.execute(
        select(*columns).where(Invoice.organization_id == organization_id, Invoice.id == invoice_id)
    ).one_or_none()
    if place is None:
        return false()
    there = tuple_(*(literal(value, column.type) for column, value in zip(columns, place, strict=True)))
    return tuple_(*columns) < there if order in _DOWNWARDS else tuple_(*columns) > there


def _books_of(session: Session, organization_id: int) -> int | None:
    source = connection_in_role(session, organization_id, Role.SOURCE)
    return None if source is None else source.id


def _same_document(connection_id: int | None) -> ColumnElement[bool]:
    return and_(SourceInvoiceRow.connection_id == connection_id, SourceInvoiceRow.external_id == Invoice.source_id)


def _conditions(organization_id: int, chosen: InvoiceFilter) -> list[ColumnElement[bool]]:
    conditions = [Invoice.organization_id == organization_id]
    if chosen.outcome is not None:
        conditions.append(Invoice.compared_as == chosen.outcome.stored)
    if chosen.origin is not None:
        conditions.append(Invoice.origin == chosen.origin.value)
    if chosen.customer:
        conditions.append(_contains(Invoice.customer, chosen.customer))
    if chosen.search:
        ids = (Invoice.source_id == chosen.search) | (Invoice.target_id == chosen.search)
        conditions.append(_contains(Invoice.number, chosen.search) | ids)
    if chosen.owed is not None:
        conditions.append(_IS_OWED[chosen.owed])
    return conditions


_IS_OWED: Mapping[Owed, ColumnElement[bool]] = {
    Owed.OPEN: and_(~SourceInvoiceRow.deleted, SourceInvoiceRow.balance != Decimal(0)),
    Owed.PAID: and_(~SourceInvoiceRow.deleted, SourceInvoiceRow.balance == Decimal(0)),
    Owed.UNKNOWN: SourceInvoiceRow.id.is_(None),
    Owed.DELETED: SourceInvoiceRow.deleted.is_(True),
}


def _contains(column: ColumnElement[str] | object, part: str) -> ColumnElement[bool]:
    return func.lower(column).contains(part.lower(), autoescape=True)


def _outcome(stored: str) -> Outcome:
    return Outcome(stored) if stored else Outcome.NOT_COMPARED


def _row(invoice: Invoice, picture: SourceInvoiceRow | None) -> InvoiceRow:
    return InvoiceRow(
        id=invoice.id,
        organization_id=invoice.organization_id,
        number=invoice.number,
        customer=invoice.customer,
        origin=InvoiceOrigin(invoice.origin),
        source_id=invoice.source_id,
        target_id=invoice.target_id,
        total=invoice.total,
        currency=invoice.currency,
        owed=_owed(picture),
        balance=None if picture is None or picture.deleted else picture.balance,
        version=None if picture is None else picture.version,
        outcome=_outcome(invoice.compared_as),
        difference=invoice.difference,
        compared_at=invoice.compared_at,
        updated_at=invoice.updated_at,
    )


def _owed(picture: SourceInvoiceRow | None) -> Owed:
    if picture is None:
        return Owed.UNKNOWN
    if picture.deleted:
        return Owed.DELETED
    return Owed.PAID if picture.balance == 0 else Owed.OPEN
