"""Closing an invoice makes its general ledger entries, opening it takes them away; batches hold them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from sandbox.connectwise.records import Batch, BillingStatus, GlEntry, InvoiceLine, LineKind
from sandbox.connectwise.taxes import level_taxes
from sandbox.connectwise.world import Company, Invoice

# AR, RP and ST are in a published export; the other types are by analogy.
RECEIVABLE, SERVICE, AGREEMENT, TAX = "AR", "R", "RA", "ST"
COST, INVENTORY = "COGS", "INV"
_REVENUE: dict[LineKind, str] = {"product": "RP", "time": SERVICE, "expense": "RE"}
# An export names these one by one; the receivable is its header, and costs are only in its list of ids.
EXPORTED_TYPES = frozenset({SERVICE, AGREEMENT, TAX, *_REVENUE.values()})
ACCOUNTS = {
    RECEIVABLE: ("1200", "Accounts Receivable"),
    SERVICE: ("4000", "Service"),
    AGREEMENT: ("4100", "Agreements"),
    "RP": ("4200", "Products"),
    "RE": ("4300", "Billable Expenses"),
    TAX: ("2200", "Sales Tax"),
    COST: ("5000", "Cost of Goods Sold"),
    INVENTORY: ("1300", "Inventory"),
}

Booking = tuple[str, Decimal, InvoiceLine | None, int]  # type, amount, line, tax level


class StillBatched(ValueError):
    """An invoice that is in a batch cannot be opened: somebody has to take it out first."""


def set_status(company: Company, invoice: Invoice, status: BillingStatus, by: str, at: datetime) -> None:
    was_closed = invoice.closed
    if was_closed and not status.is_closed and invoice.posted:
        raise StillBatched(f"Invoice {invoice.number} is posted: its status cannot be changed.")
    invoice.status = status
    if status.is_closed and not was_closed:
        invoice.closed_at = at
        _make_entries(company, invoice)
    elif was_closed and not status.is_closed:
        invoice.closed_at = None
        _drop_entries(company, invoice)
    company.touch(invoice, by, at)


def book_again(company: Company, invoice: Invoice) -> None:
    """The amounts of a closed invoice have changed: its entries are made anew, unless a batch holds them."""
    if invoice.entries and not invoice.posted:
        _drop_entries(company, invoice)
        _make_entries(company, invoice)


def free_entries(invoice: Invoice) -> list[GlEntry]:
    return [entry for entry in invoice.entries if entry.batch is None]


def batch_named(company: Company, identifier: str) -> Batch | None:
    return next((one for one in company.batches.values() if one.identifier == identifier), None)


def add_batch(company: Company, identifier: str, by: str, at: datetime) -> Batch:
    batch = Batch(company.next_batch_id(), identifier, by, at)
    company.batches[batch.id] = batch
    return batch


def put_into_batch(
    company: Company, batch: Batch, invoice: Invoice, entries: Iterable[GlEntry], by: str, at: datetime
) -> None:
    for entry in entries:
        entry.batch = batch
    invoice.batch = batch
    invoice.unbatched = None
    company.touch(invoice, by, at)


def take_out_of_batch(company: Company, invoice: Invoice, by: str, at: datetime) -> None:
    for entry in invoice.entries:
        entry.batch = None
    invoice.unbatched, invoice.batch = invoice.batch, None
    company.touch(invoice, by, at)


def remove_batch(company: Company, batch: Batch, by: str, at: datetime) -> None:
    """Puts its records back to the unposted ones."""
    del company.batches[batch.id]
    for invoice in company.invoices.values():
        if invoice.batch is batch or any(entry.batch is batch for entry in invoice.entries):
            take_out_of_batch(company, invoice, by, at)


def entries_in(company: Company, batch: Batch) -> list[tuple[Invoice, GlEntry]]:
    return [
        (invoice, entry) for invoice in company.invoices.values() for entry in invoice.entries if entry.batch is batch
    ]


def _make_entries(company: Company, invoice: Invoice) -> None:
    if not invoice.gl_mapped:
        return
    for gl_type, amount, line, tax_level in _bookings(invoice):
        account, description = ACCOUNTS[gl_type]
        if tax_level:
            description = f"Level {tax_level} {description}"
        entry = GlEntry(company.next_entry_id(), gl_type, account, description, amount, line, tax_level)
        invoice.entries.append(entry)
        company.entry_invoices[entry.id] = invoice


def _drop_entries(company: Company, invoice: Invoice) -> None:
    for entry in invoice.entries:
        del company.entry_invoices[entry.id]
    invoice.entries.clear()


def _bookings(invoice: Invoice) -> Iterator[Booking]:
    yield RECEIVABLE, invoice.total, None, 0
    for line in invoice.lines:
        yield _REVENUE[line.kind], -line.amount, line, 0
        if line.cost:
            yield COST, line.cost, line, 0
            yield INVENTORY, -line.cost, line, 0
    base = invoice.agreement_amount
    service = invoice.service_adjustment - invoice.downpayment_applied
    if invoice.type == "Agreement":
        base += invoice.unexplained
    else:
        service += invoice.unexplained
    if base:
        yield AGREEMENT, -base, None, 0
    if service or not (base or invoice.lines):
        yield SERVICE, -service, None, 0
    for one in level_taxes(invoice):
        yield TAX, -one.tax, None, one.number
