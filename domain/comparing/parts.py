"""What lowers an invoice's balance at the source: parts of payments, by their nature."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.comparing.sides import KnownPart
from domain.match.allocations import merge_allocations
from domain.reasons import Reason
from domain.records import AllocationKind, InvoiceStatement, SourcePayment, Trace


class Nature(StrEnum):
    """What a part of a payment is made of."""

    MONEY = "money"
    CREDIT = "credit"
    MIXED = "mixed"


# Why the connector says that an allocation to an invoice is not, or not only, money.
_NATURE_OF_PROBLEM = {Reason.CREDIT_APPLIED: Nature.CREDIT, Reason.MIXED_WITH_CREDIT: Nature.MIXED}
_CREDITS = frozenset(
    {AllocationKind.CREDIT_MEMO, AllocationKind.JOURNAL_ENTRY, AllocationKind.REFUND, AllocationKind.OTHER}
)


@dataclass(frozen=True, slots=True)
class AppliedCredit:
    """A document of the source whose credit the payment uses."""

    kind: AllocationKind
    document_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SourcePart:
    """What one payment of the source puts on the invoice.

    Attributes:
        payment_total: what the whole payment received; more than `amount` if it is split, zero for a credit.
        credits: what the money is made of where it is no money, or not only.
        is_stored: this is what we have stored; the source was not asked.
    """

    payment_id: str
    amount: Decimal
    paid_on: date | None
    nature: Nature = Nature.MONEY
    payment_total: Decimal | None = None
    reference: str = ""
    credits: tuple[AppliedCredit, ...] = ()
    entered_at: datetime | None = None
    last_changed_by: str = ""
    is_stored: bool = False

    @property
    def is_split(self) -> bool:
        """Whether the payment pays something else as well."""
        return self.nature is Nature.MONEY and self.payment_total is not None and self.payment_total != self.amount


def parts_of(statement: InvoiceStatement) -> tuple[SourcePart, ...]:
    """The parts of all payments that are for this invoice, the oldest date first."""
    parts = (
        _part_of(payment, statement.invoice.external_id, statement.traces.get(payment.external_id, Trace()))
        for payment in statement.payments
    )
    return tuple(sorted((part for part in parts if part is not None), key=_by_date))


def _part_of(payment: SourcePayment, invoice_id: str, trace: Trace) -> SourcePart | None:
    """None if the payment no longer pays the invoice; then it was changed between our two questions."""
    merged = merge_allocations(payment)
    value = merged.get((AllocationKind.INVOICE, invoice_id))
    if value is None or not value.amount:
        return None
    nature = _NATURE_OF_PROBLEM.get(value.problem, Nature.MONEY) if value.problem else Nature.MONEY
    uses_credit = nature is not Nature.MONEY
    return SourcePart(
        payment_id=payment.external_id,
        amount=value.amount,
        paid_on=payment.paid_on,
        nature=nature,
        payment_total=payment.total,
        reference=payment.reference,
        credits=tuple(
            AppliedCredit(kind, document_id, one.amount)
            for (kind, document_id), one in merged.items()
            if uses_credit and kind in _CREDITS
        ),
        entered_at=trace.entered_at,
        last_changed_by=trace.last_changed_by,
    )


def stored_parts(known: Iterable[KnownPart]) -> tuple[SourcePart, ...]:
    """The parts that we have heard of, for a time at which the source cannot be asked."""
    parts = [
        SourcePart(
            payment_id=one.payment_id,
            amount=one.amount,
            paid_on=one.paid_on,
            nature=_NATURE_OF_PROBLEM.get(one.reason, Nature.MONEY) if one.reason else Nature.MONEY,
            is_stored=True,
        )
        for one in known
        if one.live
    ]
    return tuple(sorted(parts, key=_by_date))


def _by_date(part: SourcePart) -> tuple[date, str]:
    return (part.paid_on or date.max, part.payment_id)
