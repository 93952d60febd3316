"""One company (realm): its tables, its ids, and the single path for all changes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from sandbox.quickbooks.switches import Switches
from sandbox.quickbooks.times import PACIFIC
from sandbox.quickbooks.world.faults import invalid_reference, not_found
from sandbox.quickbooks.world.records import CreditMemo, Customer, Invoice, Payment, Record
from sandbox.quickbooks.world.table import Table

R = TypeVar("R", bound=Record)

# Transactions of all kinds share one sequence of numbers; customers have their own. Every company starts at the same
# numbers, as real ones do: an id means nothing without its realm.
FIRST_TRANSACTION_ID = 101
FIRST_CUSTOMER_ID = 1


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
    ) -> None:
        self.realm_id = realm_id
        self.name = name
        self.currency = currency
        self.multicurrency = multicurrency
        self.switches = switches
        self.emit = emit
        self.customers: Table[Customer] = Table()
        self.invoices: Table[Invoice] = Table()
        self.payments: Table[Payment] = Table()
        self.credit_memos: Table[CreditMemo] = Table()
        # Journal entries that are a credit of the customer; all others are charges.
        self.credit_entry_ids: set[str] = set()
        self._clock = clock
        self._pretended: datetime | None = None
        self._next_transaction_id = FIRST_TRANSACTION_ID
        self._next_customer_id = FIRST_CUSTOMER_ID
        self.created_at = self.now()

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

    def next_customer_id(self) -> str:
        self._next_customer_id += 1
        return str(self._next_customer_id - 1)

    def customer(self, customer_id: str) -> Customer:
        customer = self.customers.get(customer_id)
        if customer is None:
            raise invalid_reference("CustomerRef")
        return customer

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


def _author(origin: str) -> str:
    # Real payloads carry numbers that name the connection's user for API writes, and other ones for people.
    return "9341452110907680" if origin == "api" else "0"
