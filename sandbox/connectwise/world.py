"""A ConnectWise tenant: its invoices, their payments, and the sums ConnectWise keeps of them. No HTTP in here."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.connectwise.switches import Permissions, Switches
from sandbox.connectwise.truth import InvoiceTruth, PaymentTruth

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
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


def to_cents(amount: Decimal | int | str) -> Decimal:
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


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
    currency: str | None
    invoice_date: date
    closed: bool
    posted: bool
    updated_by: str
    updated_at: datetime
    payments: dict[int, Payment] = field(default_factory=dict)
    # The paid and credited sums after the last change, and before it.
    latest_sums: tuple[Decimal, Decimal] = (ZERO, ZERO)
    earlier_sums: tuple[Decimal, Decimal] = (ZERO, ZERO)
    rendered: tuple[str, dict[str, Any]] | None = None  # the wire form, until the next change

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
            payments=tuple(payment.truth() for payment in self.payments.values()),
        )


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
    invoices: dict[int, Invoice] = field(default_factory=dict)  # ascending ids
    _ids_by_number: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _client_ids: dict[str, int] = field(default_factory=dict)
    _last_invoice_id: int = FIRST_INVOICE_ID - 1
    _last_payment_id: int = FIRST_PAYMENT_ID - 1

    def next_invoice_id(self) -> int:
        self._last_invoice_id += 1
        return self._last_invoice_id

    def next_payment_id(self) -> int:
        """Ids are never used again, also not after a delete."""
        self._last_payment_id += 1
        return self._last_payment_id

    def client_id_of(self, identifier: str) -> int:
        return self._client_ids.setdefault(identifier, len(self._client_ids) + 2)

    def keep(self, invoice: Invoice) -> None:
        self.invoices[invoice.id] = invoice
        self._ids_by_number[_key(invoice.number)].add(invoice.id)

    def renumber(self, invoice: Invoice, number: str) -> None:
        self._ids_by_number[_key(invoice.number)].discard(invoice.id)
        invoice.number = number
        self._ids_by_number[_key(number)].add(invoice.id)

    def drop(self, invoice: Invoice) -> None:
        del self.invoices[invoice.id]
        self._ids_by_number[_key(invoice.number)].discard(invoice.id)

    def numbered(self, numbers: Iterable[str]) -> list[Invoice]:
        """Invoices by id, found by number, ignoring case and trailing blanks; this keeps a batch lookup quick."""
        ids = {one for number in numbers for one in self._ids_by_number.get(_key(number), ())}
        return [self.invoices[one] for one in sorted(ids)]

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
