"""How a target keeps payments on an invoice, and which change an effect therefore needs.

Most ConnectWise tenants take one payment per receipt (`append`). Some keep a single payment per invoice; there one
payment of ours stands for all allocations, with their sum and the latest date (`single`). Payments that others made are
never part of either.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.push.effect import EffectKind
from domain.records import TargetPayment


class PaymentStrategy(StrEnum):
    APPEND = "append"
    SINGLE = "single"


@dataclass(frozen=True, slots=True)
class Entry:
    """A ledger entry on the invoice: this payment of ours stands for that allocation with this amount."""

    allocation_id: int
    payment_id: str
    amount: Decimal
    paid_on: date


@dataclass(frozen=True, slots=True)
class CreatePayment:
    amount: Decimal
    paid_on: date

    def is_answered_by(self, payment: TargetPayment) -> bool:
        """Whether the target created exactly what we asked for."""
        return (payment.amount, payment.paid_on) == (self.amount, self.paid_on)


@dataclass(frozen=True, slots=True)
class SetPayment:
    """Gives the payment this amount and date; sending it twice does no harm."""

    payment_id: str
    amount: Decimal
    paid_on: date

    def is_answered_by(self, payment: TargetPayment) -> bool:
        return (payment.amount, payment.paid_on) == (self.amount, self.paid_on)


@dataclass(frozen=True, slots=True)
class RemovePayment:
    payment_id: str

    def is_answered_by(self, _payment: TargetPayment) -> bool:
        """A removal is not answered with a payment."""
        return False


@dataclass(frozen=True, slots=True)
class Occupied:
    """The target keeps one payment per invoice, and another payment is there."""

    def is_answered_by(self, _payment: TargetPayment) -> bool:
        """We ask for nothing, so nothing answers it."""
        return False


Change = CreatePayment | SetPayment | RemovePayment | Occupied


def standing_for(parts: Iterable[tuple[Decimal, date]]) -> tuple[Decimal, date]:
    """Amount and date of the one payment that stands for all of these parts (at least one)."""
    amounts, days = zip(*parts, strict=True)
    return sum(amounts, Decimal(0)), max(days)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An effect, as far as the choice of the change depends on it."""

    kind: EffectKind
    allocation_id: int
    amount: Decimal
    paid_on: date | None
    payment_id: str | None


def change_for(strategy: PaymentStrategy, wanted: Wanted, entries: Sequence[Entry], strangers: bool) -> Change:
    """The change to ask of the target so that the effect becomes true.

    Args:
        entries: the live entries of ours on the invoice.
        strangers: whether the invoice has payments that are not ours.
    """
    # A payment that stands for several allocations was made while the connection was set to `single`. Whatever the
    # setting says now, correcting one of them must leave the others their part.
    is_shared = any(
        entry.payment_id == wanted.payment_id and entry.allocation_id != wanted.allocation_id for entry in entries
    )
    match strategy:
        case PaymentStrategy.APPEND if not (wanted.payment_id and is_shared):
            return _append(wanted)
        case PaymentStrategy.APPEND | PaymentStrategy.SINGLE:
            return _single(wanted, entries, strangers)


def _append(wanted: Wanted) -> Change:
    match wanted.kind:
        case EffectKind.CREATE:
            return CreatePayment(wanted.amount, _day(wanted))
        case EffectKind.ADJUST:
            return SetPayment(_payment(wanted), wanted.amount, _day(wanted))
        case EffectKind.REVERSE:
            return RemovePayment(_payment(wanted))


def _single(wanted: Wanted, entries: Sequence[Entry], strangers: bool) -> Change:
    others = [entry for entry in entries if entry.allocation_id != wanted.allocation_id]
    payment_id = wanted.payment_id or (others[0].payment_id if others else None)
    sharing = [entry for entry in others if entry.payment_id == payment_id]
    if wanted.kind is EffectKind.REVERSE:
        if not sharing:
            return RemovePayment(_payment(wanted))
        return SetPayment(_payment(wanted), *standing_for((one.amount, one.paid_on) for one in sharing))
    if payment_id is None:
        return Occupied() if strangers else CreatePayment(wanted.amount, _day(wanted))
    parts = [(wanted.amount, _day(wanted)), *((one.amount, one.paid_on) for one in sharing)]
    return SetPayment(payment_id, *standing_for(parts))


def _day(wanted: Wanted) -> date:
    if wanted.paid_on is None:
        raise ValueError("a payment without a date")
    return wanted.paid_on


def _payment(wanted: Wanted) -> str:
    if wanted.payment_id is None:
        raise ValueError("a correction without the payment that it corrects")
    return wanted.payment_id
