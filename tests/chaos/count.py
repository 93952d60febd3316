"""The count in the end: payment by payment, what QuickBooks has against what ConnectWise has."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sandbox.demo.tenants import Tenant
from sandbox.stack import OutsideSystems
from tasks.context import Context
from tests.chaos.books import Books
from tests.queries import violations

# What a payment on an invoice is known by.
Money = tuple[Decimal, date]


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


def count(systems: OutsideSystems, context: Context, tenants: Sequence[Tenant], books: Books) -> Count:
    kinds: Counter[str] = Counter()
    sentences: list[str] = []
    for tenant in tenants:
        wanted, there = _wanted(systems, tenant), _there(systems, tenant, books)
        mine = [books.spare[tenant], *(bill for bill in books.bills if bill.tenant == tenant)]
        for bill in mine:
            fates = fates_of(wanted.get(bill.quickbooks_id, Counter()), there[bill.connectwise_id])
            kinds.update(fates)
            if fates.keys() - {"delivered"}:
                sentences.append(f"{tenant.name} {bill.number}: {dict(fates)}")
    touched = sum(not is_as_typed for is_as_typed in _typed(systems, books))
    with context.database.reading() as session:
        broken = violations(session)
    sentences += [f"{one.name}: {one.sentence} {one.ids}" for one in broken]
    return Count(
        expected=kinds["delivered"] + kinds["lost"],
        delivered=kinds["delivered"],
        lost=kinds["lost"],
        doubled=kinds["doubled"],
        wrong=kinds["wrong"],
        typed=len(books.typed),
        touched=touched,
        broken=len(broken),
        sentences=tuple(sentences),
    )


def fates_of(wanted: Counter[Money], there: Counter[Money]) -> Counter[str]:
    fates = Counter(delivered=(wanted & there).total(), lost=(wanted - there).total())
    for money, times in (there - wanted).items():
        # One too many of what should be there, or something that should not be there at all.
        fates["doubled" if money in wanted else "wrong"] += times
    return +fates


def _wanted(systems: OutsideSystems, tenant: Tenant) -> Mapping[str, Counter[Money]]:
    """By invoice what QuickBooks says was paid on it."""
    wanted: dict[str, Counter[Money]] = {}
    with systems.quickbooks() as quickbooks:
        for payment in quickbooks.payments(realm_id=tenant.realm_id):
            for line in payment.lines:
                for kind, document in line.linked:
                    if kind == "Invoice" and line.amount and not payment.voided:
                        wanted.setdefault(document, Counter())[line.amount, payment.payment_date] += 1
    return wanted


def _there(systems: OutsideSystems, tenant: Tenant, books: Books) -> Mapping[int, Counter[Money]]:
    """By invoice what ConnectWise has, without what people typed."""
    company = tenant.company_id
    with systems.connectwise(company) as connectwise:
        return {
            invoice.id: Counter(
                (one.amount, one.payment_date.date())
                for one in invoice.payments
                if (company, invoice.id, one.id) not in books.typed
            )
            for invoice in connectwise.invoices()
        }


def _typed(systems: OutsideSystems, books: Books) -> list[bool]:
    """Whether each typed payment is as it was."""
    found: list[bool] = []
    with systems.connectwise() as connectwise:
        for (company, invoice_id, payment_id), amount in books.typed.items():
            payments = connectwise.invoice(invoice_id, company_id=company).payments
            found.append(any(one.id == payment_id and one.amount == amount for one in payments))
    return found
