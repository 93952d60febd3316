"""One invoice with what both systems said when they were read last, and with what we have heard since."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.comparing.comparison import Comparison, compare
from domain.comparing.pairing import rows_of_one_side
from domain.comparing.rows import Row
from domain.comparing.sides import BothSides, KnownPart, NotRead, WhyNotRead
from models.billed_invoices import BilledInvoiceRow
from models.comparisons import stored_sides
from models.connections import Role, connection_in_role
from models.invoice_facts import known_parts
from models.views.invoice_list import InvoiceRow, invoice_row

_NOT_YET = NotRead(WhyNotRead.NO_ANSWER)


@dataclass(frozen=True, slots=True)
class Reading:
    """What both systems said.

    Attributes:
        is_old: we have heard of a change since then, so they may say something else by now.
    """

    sides: BothSides
    comparison: Comparison
    is_old: bool


@dataclass(frozen=True, slots=True)
class InvoiceStory:
    """One invoice.

    Attributes:
        reading: None if both systems have never been read for it.
        stored_rows: the payments that we have heard of; compares nothing.
        billed_id: the Sync Tool's record of the invoice, if it has one.
    """

    row: InvoiceRow
    reading: Reading | None
    stored_rows: tuple[Row, ...]
    billed_id: int | None

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.stored_rows if self.reading is None else self.reading.comparison.rows

    @property
    def currency(self) -> str | None:
        """Of all amounts of both systems, if they agree about it."""
        read = None if self.reading is None else self.reading.comparison.currency
        return read or self.row.currency or None

    @property
    def known_ids(self) -> frozenset[str]:
        """The payments that we have a story of."""
        known = [part for row in (*self.rows, *self.stored_rows) for part in row.known]
        return frozenset(part.payment_id for part in known)


def invoice_story(session: Session, organization_id: int, invoice_id: int) -> InvoiceStory | None:
    """The invoice with its last reading; None if the organization has no such invoice."""
    row = invoice_row(session, organization_id, invoice_id)
    if row is None:
        return None
    known = known_parts(session, organization_id, row.source_id, row.target_id)
    sides = stored_sides(session, organization_id, invoice_id)
    return InvoiceStory(
        row=row,
        reading=None if sides is None else Reading(sides, compare(sides), _is_old(session, row, sides, known)),
        stored_rows=rows_of_one_side(_NOT_YET, _NOT_YET, known),
        billed_id=_billed_id(session, organization_id, row),
    )


def _is_old(session: Session, row: InvoiceRow, sides: BothSides, known: tuple[KnownPart, ...]) -> bool:
    source, target = sides.source, sides.target
    if isinstance(source, NotRead) or isinstance(target, NotRead):
        return False
    source_id, target_id = source.invoice.external_id, target.invoice.external_id
    if row.source_id not in (None, source_id) or row.target_id not in (None, target_id):
        return True
    if row.version is not None and row.version > source.invoice.version:
        return True
    if (row.source_id, row.target_id) != (source_id, target_id):
        known = known_parts(session, row.organization_id, source_id, target_id)
    return known != sides.known


def _billed_id(session: Session, organization_id: int, row: InvoiceRow) -> int | None:
    billed = select(BilledInvoiceRow.id).where(BilledInvoiceRow.organization_id == organization_id)
    if row.source_id is not None:
        found = session.scalar(billed.where(BilledInvoiceRow.books_id == row.source_id))
        if found is not None:
            return found
    target = connection_in_role(session, organization_id, Role.TARGET)
    if target is None or row.target_id is None:
        return None
    by_target = billed.where(BilledInvoiceRow.connection_id == target.id, BilledInvoiceRow.external_id == row.target_id)
    return session.scalar(by_target)
