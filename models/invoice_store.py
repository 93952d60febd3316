"""Stores the platform's invoices from a file: adds new ones and updates known ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.base import insert_new
from models.invoices import Invoice

_FIELDS = ("number", "origin", "source_id", "target_id", "total", "currency", "customer")
# Match uses these; the rest is for people.
_LINK_FIELDS = ("number", "origin", "source_id", "target_id")


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice as the file has it; an id is None if the file does not give it."""

    number: str
    origin: str
    source_id: str | None
    target_id: str | None
    total: Decimal
    currency: str
    customer: str

    @property
    def key(self) -> tuple[str, str]:
        """What identifies the invoice: the source's id, else the number among those without one."""
        return ("source_id", self.source_id) if self.source_id else ("number", self.number)


@dataclass(slots=True)
class StoredInvoices:
    """The result of storing; the documents named here are decided again."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    source_ids: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)


def store_invoices(session: Session, organization_id: int, rows: Sequence[InvoiceRow], now: datetime) -> StoredInvoices:
    """Adds or updates each invoice. If the file leaves an id empty that we have found ourselves, ours stays."""
    known = _Known.load(session, organization_id, rows)
    stored = StoredInvoices()
    fresh: list[Mapping[str, Any]] = []
    for row in rows:
        invoice = known.take(row)
        if invoice is None:
            values = {name: getattr(row, name) for name in _FIELDS}
            fresh.append({"organization_id": organization_id, "updated_at": now, **values})
            _note_link(stored, row)
        elif _update(invoice, row, stored):
            invoice.updated_at = now
            stored.changed += 1
        else:
            stored.unchanged += 1
    session.flush()
    # Of two imports of the same file at the same moment, one finds that the other has already added its rows.
    stored.new = insert_new(session, Invoice, fresh)
    stored.unchanged += len(fresh) - stored.new
    return stored


@dataclass(slots=True)
class _Known:
    """The invoices that the rows may mean."""

    by_source_id: dict[str, Invoice]
    unlinked: dict[str, list[Invoice]]
    # Without those that a row names by their id.
    linked: dict[str, list[Invoice]]

    @classmethod
    def load(cls, session: Session, organization_id: int, rows: Sequence[InvoiceRow]) -> "_Known":
        source_ids = {row.source_id for row in rows if row.source_id}
        numbers = {row.number for row in rows}
        statement = (
            select(Invoice)
            .where(Invoice.organization_id == organization_id)
            .where(or_(Invoice.source_id.in_(source_ids), Invoice.number.in_(numbers)))
            .order_by(Invoice.id)
        )
        known = cls({}, {}, {})
        for invoice in session.scalars(statement):
            if invoice.source_id is None:
                known.unlinked.setdefault(invoice.number, []).append(invoice)
            else:
                known.by_source_id[invoice.source_id] = invoice
            if invoice.source_id is not None and invoice.source_id not in source_ids:
                known.linked.setdefault(invoice.number, []).append(invoice)
        return known

    def take(self, row: InvoiceRow) -> Invoice | None:
        """The invoice that this row means.

        A row with an id also means the one unlinked invoice of its number (the file has learned the id since), and a
        row without one also means the one linked invoice of its number (match has found the id since).
        """
        if row.source_id is not None and row.source_id in self.by_source_id:
            return self.by_source_id[row.source_id]
        unlinked = self.unlinked.get(row.number, [])
        if unlinked:
            return unlinked.pop(0)
        linked = self.linked.get(row.number, []) if row.source_id is None else []
        return linked[0] if len(linked) == 1 else None


def _update(invoice: Invoice, row: InvoiceRow, stored: StoredInvoices) -> bool:
    changed = False
    if row.target_id is not None:
        invoice.link_learned = False
    before = InvoiceRow(**{name: getattr(invoice, name) for name in _FIELDS})
    for name in _FIELDS:
        value = getattr(row, name)
        keeps_what_we_found = value is None
        if keeps_what_we_found or getattr(invoice, name) == value:
            continue
        setattr(invoice, name, value)
        changed = True
        if name in _LINK_FIELDS:
            _note_link(stored, before)
            _note_link(stored, row)
    return changed


def _note_link(stored: StoredInvoices, row: InvoiceRow) -> None:
    if row.source_id:
        stored.source_ids.add(row.source_id)
    stored.numbers.add(row.number)
