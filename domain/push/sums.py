"""Can an invoice's own sums replace the list of its payments? Pure.

One call reads the sums of many invoices; a list costs one call for each. If the sums say that nothing was ever applied,
there is nothing to list. ConnectWise does not document how soon the sums follow a payment. So we believe them only at a
connection where we saw them follow one of our payments at once, and never again after we saw them lag.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from domain.push.effect import Doubt, EffectKind, EffectState
from domain.push.verdict import Owed
from domain.records import TargetInvoice, TargetPayment


class Sums(StrEnum):
    """What we know of a connection's sums."""

    UNPROVEN = ""
    FOLLOW = "follow"
    LAG = "lag"


def is_surely_empty(owed: Owed, invoice: TargetInvoice, *, has_history: bool, sums: Sums) -> bool:
    """Whether a first send can rely on the sums alone: a list of the invoice's payments would be empty.

    Args:
        has_history: a payment on this invoice stands or stood for an allocation; then we read the list.
    """
    is_first_send = (
        owed.wanted.kind is EffectKind.CREATE
        and owed.state is EffectState.PENDING
        and owed.doubt is Doubt.NONE
        and owed.attempts == 0
        and owed.same_money_id is None
    )
    nothing_applied = invoice.payable and invoice.paid == 0 and invoice.balance == invoice.total
    return sums is Sums.FOLLOW and is_first_send and nothing_applied and not has_history


def lags(invoice: TargetInvoice, payments: Sequence[TargetPayment]) -> bool:
    """Whether the list has more money than the sums had, which we read a moment earlier.

    A person may have entered a payment in that moment. Mistaking that for a lag costs calls; the opposite mistake costs
    money.
    """
    listed = sum((one.amount for one in payments if not one.credit), Decimal(0))
    return invoice.paid is not None and listed > invoice.paid


def after_a_payment(before: TargetInvoice, after: TargetInvoice | None, amount: Decimal) -> Sums:
    """How the sums behave right after we created a payment on the invoice."""
    if after is None or before.paid is None or after.paid is None:
        return Sums.UNPROVEN
    if after.paid < before.paid + amount:
        return Sums.LAG
    return Sums.FOLLOW if after.balance == before.balance - amount else Sums.UNPROVEN
