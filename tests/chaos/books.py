"""The books of the chaos run: one invoice and one payment each, and the count in the end from both systems' truth."""

import io
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from models.invariants import violations
from sandbox.demo.tenants import Tenant
from sandbox.stack import Stack
from tasks.context import Context
from tasks.invoice_import import import_invoices


@dataclass(frozen=True)
class Bill:
    tenant: Tenant
    number: str
    quickbooks_id: str
    connectwise_id: int
    amount: Decimal


@dataclass
class Books:
    bills: list[Bill]
    # (company, invoice id, payment id) -> amount of what people typed into ConnectWise.
    typed: dict[tuple[str, int, int], Decimal]
    paid_on: date = field(default_factory=lambda: datetime.now(UTC).date() - timedelta(days=1))

    def pay_all(self, stack: Stack, seconds: float) -> None:
        """Every bill is paid, spread evenly over so many seconds."""
        started = time.monotonic()
        with stack.quickbooks() as quickbooks:
            for number, bill in enumerate(self.bills):
                quickbooks.record_payment(
                    bill.tenant.customer_id,
                    str(bill.amount),
                    [(bill.quickbooks_id, str(bill.amount))],
                    payment_date=self.paid_on,
                    realm_id=bill.tenant.realm_id,
                )
                ahead = started + seconds * number / len(self.bills) - time.monotonic()
                if ahead > 0:
                    time.sleep(ahead)


def open_books(
    stack: Stack, context: Context, tenants: Sequence[Tenant], payments: int, chance: random.Random
) -> Books:
    """Invoices in all three places; on one in fifty somebody typed another payment by hand, long ago."""
    bills: list[Bill] = []
    typed: dict[tuple[str, int, int], Decimal] = {}
    rows: dict[Tenant, list[str]] = {tenant: [] for tenant in tenants}
    with stack.quickbooks() as quickbooks, stack.connectwise() as connectwise:
        for number in range(payments):
            tenant = tenants[number % len(tenants)]
            # The same few amounts again and again: what cannot be told apart by its amount is the hard case.
            amount = Decimal(chance.choice(["100.00", "250.00", "99.99"]))
            total, name = amount + 50, f"C-{number}"
            source = quickbooks.add_invoice(tenant.customer_id, str(total), name, realm_id=tenant.realm_id)
            target = connectwise.add_invoice(
                name, str(total), company_id=tenant.company_id, company_name=tenant.customer
            )
            if number % 50 == 0:
                identity = connectwise.type_payment(
                    target, "17.00", company_id=tenant.company_id, payment_date=date(2026, 1, 5)
                )
                typed[tenant.company_id, target, identity] = Decimal("17.00")
            bills.append(Bill(tenant, name, source, target, amount))
            rows[tenant].append(f"{name},sync_tool,{source},,{total},USD,{tenant.customer}")
    header = "number,origin,quickbooks_id,connectwise_id,total,currency,customer"
    for tenant, lines in rows.items():
        import_invoices(context, tenant.organization_id, io.StringIO("\n".join([header, *lines, ""])))
    return Books(bills, typed)


@dataclass(frozen=True)
class Count:
    expected: int
    delivered: int
    lost: int
    doubled: int
    wrong: int
    typed: int
    touched: int
    broken: int
    sentences: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        return self.delivered == self.expected and not (
            self.lost or self.doubled or self.wrong or self.touched or self.broken
        )

    def row(self) -> tuple[int, ...]:
        return (
            self.expected,
            self.delivered,
            self.lost,
            self.doubled,
            self.wrong,
            self.typed,
            self.touched,
            self.broken,
        )


def count(stack: Stack, context: Context, tenants: Sequence[Tenant], books: Books) -> Count:
    """Counts payment by payment in ConnectWise's own truth."""
    kinds: Counter[str] = Counter()
    sentences: list[str] = []
    there = {}
    for tenant in tenants:
        with stack.connectwise(tenant.company_id) as connectwise:
            there |= {(tenant.company_id, invoice.id): invoice for invoice in connectwise.invoices()}
    for bill in books.bills:
        invoice = there[bill.tenant.company_id, bill.connectwise_id]
        ours = [one for one in invoice.payments if (bill.tenant.company_id, invoice.id, one.id) not in books.typed]
        right = [one for one in ours if (one.amount, one.payment_date.date()) == (bill.amount, books.paid_on)]
        fate = _fate(len(ours), len(right))
        kinds[fate] += 1
        if fate != "delivered":
            sentences.append(f"{bill.tenant.name} {bill.number}: {fate}, {[str(one.amount) for one in ours]}")
    for (company_id, invoice_id, payment_id), amount in books.typed.items():
        left = {one.id: one.amount for one in there[company_id, invoice_id].payments}
        if left.get(payment_id) != amount:
            kinds["touched"] += 1
    with context.database.reading() as session:
        broken = violations(session)
    sentences += [f"{one.name}: {one.sentence} {one.ids}" for one in broken]
    return Count(
        expected=len(books.bills),
        delivered=kinds["delivered"],
        lost=kinds["lost"],
        doubled=kinds["doubled"],
        wrong=kinds["wrong"],
        typed=len(books.typed),
        touched=kinds["touched"],
        broken=len(broken),
        sentences=tuple(sentences),
    )


def _fate(ours: int, right: int) -> str:
    if ours > 1:
        return "doubled"
    if ours == 0:
        return "lost"
    return "delivered" if right == 1 else "wrong"
