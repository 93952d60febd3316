"""Invoice import: the platform's invoices from a file, so that match knows them, their origin and their links.

Called by: the command line.
Does: reads the rows, stores them in chunks of short transactions, and makes the payments of invoices whose link is new
or has changed due for match.
If it dies here: the earlier chunks stay; importing the file again changes only the missing rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, TextIO

import structlog
from sqlalchemy.orm import Session

from domain.activity import ActivityKind
from models.connections import Role, connection_in_role
from models.invoice_store import InvoiceRow, StoredInvoices, store_invoices
from models.invoices import source_ids_with_number
from models.payments import match_documents_again
from tasks.context import Context, Step
from tasks.new_facts import hold_steps
from usecases.activity import note
from usecases.invoice_file import text_of
from usecases.invoice_rows import BadRow, GoodRow, read_rows

log = structlog.get_logger()

ROWS_PER_TRANSACTION = 500


@dataclass(frozen=True, slots=True)
class ImportReport:
    new: int
    changed: int
    unchanged: int
    bad: tuple[BadRow, ...]


def import_invoice_file(context: Context, organization_id: int, file: BinaryIO) -> ImportReport:
    """Imports the good rows of a CSV file in UTF-8 or UTF-16 and lists the bad ones."""
    text = text_of(file)
    if isinstance(text, BadRow):
        return ImportReport(0, 0, 0, (text,))
    return import_invoices(context, organization_id, text)


def import_invoices(context: Context, organization_id: int, text: TextIO) -> ImportReport:
    """Imports the good rows and lists the bad ones.

    Args:
        text: CSV, whose first non-empty line names the columns.
    """
    bad: list[BadRow] = []
    new = changed = unchanged = 0
    touched = False
    for rows in _chunks(read_rows(text), bad):
        stored = _store(context, organization_id, rows)
        new, changed, unchanged = new + stored.new, changed + stored.changed, unchanged + stored.unchanged
        touched = touched or bool(stored.source_ids or stored.numbers)
    if new or changed:
        with context.database.writing() as session:
            about = f"{new} new, {changed} changed"
            note(context, session, organization_id, ActivityKind.INVOICES_IMPORTED, about=about)
    log.info("invoices.imported", organization_id=organization_id, new=new, changed=changed, bad=len(bad))
    if touched:
        context.nudge(Step.MATCH, organization_id)
    return ImportReport(new, changed, unchanged, tuple(bad))


def _chunks(rows: Iterator[GoodRow | BadRow], bad: list[BadRow]) -> Iterator[list[InvoiceRow]]:
    chunk: list[InvoiceRow] = []
    for one in rows:
        if isinstance(one, BadRow):
            bad.append(one)
            continue
        chunk.append(one.row)
        if len(chunk) == ROWS_PER_TRANSACTION:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _store(context: Context, organization_id: int, rows: list[InvoiceRow]) -> StoredInvoices:
    now = context.clock.now()
    with context.database.writing() as session:
        hold_steps(session, organization_id)
        stored = store_invoices(session, organization_id, rows, now)
        documents = stored.source_ids | _documents_with(session, organization_id, stored.numbers)
        if documents:
            match_documents_again(session, organization_id, documents, now)
    return stored


def _documents_with(session: Session, organization_id: int, numbers: set[str]) -> set[str]:
    """The source's ids of the invoices with these numbers, if a payment has ever named them."""
    source = connection_in_role(session, organization_id, Role.SOURCE)
    return set(source_ids_with_number(session, source.id, numbers)) if source is not None and numbers else set()
