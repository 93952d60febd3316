"""Do both systems say the same about one invoice, to the cent? Rows of payments, sums line by line, one verdict.

Our ledger alone says which payments belong together. Without it, the same amount on the same date is only "perhaps the
same": such a pair is shown, counted, and never claimed.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.comparing.pairing import paired, rows_of_one_side
from domain.comparing.parts import Nature, parts_of
from domain.comparing.rows import OPEN_KINDS, Row, RowKind
from domain.comparing.sides import BothSides, NotRead, TargetSide, WhyNotRead
from domain.match.comparison import compare_invoices
from domain.match.decisions import Verdict
from domain.records import InvoiceStatement

_NOTHING = Decimal(0)


class ComparedAs(StrEnum):
    """The outcome, as lists filter by it."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


class Obstacle(StrEnum):
    """Why the two sides cannot be compared."""

    SOURCE_NOT_READ = "source_not_read"
    TARGET_NOT_READ = "target_not_read"
    SOURCE_GONE = "source_gone"
    TARGET_GONE = "target_gone"
    CURRENCY_DIFFERS = "currency_differs"
    # A payment at the source could not be read, so we do not know what it puts on the invoice.
    PAYMENT_UNREADABLE = "payment_unreadable"


# One side is missing.
NOT_READ = frozenset({Obstacle.SOURCE_NOT_READ, Obstacle.TARGET_NOT_READ, Obstacle.SOURCE_GONE, Obstacle.TARGET_GONE})


class LineKind(StrEnum):
    """The lines of the sums: balance = total - all the others."""

    TOTAL = "total"
    PAYMENTS = "payments"
    CREDITS = "credits"
    # Money and credit in one payment: no system says which of it went to which invoice.
    MIXED = "mixed"
    # Taken on the invoice form itself.
    DEPOSIT = "deposit"
    # What no payment and no credit explains.
    OTHER = "other"
    BALANCE = "balance"


# Lines that are left out where both sides have nothing.
_ONLY_IF_THERE = frozenset({LineKind.CREDITS, LineKind.MIXED, LineKind.DEPOSIT, LineKind.OTHER})


@dataclass(frozen=True, slots=True)
class Line:
    """One sum on both sides; None for a side that was not read."""

    kind: LineKind
    source: Decimal | None
    target: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """How much more the source says; None if one side is missing."""
        return None if self.source is None or self.target is None else self.source - self.target


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome for one invoice.

    Attributes:
        difference: by how much the source's balance is above the target's; None if that cannot be told.
        obstacle: why nothing can be told, only with UNKNOWN.
        identity: number, currency and customer on both sides; empty if a side is missing.
    """

    compared_as: ComparedAs
    difference: Decimal | None
    obstacle: Obstacle | None
    currency: str | None
    lines: tuple[Line, ...]
    rows: tuple[Row, ...]
    identity: tuple[Verdict, ...] = ()

    def count(self, *kinds: RowKind) -> int:
        return sum(row.kind in kinds for row in self.rows)

    @property
    def without_counterpart(self) -> int:
        """How many rows have money on one side that the other side does not have, or has with another amount."""
        return sum(row.kind in OPEN_KINDS for row in self.rows)


def compare(sides: BothSides) -> Comparison:
    """Compares the two sides; total and without any rounding."""
    source, target = sides.source, sides.target
    obstacle = _obstacle(source, target)
    currency = _currency(source, target)
    lines = _lines(source, target)
    if isinstance(source, NotRead) or isinstance(target, NotRead):
        rows = rows_of_one_side(source, target, sides.known)
        return Comparison(ComparedAs.UNKNOWN, None, obstacle, currency, lines, rows)
    identity = _identity(source, target)
    # Amounts of two currencies say nothing about each other.
    by_amount = obstacle is not Obstacle.CURRENCY_DIFFERS
    rows = paired(parts_of(source), source.unread_ids, target.payments, sides.known, by_amount=by_amount)
    if obstacle is not None:
        return Comparison(ComparedAs.UNKNOWN, None, obstacle, currency, lines, rows, identity)
    agrees = all(line.difference == _NOTHING for line in lines) and not any(row.kind in OPEN_KINDS for row in rows)
    difference = source.invoice.balance - target.invoice.balance
    state = ComparedAs.AGREES if agrees else ComparedAs.DIFFERS
    return Comparison(state, difference, None, currency, lines, rows, identity)


def _obstacle(source: InvoiceStatement | NotRead, target: TargetSide | NotRead) -> Obstacle | None:
    if isinstance(source, NotRead):
        return Obstacle.SOURCE_GONE if _is_gone(source) else Obstacle.SOURCE_NOT_READ
    if isinstance(target, NotRead):
        return Obstacle.TARGET_GONE if _is_gone(target) else Obstacle.TARGET_NOT_READ
    currencies = {source.invoice.currency, target.invoice.currency} - {None}
    if len(currencies) > 1:
        return Obstacle.CURRENCY_DIFFERS
    if source.unread_ids or any(payment.flaw is not None for payment in source.payments):
        return Obstacle.PAYMENT_UNREADABLE
    return None


def _is_gone(side: NotRead) -> bool:
    return side.why in (WhyNotRead.GONE, WhyNotRead.NOT_FOUND)


def _currency(source: InvoiceStatement | NotRead, target: TargetSide | NotRead) -> str | None:
    of_source = None if isinstance(source, NotRead) else source.invoice.currency
    return of_source or (None if isinstance(target, NotRead) else target.invoice.currency)


def _identity(source: InvoiceStatement, target: TargetSide) -> tuple[Verdict, ...]:
    # A company with one currency may leave it out; then there is nothing to compare it with but the target's own.
    currency = source.invoice.currency or target.invoice.currency or ""
    verdicts = compare_invoices(source.invoice, target.invoice, payment_currency=currency)
    return tuple(one for one in verdicts if one.field != LineKind.TOTAL)


def _lines(source: InvoiceStatement | NotRead, target: TargetSide | NotRead) -> tuple[Line, ...]:
    of_source = {} if isinstance(source, NotRead) else _sums_of_source(source)
    of_target = {} if isinstance(target, NotRead) else _sums_of_target(target)
    lines = (Line(kind, of_source.get(kind), of_target.get(kind)) for kind in LineKind)
    return tuple(line for line in lines if line.kind not in _ONLY_IF_THERE or line.source or line.target)


def _sums_of_source(side: InvoiceStatement) -> dict[LineKind, Decimal]:
    parts = parts_of(side)
    by_nature = {
        nature: sum((part.amount for part in parts if part.nature is nature), _NOTHING)
        for nature in (Nature.MONEY, Nature.CREDIT, Nature.MIXED)
    }
    explained = sum(by_nature.values(), side.deposit)
    return {
        LineKind.TOTAL: side.invoice.total,
        LineKind.PAYMENTS: by_nature[Nature.MONEY],
        LineKind.CREDITS: by_nature[Nature.CREDIT],
        LineKind.MIXED: by_nature[Nature.MIXED],
        LineKind.DEPOSIT: side.deposit,
        LineKind.OTHER: side.invoice.total - side.invoice.balance - explained,
        LineKind.BALANCE: side.invoice.balance,
    }


def _sums_of_target(side: TargetSide) -> dict[LineKind, Decimal]:
    payments = sum((one.amount for one in side.payments if not one.credit), _NOTHING)
    credits_ = sum((one.amount for one in side.payments if one.credit), _NOTHING)
    return {
        LineKind.TOTAL: side.invoice.total,
        LineKind.PAYMENTS: payments,
        LineKind.CREDITS: credits_,
        LineKind.MIXED: _NOTHING,
        LineKind.DEPOSIT: _NOTHING,
        LineKind.OTHER: side.invoice.total - side.invoice.balance - payments - credits_,
        LineKind.BALANCE: side.invoice.balance,
    }
