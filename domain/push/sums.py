"""May an invoice's own sums stand for the list of its payments? Pure.

One call reads the sums of many invoices; a list is a call for each. Where the sums say that nothing was ever applied,
there is nothing to list. ConnectWise documents nothing about how soon the sums follow a payment, so they are believed
only at a connection where they were seen to follow one of ours at once, and never again once they were seen to lag.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from domain.push.effect import Doubt, EffectKind, EffectState
from domain.push.verdict import Owed
from domain.records import TargetInvoice, TargetPayment


class Sums(StrEnum):
    """What is known of a connection's sums."""

    UNPROVEN = ""
    FOLLOW = "follow"
    LAG = "lag"


def is_surely_empty(owed: Owed, invoice: TargetInvoice, *, has_history: bool, sums: Sums) -> bool:
    """Whether a first send may go by the sums alone: there is no payment on the invoice that a list could show.

    Args:
        has_history: some payment on this invoice stands or stood for an allocation; then the list is read.
    """
    is_first_send = (
        owed.wanted.kind is EffectKind.CREATE
        and owed.state is EffectState.PENDING
        and owed.doubt is Doubt.NONE
        and owed.attempts == 0
        and owed.same_money_id is None
    )
    return sums is Sums.FOLLOW and is_first_send and is_untouched(invoice) and not has_history


def is_untouched(invoice: TargetInvoice) -> bool:
    """Whether its sums say that nothing was ever applied to it."""
    return invoice.payable and invoice.paid == 0 and invoice.balance == invoice.total


def lags(invoice: TargetInvoice, payments: Sequence[TargetPayment]) -> bool:
    """Whether the list has more than the sums, which were read a moment before it, knew of.

    A person may have entered a payment in that moment. Mistaking that for a lag costs calls; the opposite mistake costs
    money.
    """
    listed = sum((one.amount for one in payments if not one.credit), Decimal(0))
    return invoice.paid is not None and listed > invoice.paid


def after_a_payment(before: TargetInvoice, after: TargetInvoice | None, amount: Decimal) -> Sums:
    """What the sums say right after a payment of ours was created on the invoice."""
    if after is None:
        return Sums.UNPROVEN
    if before.paid is None or after.paid is None:
        # It does not tell: never to be relied on, and not worth asking again.
        return Sums.LAG
    if after.paid < before.paid + amount:
        return Sums.LAG
    return Sums.FOLLOW if after.balance == before.balance - amount else Sums.UNPROVEN
