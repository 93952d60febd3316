"""The stage of one story: acts as an accountant in both systems, and reads the product's results."""

import io
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.money import money_text
from domain.reasons import Reason
from models.decisions import DecisionRow, current_decisions
from models.payments import payments_by_external_id
from sandbox.connectwise.control import ConnectWiseControl
from sandbox.demo.patience import Patience
from sandbox.demo.tenants import Tenant
from sandbox.quickbooks.control import QuickBooksControl
from sandbox.stack import Stack
from tasks.context import Context
from usecases.invoice_import import import_invoices


@dataclass(frozen=True)
class DemoInvoice:
    number: str
    quickbooks_id: str
    connectwise_id: int | None
    total: str


@dataclass(frozen=True)
class Row:
    """One line of the demo's table: one payment and one invoice (or one part of it)."""

    said: str
    decided: str
    why: str
    now: str
    still_open: str
    seconds: float | None
    kept: bool


@dataclass(frozen=True)
class Expected:
    """The promise about one part of a payment; `kind` names parts that pay no invoice."""

    reason: Reason
    invoice: DemoInvoice | None = None
    kind: str = "invoice"
    amounts: tuple[str, ...] = ()


class StoryFailed(Exception):
    """The story could not be played to its end."""


@dataclass
class Stage:
    stack: Stack
    context: Context
    tenant: Tenant
    # Losing, doubling and holding webhooks concerns the next events of all companies: one story at a time.
    books: threading.RLock
    patience: Patience
    say: Callable[[str], None]
    prefix: str
    quickbooks: QuickBooksControl
    connectwise: ConnectWiseControl
    # Set when an early story has finished its part before the workers start.
    ready: threading.Event = field(default_factory=threading.Event)
    _acted_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _invoices: int = 0

    # --- actions of people ---

    def invoice(
        self,
        total: str,
        *,
        origin: str = "sync_tool",
        connectwise_total: str | None = None,
        in_connectwise: bool = True,
    ) -> DemoInvoice:
        """The same invoice in QuickBooks, in ConnectWise and, by import, in the platform."""
        number = self._next_number()
        quickbooks_id = self.quickbooks.add_invoice(
            self.tenant.customer_id, total, number, realm_id=self.tenant.realm_id
        )
        connectwise_id = None
        if in_connectwise:
            connectwise_id = self.bill(number, connectwise_total or total)
        csv = (
            "number,origin,quickbooks_id,connectwise_id,total,currency,customer\n"
            f"{number},{origin},{quickbooks_id},,{total},USD,{self.tenant.customer}\n"
        )
        report = self.patience.with_database(
            lambda: import_invoices(self.context, self.tenant.organization_id, io.StringIO(csv))
        )
        if report.bad:
            raise StoryFailed(f"the invoice was not imported: {report.bad[0].reason}")
        return DemoInvoice(number, quickbooks_id, connectwise_id, total)

    def closed_invoice(self, total: str) -> DemoInvoice:
        """An invoice in ConnectWise alone, closed there; QuickBooks does not have it yet."""
        number = self._next_number()
        connectwise_id = self.bill(number, total)
        self.connectwise.close_invoice(connectwise_id)
        return DemoInvoice(number, "", connectwise_id, total)

    def type_into_books(self, invoice: DemoInvoice) -> DemoInvoice:
        """The accountant types the invoice into QuickBooks; nobody tells the platform."""
        quickbooks_id = self.quickbooks.add_invoice(
            self.tenant.customer_id, invoice.total, invoice.number, realm_id=self.tenant.realm_id
        )
        return replace(invoice, quickbooks_id=quickbooks_id)

    def _next_number(self) -> str:
        self._invoices += 1
        return f"{self.prefix}-{self._invoices}"

    def bill(self, number: str, total: str) -> int:
        """The invoice in ConnectWise."""
        name = self.tenant.customer
        return self.connectwise.add_invoice(number, total, company_name=name, company_identifier=name.split()[0])

    def pay(self, total: str, *lines: tuple[DemoInvoice, str]) -> str:
        """The accountant records a payment in QuickBooks; its id there."""
        with self.books:
            self._acted_at = datetime.now(UTC)
            return self.quickbooks.record_payment(
                self.tenant.customer_id,
                total,
                [(invoice.quickbooks_id, amount) for invoice, amount in lines],
                payment_date=yesterday(),
                realm_id=self.tenant.realm_id,
            )

    def act(self, what: str, action: Callable[[], object]) -> None:
        """A person acts later in the story; the seconds count from here."""
        self.say(what)
        with self.books:
            self._acted_at = datetime.now(UTC)
            action()

    # --- results of the product ---

    def until(self, payment_id: str, *expected: Expected) -> list[Row]:
        """Waits for the promised ending or the end of patience, and describes the state then."""
        told: dict[int, str] = {}
        while True:
            decisions = self._decisions(payment_id)
            self._tell_news(decisions, told)
            rows = [self._row(payment_id, one, decisions) for one in expected]
            if all(row.kept for row in rows) or self.patience.is_over:
                return rows
            self.patience.pause()

    def wait_for(self, payment_id: str, reason: Reason) -> None:
        """Waits until some part of the payment has this reason, in the middle of a story."""
        while reason not in {one.why for one in self._decisions(payment_id).values()}:
            if self.patience.is_over:
                raise StoryFailed(f"the payment never became '{reason}'")
            self.patience.pause()

    def _decisions(self, payment_id: str) -> Mapping[tuple[str, str], DecisionRow]:
        """The current decisions by (kind, document id)."""
        return self.patience.with_database(lambda: self._read_decisions(payment_id))

    def _read_decisions(self, payment_id: str) -> Mapping[tuple[str, str], DecisionRow]:
        with self.context.database.reading() as session:
            found = payments_by_external_id(session, self.tenant.source_id, [payment_id])
            if payment_id not in found:
                return {}
            allocations = {one.id: (one.kind, one.document_id) for one in found[payment_id].allocations}
            rows = current_decisions(session, list(allocations))
        return {allocations[allocation_id]: row for allocation_id, row in rows.items()}

    def _tell_news(self, decisions: Mapping[tuple[str, str], DecisionRow], told: dict[int, str]) -> None:
        for row in decisions.values():
            if told.get(row.allocation_id) != row.reason:
                told[row.allocation_id] = row.reason
                self.patience.news()
                self.say(self._sentence(row.why))

    def _row(self, payment_id: str, one: Expected, decisions: Mapping[tuple[str, str], DecisionRow]) -> Row:
        key = (one.kind, one.invoice.quickbooks_id if one.invoice else "")
        found = [row for at, row in decisions.items() if at == key or (not one.invoice and at[0] == one.kind)]
        decision = found[0] if found else None
        amounts, now, still_open = self._connectwise_now(one.invoice)
        kept = decision is not None and decision.why is one.reason and amounts == tuple(sorted(one.amounts))
        seconds = (decision.decided_at - self._acted_at).total_seconds() if decision else None
        return Row(
            said=self._said(payment_id, one),
            decided=decision.action if decision else "nothing yet",
            why=self._sentence(decision.why) if decision else "nothing was decided",
            now=now,
            still_open=still_open,
            seconds=seconds,
            kept=kept,
        )

    def _sentence(self, reason: Reason) -> str:
        return self.context.platform.words(self.context.platform.vendors).sentence(reason)

    def _said(self, payment_id: str, one: Expected) -> str:
        try:
            payment = self.quickbooks.payment(payment_id, realm_id=self.tenant.realm_id)
        except RuntimeError:
            return f"payment {payment_id}: deleted"
        if payment.voided:
            return f"payment {payment_id}: voided"
        if one.invoice is None:
            return f"{money_text(payment.unapplied, 'USD')} unapplied"
        links = [line for line in payment.lines if ("Invoice", one.invoice.quickbooks_id) in line.linked]
        amount = sum((line.amount for line in links), Decimal(0))
        return f"{money_text(amount, 'USD')} for {one.invoice.number}"

    def _connectwise_now(self, invoice: DemoInvoice | None) -> tuple[tuple[str, ...], str, str]:
        """The amounts of the payments on the invoice, the same as text, and the open balance."""
        if invoice is None:
            return (), "-", "-"
        found = [one for one in self.connectwise.invoices() if one.number == invoice.number]
        if not found:
            return (), "no such invoice", "-"
        amounts = tuple(sorted(str(payment.amount) for payment in found[0].payments))
        return amounts, " + ".join(amounts) or "no payment", str(found[0].balance)


def yesterday() -> date:
    return datetime.now(UTC).date() - timedelta(days=1)


Play = Callable[[Stage], Sequence[Row]]
