"""The independent proof: what two systems say about the same invoices, compared without any knowledge of our own.

On purpose this shares no rule with the engine or with its comparisons: a mistake there must not hide itself here. It
pairs invoices by their exact number, and payments by amount and date, and asks one question of each pair: does every
difference between the two balances have a name?
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

_NOTHING = Decimal(0)


class Nature(StrEnum):
    """What lowers a balance."""

    MONEY = "money"
    CREDIT = "credit"
    # Money and credit together, and nothing says which of it is for this invoice.
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Part:
    """An amount that one payment or one credit puts on an invoice."""

    id: str
    amount: Decimal
    dated: date | None
    nature: Nature = Nature.MONEY


@dataclass(frozen=True, slots=True)
class Seen:
    """One invoice as one system has it.

    Attributes:
        parts: everything that lowers the balance, except what stands on the invoice itself.
    """

    id: str
    number: str
    currency: str | None
    total: Decimal
    balance: Decimal
    parts: tuple[Part, ...] = ()


class Kind(StrEnum):
    """A disagreement; the sentences are in `SENTENCES`."""

    INVOICE_MISSING_AT_TARGET = "invoice_missing_at_target"
    INVOICE_MISSING_AT_SOURCE = "invoice_missing_at_source"
    NUMBER_NOT_UNIQUE = "number_not_unique"
    CURRENCY_DIFFERS = "currency_differs"
    TOTAL_DIFFERS = "total_differs"
    PAYMENT_MISSING_AT_TARGET = "payment_missing_at_target"
    PAYMENT_MISSING_AT_SOURCE = "payment_missing_at_source"
    COUNTED_TWICE = "counted_twice"
    AMOUNT_DIFFERS = "amount_differs"
    DATE_DIFFERS = "date_differs"
    CREDIT_DIFFERS = "credit_differs"
    BALANCE_DIFFERS = "balance_differs"


SENTENCES: Mapping[Kind, str] = {
    Kind.INVOICE_MISSING_AT_TARGET: "The invoice is in {source} and not in {target}, or the connection may not see it.",
    Kind.INVOICE_MISSING_AT_SOURCE: "The invoice is in {target} and not in {source}.",
    Kind.NUMBER_NOT_UNIQUE: "Several invoices have this number, so nobody can say which belong together.",
    Kind.CURRENCY_DIFFERS: "The invoice has another currency in each system, so its amounts say nothing.",
    Kind.TOTAL_DIFFERS: "The invoice’s total is not the same.",
    Kind.PAYMENT_MISSING_AT_TARGET: "The payment is in {source} and not in {target}.",
    Kind.PAYMENT_MISSING_AT_SOURCE: "The payment is in {target} and not in {source}.",
    Kind.COUNTED_TWICE: "{target} has this payment once more than {source}.",
    Kind.AMOUNT_DIFFERS: "The payment’s amount is not the same.",
    Kind.DATE_DIFFERS: "The payment’s date is not the same.",
    Kind.CREDIT_DIFFERS: "The credits applied to the invoice are not the same.",
    Kind.BALANCE_DIFFERS: "The balances differ, and no payment or credit explains it.",
}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing that the two systems say differently.

    Attributes:
        source_ids, target_ids: of the invoices, or of the payments where the disagreement is about one.
        source_amount, target_amount: None where that side has nothing.
    """

    kind: Kind
    number: str
    currency: str | None
    source_ids: tuple[str, ...] = ()
    target_ids: tuple[str, ...] = ()
    source_amount: Decimal | None = None
    target_amount: Decimal | None = None
    source_dated: date | None = None
    target_dated: date | None = None

    @property
    def difference(self) -> Decimal:
        """How much more the source says; a date costs nothing."""
        return (self.source_amount or _NOTHING) - (self.target_amount or _NOTHING)


def by_number(invoices: Iterable[Seen]) -> dict[str, list[Seen]]:
    """The invoices by their exact number. One that is void gives its number up if another one has it."""
    found: dict[str, list[Seen]] = defaultdict(list)
    for one in invoices:
        found[one.number].append(one)
    return {number: [one for one in same if one.total or one.balance] or same for number, same in found.items()}


def suspects(source: Iterable[Seen], target: Iterable[Seen]) -> set[str]:
    """The numbers about which the two systems do not simply agree, by their totals and balances alone."""
    ours, theirs = by_number(source), by_number(target)
    return {
        number
        for number in ours.keys() | theirs.keys()
        if not _agree_by_sums(number, ours.get(number, []), theirs.get(number, []))
    }


def _agree_by_sums(number: str, ours: Sequence[Seen], theirs: Sequence[Seen]) -> bool:
    if not number or len(ours) != 1 or len(theirs) != 1:
        return False
    one, other = ours[0], theirs[0]
    return one.currency == other.currency and one.total == other.total and one.balance == other.balance


def compare(source: Iterable[Seen], target: Iterable[Seen], since: date) -> tuple[Disagreement, ...]:
    """Everything about which the two systems disagree, in the order of the numbers.

    Args:
        since: payments before this day matter only where the balances differ.
    """
    ours, theirs = by_number(source), by_number(target)
    return tuple(
        disagreement
        for number in sorted(ours.keys() | theirs.keys())
        for disagreement in _of_number(number, ours.get(number, []), theirs.get(number, []), since)
    )


def sums(disagreements: Iterable[Disagreement]) -> dict[str | None, Decimal]:
    """The amounts in dispute by currency, each counted as it is, whichever side has more."""
    found: dict[str | None, Decimal] = defaultdict(Decimal)
    for one in disagreements:
        found[one.currency] += abs(one.difference)
    return dict(found)


def _of_number(number: str, ours: Sequence[Seen], theirs: Sequence[Seen], since: date) -> Iterator[Disagreement]:
    if not number:
        # Without a number nothing can be paired.
        yield from (_alone(one, Kind.INVOICE_MISSING_AT_TARGET) for one in ours if one.total or one.balance)
        yield from (_alone(one, Kind.INVOICE_MISSING_AT_SOURCE) for one in theirs if one.total or one.balance)
    elif len(ours) > 1 or len(theirs) > 1:
        yield Disagreement(
            Kind.NUMBER_NOT_UNIQUE,
            number,
            (*ours, *theirs)[0].currency,
            tuple(one.id for one in ours),
            tuple(one.id for one in theirs),
            sum((one.balance for one in ours), _NOTHING) if ours else None,
            sum((one.balance for one in theirs), _NOTHING) if theirs else None,
        )
    elif ours and theirs:
        yield from _of_pair(ours[0], theirs[0], since)
    else:
        kind = Kind.INVOICE_MISSING_AT_TARGET if ours else Kind.INVOICE_MISSING_AT_SOURCE
        yield from (_alone(one, kind) for one in (*ours, *theirs) if one.total or one.balance)


def _alone(one: Seen, kind: Kind) -> Disagreement:
    if kind is Kind.INVOICE_MISSING_AT_TARGET:
        return Disagreement(kind, one.number, one.currency, source_ids=(one.id,), source_amount=one.total)
    return Disagreement(kind, one.number, one.currency, target_ids=(one.id,), target_amount=one.total)


def _of_pair(one: Seen, other: Seen, since: date) -> Iterator[Disagreement]:
    ids = (one.id,), (other.id,)
    if one.currency != other.currency and None not in (one.currency, other.currency):
        yield Disagreement(Kind.CURRENCY_DIFFERS, one.number, one.currency, *ids, one.balance, None)
        return
    currency = one.currency or other.currency
    if one.total != other.total:
        yield Disagreement(Kind.TOTAL_DIFFERS, one.number, currency, *ids, one.total, other.total)
    parts = list(_of_parts(one, other, currency))
    is_balanced = one.balance == other.balance
    yield from (part for part in parts if not is_balanced or _is_recent(part, since))
    # Balance = total - everything on it, so whatever is left of the difference has no name.
    named = one.total - other.total - sum((part.difference for part in parts), _NOTHING)
    if one.balance - other.balance != named:
        yield Disagreement(Kind.BALANCE_DIFFERS, one.number, currency, *ids, one.balance, other.balance)


def _is_recent(part: Disagreement, since: date) -> bool:
    days = [day for day in (part.source_dated, part.target_dated) if day is not None]
    return not days or max(days) >= since


def _of_parts(one: Seen, other: Seen, currency: str | None) -> Iterator[Disagreement]:
    """The payments and credits that the two do not have in common."""
    if any(part.nature is Nature.MIXED for part in (*one.parts, *other.parts)):
        # What is mixed cannot be paired line by line. The balances say whether it comes to the same.
        return
    credit, other_credit = _sum(one, Nature.CREDIT), _sum(other, Nature.CREDIT)
    if credit != other_credit:
        ids = (
            tuple(part.id for part in one.parts if part.nature is Nature.CREDIT),
            tuple(part.id for part in other.parts if part.nature is Nature.CREDIT),
        )
        yield Disagreement(Kind.CREDIT_DIFFERS, one.number, currency, *ids, credit, other_credit)
    ours = [part for part in one.parts if part.nature is Nature.MONEY]
    theirs = [part for part in other.parts if part.nature is Nature.MONEY]
    matched = {(part.amount, part.dated) for part in ours}
    _take_equal(ours, theirs, lambda part: (part.amount, part.dated))
    for part, twin in _take_equal(ours, theirs, lambda part: part.amount):
        yield _payment(Kind.DATE_DIFFERS, one.number, currency, part, twin)
    if len(theirs) == 1 and ours and theirs[0].amount == sum((part.amount for part in ours), _NOTHING):
        # A system that keeps one payment for an invoice has all of them in it.
        return
    for part, twin in _take_equal(ours, theirs, lambda part: part.dated):
        yield _payment(Kind.AMOUNT_DIFFERS, one.number, currency, part, twin)
    for part in ours:
        yield _payment(Kind.PAYMENT_MISSING_AT_TARGET, one.number, currency, part, None)
    for part in theirs:
        is_again = (part.amount, part.dated) in matched
        kind = Kind.COUNTED_TWICE if is_again else Kind.PAYMENT_MISSING_AT_SOURCE
        yield _payment(kind, one.number, currency, None, part)


def _sum(one: Seen, nature: Nature) -> Decimal:
    return sum((part.amount for part in one.parts if part.nature is nature), _NOTHING)


def _take_equal(ours: list[Part], theirs: list[Part], key: Callable[[Part], object]) -> list[tuple[Part, Part]]:
    """Takes out of both lists what is equal by this key, one for one, and returns the pairs."""
    pairs = []
    for part in list(ours):
        twin = next((one for one in theirs if key(one) == key(part)), None)
        if twin is not None:
            ours.remove(part)
            theirs.remove(twin)
            pairs.append((part, twin))
    return pairs


def _payment(kind: Kind, number: str, currency: str | None, ours: Part | None, theirs: Part | None) -> Disagreement:
    return Disagreement(
        kind,
        number,
        currency,
        () if ours is None else (ours.id,),
        () if theirs is None else (theirs.id,),
        None if ours is None else ours.amount,
        None if theirs is None else theirs.amount,
        None if ours is None else ours.dated,
        None if theirs is None else theirs.dated,
    )
