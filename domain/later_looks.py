"""A later look at the payments in the ledger: is each still on its invoice, as we left it, and only once? Pure.

One call reads the sums of many invoices. If an invoice's sum differs from what we know, or is missing, we list its
payments and compare them one by one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.push.recognition import TWIN_DAYS
from domain.records import TargetInvoice, TargetPayment

# Soon, because most faults happen at once (a request committed twice, a late send, a slip of the hand); then in the
# rhythm of people's work: the hour, the day, the week, the end of the month.
INTERVALS = (
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=6),
    timedelta(days=23),
    timedelta(days=30),
)
# The look after a month, and one a year from then on, list the payments whatever the sum says: an edited date, or a
# payment that was removed and typed anew, does not change the sum.
_FIRST_IN_DEPTH, _IN_DEPTH_EVERY = 4, 12


class Finding(StrEnum):
    """What a look found wrong with a payment that stands for an allocation."""

    GONE = "gone"
    CHANGED = "changed"
    DOUBLED = "doubled"
    INVOICE_GONE = "invoice_gone"


@dataclass(frozen=True, slots=True)
class Written:
    """A payment that stands for an allocation, as the ledger has it.

    Attributes:
        ours: False if a person typed it; its date may then be a few days off.
        other_money: ids of payments known to be other money: they were there before we wrote, or a person said so.
        doubles: ids of the payments that an earlier look took for doubles of this one.
        taken_back: it should no longer be on the invoice; we look only for its doubles.
    """

    payment_id: str
    amount: Decimal
    paid_on: date
    ours: bool
    other_money: frozenset[str] = frozenset()
    doubles: frozenset[str] = frozenset()
    taken_back: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a look for one payment: nothing wrong, or a finding with the payments that show it."""

    finding: Finding | None = None
    payments: tuple[TargetPayment, ...] = ()


AS_IT_SHOULD_BE = Found()


def compare(
    written: Sequence[Written], payments: Collection[TargetPayment] | None, explained: Collection[str]
) -> dict[str, Found]:
    """Compares the ledger's payments with a list of the invoice's payments; the results are by payment id.

    Args:
        written: oldest first.
        payments: None if the invoice itself was not found.
        explained: ids of payments that stand for an allocation, or that a person is already being asked about.
    """
    if payments is None:
        return {one.payment_id: AS_IT_SHOULD_BE if one.taken_back else Found(Finding.INVOICE_GONE) for one in written}
    there = {one.external_id: one for one in payments}
    strangers = [one for one in payments if one.external_id not in explained and not one.foreign]
    doubles = _doubles(written, strangers)
    return {one.payment_id: _look_at(one, there.get(one.payment_id), doubles[one.payment_id]) for one in written}


def _look_at(one: Written, there: TargetPayment | None, doubles: Sequence[TargetPayment]) -> Found:
    if not one.taken_back:
        if there is None:
            return Found(Finding.GONE)
        if there.amount != one.amount or not _has_its_day(one, there):
            return Found(Finding.CHANGED, (there,))
    return Found(Finding.DOUBLED, tuple(doubles)) if doubles else AS_IT_SHOULD_BE


def _has_its_day(one: Written, there: TargetPayment) -> bool:
    """Whether the date is right. A payment that a person typed may have a nearby date or none: we linked it so."""
    if one.ours:
        return there.paid_on == one.paid_on
    return there.paid_on is None or abs((there.paid_on - one.paid_on).days) <= TWIN_DAYS


def _doubles(written: Sequence[Written], strangers: Sequence[TargetPayment]) -> dict[str, list[TargetPayment]]:
    """The doubles of each payment. A stranger is the double of one payment at most: the newest that it fits."""
    doubles: dict[str, list[TargetPayment]] = {one.payment_id: [] for one in written}
    for stranger in strangers:
        of = next((one for one in reversed(written) if _is_double(one, stranger)), None)
        if of is not None:
            doubles[of.payment_id].append(stranger)
    return doubles


def _is_double(one: Written, stranger: TargetPayment) -> bool:
    if stranger.external_id in one.other_money:
        return False
    if stranger.external_id in one.doubles:
        # Still a double, even if ours has been changed or taken back since.
        return True
    return not one.taken_back and (stranger.amount, stranger.paid_on) == (one.amount, one.paid_on)


# --- the sum ---


def is_sum_as_known(invoice: TargetInvoice, written: Sequence[Written], others: Decimal | None) -> bool:
    """Whether the invoice's own sum shows that nothing has changed; False where the target gives no sum.

    Args:
        others: the sum of other people's payments at the last look; None when it is not known.
    """
    if invoice.paid is None or others is None:
        return False
    return invoice.paid == sum_of(written) + others


def sum_of(written: Sequence[Written]) -> Decimal:
    return sum((one.amount for one in written if not one.taken_back), Decimal(0))


def sum_of_others(
    invoice: TargetInvoice, written: Sequence[Written], payments: Collection[TargetPayment]
) -> Decimal | None:
    """The sum of other people's payments, to be remembered; None if the invoice's sum differs from its listed payments.

    Such a sum lags behind or counts something else, so it is no reason to believe the next one.
    """
    listed = sum((one.amount for one in payments if not one.credit), Decimal(0))
    return listed - sum_of(written) if invoice.paid == listed else None


# --- when ---


def interval_after(looks: int) -> timedelta:
    """How long until the next look, after this many looks."""
    return INTERVALS[min(looks, len(INTERVALS) - 1)]


def is_in_depth(looks: int) -> bool:
    """Whether the look after this many lists the payments even if the sum is right."""
    return looks >= _FIRST_IN_DEPTH and (looks - _FIRST_IN_DEPTH) % _IN_DEPTH_EVERY == 0
