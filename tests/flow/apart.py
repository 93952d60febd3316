"""What may drive two systems apart, as people and failures do it: each a little story with the differences that it makes.

A story is told in three acts. In the first everything is heard and synced. In the second something happens that nobody
hears of. The third is of this very minute. What the story returns must be found, and nothing else.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.reconciliation.breaks import BreakKind
from tests.flow.doing import type_in
from tests.world import BothInvoices, World

TOTAL, NO_MONEY = Decimal("1000.00"), Decimal(0)
BEFORE_CUT_OFF, CUT_OFF, AFTER_CUT_OFF = "2026-11-02", date(2026, 11, 10), "2026-11-20"
# They are in no sum: a run sees them only where something else makes it read the invoice in depth.
IN_NO_SUM = frozenset(
    {BreakKind.DATE_DIFFERS, BreakKind.NOT_LINKED, BreakKind.CUSTOMER_DIFFERS, BreakKind.NUMBER_DIFFERS}
)
# The kind of a difference, and by how much it makes the balance in QuickBooks the higher one.
Made = list[tuple[BreakKind, Decimal]]
Acts = Generator[None, None, Made]


@dataclass(frozen=True)
class Stage:
    """Where a story is told.

    Attributes:
        number: the number of its invoice.
        amount: that no other story of the world uses, so that nothing looks like something else.
    """

    world: World
    number: str
    amount: Decimal

    def invoice(self, **more: str) -> BothInvoices:
        return self.world.invoice(self.number, str(TOTAL), **more)  # type: ignore[arg-type]

    def paid(self, invoice: BothInvoices, on: str = AFTER_CUT_OFF) -> str:
        return self.world.pay(str(self.amount), (invoice, str(self.amount)), on=on)

    def typed(self, invoice: BothInvoices) -> int:
        return type_in(self.world, invoice.connectwise_id, str(self.amount))

    def ours(self, invoice: BothInvoices) -> int:
        """The id of our payment of this story in ConnectWise."""
        (there,) = [one for one in self.world.on(invoice) if one.amount == self.amount]
        return there.id


# --- about one payment on an invoice that both systems have; several of them may meet on one invoice ---


def in_both(stage: Stage, invoice: BothInvoices) -> Acts:
    stage.paid(invoice)
    yield
    yield
    return []


def not_heard_of(stage: Stage, invoice: BothInvoices) -> Acts:
    yield
    stage.paid(invoice)
    yield
    return [(BreakKind.MISSING_AT_TARGET, -stage.amount)]


def just_now(stage: Stage, invoice: BothInvoices) -> Acts:
    yield
    yield
    stage.paid(invoice)
    return [(BreakKind.IN_FLIGHT, -stage.amount)]


def before_the_cut_off(stage: Stage, invoice: BothInvoices) -> Acts:
    stage.paid(invoice, on=BEFORE_CUT_OFF)
    yield
    yield
    return [(BreakKind.SKIPPED_BY_RULE, -stage.amount)]


def typed_at_the_target(stage: Stage, invoice: BothInvoices) -> Acts:
    yield
    stage.typed(invoice)
    yield
    return [(BreakKind.MISSING_AT_SOURCE, stage.amount)]


def typed_again(stage: Stage, invoice: BothInvoices) -> Acts:
    stage.paid(invoice)
    yield
    stage.typed(invoice)
    yield
    return [(BreakKind.COUNTED_TWICE, stage.amount)]


def typed_in_both(stage: Stage, invoice: BothInvoices) -> Acts:
    """The same money, which nothing links: no sum is apart."""
    yield
    stage.paid(invoice)
    stage.typed(invoice)
    yield
    return [(BreakKind.NOT_LINKED, NO_MONEY)]


def changed_at_the_target(stage: Stage, invoice: BothInvoices) -> Acts:
    stage.paid(invoice)
    yield
    more = stage.amount + 1
    stage.world.connectwise.change_payment(invoice.connectwise_id or 0, stage.ours(invoice), amount=str(more))
    yield
    return [(BreakKind.AMOUNT_DIFFERS, Decimal(1))]


def removed_at_the_target(stage: Stage, invoice: BothInvoices) -> Acts:
    stage.paid(invoice)
    yield
    stage.world.connectwise.delete_payment(invoice.connectwise_id or 0, stage.ours(invoice))
    yield
    return [(BreakKind.LEDGER_DISAGREES, -stage.amount)]


def taken_off_at_the_source(stage: Stage, invoice: BothInvoices) -> Acts:
    payment = stage.paid(invoice)
    yield
    stage.world.quickbooks.edit_payment(payment, lines=[])
    yield
    return [(BreakKind.VOIDED_AT_SOURCE, stage.amount)]


def voided_at_the_source(stage: Stage, invoice: BothInvoices) -> Acts:
    payment = stage.paid(invoice)
    yield
    stage.world.quickbooks.void_payment(payment)
    yield
    return [(BreakKind.VOIDED_AT_SOURCE, stage.amount)]


def credit_at_the_target(stage: Stage, invoice: BothInvoices) -> Acts:
    yield
    stage.world.connectwise.type_payment(
        invoice.connectwise_id or 0, str(stage.amount), payment_type="C", credit_memo=f"CM-{stage.number}"
    )
    yield
    return [(BreakKind.CREDIT_DIFFERS, stage.amount)]


def redated_at_the_target(stage: Stage, invoice: BothInvoices) -> Acts:
    stage.paid(invoice)
    yield
    other_day = date(2026, 11, 3)
    stage.world.connectwise.change_payment(invoice.connectwise_id or 0, stage.ours(invoice), payment_date=other_day)
    yield
    return [(BreakKind.DATE_DIFFERS, NO_MONEY)]


ABOUT_A_PAYMENT: Mapping[str, Callable[[Stage, BothInvoices], Acts]] = {
    one.__name__: one
    for one in (
        in_both,
        not_heard_of,
        just_now,
        before_the_cut_off,
        typed_at_the_target,
        typed_again,
        typed_in_both,
        changed_at_the_target,
        removed_at_the_target,
        taken_off_at_the_source,
        voided_at_the_source,
        credit_at_the_target,
        redated_at_the_target,
    )
}


# --- about an invoice of its own ---


def open_in_both(stage: Stage) -> Acts:
    stage.invoice()
    yield
    yield
    return []


def more_than_is_open(stage: Stage) -> Acts:
    """Other money has paid nearly all of it in ConnectWise, and the payment of QuickBooks is held."""
    invoice = stage.invoice()
    nearly_all = TOTAL - stage.amount + 1
    type_in(stage.world, invoice.connectwise_id, str(nearly_all))
    stage.paid(invoice)
    yield
    yield
    return [(BreakKind.MISSING_AT_SOURCE, nearly_all), (BreakKind.HELD, -stage.amount)]


def other_total(stage: Stage) -> Acts:
    stage.invoice(connectwise_total=str(TOTAL + stage.amount))
    yield
    yield
    return [(BreakKind.INVOICE_TOTAL_DIFFERS, -stage.amount)]


def with_a_deposit(stage: Stage) -> Acts:
    invoice = stage.invoice()
    yield
    stage.world.quickbooks.edit_invoice(invoice.quickbooks_id, deposit=str(stage.amount))
    yield
    return [(BreakKind.NON_PAYMENT_REDUCTION, -stage.amount)]


def never_at_the_target(stage: Stage) -> Acts:
    stage.world.invoice(stage.number, str(TOTAL), origin=None, in_connectwise=False)
    yield
    yield
    return [(BreakKind.ONLY_AT_SOURCE, TOTAL)]


def never_at_the_source(stage: Stage) -> Acts:
    stage.world.connectwise.add_invoice(stage.number, str(TOTAL), company_name="Cascade Dental")
    yield
    yield
    return [(BreakKind.ONLY_AT_TARGET, -TOTAL)]


def gone_at_the_target(stage: Stage) -> Acts:
    invoice = stage.invoice()
    stage.paid(invoice)
    yield
    stage.world.connectwise.remove_invoice(invoice.connectwise_id or 0)
    yield
    return [(BreakKind.INVOICE_MISSING_AT_TARGET, TOTAL - stage.amount)]


def gone_at_the_source(stage: Stage) -> Acts:
    invoice = stage.invoice()
    stage.paid(invoice)
    yield
    stage.world.quickbooks.delete_invoice(invoice.quickbooks_id)
    yield
    return [(BreakKind.INVOICE_MISSING_AT_SOURCE, stage.amount - TOTAL)]


def other_currency(stage: Stage) -> Acts:
    stage.invoice(currency="CAD")
    yield
    yield
    return [(BreakKind.CURRENCY_DIFFERS, NO_MONEY)]


def other_customer(stage: Stage) -> Acts:
    stage.invoice(customer="Somebody Else")
    yield
    yield
    return [(BreakKind.CUSTOMER_DIFFERS, NO_MONEY)]


def renumbered_at_the_target(stage: Stage) -> Acts:
    invoice = stage.invoice()
    stage.paid(invoice)
    yield
    stage.world.connectwise.edit_invoice(invoice.connectwise_id or 0, number=f"{stage.number}-B")
    yield
    return [(BreakKind.NUMBER_DIFFERS, NO_MONEY)]


def one_number_twice(stage: Stage) -> Acts:
    stage.world.invoice(stage.number, str(TOTAL), origin=None)
    stage.world.invoice(stage.number, str(TOTAL + stage.amount), origin=None)
    yield
    yield
    # Nobody can say which belongs to which: the whole balance of each of the four is apart.
    shares = (TOTAL, TOTAL + stage.amount, -TOTAL, -TOTAL - stage.amount)
    return [(BreakKind.NUMBER_NOT_UNIQUE, share) for share in shares]


def journal_entry(stage: Stage) -> Acts:
    """On the customer and on no invoice: a line of the bridge, and nothing that is apart."""
    stage.invoice()
    yield
    stage.world.quickbooks.add_journal_entry(stage.world.customer_id, str(stage.amount))
    yield
    return []


ABOUT_AN_INVOICE: Mapping[str, Callable[[Stage], Acts]] = {
    one.__name__: one
    for one in (
        open_in_both,
        more_than_is_open,
        other_total,
        with_a_deposit,
        never_at_the_target,
        never_at_the_source,
        gone_at_the_target,
        gone_at_the_source,
        other_currency,
        other_customer,
        renumbered_at_the_target,
        one_number_twice,
        journal_entry,
    )
}


class Told:
    """Many stories at once, and what each of their invoices must show."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._acts: list[tuple[str, Acts]] = []
        self.made: dict[str, Made] = {}
        self.invoices: list[BothInvoices] = []
        world.choose(cut_off_on=CUT_OFF, correction_policy="automatic")

    def about_payments(self, names: list[str], amounts: list[Decimal]) -> None:
        """These happen to payments on one invoice."""
        number = self._next_number()
        invoice = self.world.invoice(number, str(TOTAL))
        self.invoices.append(invoice)
        for name, amount in zip(names, amounts, strict=True):
            self._acts.append((number, ABOUT_A_PAYMENT[name](Stage(self.world, number, amount), invoice)))

    def about_an_invoice(self, name: str, amount: Decimal) -> None:
        number = self._next_number()
        self._acts.append((number, ABOUT_AN_INVOICE[name](Stage(self.world, number, amount))))

    def _next_number(self) -> str:
        number = f"INV-{len(self.made) + 1}"
        self.made[number] = []
        return number

    def tell(self) -> None:
        """From the first act to the last one."""
        for _, acts in self._acts:
            next(acts)
        self.world.notice()
        for _, acts in self._acts:
            next(acts)
        self.world.clock.move(hours=1)
        for number, acts in self._acts:
            try:
                next(acts)
            except StopIteration as end:
                self.made[number] += end.value
