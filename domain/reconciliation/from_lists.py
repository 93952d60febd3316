"""An invoice as the lists of open ones have it, compared by what we have stored: no call for each invoice.

Both systems tell total and balance of every open invoice in a few calls. Where these differ, our own tables usually say
why: a payment is on its way, held, or left out by a rule. Only what they cannot explain has to be read in depth.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from domain.comparing.sides import BothSides, KnownPart, LedgerClaim, TargetSide
from domain.reasons import Reason
from domain.reconciliation.breaks import FOR_INFORMATION, Break, breaks_of, total_share
from domain.records import (
    AllocationKind,
    InvoiceStatement,
    PaymentState,
    SourceAllocation,
    SourceInvoice,
    SourcePayment,
    TargetInvoice,
    TargetPayment,
)

_NOTHING = Decimal(0)
# A decision that says this part is not, or not only, money.
_CREDITS = frozenset({Reason.CREDIT_APPLIED, Reason.MIXED_WITH_CREDIT})


def agree_by_sums(source: SourceInvoice, target: TargetInvoice) -> bool:
    """Whether nothing needs to be explained: total, balance and currency are the same."""
    currencies = {source.currency, target.currency} - {None}
    same_currency = len(currencies) <= 1
    return target.payable and same_currency and (source.total, source.balance) == (target.total, target.balance)


def sides_by_sums(
    source: SourceInvoice, target: TargetInvoice, known: Sequence[KnownPart], read_at: datetime
) -> BothSides:
    """Both sums, as if the payments on either side were exactly those that we know of.

    What the sums contain beyond them shows up in the line of what nothing explains.
    """
    statement = InvoiceStatement(source, _stored_payments(source, known), reads=0)
    return BothSides(statement, TargetSide(target, tuple(_claimed_payments(known))), tuple(known), read_at, read_at)


def explained_by_sums(
    source: SourceInvoice, target: TargetInvoice, known: Sequence[KnownPart], invoice: str, read_at: datetime
) -> tuple[Break, ...] | None:
    """The breaks, if our own records explain the whole difference; None if both systems must be read in depth."""
    breaks = breaks_of(sides_by_sums(source, target, known, read_at), invoice)
    if target.paid is not None and target.paid != _claimed(known):
        # Somebody else's payments are on it, or ours are gone.
        return None
    suffices = all(one.is_explained or one.kind in FOR_INFORMATION for one in breaks)
    return breaks if suffices and total_share(breaks) == source.balance - target.balance else None


def _claimed(known: Iterable[KnownPart]) -> Decimal:
    """What our ledger says is on the target's invoice."""
    return sum((one.claim.amount for one in known if one.claim is not None), _NOTHING)


def _stored_payments(source: SourceInvoice, known: Iterable[KnownPart]) -> tuple[SourcePayment, ...]:
    amounts: dict[str, list[KnownPart]] = defaultdict(list)
    for one in known:
        if one.live:
            amounts[one.payment_id].append(one)
    return tuple(_stored_payment(source, parts) for parts in amounts.values())


def _stored_payment(source: SourceInvoice, parts: Sequence[KnownPart]) -> SourcePayment:
    allocations = tuple(
        SourceAllocation(
            AllocationKind.INVOICE,
            source.external_id,
            part.amount,
            part.reason if part.reason in _CREDITS else None,
        )
        for part in parts
    )
    total = sum((part.amount for part in parts), _NOTHING)
    return SourcePayment(
        external_id=parts[0].payment_id,
        version=0,
        changed_at=source.changed_at,
        state=PaymentState.LIVE,
        paid_on=parts[0].paid_on,
        total=total,
        unapplied=_NOTHING,
        currency=source.currency,
        customer_id="",
        customer_name=source.customer_name,
        reference="",
        note="",
        allocations=allocations,
    )


def _claimed_payments(known: Iterable[KnownPart]) -> Iterable[TargetPayment]:
    # One payment may stand for several parts (strategy `single`); each claim has the amount of its own part.
    claims: dict[str, list[LedgerClaim]] = defaultdict(list)
    for one in known:
        if one.claim is not None:
            claims[one.claim.target_payment_id].append(one.claim)
    for payment_id, parts in claims.items():
        yield TargetPayment(payment_id, sum((part.amount for part in parts), _NOTHING), parts[0].paid_on)
