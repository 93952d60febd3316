"""One company (realm): its tables, its ids, and the single path for all changes."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

from sandbox.quickbooks.switches import Switches
from sandbox.quickbooks.times import PACIFIC
from sandbox.quickbooks.world.faults import inactive, invalid_reference, not_found
from sandbox.quickbooks.world.records import (
    BankDeposit,
    CreditMemo,
    Customer,
    Invoice,
    Item,
    JournalEntry,
    ListRecord,
    Payment,
    Record,
    TaxCode,
    TaxRate,
    Term,
)
from sandbox.quickbooks.world.table import Table

R = TypeVar("R", bound=Record)
L = TypeVar("L", bound=ListRecord)

# Transactions of all kinds share one sequence of numbers; each list has its own. Every company starts at the same
# numbers, as real ones do: an id means nothing without its realm.
FIRST_TRANSACTION_ID = 101
# What automatic numbering gives to the first invoice.
FIRST_DOC_NUMBER = 1001
# In the US these two are the whole choice of a line; elsewhere codes have numbers for ids.
TAXED, UNTAXED = "TAX", "NON"
_TERMS = {"Due on receipt": 0, "Net 15": 15, "Net 30": 30}


@dataclass
class Preferences:
    """What a company has chosen in its settings."""

    country: str = "US"
    # False: QuickBooks numbers invoices by itself.
    custom_numbers: bool = True
    uses_sales_tax: bool = True
    # The rate that automated sales tax finds for every address.
    automatic_rate: Decimal = Decimal("0.0825")
    # Nothing on or before this day can be changed over the API.
    books_closed_on: date | None = None
    takes_online_payments: bool = False


@dataclass(frozen=True)
class Change:
    """The content of a webhook: this record has changed, read it again."""

    realm_id: str
    entity: str
    record_id: str
    operation: str
    at: datetime
    origin: str


class Company:
    def __init__(
        self,
        realm_id: str,
        name: str,
        currency: str,
        *,
        multicurrency: bool,
        switches: Switches,
        clock: Callable[[], datetime],
        emit: Callable[[Change], None],
        country: str = "US",
    ) -> None:
        self.realm_id = realm_id
        self.name = name
        self.currency = currency
        self.multicurrency = multicurrency
        self.switches = switches
        self.emit = emit
        self.preferences = Preferences(country=country)
        self.customers: Table[Customer] = Table()
        self.items: Table[Item] = Table()
        self.tax_codes: Table[TaxCode] = Table()
        self.tax_rates: Table[TaxRate] = Table()
        self.terms: Table[Term] = Table()
        # Vendors and employees have nothing but their names, which they keep from customers.
        self.vendors: Table[ListRecord] = Table()
        self.employees: Table[ListRecord] = Table()
        self.invoices: Table[Invoice] = Table()
        self.payments: Table[Payment] = Table()
        self.credit_memos: Table[CreditMemo] = Table()
        self.journal_entries: Table[JournalEntry] = Table()
        self.bank_deposits: Table[BankDeposit] = Table()
        # Journal entries that are a credit of the customer; all others are charges. Payments may name entries that
        # are not in the table: those live outside of this sandbox.
        self.credit_entry_ids: set[str] = set()
        self._clock = clock
        self._pretended: datetime | None = None
        self._next_transaction_id = FIRST_TRANSACTION_ID
        self._last_list_ids: dict[str, int] = defaultdict(int)
        self.created_at = self.now()
        self._fill_lists()

    def now(self) -> datetime:
        return self._pretended or self._clock().astimezone(UTC)

    @contextmanager
    def in_the_past(self, at: datetime | None) -> Iterator[None]:
        """Changes inside this block happened `at` (None: now): a history for a backfill, without webhooks."""
        self._pretended = at.astimezone(UTC) if at is not None else None
        try:
            yield
        finally:
            self._pretended = None

    def today(self) -> date:
        """The date of a transaction that names none: the date where Intuit's servers stand."""
        return self.now().astimezone(PACIFIC).date()

    def next_transaction_id(self) -> str:
        self._next_transaction_id += 1
        return str(self._next_transaction_id - 1)

    def next_list_id(self, entity: str) -> str:
        self._last_list_ids[entity] += 1
        return str(self._last_list_ids[entity])

    def customer(self, customer_id: str) -> Customer:
        customer = self.customers.get(customer_id)
        if customer is None:
            raise invalid_reference("CustomerRef")
        return customer

    def active(self, table: Table[L], record_id: str, name: str) -> L:
        """The record that a transaction refers to as `name`."""
        record = table.get(record_id)
        if record is None:
            raise invalid_reference(name)
        if not record.active:
            raise inactive(record.name)
        return record

    def invoice(self, invoice_id: str) -> Invoice:
        invoice = self.invoices.get(invoice_id)
        if invoice is None:
            raise not_found()
        return invoice

    def payment(self, payment_id: str) -> Payment:
        payment = self.payments.get(payment_id)
        if payment is None:
            raise not_found()
        return payment

    def created(self, table: Table[R], record: R, entity: str, origin: str) -> None:
        record.modified_by = _author(origin)
        table.add(record)
        self.tell(entity, record.id, "Create", record.changed_at, origin)

    def touched(self, table: Table[R], record: R, entity: str, origin: str, operation: str = "Update") -> None:
        """Bumps the SyncToken and LastUpdatedTime, and reports the change."""
        record.sync_token += 1
        record.changed_at = self.now()
        record.modified_by = _author(origin)
        table.changed(record)
        self.tell(entity, record.id, operation, record.changed_at, origin)

    def deleted(self, table: Table[R], record: R, entity: str, origin: str) -> None:
        at = self.now()
        table.remove(record.id, at)
        self.tell(entity, record.id, "Delete", at, origin)

    def tell(self, entity: str, record_id: str, operation: str, at: datetime, origin: str) -> None:
        if self._pretended is None:
            self.emit(Change(self.realm_id, entity, record_id, operation, at, origin))

    def _fill_lists(self) -> None:
        """What every new company has: an item for services, payment terms, and in the US its two tax codes."""
        at = self.created_at
        self.items.add(Item(id=self.next_list_id("Item"), created_at=at, changed_at=at, name="Services"))
        for name, days in _TERMS.items():
            self.terms.add(Term(id=self.next_list_id("Term"), created_at=at, changed_at=at, name=name, due_days=days))
        for code in (TAXED, UNTAXED) if self.preferences.country == "US" else ():
            self.tax_codes.add(TaxCode(id=code, created_at=at, changed_at=at, name=code, taxable=code == TAXED))


def _author(origin: str) -> str:
    # Real payloads carry numbers that name the connection's user for API writes, and other ones for people.
    return "9341452110907680" if origin == "api" else "0"
