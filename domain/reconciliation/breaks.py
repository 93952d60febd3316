"""Breaks: everything that keeps the two systems apart, each with its share; the shares add up to the whole difference.

    balance at the source - balance at the target = the sum of the shares

The rows and lines of `domain/comparing` say what is where. Here each of them becomes a break of a closed list of kinds,
with one way out. No tolerance: a cent is a break.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.comparing.comparison import Comparison, LineKind, Obstacle, compare
from domain.comparing.rows import Row, RowKind
from domain.comparing.sides import BothSides, NotRead, WhyNotRead
from domain.reasons import Reason
from domain.reconciliation.pairing import Pair
from domain.status import PaymentStatus

_NOTHING = Decimal(0)
# A payment this young may still be on its way to us: webhooks take seconds, catch-up a few minutes.
NEWS_TAKES = timedelta(minutes=15)


class BreakKind(StrEnum):
    """A closed list; `domain/reconciliation/words.py` has a sentence and an advice for each."""

    # Explained by what we have decided ourselves.
    IN_FLIGHT = "in_flight"
    HELD = "held"
    SKIPPED_BY_RULE = "skipped_by_rule"
    # Money on one side only.
    MISSING_AT_TARGET = "missing_at_target"
    MISSING_AT_SOURCE = "missing_at_source"
    COUNTED_TWICE = "counted_twice"
    VOIDED_AT_SOURCE = "voided_at_source"
    # The same money, told differently.
    AMOUNT_DIFFERS = "amount_differs"
    DATE_DIFFERS = "date_differs"
    NOT_LINKED = "not_linked"
    # Our own records say something else than the target.
    LEDGER_DISAGREES = "ledger_disagrees"
    # No payment at all.
    CREDIT_DIFFERS = "credit_differs"
    NON_PAYMENT_REDUCTION = "non_payment_reduction"
    # The invoices themselves.
    INVOICE_TOTAL_DIFFERS = "invoice_total_differs"
    CUSTOMER_DIFFERS = "customer_differs"
    CURRENCY_DIFFERS = "currency_differs"
    NUMBER_DIFFERS = "number_differs"
    NUMBER_NOT_UNIQUE = "number_not_unique"
    # We had linked them: an invoice that both systems had.
    INVOICE_MISSING_AT_TARGET = "invoice_missing_at_target"
    INVOICE_MISSING_AT_SOURCE = "invoice_missing_at_source"
    # No record of ours says that the other system ever had it: not everything is billed in both.
    ONLY_AT_SOURCE = "only_at_source"
    ONLY_AT_TARGET = "only_at_target"
    # One side did not tell everything; this is never agreement.
    NOT_COMPARABLE = "not_comparable"
    # What nothing above explains.
    UNIDENTIFIED = "unidentified"


class WayOut(StrEnum):
    """What ends a break. Nothing is done by itself, except what match and push do anyway."""

    # It is on its way, or settles itself.
    WAIT = "wait"
    # A payment of the source goes to the target, through match and push.
    SYNC = "sync"
    # What we wrote is removed from the target again.
    TAKE_BACK = "take_back"
    # A payment that a person typed at the target is linked to the source's.
    LINK = "link"
    # A person corrects one of the two systems, or accepts the difference.
    CORRECT = "correct"
    # Nothing is wrong: a rule that the partner chose keeps them apart.
    NOTHING = "nothing"


WAYS_OUT: dict[BreakKind, WayOut] = {
    BreakKind.IN_FLIGHT: WayOut.WAIT,
    BreakKind.HELD: WayOut.SYNC,
    BreakKind.SKIPPED_BY_RULE: WayOut.NOTHING,
    BreakKind.MISSING_AT_TARGET: WayOut.SYNC,
    BreakKind.MISSING_AT_SOURCE: WayOut.CORRECT,
    BreakKind.COUNTED_TWICE: WayOut.CORRECT,
    BreakKind.VOIDED_AT_SOURCE: WayOut.TAKE_BACK,
    BreakKind.AMOUNT_DIFFERS: WayOut.CORRECT,
    BreakKind.DATE_DIFFERS: WayOut.CORRECT,
    BreakKind.NOT_LINKED: WayOut.LINK,
    BreakKind.LEDGER_DISAGREES: WayOut.SYNC,
    BreakKind.CREDIT_DIFFERS: WayOut.CORRECT,
    BreakKind.NON_PAYMENT_REDUCTION: WayOut.CORRECT,
    BreakKind.INVOICE_TOTAL_DIFFERS: WayOut.CORRECT,
    BreakKind.CUSTOMER_DIFFERS: WayOut.CORRECT,
    BreakKind.CURRENCY_DIFFERS: WayOut.CORRECT,
    BreakKind.NUMBER_DIFFERS: WayOut.CORRECT,
    BreakKind.NUMBER_NOT_UNIQUE: WayOut.CORRECT,
    BreakKind.INVOICE_MISSING_AT_TARGET: WayOut.CORRECT,
    BreakKind.INVOICE_MISSING_AT_SOURCE: WayOut.CORRECT,
    BreakKind.ONLY_AT_SOURCE: WayOut.NOTHING,
    BreakKind.ONLY_AT_TARGET: WayOut.NOTHING,
    BreakKind.NOT_COMPARABLE: WayOut.WAIT,
    BreakKind.UNIDENTIFIED: WayOut.CORRECT,
}

# Our own decision says why, or it is no matter of the sync: the difference is explained without a person.
EXPLAINED = frozenset(
    {
        BreakKind.IN_FLIGHT,
        BreakKind.HELD,
        BreakKind.SKIPPED_BY_RULE,
        BreakKind.ONLY_AT_SOURCE,
        BreakKind.ONLY_AT_TARGET,
    }
)
# The whole balance of an invoice is on one side.
ONE_SIDED = frozenset(
    {
        BreakKind.INVOICE_MISSING_AT_SOURCE,
        BreakKind.INVOICE_MISSING_AT_TARGET,
        BreakKind.ONLY_AT_SOURCE,
        BreakKind.ONLY_AT_TARGET,
    }
)
# To be seen, and no money is apart.
FOR_INFORMATION = frozenset({BreakKind.DATE_DIFFERS, BreakKind.CUSTOMER_DIFFERS, BreakKind.NUMBER_DIFFERS})


@dataclass(frozen=True, slots=True)
class Break:
    """One difference.

    Attributes:
        share: by how much this alone makes the balance at the source higher than the one at the target.
        currency: ISO 4217; None if neither system names one.
        source_amount, target_amount: what each side says; None where it says nothing.
        source_date, target_date: as people typed them; they have no zone.
        source_payment_ids, target_payment_ids: the payments that it is about; none for a break of the invoice itself.
        reason: of the decision or hold that explains it; None if none does.
        subject: names what the break is about, whatever its kind: two runs see the same break by it.
    """

    kind: BreakKind
    share: Decimal
    currency: str | None
    subject: str
    source_amount: Decimal | None = None
    target_amount: Decimal | None = None
    source_date: date | None = None
    target_date: date | None = None
    source_payment_ids: tuple[str, ...] = ()
    target_payment_ids: tuple[str, ...] = ()
    reason: Reason | None = None

    @property
    def way_out(self) -> WayOut:
        return WAYS_OUT[self.kind]

    @property
    def is_explained(self) -> bool:
        return self.kind in EXPLAINED


# A row's own kind; what our decision says comes first (`_kind_of_row`).
_KINDS: dict[RowKind, BreakKind | None] = {
    RowKind.SAME: None,
    RowKind.DATE_DIFFERS: BreakKind.DATE_DIFFERS,
    RowKind.AMOUNT_DIFFERS: BreakKind.AMOUNT_DIFFERS,
    RowKind.PERHAPS_SAME: BreakKind.NOT_LINKED,
    RowKind.ON_ITS_WAY: BreakKind.IN_FLIGHT,
    RowKind.HELD: BreakKind.HELD,
    RowKind.SKIPPED: BreakKind.SKIPPED_BY_RULE,
    RowKind.NOT_HEARD_OF: BreakKind.MISSING_AT_TARGET,
    RowKind.MISSING_AT_TARGET: BreakKind.LEDGER_DISAGREES,
    RowKind.TYPED_AT_TARGET: BreakKind.MISSING_AT_SOURCE,
    RowKind.PERHAPS_TWICE: BreakKind.COUNTED_TWICE,
    RowKind.LEFT_AT_TARGET: BreakKind.VOIDED_AT_SOURCE,
    RowKind.OF_TARGETS_OWN_PRODUCT: BreakKind.MISSING_AT_SOURCE,
    RowKind.CREDIT_AT_SOURCE: BreakKind.CREDIT_DIFFERS,
    RowKind.CREDIT_AT_TARGET: BreakKind.CREDIT_DIFFERS,
    RowKind.UNREADABLE: BreakKind.NOT_COMPARABLE,
    RowKind.NOT_COMPARED: BreakKind.NOT_COMPARABLE,
}
# Differences that a correction of ours ends, if one is on its way or held.
_CORRECTABLE = frozenset({RowKind.AMOUNT_DIFFERS, RowKind.LEFT_AT_TARGET, RowKind.MISSING_AT_TARGET})

_LINES: dict[LineKind, BreakKind] = {
    LineKind.TOTAL: BreakKind.INVOICE_TOTAL_DIFFERS,
    LineKind.DEPOSIT: BreakKind.NON_PAYMENT_REDUCTION,
    LineKind.OTHER: BreakKind.UNIDENTIFIED,
}
_VERDICTS = {"number": BreakKind.NUMBER_DIFFERS, "customer": BreakKind.CUSTOMER_DIFFERS}


def breaks_of(sides: BothSides, invoice: str, *, was_linked: bool = True) -> tuple[Break, ...]:
    """The breaks of one invoice; none if both systems agree in everything.

    Args:
        invoice: names the invoice within the organization, the same in each run.
        was_linked: our records say that both systems have, or had, this invoice.
    """
    comparison = compare(sides)
    if any(isinstance(side, NotRead) and side.why is WhyNotRead.AMBIGUOUS for side in (sides.source, sides.target)):
        return (_of_balances(comparison, invoice, BreakKind.NUMBER_NOT_UNIQUE),)
    match comparison.obstacle:
        case None | Obstacle.PAYMENT_UNREADABLE:
            return _in_depth(comparison, invoice, sides.source_read_at - NEWS_TAKES)
        case Obstacle.CURRENCY_DIFFERS:
            # A difference of two currencies is no sum of money.
            return (_of_balances(comparison, invoice, BreakKind.CURRENCY_DIFFERS),)
        case Obstacle.SOURCE_GONE:
            kind = BreakKind.INVOICE_MISSING_AT_SOURCE if was_linked else BreakKind.ONLY_AT_TARGET
            return _of_one_side(comparison, invoice, kind)
        case Obstacle.TARGET_GONE:
            kind = BreakKind.INVOICE_MISSING_AT_TARGET if was_linked else BreakKind.ONLY_AT_SOURCE
            return _of_one_side(comparison, invoice, kind)
        case Obstacle.SOURCE_NOT_READ | Obstacle.TARGET_NOT_READ:
            return (_of_balances(comparison, invoice, BreakKind.NOT_COMPARABLE),)


def _of_one_side(comparison: Comparison, invoice: str, kind: BreakKind) -> tuple[Break, ...]:
    """None if the invoice is paid and the other system never had it: then nothing is apart."""
    one = _of_balances(comparison, invoice, kind)
    return () if kind in (BreakKind.ONLY_AT_SOURCE, BreakKind.ONLY_AT_TARGET) and not one.share else (one,)


def _of_balances(comparison: Comparison, invoice: str, kind: BreakKind) -> Break:
    balance = next(line for line in comparison.lines if line.kind is LineKind.BALANCE)
    share = (balance.source or _NOTHING) - (balance.target or _NOTHING) if kind in ONE_SIDED else _NOTHING
    return Break(kind, share, comparison.currency, f"{invoice}/invoice", balance.source, balance.target)


def _in_depth(comparison: Comparison, invoice: str, fresh_since: datetime) -> tuple[Break, ...]:
    currency = comparison.currency
    return (
        *_of_identity(comparison, invoice),
        *(one for row in comparison.rows if (one := _of_row(row, invoice, currency, fresh_since)) is not None),
        *_of_lines(comparison, invoice),
    )


def number_not_unique(pair: Pair) -> Break:
    """For an invoice whose number others have too: nobody can tell which one is meant."""
    source = pair.source.balance if pair.source is not None else None
    target = pair.target.balance if pair.target is not None else None
    side = pair.source or pair.target
    return Break(
        kind=BreakKind.NUMBER_NOT_UNIQUE,
        share=(source or _NOTHING) - (target or _NOTHING),
        currency=side.currency if side is not None else None,
        subject=f"{pair.name}/invoice",
        source_amount=source,
        target_amount=target,
    )


def total_share(breaks: Iterable[Break]) -> Decimal:
    """By how much the balance at the source is above the one at the target, by these breaks."""
    return sum((one.share for one in breaks), _NOTHING)


def _of_row(row: Row, invoice: str, currency: str | None, fresh_since: datetime) -> Break | None:
    kind, reason = _kind_of_row(row)
    if row.kind is RowKind.NOT_HEARD_OF and any(
        part.entered_at and part.entered_at > fresh_since for part in row.parts
    ):
        kind = BreakKind.IN_FLIGHT
    if kind is None:
        return None
    at_source = sum((part.amount for part in row.parts), _NOTHING) if row.parts else None
    at_target = row.target.amount if row.target is not None else None
    days = [part.paid_on for part in row.parts if part.paid_on is not None]
    return Break(
        kind=kind,
        # Money lowers a balance: what the target has and the source has not makes the source's balance the higher one.
        share=(at_target or _NOTHING) - (at_source or _NOTHING),
        currency=currency,
        subject=_subject(row, invoice),
        source_amount=at_source,
        target_amount=at_target,
        source_date=min(days) if days else None,
        target_date=row.target.paid_on if row.target is not None else None,
        source_payment_ids=_source_ids(row),
        target_payment_ids=_target_ids(row),
        reason=reason,
    )


def _kind_of_row(row: Row) -> tuple[BreakKind | None, Reason | None]:
    kind = _KINDS[row.kind]
    decided = next((one for one in row.known if one.reason is not None), None)
    if decided is None or kind is None:
        return kind, None
    if kind in EXPLAINED:
        return kind, decided.reason
    if row.kind in _CORRECTABLE:
        match decided.status:
            case PaymentStatus.ON_ITS_WAY:
                return BreakKind.IN_FLIGHT, decided.reason
            case PaymentStatus.NEEDS_ATTENTION | PaymentStatus.WAITING:
                return BreakKind.HELD, decided.reason
            case PaymentStatus.SYNCED | PaymentStatus.SKIPPED:
                return kind, None
    return kind, decided.reason if row.kind is RowKind.PERHAPS_SAME else None


def _subject(row: Row, invoice: str) -> str:
    """By the source's payment where there is one: a payment that was on its way is the same break when it is held."""
    about = "+".join(_source_ids(row)) or f"target:{'+'.join(_target_ids(row))}"
    return f"{invoice}/payment:{about}"


def _source_ids(row: Row) -> tuple[str, ...]:
    ids = [part.payment_id for part in row.parts] or [one.payment_id for one in row.known]
    return tuple(sorted({*ids, row.unread_id} - {""}))


def _target_ids(row: Row) -> tuple[str, ...]:
    ids = {row.target.external_id if row.target is not None else "", row.missing_id}
    return tuple(sorted(ids - {""}))


def _of_lines(comparison: Comparison, invoice: str) -> Iterable[Break]:
    """The sums that no payment stands for."""
    for line in comparison.lines:
        kind = _LINES.get(line.kind)
        if kind is BreakKind.UNIDENTIFIED and comparison.obstacle is Obstacle.PAYMENT_UNREADABLE:
            # The payment that we could not read may be all of it.
            kind = BreakKind.NOT_COMPARABLE
        if kind is None or not line.difference:
            continue
        # A higher total makes a balance higher; everything else lowers it.
        share = line.difference if line.kind is LineKind.TOTAL else -line.difference
        subject = f"{invoice}/{line.kind.value}"
        yield Break(kind, share, comparison.currency, subject, line.source, line.target)


def _of_identity(comparison: Comparison, invoice: str) -> Iterable[Break]:
    for verdict in comparison.identity:
        kind = _VERDICTS.get(verdict.field)
        if kind is not None and not verdict.identical:
            yield Break(kind, _NOTHING, comparison.currency, f"{invoice}/{verdict.field}")
