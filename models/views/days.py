"""What the overview tells by day: how the payments of each day stand, and what reached the target on each day.

No number is kept for it: each would cost every payment a statement more on its way, which has to stay short. Both
questions read one index from the first of the asked days on and nothing else: that of lists with one status, and
`ix_ledger_entry_day`, which holds all that is asked about an entry. So they cost what the last days brought, whatever
came before: docs/benchmarks.md has the numbers, and tests/models/test_plans.py holds the plans.

The durations are grouped by class (`domain/daily_numbers.py`), so the answer is a few rows for any number of payments.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import BigInteger, ColumnElement, case, func, literal, select, type_coerce
from sqlalchemy.orm import Session

from domain.money import AMOUNT_DIGITS_MAX
from domain.status import PaymentStatus
from models.ledger import LedgerEntry
from models.payments import Payment

# A sum of amounts is added up in two halves: SQLite's whole numbers end where ten of the largest amounts do.
_HALF = 1_000_000


@dataclass(frozen=True, slots=True)
class DayOfSyncs:
    """What reached the target on one day of UTC, and is still there.

    Attributes:
        payments: how many there were in each currency; None stands for those without one.
        amounts: their sum in each currency.
        within_seconds: how many of all that reached it belong to each class of durations, by its upper end in seconds.
    """

    payments: Counter[str | None] = field(default_factory=Counter)
    amounts: dict[str | None, Decimal] = field(default_factory=dict)
    within_seconds: Counter[int] = field(default_factory=Counter)


def outcomes_by_day(
    session: Session, organization_id: int, since: date, until: date
) -> dict[date, Counter[PaymentStatus]]:
    """How many payments with each of these dates have each status; leaves out days that have none."""
    asked = (
        select(Payment.status, Payment.listed_on, func.count())
        .where(
            Payment.organization_id == organization_id,
            # Named one by one, so that the index is read in as many stretches and not from end to end.
            Payment.status.in_([status.value for status in PaymentStatus]),
            Payment.listed_on >= since,
            Payment.listed_on <= until,
        )
        .group_by(Payment.status, Payment.listed_on)
    )
    days: dict[date, Counter[PaymentStatus]] = {}
    for status, day, payments in session.execute(asked):
        days.setdefault(day, Counter())[PaymentStatus(status)] += payments
    return days


def syncs_by_day(session: Session, organization_id: int, days: Sequence[date]) -> dict[date, DayOfSyncs]:
    """What reached the target on each of these days, which follow each other; leaves out days on which nothing did."""
    place = _place_among(days)
    is_there = LedgerEntry.removed_at.is_(None)
    raw = type_coerce(LedgerEntry.amount, BigInteger)
    # Its own expressions, grouped by position: PostgreSQL takes two bound values of the same content for two values.
    inner = (
        select(
            place.label("place"),
            LedgerEntry.currency.label("currency"),
            LedgerEntry.within_seconds.label("within_seconds"),
            case((is_there, 1), else_=0).label("there"),
            case((is_there, raw), else_=0).label("amount"),
        )
        .where(
            LedgerEntry.organization_id == organization_id,
            LedgerEntry.created_at >= _begin(days[0]),
            LedgerEntry.created_at < _begin(days[-1] + timedelta(days=1)),
        )
        .subquery()
    )
    key = (inner.c.place, inner.c.currency, inner.c.within_seconds)
    sums = (func.sum(inner.c.there), func.sum(inner.c.amount // _HALF), func.sum(inner.c.amount % _HALF))
    found: dict[date, DayOfSyncs] = {}
    for number, currency, seconds, every, there, high, low in session.execute(
        select(*key, func.count(), *sums).group_by(*key)
    ):
        day = found.setdefault(days[number], DayOfSyncs())
        if seconds is not None:
            day.within_seconds[seconds] += every
        if there:
            day.payments[currency] += int(there)
            amount = Decimal(int(high) * _HALF + int(low)).scaleb(-AMOUNT_DIGITS_MAX)
            day.amounts[currency] = day.amounts.get(currency, Decimal(0)) + amount
    return found


def has_synced(session: Session, organization_id: int) -> bool:
    """Whether any payment of the organization has ever reached the target."""
    asked = select(literal(1)).where(LedgerEntry.organization_id == organization_id).limit(1)
    return session.scalar(asked) is not None


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _place_among(days: Sequence[date]) -> ColumnElement[int]:
    """The place of the day of an entry among these; the two databases have no function for it in common."""
    whens = [(LedgerEntry.created_at >= _begin(days[place]), place) for place in reversed(range(1, len(days)))]
    return case(*whens, else_=0) if whens else literal(0)
