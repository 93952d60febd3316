"""The accountants of the chaos run: invoices in all three places, payments, and second thoughts about some of them."""

import io
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sandbox.connectwise.control import ConnectWiseControl
from sandbox.demo.tenants import Tenant
from sandbox.quickbooks.control import QuickBooksControl
from sandbox.stack import OutsideSystems
from tasks.context import Context
from usecases.invoice_import import import_invoices

# One payment in so many gets a second thought, one invoice in so many has a payment that somebody typed long ago.
CORRECTED, TYPED = 5, 50
# So many payments later at most: some thoughts come while the payment is on its way, some when it has arrived.
LATER_MAX = 150


@dataclass(frozen=True)
class Bill:
    """An invoice, and the payment that is made on it."""

    tenant: Tenant
    number: str
    quickbooks_id: str
    connectwise_id: int
    amount: Decimal


@dataclass
class Books:
    """Everything that people do.

    Attributes:
        bills: what is paid.
        spare: for each tenant a large invoice, to which payments are moved.
        typed: (company, invoice id, payment id) -> amount of what people typed into ConnectWise.
        paid_at: when each bill was paid; without those about which there were second thoughts.
    """

    bills: list[Bill]
    spare: dict[Tenant, Bill]
    typed: dict[tuple[str, int, int], Decimal]
    corrections: Counter[str] = field(default_factory=Counter)
    paid_at: dict[Bill, datetime] = field(default_factory=dict)
    paid_on: date = field(default_factory=lambda: datetime.now(UTC).date() - timedelta(days=1))

    def keep(
        self,
        systems: OutsideSystems,
        seconds: float,
        chance: random.Random,
        is_enough: Callable[[], bool] = lambda: False,
    ) -> None:
        """Every bill is paid, spread evenly over so many seconds, and corrections come in between.

        Args:
            is_enough: asked before each payment; then no other bill is paid.
        """
        started = time.monotonic()
        later: dict[int, list[Callable[[], None]]] = {}
        with systems.quickbooks() as quickbooks:
            for number, bill in enumerate(self.bills):
                if is_enough():
                    break
                self.paid_at[bill] = datetime.now(UTC)
                payment = self._pay(quickbooks, bill)
                if number % CORRECTED == 0:
                    moment = number + chance.randrange(1, LATER_MAX)
                    kind = CORRECTIONS[number // CORRECTED % len(CORRECTIONS)]
                    del self.paid_at[bill]
                    later.setdefault(moment, []).append(self._correction(kind, quickbooks, bill, payment))
                for correct in later.pop(number, []):
                    correct()
                ahead = started + seconds * number / len(self.bills) - time.monotonic()
                if ahead > 0:
                    time.sleep(ahead)
            for corrections in later.values():
                for correct in corrections:
                    correct()

    def _pay(self, quickbooks: QuickBooksControl, bill: Bill) -> str:
        amount, realm_id = str(bill.amount), bill.tenant.realm_id
        lines = [(bill.quickbooks_id, amount)]
        return quickbooks.record_payment(
            bill.tenant.customer_id, amount, lines, payment_date=self.paid_on, realm_id=realm_id
        )

    def _correction(self, kind: str, quickbooks: QuickBooksControl, bill: Bill, payment: str) -> Callable[[], None]:
        realm, spare = bill.tenant.realm_id, self.spare[bill.tenant]

        def correct() -> None:
            self.corrections[kind] += 1
            match kind:
                case "edited":
                    more = str(bill.amount + 10)
                    lines = [(bill.quickbooks_id, more)]
                    quickbooks.edit_payment(payment, total=more, lines=lines, realm_id=realm)
                case "voided":
                    quickbooks.void_payment(payment, realm_id=realm)
                case "deleted":
                    quickbooks.delete_payment(payment, realm_id=realm)
                case "moved":
                    quickbooks.move_payment(payment, bill.quickbooks_id, spare.quickbooks_id, realm_id=realm)
                case "split":
                    lines = [(bill.quickbooks_id, "40.00"), (spare.quickbooks_id, str(bill.amount - 40))]
                    quickbooks.split_payment(payment, lines, realm_id=realm)

        return correct


CORRECTIONS = ("edited", "voided", "moved", "split", "edited", "deleted")


def open_books(
    systems: OutsideSystems, context: Context, tenants: Sequence[Tenant], payments: int, chance: random.Random
) -> Books:
    with systems.quickbooks() as quickbooks, systems.connectwise() as connectwise:
        spare = {
            tenant: _bill(quickbooks, connectwise, tenant, f"SPARE-{number}", Decimal(0), Decimal(1_000_000))
            for number, tenant in enumerate(tenants)
        }
        bills: list[Bill] = []
        typed: dict[tuple[str, int, int], Decimal] = {}
        for number in range(payments):
            tenant = tenants[number % len(tenants)]
            # The same few amounts again and again: what cannot be told apart by its amount is the hard case.
            amount = Decimal(chance.choice(["100.00", "250.00", "99.99"]))
            bill = _bill(quickbooks, connectwise, tenant, f"C-{number}", amount, amount + 50)
            if number % TYPED == 0:
                identity = connectwise.type_payment(
                    bill.connectwise_id, "17.00", company_id=tenant.company_id, payment_date=date(2026, 1, 5)
                )
                typed[tenant.company_id, bill.connectwise_id, identity] = Decimal("17.00")
            bills.append(bill)
    for tenant in tenants:
        rows = "\n".join(["number,origin,quickbooks_id,connectwise_id,total,currency,customer", *_rows(tenant, bills)])
        total = Decimal(1_000_000)
        rows += f"\n{spare[tenant].number},sync_tool,{spare[tenant].quickbooks_id},,{total},USD,{tenant.customer}\n"
        import_invoices(context, tenant.organization_id, io.StringIO(rows))
    return Books(bills, spare, typed)


def _bill(
    quickbooks: QuickBooksControl,
    connectwise: ConnectWiseControl,
    tenant: Tenant,
    number: str,
    amount: Decimal,
    total: Decimal,
) -> Bill:
    source = quickbooks.add_invoice(tenant.customer_id, str(total), number, realm_id=tenant.realm_id)
    company = {"company_id": tenant.company_id, "company_name": tenant.customer}
    target = connectwise.add_invoice(number, str(total), **company)  # type: ignore[arg-type]
    return Bill(tenant, number, source, target, amount)


def _rows(tenant: Tenant, bills: Sequence[Bill]) -> Iterator[str]:
    for bill in bills:
        if bill.tenant == tenant:
            yield f"{bill.number},sync_tool,{bill.quickbooks_id},,{bill.amount + 50},USD,{tenant.customer}"
