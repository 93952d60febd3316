"""Does a picture of a payment add up? Only then may anything be taken back, reduced or created because of it.

A payment adds up if its total is the amount applied to charges, less the amount taken from credits, plus the unapplied
amount. A field left out of a picture is not zero, so a sum that does not add up means that part of the picture is
missing.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from domain.records import AllocationKind, SourceAllocation

# Beyond this number we do not try the sums one by one: we have never seen a payment with a dozen journal entries.
_SUMS_MAX = 5_000


def adds_up(total: Decimal, unapplied: Decimal, allocations: Iterable[SourceAllocation]) -> bool:
    """Whether the parts add up to the total.

    No line says whether a journal entry, a refund or an unknown document takes money or gives it: any of them may do
    either. The amounts have to be storable, so that the sums are exact.
    """
    rest, either = total - unapplied, list[Decimal]()
    for allocation in allocations:
        match allocation.kind:
            case AllocationKind.INVOICE:
                rest -= allocation.amount
            case AllocationKind.CREDIT_MEMO:
                rest += abs(allocation.amount)
            case _:
                either.append(allocation.amount)
    return _comes_to(rest, either)


def _comes_to(rest: Decimal, amounts: Sequence[Decimal]) -> bool:
    """Whether the amounts, each added or subtracted, can add up to the rest."""
    sums = {Decimal(0)}
    for amount in amounts:
        sums = {one + signed for one in sums for signed in (amount, -amount)}
        if len(sums) > _SUMS_MAX:
            return abs(rest) <= sum((abs(one) for one in amounts), Decimal(0))
    return rest in sums
