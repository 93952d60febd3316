"""Payments on a target invoice as a look saw them, stored with the decision that they led to.

Stored as JSON, one list of id, amount, day and name for each payment. Amounts are decimal text, days ISO dates.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from domain.records import TargetPayment

Stored = list[list[str | None]]


def stored(payments: Iterable[TargetPayment]) -> Stored:
    """The payments in the form that is stored."""
    return [
        [one.external_id, str(one.amount), one.paid_on.isoformat() if one.paid_on else None, one.entered_by]
        for one in sorted(payments, key=lambda one: one.external_id)
    ]


def payments_in(kept: Sequence[Any] | None) -> tuple[TargetPayment, ...]:
    """The stored payments; empty if none were stored."""
    return tuple(
        TargetPayment(str(identity), Decimal(amount), date.fromisoformat(day) if day else None, str(name or ""))
        for identity, amount, day, name in kept or ()
    )
