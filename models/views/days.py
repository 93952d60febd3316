"""What the overview tells by day: how the payments of each day stand, and what reached the target on each day.

No number is kept for it: each would cost every payment a statement more on its way, which has to stay short. Both
questions read one index from the first of the asked days on: that of lists of all payments, and `ix_ledger_entry_day`.
So they cost what the last days brought, whatever came before: docs/benchmarks.md has the numbers, and
tests/models/test_plans.py holds the plans.

The durations are grouped by class (`domain/daily_numbers.py`), so the answer is a few rows for any number of payments.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, case, func, literal, select, type_coerce
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
    # Grouped by day alone, in the order of the index. By status as well, SQLite would read another one from end to end.
    numbers = [func.count(case((Payment.status == status.value, 1))) for status in PaymentStatus]
    asked = (
        select(Payment.listed_on, *numbers)
        .where(Payment.organization_id == organization_id, Payment.listed_on >= since, Payment.listed_on <= until)
        .group_by(Payment.listed_on)
    )
    return {
        day: Counter({status: number for status, number in zip(PaymentStatus, of_day, strict=True) if number})
        for day, *of_day in session.execute(asked)
    }


def syncs_by_day(session: Session, organization_id: int, since: date, until: date) -> dict[date, DayOfSyncs]:
    """What reached the target on each of these days; leaves out days on which nothing did."""
    is_there = LedgerEntry.removed_at.is_(None)
    amount = case((is_there, type_coerce(LedgerEntry.amount, BigInteger)), else_=0)
    # In the order of the index: the groups follow each other there.
    key = (LedgerEntry.entered_on, LedgerEntry.currency, LedgerEntry.within_seconds)
    # COUNT counts what is not null.
    there = func.count(case((is_there, 1)))
    asked = (
        select(*key, func.count(), there, func.sum(amount // _HALF), func.sum(amount % _HALF))
        .where(
            LedgerEntry.organization_id == organization_id,
            LedgerEntry.entered_on >= since,
            LedgerEntry.entered_on <= until,
        )
        .group_by(*key)
    )
    found: dict[date, DayOfSyncs] = {}
    for day, currency, seconds, every, staying, high, low in session.execute(asked):
        if day is None:
            continue
        of_day = found.setdefault(day, DayOfSyncs())
        if seconds is not None:
            of_day.within_seconds[seconds] += every
        if staying:
            of_day.payments[currency] += staying
            total = Decimal(int(high) * _HALF + int(low)).scaleb(-AMOUNT_DIGITS_MAX)
            of_day.amounts[currency] = of_day.amounts.get(currency, Decimal(0)) + total
    return found


def has_synced(session: Session, organization_id: int) -> bool:
    """Whether any payment of the organization has ever reached the target."""
    asked = select(literal(1)).where(LedgerEntry.organization_id == organization_id).limit(1)
    return session.scalar(asked) is not None
