"""A ConnectWise tenant: its invoices, their payments, and the sums ConnectWise keeps of them. No HTTP in here."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.connectwise.records import (
    NEW,
    ZERO,
    Batch,
    BillingStatus,
    GlEntry,
    InvoiceLine,
    LineKind,
    Named,
    TaxCode,
)
from sandbox.connectwise.switches import Permissions, Switches
from sandbox.connectwise.truth import InvoiceTruth, PaymentTruth

INVOICE_TYPES = (
    "Agreement",
    "CreditMemo",
    "DownPayment",
    "Miscellaneous",
    "Progress",
    "Standard",
    "Consolidated",
)
# "INV" plus the record id would be too easy to confuse with a number: real ids and numbers never agree by rule.
FIRST_INVOICE_ID = 200
FIRST_PAYMENT_ID = 7000
FIRST_LINE_ID = 300
FIRST_ENTRY_ID = 1009
# The days until an invoice is due.
BILLING_TERMS = {"Due on receipt": 0, "Net 10": 10, "Net 30": 30}


@dataclass
class Payment:
    id: int
    type: str
    amount: Decimal
    payment_date: datetime
    applied_by: str
    updated_by: str
    updated_at: datetime
    source: str = "Default"
    credit: dict[str, Any] | None = None  # the credit memo that was applied; such a record is no money received
    other: dict[str, Any] = field(default_factory=dict)  # by wire name: glBatchID, paymentAccount, ...

    def truth(self) -> PaymentTruth:
        return PaymentTruth(
            id=self.id,
            type=self.type,
            amount=self.amount,
            payment_date=self.payment_date,
            applied_by=self.applied_by,
            updated_by=self.updated_by,
            updated_at=self.updated_at,
            is_credit=self.credit is not None,
        )


@dataclass
class Invoice:
    id: int
    number: str
    type: str
    total: Decimal
    client_id: int  # the record id of the customer ("company" on the wire)
    client_identifier: str
    client_name: str
    bill_to_id: int
    bill_to_identifier: str
    bill_to_name: str
    currency: str | None
    invoice_date: date
    due_date: date
    billing_terms: str
    location: Named
    department: Named
    updated_by: str
    updated_at: datetime
    status: BillingStatus = NEW
    closed_at: datetime | None = None
    # `total` is the whole, and the sales tax the part of it that is tax. What no line and none of these three
    # amounts explains is service, or the base amount of an agreement's invoice.
    sales_tax: Decimal = ZERO
    agreement_amount: Decimal = ZERO
    service_adjustment: Decimal = ZERO
    downpayment_applied: Decimal = ZERO
    tax_code: TaxCode | None = None
    lines: list[InvoiceLine] = field(default_factory=list)
    internal_notes: str = ""
    # Without a general ledger mapping, closing the invoice makes no entries.
    gl_mapped: bool = True
    entries: list[GlEntry] = field(default_factory=list)
    batch: Batch | None = None
    unbatched: Batch | None = None  # the batch that it was taken out of
    payments: dict[int, Payment] = field(default_factory=dict)
    # The paid and credited sums after the last change, and before it.
    latest_sums: tuple[Decimal, Decimal] = (ZERO, ZERO)
    earlier_sums: tuple[Decimal, Decimal] = (ZERO, ZERO)
    rendered: tuple[str, Switches, dict[str, Any]] | None = None  # the wire form, until the next change

    @property
    def closed(self) -> bool:
        return self.status.is_closed

    @property
    def posted(self) -> bool:
        return self.batch is not None

    @property
    def subtotal(self) -> Decimal:
        return self.total - self.sales_tax

    @property
    def unexplained(self) -> Decimal:
        """The part of the subtotal behind which there is neither a line nor an amount of its own."""
        lines = sum((line.amount for line in self.lines), ZERO)
        extras = self.agreement_amount + self.service_adjustment - self.downpayment_applied
        return self.subtotal - lines - extras

    def billed(self, kind: LineKind) -> Decimal:
        return sum((line.amount for line in self.lines if line.kind == kind), ZERO)

    @property
    def paid(self) -> Decimal:
        return sum((one.amount for one in self.payments.values() if one.credit is None), ZERO)

    @property
    def credited(self) -> Decimal:
        return sum((one.amount for one in self.payments.values() if one.credit is not None), ZERO)

    @property
    def balance(self) -> Decimal:
        return self.total - self.paid - self.credited

    def truth(self) -> InvoiceTruth:
        return InvoiceTruth(
            id=self.id,
            number=self.number,
            type=self.type,
            company_identifier=self.client_identifier,
            company_name=self.client_name,
            currency=self.currency,
            invoice_date=self.invoice_date,
            closed=self.closed,
            posted=self.posted,
            total=self.total,
            paid=self.paid,
            credited=self.credited,
            balance=self.balance,
            status=self.status.name,
            sales_tax=self.sales_tax,
            batch=None if self.batch is None else self.batch.identifier,
            unbatched=None if self.unbatched is None else self.unbatched.identifier,
            gl_entry_ids=tuple(entry.id for entry in self.entries),
            internal_notes=self.internal_notes,
            payments=tuple(payment.truth() for payment in self.payments.values()),
        )


@dataclass(frozen=True)
class PlannedBatch:
    """A batch that somebody else will make right after the next answer of one kind."""

    invoice_id: int
    identifier: str
    after: str
    made_by: str


@dataclass
class Company:
    """One tenant, with the API member our side logs in as."""

    company_id: str
    name: str
    public_key: str
    private_key: str
    client_id: str
    member: str = "API1"
    switches: Switches = field(default_factory=Switches)
    permissions: Permissions = field(default_factory=Permissions)
    # Numbers and ids that make every query with them fail, as a gateway's filter does.
    refused_values: frozenset[str] = frozenset()
    # The locations whose invoices the API member sees; None: all of them.
    locations: frozenset[str] | None = None
    invoices: dict[int, Invoice] = field(default_factory=dict)  # ascending ids
    tax_codes: dict[str, TaxCode] = field(default_factory=dict)
    batches: dict[int, Batch] = field(default_factory=dict)
    planned_batches: list[PlannedBatch] = field(default_factory=list)
    entry_invoices: dict[int, Invoice] = field(default_factory=dict)  # by the id of a general ledger entry
    _ids_by_number: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _ids_by_name: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    _last_invoice_id: int = FIRST_INVOICE_ID - 1
    _last_payment_id: int = FIRST_PAYMENT_ID - 1
    _last_line_id: int = FIRST_LINE_ID - 1
    _last_entry_id: int = FIRST_ENTRY_ID - 1
    _last_batch_id: int = 0

    def next_invoice_id(self) -> int:
        self._last_invoice_id += 1
        return self._last_invoice_id

    def next_payment_id(self) -> int:
        """Ids are never used again, also not after a delete."""
        self._last_payment_id += 1
        return self._last_payment_id

    def next_line_id(self) -> int:
        self._last_line_id += 1
        return self._last_line_id

    def next_entry_id(self) -> int:
        self._last_entry_id += 1
        return self._last_entry_id

    def next_batch_id(self) -> int:
        self._last_batch_id += 1
        return self._last_batch_id

    def id_of(self, kind: str, name: str) -> int:
        """The record id of a client, a location and the like, which exist as soon as an invoice names them."""
        known = self._ids_by_name[kind]
        return known.setdefault(name, len(known) + 2)

    def keep(self, invoice: Invoice) -> None:
        self.invoices[invoice.id] = invoice
        self._ids_by_number[_key(invoice.number)].add(invoice.id)

    def renumber(self, invoice: Invoice, number: str) -> None:
        self._ids_by_number[_key(invoice.number)].discard(invoice.id)
        invoice.number = number
        self._ids_by_number[_key(number)].add(invoice.id)

    def drop(self, invoice: Invoice) -> None:
        del self.invoices[invoice.id]
        for entry in invoice.entries:
            del self.entry_invoices[entry.id]
        self._ids_by_number[_key(invoice.number)].discard(invoice.id)

    def with_ids(self, ids: Iterable[str]) -> list[Invoice]:
        """Invoices by id, which keeps a batch lookup quick; an id is a number as the conditions have it."""
        wanted = {int(value) for one in ids if (value := Decimal(one)) == int(value)}
        return [self.invoices[one] for one in sorted(wanted & self.invoices.keys())]

    def numbered(self, numbers: Iterable[str]) -> list[Invoice]:
        """Invoices by id, found by number, ignoring case and trailing blanks; this keeps a batch lookup quick."""
        ids = {one for number in numbers for one in self._ids_by_number.get(_key(number), ())}
        return [self.invoices[one] for one in sorted(ids)]

    def shows(self, invoice: Invoice) -> bool:
        """Whether the API member sees the invoice; lists and counts leave out the others without a word."""
        return self.locations is None or invoice.location.name in self.locations

    def touch_by_payment(self, invoice: Invoice, by: str, at: datetime) -> None:
        """The invoice has other sums now; whether that counts as a change of it is a switch."""
        if self.switches.payment_moves_invoice == "stays":
            by, at = invoice.updated_by, invoice.updated_at
        self.touch(invoice, by, at)

    @staticmethod
    def touch(record: Invoice | Payment, by: str, at: datetime) -> None:
        record.updated_by = by
        record.updated_at = at
        if isinstance(record, Invoice):
            record.rendered = None
            record.earlier_sums = record.latest_sums
            record.latest_sums = (record.paid, record.credited)


def _key(number: str) -> str:
    """The same key for all numbers that any comparison setting treats as equal."""
    return number.casefold().rstrip(" ")
