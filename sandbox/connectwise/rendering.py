"""Invoices and payments as ConnectWise writes them: empty fields are left out, times are UTC with a Z."""

from typing import Any

from sandbox.connectwise.records import ZERO
from sandbox.connectwise.references import (
    batch_reference_json,
    bill_to_json,
    currency_json,
    customer_json,
    department_json,
    invoice_reference_json,
    location_json,
    midnight,
    status_json,
    tax_code_json,
    terms_json,
    wire_time,
    without_empty,
)
from sandbox.connectwise.switches import Switches
from sandbox.connectwise.world import Invoice, Payment

# By analogy with the types of invoices, which are words.
_WORDS = {"P": "Payment", "C": "Credit"}


def invoice_json(invoice: Invoice, site: str, switches: Switches) -> dict[str, Any]:
    """`site` is the API's address; the answer is kept until the invoice changes: long lists are read often."""
    kept = invoice.rendered
    if kept is None or kept[0] != site or kept[1] is not switches:
        kept = invoice.rendered = (site, switches, _invoice_json(invoice, site, switches))
    return kept[2]


def invoice_json_before(invoice: Invoice, site: str, switches: Switches) -> dict[str, Any]:
    """The invoice as it is, but with the sums from before its last change."""
    paid, credited = invoice.earlier_sums
    sums = {"payments": paid, "credits": credited, "balance": invoice.total - paid - credited}
    return invoice_json(invoice, site, switches) | sums


def closed_invoice_json(invoice: Invoice, site: str, switches: Switches) -> dict[str, Any]:
    return {
        "id": invoice.id,
        "status": status_json(invoice.status, site, switches),
        "internalNotes": invoice.internal_notes,
        "_info": {"lastUpdated": wire_time(invoice.updated_at), "updatedBy": invoice.updated_by},
    }


def payment_json(payment: Payment, invoice: Invoice, site: str, switches: Switches) -> dict[str, Any]:
    fields = {
        "id": payment.id,
        "type": _WORDS.get(payment.type, payment.type) if switches.payment_type == "word" else payment.type,
        "source": payment.source,
        "invoice": invoice_reference_json(invoice, site),
        "credit": payment.credit,
        "amount": payment.amount,
        "invoiceBalance": invoice.balance,
        "invoiceTotal": invoice.total,
        "paymentDate": wire_time(payment.payment_date),
        "appliedBy": payment.applied_by,
        "paymentSyncStatus": "Unapplied",
        "_info": {"lastUpdated": wire_time(payment.updated_at), "updatedBy": payment.updated_by},
    } | payment.other
    return without_empty(fields)


def _invoice_json(invoice: Invoice, site: str, switches: Switches) -> dict[str, Any]:
    customer = customer_json(invoice, site)
    fields = {
        "id": invoice.id,
        "invoiceNumber": invoice.number,
        "type": invoice.type,
        "status": status_json(invoice.status, site, switches),
        "company": customer,
        "billToCompany": bill_to_json(invoice, site),
        "shipToCompany": customer,
        "accountNumber": invoice.bill_to_identifier,
        "applyToType": "All",
        "billingTerms": terms_json(invoice.billing_terms, site),
        "date": midnight(invoice.invoice_date),
        "dueDate": midnight(invoice.due_date),
        "locationId": invoice.location.id,
        "location": location_json(invoice.location, site),
        "departmentId": invoice.department.id,
        "department": department_json(invoice.department, site),
        "taxCode": tax_code_json(invoice.tax_code, site),
        "internalNotes": invoice.internal_notes or None,
        "currency": currency_json(invoice.currency, site),
        **_totals_json(invoice, switches),
        "payments": invoice.paid,
        "credits": invoice.credited,
        "balance": invoice.balance,
        "specialInvoiceFlag": False,
        "glBatch": batch_reference_json(invoice.batch),
        "unbatchedBatch": batch_reference_json(invoice.unbatched),
        "_info": {"lastUpdated": wire_time(invoice.updated_at), "updatedBy": invoice.updated_by},
    }
    return without_empty(fields)


def _totals_json(invoice: Invoice, switches: Switches) -> dict[str, Any]:
    """The parts add up to the subtotal, and with the tax to the total."""
    of_agreement = invoice.unexplained if invoice.type == "Agreement" else ZERO
    downpayment = invoice.downpayment_applied
    return {
        "serviceTotal": invoice.billed("time") + invoice.unexplained - of_agreement,
        "expenseTotal": invoice.billed("expense"),
        "productTotal": invoice.billed("product"),
        "agreementAmount": invoice.agreement_amount + of_agreement,
        "serviceAdjustmentAmount": invoice.service_adjustment,
        "downpaymentApplied": -downpayment if switches.downpayment_applied == "negative" else downpayment,
        "previousProgressApplied": ZERO,
        "subtotal": invoice.subtotal,
        "salesTax": invoice.sales_tax,
        "total": invoice.total,
    }
