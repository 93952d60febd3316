"""Operations of a test or demo on an invoice's way into the books: lines, closing, batches of other people."""

from decimal import Decimal
from typing import Any, TypedDict, Unpack, get_args

from sandbox.connectwise import booking
from sandbox.connectwise.operations import DEFAULT_PERSON, InvoiceChanges, Money, Operations
from sandbox.connectwise.records import (
    LINE_KINDS,
    ZERO,
    InvoiceLine,
    LineKind,
    TaxCode,
    TaxLevel,
    status_named,
    to_cents,
)
from sandbox.connectwise.taxes import tax_on_lines
from sandbox.connectwise.truth import BatchTruth
from sandbox.connectwise.world import PlannedBatch

# The API member of another product that copies invoices into the books.
SECOND_TOOL = "wisesync"
# The answers after which somebody else can be quicker than we are.
AFTER = ("gl_entries", "unposted", "export")
_CODE_LENGTH = 8
_MOST_LEVELS = 6
_ITEMS: dict[LineKind, str] = {"product": "MISC", "time": "Remote Support", "expense": "Mileage"}


class LineFields(TypedDict, total=False):
    """What a line may have besides its price and quantity.

    `amount` is for a line that bills something else than quantity times price.
    """

    amount: Money
    taxable: bool
    item: str
    cost: Money


class BillingOperations(Operations):
    def add_tax_code(
        self, identifier: str, levels: list[dict[str, Any]] | None = None, *, company_id: str | None = None
    ) -> None:
        """Adds or replaces a tax code; a level has a rate ("0.0825"), and may have xref, agency and applies_to."""
        with self.lock:
            company = self._company(company_id)
            if len(identifier) > _CODE_LENGTH:
                raise ValueError(f"The identifier of a tax code has at most {_CODE_LENGTH} characters.")
            if len(levels or ()) > _MOST_LEVELS:
                raise ValueError(f"A tax code has at most {_MOST_LEVELS} levels.")
            read = tuple(_tax_level(**level) for level in levels or [{"rate": 0}])
            company.tax_codes[identifier] = TaxCode(company.id_of("tax_code", identifier), identifier, read)

    def add_line(
        self,
        invoice_id: int,
        kind: LineKind,
        description: str,
        unit_price: Money,
        quantity: Money = 1,
        *,
        company_id: str | None = None,
        **fields: Unpack[LineFields],
    ) -> int:
        """Adds a line to an open invoice, which then bills its amount and its tax too; returns the line's id."""
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            if kind not in get_args(LineKind):
                raise ValueError(f"A line is one of {', '.join(get_args(LineKind))}, not {kind!r}.")
            if invoice.closed:
                raise ValueError(f"Invoice {invoice.number} is closed.")
            billed = to_cents(fields.get("amount", Decimal(quantity) * Decimal(unit_price)))
            before = tax_on_lines(invoice)
            line = InvoiceLine(
                id=company.next_line_id(),
                kind=kind,
                description=description,
                quantity=Decimal(quantity),
                unit_price=Decimal(unit_price),
                amount=billed,
                taxable=fields.get("taxable", False),
                item=fields.get("item", _ITEMS[kind]),
                cost=to_cents(fields.get("cost", 0)),
            )
            invoice.lines.append(line)
            tax = tax_on_lines(invoice) - before
            invoice.sales_tax += tax
            invoice.total += billed + tax
            company.touch(invoice, DEFAULT_PERSON, self.clock())
            return line.id

    def set_status(
        self, invoice_id: int, status: str, *, company_id: str | None = None, person: str = DEFAULT_PERSON
    ) -> None:
        """A person sets the billing status by its name; a closed one closes the invoice, an open one opens it."""
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            booking.set_status(company, invoice, status_named(status), person, self.clock())

    def close_invoice(self, invoice_id: int, *, company_id: str | None = None, person: str = DEFAULT_PERSON) -> None:
        self.set_status(invoice_id, "Closed", company_id=company_id, person=person)

    def reopen_invoice(self, invoice_id: int, *, company_id: str | None = None, person: str = DEFAULT_PERSON) -> None:
        """Opens the invoice, which takes its entries away; an invoice in a batch has to leave it first."""
        self.set_status(invoice_id, "GL Reload", company_id=company_id, person=person)

    def batch_invoice(
        self,
        invoice_id: int,
        identifier: str | None = None,
        *,
        company_id: str | None = None,
        person: str = DEFAULT_PERSON,
        first_entries: int | None = None,
    ) -> int:
        """A person or a second tool puts the invoice, or only its first entries, into a batch; returns its id."""
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            name = identifier or f"M-{invoice.number}"
            free = booking.free_entries(invoice)[:first_entries]
            if not free:
                raise ValueError(f"Invoice {invoice.number} has no entries that could be batched.")
            at = self.clock()
            batch = booking.batch_named(company, name) or booking.add_batch(company, name, person, at)
            booking.put_into_batch(company, batch, invoice, free, person, at)
            return batch.id

    def batch_after_next_read(
        self,
        invoice_id: int,
        after: str = "gl_entries",
        *,
        company_id: str | None = None,
        identifier: str | None = None,
        person: str = SECOND_TOOL,
    ) -> None:
        """Plans a batch that is made between a client's last look and its write: right after the next such answer."""
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            if after not in AFTER:
                raise ValueError(f"The answer is one of {', '.join(AFTER)}, not {after!r}.")
            name = identifier or f"I{invoice.number}:{invoice.id}"
            company.planned_batches.append(PlannedBatch(invoice.id, name, after, person))

    def unbatch_invoice(self, invoice_id: int, *, company_id: str | None = None, person: str = DEFAULT_PERSON) -> None:
        """A person takes one invoice out of its batch; the batch and its other invoices stay."""
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            if not invoice.posted:
                raise ValueError(f"Invoice {invoice.number} is in no batch.")
            booking.take_out_of_batch(company, invoice, person, self.clock())

    def delete_batch(self, batch_id: int, *, company_id: str | None = None, person: str = DEFAULT_PERSON) -> None:
        with self.lock:
            company = self._company(company_id)
            booking.remove_batch(company, company.batches[batch_id], person, self.clock())

    def edit_after_close(
        self,
        invoice_id: int,
        *,
        company_id: str | None = None,
        rebatch: bool = False,
        **changes: Unpack[InvoiceChanges],
    ) -> None:
        """A person unbatches, opens, edits and closes the invoice, and perhaps puts it back into the same batch."""
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            batch = invoice.batch
            if batch is not None:
                booking.take_out_of_batch(company, invoice, DEFAULT_PERSON, self.clock())
            self.reopen_invoice(invoice_id, company_id=company_id)
            self.edit_invoice(invoice_id, company_id=company_id, **changes)
            self.close_invoice(invoice_id, company_id=company_id)
            if rebatch and batch is not None:
                at = self.clock()
                booking.put_into_batch(company, batch, invoice, invoice.entries, DEFAULT_PERSON, at)

    def batches(self, *, company_id: str | None = None) -> list[BatchTruth]:
        with self.lock:
            company = self._company(company_id)
            found = []
            for batch in company.batches.values():
                held = booking.entries_in(company, batch)
                numbers = tuple(dict.fromkeys(invoice.number for invoice, _ in held))
                ids = tuple(entry.id for _, entry in held)
                found.append(BatchTruth(batch.id, batch.identifier, batch.made_by, ids, numbers))
            return found


def _tax_level(
    rate: Money = ZERO, xref: str = "", agency: str = "", applies_to: tuple[LineKind, ...] = LINE_KINDS
) -> TaxLevel:
    return TaxLevel(Decimal(rate), xref, agency, tuple(applies_to))
