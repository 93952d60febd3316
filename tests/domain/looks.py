"""Words for the rows of the verdict's table: what is owed, what a look shows, and on which terms."""

from datetime import date
from decimal import Decimal
from typing import Any

from domain.preferences import TwinPolicy
from domain.push.before_image import Seen
from domain.push.effect import Doubt, EffectKind, EffectState
from domain.push.strategy import Entry, PaymentStrategy, Wanted
from domain.push.verdict import InvoiceSeen, Owed, Terms
from domain.reasons import Reason
from domain.records import TargetInvoice, TargetPayment

US, ANNA = "us", "anna"
# The allocation that the rows are about; 2 and 3 are others on the same invoice.
OUR_ALLOCATION = 1


def day(number: int) -> date:
    """A day of November 2026; the payment is of the twentieth unless a row says otherwise."""
    return date(2026, 11, number)


# --- what is owed ---


def creation(amount: str = "100", on: int = 20, **more: Any) -> Owed:
    return _owed(EffectKind.CREATE, amount, on, None, **more)


def change(payment_id: str = "1", amount: str = "60", on: int = 20, **more: Any) -> Owed:
    """An edit of the payment that stands for the allocation."""
    return _owed(EffectKind.ADJUST, amount, on, payment_id, **more)


def removal(payment_id: str = "1", **more: Any) -> Owed:
    return _owed(EffectKind.REVERSE, "0", None, payment_id, **more)


def lost(amount: str = "100", on: int = 20, *, before: tuple[Seen, ...] = (), **more: Any) -> Owed:
    """A creation whose answer was lost.

    Args:
        before: what was on the invoice before it was sent.
    """
    values: dict[str, Any] = {
        "state": EffectState.IN_DOUBT,
        "doubt": Doubt.UNANSWERED,
        "attempts": 1,
        "image": before,
    }
    return creation(amount, on, **(values | more))


def in_doubt(owed: Owed, **more: Any) -> Owed:
    """The same, sent, with its answer lost; a change or a removal says so in its state alone."""
    values = {"state": EffectState.IN_DOUBT, "doubt": Doubt.UNANSWERED, "attempts": 1}
    fields = {name: getattr(owed, name) for name in Owed.__slots__}
    return Owed(**(fields | values | more))


def held_as(reason: Reason, owed: Owed) -> Owed:
    """The same, come back from a hold with this reason."""
    return in_doubt(owed, doubt=Doubt.UNANSWERED.held_because_of(reason))


def _owed(kind: EffectKind, amount: str, on: int | None, payment_id: str | None, **more: Any) -> Owed:
    wanted = Wanted(kind, OUR_ALLOCATION, Decimal(amount), None if on is None else day(on), payment_id)
    return Owed(wanted, "USD", **({"state": EffectState.PENDING} | more))


# --- what the look shows ---


def payment(
    payment_id: str, amount: str = "100", on: int | None = 20, *, by: str = "", foreign: bool = False
) -> TargetPayment:
    return TargetPayment(payment_id, Decimal(amount), None if on is None else day(on), by, foreign)


def was(payment_id: str, amount: str = "100", on: int | None = 20) -> Seen:
    """A payment as it stood on the invoice before the last send."""
    return Seen(payment_id, Decimal(amount), None if on is None else day(on))


def entry(payment_id: str, amount: str, on: int = 20, *, allocation: int = OUR_ALLOCATION) -> Entry:
    """A payment of ours that stands for an allocation, as the ledger has it."""
    return Entry(allocation, payment_id, Decimal(amount), day(on))


def look(
    *payments: TargetPayment,
    total: str = "300",
    balance: str | None = None,
    payable: bool = True,
    entries: tuple[Entry, ...] = (),
    claimed: tuple[str, ...] = (),
    outlived: tuple[str, ...] = (),
    other_money: tuple[str, ...] = (),
    found_by_look: tuple[str, ...] = (),
) -> InvoiceSeen:
    """The invoice with these payments on it.

    Args:
        balance: where it is not simply what the payments leave open.
        claimed: besides those that the entries claim.
    """
    paid = sum((one.amount for one in payments), Decimal(0))
    open_amount = Decimal(balance) if balance is not None else Decimal(total) - paid
    invoice = TargetInvoice("7", "INV-1", Decimal(total), open_amount, "USD", ("Cascade Dental",), payable)
    return InvoiceSeen(
        invoice,
        payments,
        entries,
        frozenset(claimed) | {one.payment_id for one in entries},
        frozenset(outlived),
        frozenset(other_money),
        frozenset(found_by_look),
    )


# --- on which terms ---


def terms(
    strategy: PaymentStrategy = PaymentStrategy.APPEND,
    *,
    twins: TwinPolicy = TwinPolicy.ADOPT,
    author: str = US,
    on: bool = True,
) -> Terms:
    return Terms(strategy, twins, author, on)


APPEND = terms()
HOLD_TWINS = terms(twins=TwinPolicy.HOLD)
NAMELESS = terms(author="")
SWITCHED_OFF = terms(on=False)
SINGLE = terms(PaymentStrategy.SINGLE)
SINGLE_HOLD_TWINS = terms(PaymentStrategy.SINGLE, twins=TwinPolicy.HOLD)
