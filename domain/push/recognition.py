"""Telling our payments on a target invoice from those of others, without a reference of ours on them.

A ConnectWise payment has no field for a key of ours, so we recognize ours by exclusion: it was not there before we sent
(the before-image), no other effect claims it, and it has exactly our amount and date.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.push.before_image import Seen
from domain.records import TargetPayment

# A bookkeeper who types a payment by hand often takes the day of the bank statement instead of the day of the cheque;
# three days cover a weekend.
TWIN_DAYS = 3


@dataclass(frozen=True, slots=True)
class Ours:
    payment: TargetPayment


@dataclass(frozen=True, slots=True)
class NotThere:
    pass


@dataclass(frozen=True, slots=True)
class Several:
    candidates: tuple[TargetPayment, ...]


Recognition = Ours | NotThere | Several


def recognize(
    amount: Decimal,
    paid_on: date,
    payments: Iterable[TargetPayment],
    before_image: Collection[str],
    claimed: Collection[str],
    author: str = "",
) -> Recognition:
    """After an unknown answer: is the payment that we sent among these?

    Args:
        before_image: ids of the payments that were on the invoice before we last sent.
        claimed: ids of payments that stand for another allocation.
        author: the name under which the target enters our payments, if we have learned it. It decides between
            candidates. Another name on a single candidate proves nothing (ours may have changed): we ask a person.
    """
    new = [
        payment
        for payment in payments
        if payment.external_id not in before_image and payment.external_id not in claimed and not payment.foreign
    ]
    candidates = tuple(one for one in new if (one.amount, one.paid_on) == (amount, paid_on))
    by_us = tuple(one for one in candidates if is_by(one, author))
    by_others = tuple(one for one in candidates if author and one.entered_by not in ("", author))
    match candidates, by_us:
        case (), _:
            # A person may have corrected ours since: the same amount on another day, or our name on another amount.
            altered = tuple(one for one in new if one.amount == amount or is_by(one, author))
            return Several(altered) if altered else NotThere()
        case (only,), _ if only not in by_others:
            return Ours(only)
        case _, (only,) if len(by_others) == len(candidates) - 1:
            return Ours(only)
        case _:
            return Several(candidates)


def recognize_in(
    payment_id: str, more: Decimal, others: Decimal, before: Iterable[Seen], payments: Iterable[TargetPayment]
) -> Recognition:
    """After an unknown answer to adding to a payment of ours: is the money in it?

    We sent the new sum of all parts that the payment stands for. So its amount decides, not how much it has grown:
    another part may have been added or taken back while a person was asked about this one.

    Args:
        more: the amount that we wanted to add.
        others: the sum of the other parts that the payment stands for by now.
        before: the payments as they were on the invoice before we sent.
    """
    was = next((one.amount for one in before if one.external_id == payment_id), None)
    payment = next((one for one in payments if one.external_id == payment_id), None)
    if payment is not None and payment.amount == others + more:
        return Ours(payment)
    if payment is None or payment.amount in (others, was):
        return NotThere()
    # Anything between or beyond is a person's doing, before or after ours arrived.
    return Several((payment,))


def is_by(payment: TargetPayment, author: str) -> bool:
    """Whether this name is on the payment; False without a name."""
    return bool(author) and payment.entered_by == author


@dataclass(frozen=True, slots=True)
class NoTwin:
    pass


@dataclass(frozen=True, slots=True)
class SameDay:
    """A person typed exactly this payment: same amount, same date. Of several, the oldest."""

    payment: TargetPayment


@dataclass(frozen=True, slots=True)
class Nearby:
    """Same amount, another date close by: a person has to say whether it is the same money."""

    payment: TargetPayment


Twin = NoTwin | SameDay | Nearby


def find_twin(amount: Decimal, paid_on: date, payments: Iterable[TargetPayment], claimed: Collection[str]) -> Twin:
    """Before the first send: has a person typed this payment already?"""
    similar = similar_to(amount, paid_on, payments, claimed)
    same_day = [payment for payment in similar if payment.paid_on == paid_on]
    if same_day:
        return SameDay(min(same_day, key=_age_order))
    return Nearby(min(similar, key=_age_order)) if similar else NoTwin()


def similar_to(
    amount: Decimal, paid_on: date, payments: Iterable[TargetPayment], claimed: Collection[str]
) -> Sequence[TargetPayment]:
    """The payments that may be this one: the same amount, and the same date, a nearby date or no known date."""
    return [
        payment
        for payment in payments
        if payment.external_id not in claimed
        and not payment.foreign
        and payment.amount == amount
        and (payment.paid_on is None or abs((payment.paid_on - paid_on).days) <= TWIN_DAYS)
    ]


def _age_order(payment: TargetPayment) -> tuple[int, str]:
    """Ids are numbers given in order of creation; anything else sorts after them, by its text."""
    text = payment.external_id
    return (int(text), "") if text.isascii() and text.isdigit() else (2**63, text)
