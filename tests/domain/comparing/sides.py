"""Invoices for the tests of comparisons: one invoice of 100.00 in both systems, and what changes it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from domain.comparing.sides import BothSides, KnownPart, LedgerClaim, NotRead, TargetSide
from domain.reasons import Reason
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
from domain.status import PaymentStatus

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY, LATER = date(2026, 11, 20), date(2026, 11, 21)
INVOICE = "70"


def paid(
    payment_id: str,
    amount: str,
    *,
    on: date = DAY,
    total: str | None = None,
    problem: Reason | None = None,
    credits_: Sequence[tuple[AllocationKind, str, str]] = (),
    flaw: Reason | None = None,
) -> SourcePayment:
    """A payment that puts this amount on the invoice."""
    lines = [SourceAllocation(AllocationKind.INVOICE, INVOICE, Decimal(amount), problem)]
    lines += [SourceAllocation(kind, document, Decimal(value)) for kind, document, value in credits_]
    return SourcePayment(
        external_id=payment_id,
        version=0,
        changed_at=NOW,
        state=PaymentState.LIVE,
        paid_on=on,
        total=Decimal(amount if total is None else total),
        unapplied=Decimal(0),
        currency="USD",
        customer_id="1",
        customer_name="Cascade Dental",
        reference="CHK-1",
        note="",
        allocations=tuple(lines),
        flaw=flaw,
    )


def credited(payment_id: str, amount: str) -> SourcePayment:
    """A credit memo, applied by a payment of zero."""
    return paid(
        payment_id,
        amount,
        total="0",
        problem=Reason.CREDIT_APPLIED,
        credits_=[(AllocationKind.CREDIT_MEMO, "88", amount)],
    )


def source(
    *payments: SourcePayment,
    total: str = "100.00",
    balance: str | None = None,
    deposit: str = "0",
    currency: str | None = "USD",
    unread_ids: tuple[str, ...] = (),
) -> InvoiceStatement:
    """The source's side; its balance is what the payments leave, unless told otherwise."""
    applied = sum(
        (one.amount for payment in payments for one in payment.allocations if one.kind is AllocationKind.INVOICE),
        Decimal(deposit),
    )
    return InvoiceStatement(
        invoice=SourceInvoice(
            external_id=INVOICE,
            version=1,
            changed_at=NOW,
            number="INV-1",
            total=Decimal(total),
            balance=Decimal(total) - applied if balance is None else Decimal(balance),
            currency=currency,
            customer_name="Cascade Dental",
        ),
        payments=payments,
        deposit=Decimal(deposit),
        unread_ids=unread_ids,
    )


def entered(
    payment_id: str,
    amount: str,
    *,
    on: date | None = DAY,
    by: str = "API1",
    credit: bool = False,
    foreign: bool = False,
) -> TargetPayment:
    return TargetPayment(payment_id, Decimal(amount), on, by, foreign=foreign or credit, credit=credit)


def target(
    *payments: TargetPayment, total: str = "100.00", balance: str | None = None, currency: str | None = "USD"
) -> TargetSide:
    lowered = sum((one.amount for one in payments), Decimal(0))
    return TargetSide(
        TargetInvoice(
            external_id="200",
            number="INV-1",
            total=Decimal(total),
            balance=Decimal(total) - lowered if balance is None else Decimal(balance),
            currency=currency,
            customer_names=("Cascade Dental",),
        ),
        payments,
    )


def known(
    payment_id: str,
    amount: str = "40.00",
    *,
    as_: str | None = None,
    status: PaymentStatus = PaymentStatus.SYNCED,
    reason: Reason | None = Reason.SYNCED,
    live: bool = True,
    ours: bool = True,
    on: date = DAY,
) -> KnownPart:
    """What our books say; `as_` is the target payment that stands for it by the ledger."""
    claim = None if as_ is None else LedgerClaim(as_, Decimal(amount), on, ours)
    return KnownPart(payment_id, Decimal(amount), on, live, status, reason, claim)


def both(of_source: InvoiceStatement | NotRead, of_target: TargetSide | NotRead, *parts: KnownPart) -> BothSides:
    return BothSides(of_source, of_target, parts, NOW, NOW, 2)
