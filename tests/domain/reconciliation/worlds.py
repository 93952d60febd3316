"""Random invoices with planted differences: each fact adds what both systems have, and the break that must be found."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import strategies as st

from domain.comparing.sides import BothSides, KnownPart, TargetSide
from domain.reasons import Reason
from domain.reconciliation.breaks import BreakKind
from domain.records import InvoiceStatement, SourcePayment, TargetPayment
from domain.status import PaymentStatus
from tests.domain.comparing.sides import LATER, NOW, credited, entered, known, paid, source, target


@dataclass
class Number:
    """The payment of one fact: its ids in both systems, and its amount."""

    number: int
    amount: Decimal

    @property
    def text(self) -> str:
        return str(self.amount)

    @property
    def more(self) -> str:
        return str(self.amount + 1)

    def paid(self) -> SourcePayment:
        return paid(f"p{self.number}", self.text)

    def credited(self) -> SourcePayment:
        return credited(f"p{self.number}", self.text)

    def entered(self, amount: str | None = None, **choices: object) -> TargetPayment:
        return entered(f"t{self.number}", amount or self.text, **choices)  # type: ignore[arg-type]

    def entered_again(self) -> TargetPayment:
        return entered(f"t{self.number}x", self.text)

    def linked(self, **choices: object) -> KnownPart:
        return known(f"p{self.number}", self.text, as_=f"t{self.number}", **choices)  # type: ignore[arg-type]

    def decided(self, status: PaymentStatus, reason: Reason) -> KnownPart:
        return known(f"p{self.number}", self.text, status=status, reason=reason)


Made = tuple[list[SourcePayment], list[TargetPayment], list[KnownPart]]


@dataclass(frozen=True)
class Fact:
    """What can be planted.

    Attributes:
        kind: the break that it must lead to; None: no break.
        share: of the payment's amount: what the break must add to the difference.
    """

    kind: BreakKind | None
    made: Callable[[Number], Made]
    share: Callable[[Decimal], Decimal] = lambda _: Decimal(0)


def less(amount: Decimal) -> Decimal:
    return -amount


def more(amount: Decimal) -> Decimal:
    return amount


def by_one(_: Decimal) -> Decimal:
    return Decimal(1)


MOVING = (PaymentStatus.ON_ITS_WAY, Reason.ELIGIBLE)
STOPPED = (PaymentStatus.NEEDS_ATTENTION, Reason.EXCEEDS_BALANCE)
LEFT_OUT = (PaymentStatus.SKIPPED, Reason.BEFORE_CUT_OFF)

FACTS: dict[str, Fact] = {
    "same": Fact(None, lambda n: ([n.paid()], [n.entered()], [n.linked()])),
    "other_date": Fact(BreakKind.DATE_DIFFERS, lambda n: ([n.paid()], [n.entered(on=LATER)], [n.linked()])),
    "other_amount": Fact(BreakKind.AMOUNT_DIFFERS, lambda n: ([n.paid()], [n.entered(n.more)], [n.linked()]), by_one),
    "correction_on_its_way": Fact(
        BreakKind.IN_FLIGHT,
        lambda n: (
            [n.paid()],
            [n.entered(n.more)],
            [n.linked(status=PaymentStatus.ON_ITS_WAY, reason=Reason.EDITED)],
        ),
        by_one,
    ),
    "on_its_way": Fact(BreakKind.IN_FLIGHT, lambda n: ([n.paid()], [], [n.decided(*MOVING)]), less),
    "held": Fact(BreakKind.HELD, lambda n: ([n.paid()], [], [n.decided(*STOPPED)]), less),
    "skipped": Fact(BreakKind.SKIPPED_BY_RULE, lambda n: ([n.paid()], [], [n.decided(*LEFT_OUT)]), less),
    "not_heard_of": Fact(BreakKind.MISSING_AT_TARGET, lambda n: ([n.paid()], [], []), less),
    "typed_at_target": Fact(BreakKind.MISSING_AT_SOURCE, lambda n: ([], [n.entered()], []), more),
    "typed_at_both": Fact(BreakKind.NOT_LINKED, lambda n: ([n.paid()], [n.entered()], [])),
    "typed_beside_ours": Fact(
        BreakKind.COUNTED_TWICE, lambda n: ([n.paid()], [n.entered(), n.entered_again()], [n.linked()]), more
    ),
    "voided_at_source": Fact(BreakKind.VOIDED_AT_SOURCE, lambda n: ([], [n.entered()], [n.linked(live=False)]), more),
    "ours_is_gone": Fact(BreakKind.LEDGER_DISAGREES, lambda n: ([n.paid()], [], [n.linked()]), less),
    "credit_at_source": Fact(BreakKind.CREDIT_DIFFERS, lambda n: ([n.credited()], [], []), less),
    "credit_at_target": Fact(BreakKind.CREDIT_DIFFERS, lambda n: ([], [n.entered(credit=True)], []), more),
    "credit_at_both": Fact(BreakKind.NOT_LINKED, lambda n: ([n.credited()], [n.entered(credit=True)], [])),
    "from_targets_own_product": Fact(BreakKind.MISSING_AT_SOURCE, lambda n: ([], [n.entered(foreign=True)], []), more),
}


@dataclass
class Planted:
    """An invoice that is made fact by fact."""

    at_source: list[SourcePayment] = field(default_factory=list)
    at_target: list[TargetPayment] = field(default_factory=list)
    known: list[KnownPart] = field(default_factory=list)
    expected: list[tuple[BreakKind, Decimal]] = field(default_factory=list)
    deposit: Decimal = Decimal(0)
    other: Decimal = Decimal(0)
    total_off: Decimal = Decimal(0)

    def sides(self) -> BothSides:
        return BothSides(self.source, self.target, tuple(self.known), NOW, NOW)

    @property
    def source(self) -> InvoiceStatement:
        lowered = sum((one.allocations[0].amount for one in self.at_source), self.deposit + self.other)
        total = Decimal(1000) + self.total_off
        return source(*self.at_source, total=str(total), deposit=str(self.deposit), balance=str(total - lowered))

    @property
    def target(self) -> TargetSide:
        return target(*self.at_target, total="1000")

    def plant(self, name: str, number: int, amount: Decimal) -> None:
        """Adds a fact. Each needs an amount of its own, so that no two look alike by chance."""
        fact = FACTS[name]
        at_source, at_target, parts = fact.made(Number(number, amount))
        self.at_source += at_source
        self.at_target += at_target
        self.known += parts
        if fact.kind is not None:
            self.expected.append((fact.kind, fact.share(amount)))

    def plant_sum(self, name: str, amount: Decimal) -> None:
        """Adds a difference that no payment stands for."""
        match name:
            case "deposit":
                self.deposit = amount
                self.expected.append((BreakKind.NON_PAYMENT_REDUCTION, -amount))
            case "other":
                self.other = amount
                self.expected.append((BreakKind.UNIDENTIFIED, -amount))
            case "total":
                self.total_off = amount
                self.expected.append((BreakKind.INVOICE_TOTAL_DIFFERS, amount))


@st.composite
def planted_invoices(draw: st.DrawFn) -> Planted:
    """An invoice with up to eight facts and up to three sums that differ."""
    names = draw(st.lists(st.sampled_from(sorted(FACTS)), max_size=8))
    # They differ by more than the one by which "another amount" is off.
    amounts = draw(st.lists(st.integers(1, 50).map(lambda one: one * 3), min_size=8, max_size=8, unique=True))
    invoice = Planted()
    for number, (name, amount) in enumerate(zip(names, amounts, strict=False)):
        invoice.plant(name, number, Decimal(amount) + Decimal("0.01"))
    for name in sorted(draw(st.sets(st.sampled_from(["deposit", "other", "total"])))):
        invoice.plant_sum(name, Decimal(draw(st.integers(1, 500))) / 100)
    return invoice
