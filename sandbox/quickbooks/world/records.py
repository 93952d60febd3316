"""The records of a company's books. Amounts are Decimal, instants are UTC; wire.py writes them for the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

# The documents that a payment line can settle (charges) and use up (credits).
CHARGE_TYPES = ("Invoice", "JournalEntry", "Expense", "Check", "CreditCardCredit")
CREDIT_TYPES = ("CreditMemo",)

NOTHING = Decimal(0)
# Far above what QuickBooks documents (15 digits), so that a client's limits are met before the sandbox's own.
LARGEST_AMOUNT = Decimal(10) ** 20


@dataclass(frozen=True)
class Link:
    transaction_id: str
    transaction_type: str


@dataclass(frozen=True)
class Line:
    amount: Decimal
    links: tuple[Link, ...]
    # A journal entry may be a charge or a credit; the wire does not say which.
    uses_entry_as_credit: bool = False

    @property
    def is_credit(self) -> bool:
        return self.uses_entry_as_credit or any(link.transaction_type in CREDIT_TYPES for link in self.links)

    def linked_ids(self, transaction_type: str) -> list[str]:
        return [link.transaction_id for link in self.links if link.transaction_type == transaction_type]


@dataclass(kw_only=True)
class Record:
    id: str
    created_at: datetime
    changed_at: datetime
    sync_token: int = 0
    modified_by: str = ""

    @property
    def updated_at(self) -> datetime:
        """MetaData.LastUpdatedTime has the resolution of a second, so QuickBooks compares whole seconds."""
        return self.changed_at.replace(microsecond=0)


@dataclass(kw_only=True)
class ListRecord(Record):
    """A record of a list: it can be made inactive, and then keeps its name."""

    name: str
    active: bool = True


@dataclass(kw_only=True)
class Customer(ListRecord):
    currency: str
    details: Mapping[str, Any] = field(default_factory=dict)  # by wire name: PrimaryEmailAddr, BillAddr, ...


@dataclass(kw_only=True)
class Item(ListRecord):
    kind: str = "Service"
    sku: str = ""
    taxable: bool = False


@dataclass(kw_only=True)
class TaxRate(ListRecord):
    rate: Decimal  # 0.2 are 20 %
    agency: str = ""


@dataclass(kw_only=True)
class TaxCode(ListRecord):
    taxable: bool
    rate_ids: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Term(ListRecord):
    due_days: int


@dataclass(frozen=True)
class InvoiceLine:
    """A line as an application wrote it; one without an item is documentation, and its amount does not count."""

    amount: Decimal
    item_id: str = ""
    description: str = ""
    tax_code: str = ""
    unit_price: Decimal | None = None
    quantity: Decimal | None = None

    @property
    def counted(self) -> Decimal:
        return self.amount if self.item_id else NOTHING


@dataclass(kw_only=True)
class Invoice(Record):
    customer_id: str
    doc_number: str | None
    total: Decimal
    currency: str
    transaction_date: date
    due_date: date
    # Money taken on the invoice form: it lowers the balance although no payment exists.
    deposit: Decimal = NOTHING
    note: str = ""
    # Lines and tax are known of invoices that an application wrote; a person's edit of the total forgets them.
    lines: tuple[InvoiceLine, ...] = ()
    tax: Decimal = NOTHING
    tax_mode: str = ""  # GlobalTaxCalculation, outside of the US
    exchange_rate: Decimal | None = None
    details: Mapping[str, Any] = field(default_factory=dict)  # by wire name: BillAddr, CustomerMemo, ...
    origin: str = "user"  # "user" typed it, "api" posted it: truth for tests, never on the wire
    # Payment id -> the amount that this payment applies here.
    applied: dict[str, Decimal] = field(default_factory=dict)

    @property
    def balance(self) -> Decimal:
        return self.total - self.deposit - sum(self.applied.values(), NOTHING)


@dataclass(kw_only=True)
class CreditMemo(Record):
    customer_id: str
    total: Decimal
    currency: str
    transaction_date: date
    doc_number: str = ""
    applied: dict[str, Decimal] = field(default_factory=dict)

    @property
    def remaining(self) -> Decimal:
        return self.total - sum(self.applied.values(), NOTHING)


@dataclass(kw_only=True)
class JournalEntry(Record):
    """An entry with one line on a customer's receivables; where its other line is booked does not matter here."""

    customer_id: str
    amount: Decimal  # above zero what the customer owes, below zero what the customer is owed
    currency: str
    transaction_date: date
    doc_number: str = ""
    note: str = ""
    applied: dict[str, Decimal] = field(default_factory=dict)

    @property
    def remaining(self) -> Decimal:
        """What of it is still open, never below zero."""
        return abs(self.amount) - sum(self.applied.values(), NOTHING)


@dataclass(kw_only=True)
class BankDeposit(Record):
    """Money that a bank deposit credits to a customer without any payment."""

    customer_id: str
    amount: Decimal
    currency: str
    transaction_date: date


@dataclass(kw_only=True)
class Payment(Record):
    customer_id: str
    total: Decimal
    currency: str
    transaction_date: date
    lines: tuple[Line, ...] = ()
    laid_on: list[str] = field(default_factory=list)  # the invoices and credit memos that carry a part of it now
    reference: str = ""
    note: str = ""
    method_id: str = ""
    deposit_account_id: str = "4"  # Undeposited Funds in a new company
    deposit_id: str = ""  # the bank deposit that holds the payment; it is frozen while there is one
    voided: bool = False
    origin: str = "user"  # "user" typed it, "api" posted it: truth for tests, never on the wire

    @property
    def unapplied(self) -> Decimal:
        """TotalAmt = charges - credits + unapplied, solved for the last."""
        charges = sum((line.amount for line in self.lines if not line.is_credit), NOTHING)
        credit = sum((line.amount for line in self.lines if line.is_credit), NOTHING)
        return self.total - charges + credit


@dataclass(frozen=True)
class Tombstone:
    id: str
    deleted_at: datetime
