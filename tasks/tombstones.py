"""Records for what a source says no longer exists: an id and nothing else."""

from datetime import datetime
from decimal import Decimal

from domain.records import PaymentState, SourceInvoice, SourcePayment


def is_tombstone(payment: SourcePayment) -> bool:
    return payment.state is PaymentState.DELETED


def deleted_payment(external_id: str, now: datetime) -> SourcePayment:
    return SourcePayment(
        external_id=external_id,
        version=-1,
        changed_at=now,
        state=PaymentState.DELETED,
        paid_on=None,
        total=Decimal(0),
        unapplied=Decimal(0),
        currency=None,
        customer_id="",
        customer_name="",
        reference="",
        note="",
        allocations=(),
    )


def deleted_invoice(external_id: str, now: datetime) -> SourceInvoice:
    return SourceInvoice(
        external_id=external_id,
        version=-1,
        changed_at=now,
        number=None,
        total=Decimal(0),
        balance=Decimal(0),
        currency=None,
        customer_name="",
        deleted=True,
    )
