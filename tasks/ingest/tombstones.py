"""Records for objects that are not found or not shown: an id and nothing else."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.reasons import Reason
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


def incomplete_payment(external_id: str, version: int, seen_at: datetime) -> SourcePayment:
    """A payment that exists and has changed, but whose current content the source does not show."""
    nothing = deleted_payment(external_id, seen_at)
    return replace(nothing, version=version, state=PaymentState.LIVE, inferred=False, flaw=Reason.INCOMPLETE)


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
