"""Waiting for a person is a legitimate end, but only where its cause is really there to be seen."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.push.recognition import TWIN_DAYS
from domain.reasons import Reason
from sandbox.connectwise.truth import PaymentTruth

if TYPE_CHECKING:
    from tests.simulation.truth import Part


def is_for_a_person(reason: Reason) -> bool:
    return reason in _CAUSES


def has_its_cause(part: "Part", parts: Sequence["Part"]) -> bool:
    """Whether what the reason says can be seen in ConnectWise."""
    if part.decision is None:
        raise AssertionError("asked for the cause of no decision")
    return _CAUSES[part.decision.why](part, parts)


def _unexplained(part: "Part", parts: Sequence["Part"]) -> list[PaymentTruth]:
    """Payments on the part's invoice that stand for no part of any payment."""
    if part.invoice is None:
        return []
    entries = {one.entry.target_payment_id for one in parts if one.entry is not None}
    return [payment for payment in part.invoice.payments if str(payment.id) not in entries]


def _twin_is_there(part: "Part", parts: Sequence["Part"]) -> bool:
    return _is_like_one_of(part.allocation.amount, part.payment.paid_on, _unexplained(part, parts))


def _former_one_is_there(part: "Part", parts: Sequence["Part"]) -> bool:
    """On the invoice, and it stands for what QuickBooks does not have any more."""
    former = {one.entry.target_payment_id for one in parts if one.entry is not None and not one.is_wanted}
    there = part.invoice.payments if part.invoice is not None else ()
    still_there = [payment for payment in there if str(payment.id) in former]
    return _is_like_one_of(part.allocation.amount, part.payment.paid_on, still_there)


def _candidates_are_there(part: "Part", parts: Sequence["Part"]) -> bool:
    """On any day: it may be the one that was sent, with a date that somebody corrected."""
    return part.effect is not None and any(
        payment.amount == part.effect.amount for payment in _unexplained(part, parts)
    )


def _is_like_one_of(amount: Decimal, paid_on: date | None, payments: Sequence[PaymentTruth]) -> bool:
    return paid_on is not None and any(
        payment.amount == amount and abs((payment.payment_date.date() - paid_on).days) <= TWIN_DAYS
        for payment in payments
    )


def _somebody_typed_it(part: "Part", _parts: Sequence["Part"]) -> bool:
    """Or may have: what a look found is ours for sure only by the name that it bears."""
    if part.entry is None:
        return False
    payments = part.invoice.payments if part.invoice is not None else ()
    return not part.entry.ours or any(
        str(one.id) == part.entry.target_payment_id and one.applied_by != part.author for one in payments
    )


def _differs_from_the_books(part: "Part", _parts: Sequence["Part"]) -> bool:
    entry, allocation = part.entry, part.allocation
    if entry is None:
        return False
    return not part.is_wanted or (entry.amount, entry.paid_on) != (allocation.amount, part.payment.paid_on)


def _balance_is_too_small(part: "Part", _parts: Sequence["Part"]) -> bool:
    there_already = part.entry.amount if part.entry is not None else Decimal(0)
    return part.invoice is not None and part.allocation.amount - there_already > max(part.invoice.balance, Decimal(0))


def _not_ours_is_there(part: "Part", parts: Sequence["Part"]) -> bool:
    ours = {one.entry.target_payment_id for one in parts if one.entry is not None and one.entry.ours}
    payments = part.invoice.payments if part.invoice is not None else ()
    return part.entry is None and any(
        str(payment.id) not in ours or payment.applied_by != part.author for payment in payments
    )


def _the_one_place_is_taken(part: "Part", _parts: Sequence["Part"]) -> bool:
    return part.entry is None and part.invoice is not None and bool(part.invoice.payments)


def _payment_of(part: "Part") -> PaymentTruth | None:
    payments = part.invoice.payments if part.invoice is not None else ()
    return next((one for one in payments if part.entry and str(one.id) == part.entry.target_payment_id), None)


def _is_gone(part: "Part", parts: Sequence["Part"]) -> bool:
    """Its own, or the one payment of the invoice to which it is to be added."""
    on_the_invoice = [one for one in parts if one.entry is not None and one.invoice == part.invoice]
    return any(_payment_of(one) is None for one in ([part] if part.entry is not None else on_the_invoice))


def _is_changed(part: "Part", parts: Sequence["Part"]) -> bool:
    payment = _payment_of(part)
    return payment is not None and (payment.amount, payment.payment_date.date()) != _entered(part, parts)


def _is_doubled(part: "Part", parts: Sequence["Part"]) -> bool:
    """Or was, before ours was changed or taken back: then something that nobody explains is left of it."""
    return bool(_unexplained(part, parts))


def _entered(part: "Part", parts: Sequence["Part"]) -> tuple[Decimal, date]:
    """What the ledger says that the part's payment is, with all that it stands for."""
    own = part.entry
    if own is None:
        raise AssertionError("asked for the payment of a part that has none")
    key = (own.target_invoice_id, own.target_payment_id)
    entries = [
        one.entry for one in parts if one.entry and (one.entry.target_invoice_id, one.entry.target_payment_id) == key
    ]
    return sum((one.amount for one in entries), Decimal(0)), max(one.paid_on for one in entries)


_CAUSES: dict[Reason, Callable[["Part", Sequence["Part"]], bool]] = {
    Reason.TWIN_NEARBY: _twin_is_there,
    Reason.FORMER_PAYMENT_THERE: _former_one_is_there,
    Reason.SEVERAL_CANDIDATES: _candidates_are_there,
    Reason.NOT_OURS_TO_CHANGE: _somebody_typed_it,
    Reason.CORRECTION_NEEDS_APPROVAL: _differs_from_the_books,
    Reason.EXCEEDS_BALANCE: _balance_is_too_small,
    Reason.TARGET_OCCUPIED: _not_ours_is_there,
    Reason.TARGET_PAYMENT_GONE: _is_gone,
    Reason.TARGET_PAYMENT_CHANGED: _is_changed,
    Reason.TARGET_PAYMENT_DOUBLED: _is_doubled,
    Reason.TARGET_REFUSED: _the_one_place_is_taken,
}
