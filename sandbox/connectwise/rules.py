"""ConnectWise's behaviour when a payment is added, changed or removed, by the tenant's switches."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.connectwise.errors import conflict, invalid_payment
from sandbox.connectwise.records import ZERO
from sandbox.connectwise.world import Company, Invoice, Payment


@dataclass
class PaymentDraft:
    """A payment as requested."""

    amount: Decimal
    payment_date: datetime
    type: str = "P"
    source: str = "Default"
    credit: dict[str, Any] | None = None
    other: dict[str, Any] = field(default_factory=dict)


def add_payment(company: Company, invoice: Invoice, draft: PaymentDraft, at: datetime) -> Payment:
    switches = company.switches
    if invoice.closed and switches.closed_invoice_post == "reject":
        raise invalid_payment("InvoiceClosed", "The invoice is closed.", "invoice")
    earlier = next((one for one in invoice.payments.values() if one.credit is None), None)
    if earlier is not None and draft.credit is None:
        if switches.second_payment == "reject":
            raise invalid_payment("ObjectExists", "A payment already exists for this invoice.", "invoice")
        if switches.second_payment == "overwrite":
            change_payment(company, invoice, earlier, draft, at)
            return earlier
    draft.amount = _allowed_amount(company, draft.amount, invoice.balance)
    return put_payment(company, invoice, draft, company.member, at)


def put_payment(company: Company, invoice: Invoice, draft: PaymentDraft, by: str, at: datetime) -> Payment:
    """Adds the payment without regard to the switches; a person who types one in does the same."""
    payment = Payment(
        id=company.next_payment_id(),
        type=draft.type,
        amount=draft.amount,
        payment_date=draft.payment_date,
        applied_by=by,
        updated_by=by,
        updated_at=at,
        source=draft.source,
        credit=draft.credit,
        other=draft.other,
    )
    invoice.payments[payment.id] = payment
    company.touch_by_payment(invoice, by, at)
    return payment


def change_payment(
    company: Company,
    invoice: Invoice,
    payment: Payment,
    draft: PaymentDraft,
    at: datetime,
) -> None:
    payment.amount = _allowed_amount(company, draft.amount, invoice.balance + payment.amount)
    payment.payment_date = draft.payment_date
    payment.type = draft.type
    payment.source = draft.source
    payment.credit = draft.credit
    payment.other = draft.other
    company.touch(payment, company.member, at)
    company.touch_by_payment(invoice, company.member, at)


def remove_payment(company: Company, invoice: Invoice, payment: Payment, at: datetime) -> None:
    if invoice.posted and company.switches.posted_delete == "refuse":
        raise conflict("The record is in use: the invoice has been posted to the general ledger.")
    take_payment(company, invoice, payment, company.member, at)


def take_payment(company: Company, invoice: Invoice, payment: Payment, by: str, at: datetime) -> None:
    """Removes the payment without regard to the switches."""
    del invoice.payments[payment.id]
    company.touch_by_payment(invoice, by, at)


def _allowed_amount(company: Company, amount: Decimal, open_balance: Decimal) -> Decimal:
    if amount <= open_balance or company.switches.overpayment == "accept":
        return amount
    if company.switches.overpayment == "reject":
        raise invalid_payment("OutOfRange", "The payment exceeds the balance of the invoice.", "amount")
    return max(open_balance, ZERO)
