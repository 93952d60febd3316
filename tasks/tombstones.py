"""Records for what is not to be found: an id and nothing else. What change data capture tells comes with a payload."""

from datetime import datetime
from decimal import Decimal

from domain.records import PaymentState, SourceInvoice, SourcePayment


def deleted_payment(external_id: str, seen_at: datetime) -> SourcePayment:
    return SourcePayment(
        external_id=external_id,
        version=-1,
        changed_at=seen_at,
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
        inferred=True,
        seen_at=seen_at,
    )


def deleted_invoice(external_id: str, seen_at: datetime) -> SourceInvoice:
    return SourceInvoice(
        external_id=external_id,
        version=-1,
        changed_at=seen_at,
        number=None,
        total=Decimal(0),
        balance=Decimal(0),
        currency=None,
        customer_name="",
        deleted=True,
        inferred=True,
        seen_at=seen_at,
    )
