"""Finds the payments of a search: part of a customer's name, a reference or an invoice number; a whole id or amount.

There are two ways to ask, one after the other. What fits many payments fits some of the latest ones, so those are read
from the list itself. What fits few is found through the indexes of `models/search_indexes.py`. Either way alone would
be slow where the other is fast; both compare the same texts in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    table,
    union,
    union_all,
)
from sqlalchemy.orm import Session

from domain.payment_order import PaymentOrder
from domain.records import AllocationKind
from models.base import Base
from models.connections import Connection
from models.invoices import Invoice, SourceInvoiceRow
from models.payments import Allocation, Payment
from models.search_indexes import CHARACTERS_MIN, is_search_indexed, pieces_of, search_table
from models.views.payment_filter import PaymentFilter, columns_of, sorted_by

# How many of the latest payments are read first. More of them where the indexes do not help: then all come next.
LATEST = 1_000
LATEST_WITHOUT_INDEX = 20_000

Conditions = Sequence[ColumnElement[bool]]


class Where(StrEnum):
    """Where the text is looked for."""

    ANYWHERE = "anywhere"
    CUSTOMER = "customer"
    INVOICE = "invoice"


def found_payments(
    session: Session,
    organization_id: int,
    wanted: PaymentFilter,
    order: PaymentOrder,
    conditions: Conditions,
    limit: int,
) -> Sequence[Payment]:
    """The first payments of the organization, in this order, that have the texts of the filter.

    Args:
        conditions: what else has to be so of a payment.
    """
    texts = ((Where.ANYWHERE, wanted.search), (Where.CUSTOMER, wanted.customer), (Where.INVOICE, wanted.invoice))
    first, *others = [
        _Search(session, organization_id, text, where, wanted.amount_in_search, order, conditions)
        for where, text in texts
        if text
    ]
    # One text is found through an index; the others are compared in what it finds.
    asked = replace(first, conditions=[*conditions, *(one.fits() for one in others)])
    in_order = sorted_by(order, columns_of(order))
    if order is PaymentOrder.NEWEST:
        found = session.scalars(asked.among_the_latest().order_by(*in_order).limit(limit)).all()
        if len(found) == limit:
            return found
    return session.scalars(asked.by_index(limit).order_by(*in_order)).all()


@dataclass
class _Search:
    session: Session
    organization_id: int
    search: str
    where: Where
    amount: Decimal | None
    order: PaymentOrder
    conditions: Conditions

    def among_the_latest(self) -> Select[Payment]:
        here = Payment.organization_id == self.organization_id
        how_many = LATEST if self._is_indexed else LATEST_WITHOUT_INDEX
        newest_first = sorted_by(self.order, columns_of(self.order))
        latest = select(Payment.id).where(here, *self.conditions).order_by(*newest_first).limit(how_many).subquery()
        return select(Payment).join(latest, latest.c.id == Payment.id).where(self.fits())

    def fits(self) -> ColumnElement[bool]:
        """Whether a payment has the text, asked of each one; no index is needed."""
        match self.where:
            case Where.CUSTOMER:
                return self._has(Payment.customer_name)
            case Where.INVOICE:
                return or_(*self._numbered_here())
            case Where.ANYWHERE:
                return or_(*self._own_texts, *self._own_values, *self._numbered_here())

    def _numbered_here(self) -> Conditions:
        of_payment = [*self._pays_an_invoice, Allocation.payment_id == Payment.id]
        in_source = [
            SourceInvoiceRow.external_id == Allocation.document_id,
            SourceInvoiceRow.connection_id.in_(self._connections),
            self._has(SourceInvoiceRow.number),
        ]
        in_platform = [
            Invoice.source_id == Allocation.document_id,
            Invoice.organization_id == self.organization_id,
            self._has(Invoice.number),
        ]
        return [exists().where(*of_payment, *number) for number in (in_source, in_platform)]

    def by_index(self, limit: int) -> Select[Payment]:
        """Asks one question for each index: no database uses several of them for one question."""
        here = self._less_than_an_index(Payment.organization_id) == self.organization_id
        columns = columns_of(self.order)
        found = union(*(select(*columns).where(here, *one, *self.conditions) for one in self._ways())).subquery()
        first = select(found.c.id).order_by(*sorted_by(self.order, [found.c[one.key] for one in columns])).limit(limit)
        return select(Payment).where(Payment.id.in_(first))

    def _ways(self) -> list[Conditions]:
        """The conditions under which a payment has the text, one for each index."""
        names = {Where.CUSTOMER: (Payment.customer_name,), Where.INVOICE: ()}
        texts = names.get(self.where, (Payment.customer_name, Payment.reference))
        ways: list[Conditions] = []
        if texts:
            ways.append((*self._in_index(Payment), or_(*map(self._has_by_index, texts))))
        if self.where is not Where.CUSTOMER:
            ways.append((Payment.id.in_(self._numbered()),))
        if self.where is Where.ANYWHERE:
            ways += [(value,) for value in self._own_values]
        return ways

    # --- what fits ---

    @property
    def _own_texts(self) -> Conditions:
        return [self._has(Payment.customer_name), self._has(Payment.reference)]

    @property
    def _own_values(self) -> Conditions:
        # Their indexes begin with the connection and the organization.
        id_ = Payment.connection_id.in_(self._connections) & (Payment.external_id == self.search)
        if self.amount is None:
            return [id_]
        return [id_, (Payment.organization_id == self.organization_id) & (Payment.live_total == self.amount)]

    @property
    def _pays_an_invoice(self) -> Conditions:
        return [Allocation.organization_id == self.organization_id, Allocation.kind == AllocationKind.INVOICE.value]

    def _numbered(self) -> Select[int]:
        """The payments of invoices whose number fits: the number in the source, or the platform's."""
        in_source = select(SourceInvoiceRow.external_id).where(
            *self._in_index(SourceInvoiceRow),
            self._less_than_an_index(SourceInvoiceRow.connection_id).in_(self._connections),
            self._has_by_index(SourceInvoiceRow.number),
        )
        in_platform = select(Invoice.source_id).where(
            *self._in_index(Invoice),
            self._less_than_an_index(Invoice.organization_id) == self.organization_id,
            self._has_by_index(Invoice.number),
            Invoice.source_id.is_not(None),
        )
        documents: Any = union_all(in_source, in_platform)
        return select(Allocation.payment_id).where(*self._pays_an_invoice, Allocation.document_id.in_(documents))

    @cached_property
    def _connections(self) -> Sequence[int]:
        ours = select(Connection.id).where(Connection.organization_id == self.organization_id)
        return self.session.scalars(ours).all()

    def _has(self, text: Any) -> ColumnElement[bool]:
        return func.lower(text).contains(self._part, autoescape=True)

    @cached_property
    def _part(self) -> str:
        return self.search.lower()

    # --- the indexes of texts: PostgreSQL's stand behind LIKE, SQLite's are tables that have to be asked ---

    def _has_by_index(self, text: Any) -> ColumnElement[bool]:
        """The same as `_has`; PostgreSQL looks for no more pieces in its index than it has to."""
        if not self._is_indexed or self._asks_tables:
            return self._has(text)
        lower = func.lower(text)
        pieces = [lower.contains(piece, autoescape=True) for piece in pieces_of(self._part)]
        return and_(*pieces, func.strpos(lower, self._part) > 0)

    @cached_property
    def _is_indexed(self) -> bool:
        return len(self._part) >= CHARACTERS_MIN and is_search_indexed(self.session)

    @cached_property
    def _asks_tables(self) -> bool:
        return self._is_indexed and self.session.get_bind().dialect.name == "sqlite"

    def _in_index(self, of_table: type[Base]) -> Conditions:
        if not self._asks_tables:
            return []
        name = search_table(of_table.__tablename__)
        rows = select(table(name, column("rowid")).c.rowid)
        wanted = " AND ".join('"' + piece.replace('"', '""') + '"' for piece in pieces_of(self._part))
        return [of_table.__table__.c.id.in_(rows.where(literal_column(name, String).op("MATCH")(wanted)))]

    def _less_than_an_index(self, of_column: Any) -> ColumnElement[Any]:
        """The column as SQLite looks for no index by it: it would prefer any to the table of texts."""
        if self._asks_tables:
            return literal_column(f"+{of_column.class_.__tablename__}.{of_column.key}", BigInteger)
        same: ColumnElement[Any] = of_column.expression
        return same
