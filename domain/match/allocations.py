"""What a new version of a payment means for the allocations we know: edit, move, void and delete are just diffs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from domain.money import is_storable
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, SourceAllocation, SourcePayment

AllocationKey = tuple[AllocationKind, str]


@dataclass(frozen=True, slots=True)
class AllocationValue:
    amount: Decimal
    problem: Reason | None = None
    removed: bool = False


def merge_allocations(payment: SourcePayment) -> dict[AllocationKey, AllocationValue]:
    """The payment's allocations, one per document: several lines on one invoice are one amount.

    The part that is applied to nothing becomes an allocation of its own.
    """
    merged: dict[AllocationKey, AllocationValue] = {}
    for allocation in payment.allocations:
        _add(merged, allocation)
    if payment.unapplied > 0:
        _add(merged, SourceAllocation(AllocationKind.UNAPPLIED, "", payment.unapplied))
    return merged


def diff_allocations(
    known: Mapping[AllocationKey, AllocationValue], payment: SourcePayment
) -> dict[AllocationKey, AllocationValue]:
    """The values of all allocations after this version: known ones that it no longer names are `removed`.

    A deleted payment comes without its lines; its allocations keep their amounts and the payment's state says the rest.
    A payment without any part gets an empty allocation, so that every payment ends with a reason.
    """
    if payment.state is PaymentState.DELETED:
        return dict(known) or {(AllocationKind.NOTHING, ""): AllocationValue(Decimal(0))}
    named = merge_allocations(payment)
    after = {
        key: named.get(key) or AllocationValue(value.amount, value.problem, removed=True)
        for key, value in known.items()
    }
    after |= {key: value for key, value in named.items() if key not in after}
    placeholder = (AllocationKind.NOTHING, "")
    if not after:
        after[placeholder] = AllocationValue(Decimal(0))
    return after


def _add(merged: dict[AllocationKey, AllocationValue], allocation: SourceAllocation) -> None:
    key = (allocation.kind, allocation.document_id)
    before = merged.get(key, AllocationValue(Decimal(0)))
    amount, problem = _sum(before.amount, allocation.amount), before.problem or allocation.problem
    if amount is None:
        # The ledger cannot keep it exactly and must not keep it roughly; the reason tells the bookkeeper.
        amount, problem = Decimal(0), Reason.AMOUNT_NOT_REPRESENTABLE
    merged[key] = AllocationValue(amount, problem)


def _sum(before: Decimal, amount: Decimal) -> Decimal | None:
    """The exact sum; None if the ledger cannot keep it or the added amount: it would be rounded silently, or raise."""
    total = before + amount if is_storable(amount) else None
    return total if total is not None and is_storable(total) else None


def linked_invoice_ids(payments: Iterable[SourcePayment]) -> set[str]:
    """The source's ids of all invoices that these payments pay."""
    return {
        allocation.document_id
        for payment in payments
        for allocation in payment.allocations
        if allocation.kind is AllocationKind.INVOICE
    }
