"""The sums of an invoice, as the lists tell them, in the shape that a comparison reads."""

from collections.abc import Iterable
from datetime import datetime

from domain.reconciliation.documents import DocumentKind, OpenDocument, SourceStanding, TargetStanding
from domain.records import InvoiceStatement, SourceInvoice, SourcePayment, TargetInvoice, Trace


def open_invoices(documents: Iterable[OpenDocument]) -> tuple[SourceStanding, ...]:
    """The invoices among everything that is open."""
    return tuple(
        SourceStanding(
            external_id=one.entity_id,
            number=one.number,
            customer_id=one.customer_id,
            customer_name=one.customer_name,
            dated=one.dated,
            currency=one.currency,
            total=one.total,
            balance=one.open_balance,
        )
        for one in documents
        if one.kind is DocumentKind.INVOICE
    )


def source_invoice(standing: SourceStanding, read_at: datetime) -> SourceInvoice:
    return SourceInvoice(
        external_id=standing.external_id,
        version=0,
        changed_at=standing.changed_at or read_at,
        number=standing.number,
        total=standing.total,
        balance=standing.balance,
        currency=standing.currency,
        customer_name=standing.customer_name,
    )


def target_invoice(standing: TargetStanding) -> TargetInvoice:
    return TargetInvoice(
        external_id=standing.external_id,
        number=standing.number,
        total=standing.total,
        balance=standing.balance,
        currency=standing.currency,
        customer_names=standing.customer_names,
        payable=not standing.is_credit_memo,
        paid=standing.payments,
    )


def statement(standing: SourceStanding, payments: Iterable[SourcePayment], read_at: datetime) -> InvoiceStatement:
    """The invoice with the payments that it is linked to; those of its ids that are not among them were not read."""
    linked = {one.external_id: one for one in payments if one.external_id in standing.payment_ids}
    return InvoiceStatement(
        invoice=source_invoice(standing, read_at),
        payments=tuple(linked.values()),
        # When somebody last changed it: later than its entry, so that news is never taken for old.
        traces={one.external_id: Trace(entered_at=one.changed_at) for one in linked.values()},
        deposit=standing.deposit,
        unread_ids=tuple(sorted(set(standing.payment_ids) - set(linked))),
    )
