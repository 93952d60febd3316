"""The payments on a target invoice before we wrote to it: how we recognize ours among others, and notice harm.

Stored as JSON, one triple of id, amount and day for each payment. Amounts are decimal text, days ISO dates.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from domain.records import TargetPayment

Stored = list[list[str | None]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A payment as it stood on the invoice."""

    external_id: str
    amount: Decimal
    paid_on: date | None


def image_of(payments: Iterable[TargetPayment]) -> Stored:
    """The payments in the form that is stored, oldest id text first so that the same image is the same text."""
    return [
        [one.external_id, str(one.amount), one.paid_on.isoformat() if one.paid_on else None]
        for one in sorted(payments, key=lambda one: one.external_id)
    ]


def seen_in(stored: Sequence[Any] | None) -> tuple[Seen, ...]:
    """The payments of a stored image; empty if there is none."""
    return tuple(
        Seen(str(identity), Decimal(amount), date.fromisoformat(day) if day else None)
        for identity, amount, day in stored or ()
    )


def ids_in(image: Iterable[Seen]) -> set[str]:
    return {one.external_id for one in image}


def harmed(before: Iterable[Seen], after: Iterable[TargetPayment]) -> tuple[str, ...]:
    """Ids of the payments that vanished or changed between the two looks, for whatever cause."""
    now = {one.external_id: (one.amount, one.paid_on) for one in after}
    return tuple(one.external_id for one in before if now.get(one.external_id) != (one.amount, one.paid_on))


def vanished(before: Iterable[Seen], after: Iterable[TargetPayment]) -> tuple[str, ...]:
    """Ids of the payments that are no longer there."""
    now = {one.external_id for one in after}
    return tuple(one.external_id for one in before if one.external_id not in now)


def replaced_by_ours(
    before: Iterable[Seen], after: Collection[TargetPayment], amount: Decimal, paid_on: date
) -> tuple[str, ...]:
    """Ids of the payments that a write of ours replaced when its answer was lost.

    Some time has passed between the two looks, and people edit payments too. We changed only those payments that have
    our amount and date now and did not have them before.
    """
    ours = {one.external_id for one in after if (one.amount, one.paid_on) == (amount, paid_on)}
    return tuple(one for one in harmed(before, after) if one in ours)
