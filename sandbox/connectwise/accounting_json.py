"""The accounting interface's records as ConnectWise writes them: unposted invoices, entries, batches."""

from typing import Any

from sandbox.connectwise.records import NEW, ZERO, Batch, BillingStatus, GlEntry
from sandbox.connectwise.references import (
    bill_to_json,
    currency_json,
    customer_json,
    department_json,
    invoice_reference_json,
    location_json,
    midnight,
    tax_code_json,
    terms_json,
    wire_time,
    without_empty,
)
from sandbox.connectwise.switches import Switches
from sandbox.connectwise.taxes import level_taxes
from sandbox.connectwise.world import BILLING_TERMS, Invoice

# Where an unposted invoice has an id of its own.
FIRST_UNPOSTED_ID = 90_000
# The names of the six levels in the fields of an unposted invoice.
_LEVELS = ("state", "county", "city", "country", "composite", "levelSix")


def unposted_json(invoice: Invoice, site: str, switches: Switches) -> dict[str, Any]:
    customer = customer_json(invoice, site)
    fields = {
        "id": invoice.id + (FIRST_UNPOSTED_ID if switches.unposted_id == "own" else 0),
        "billingLogId": invoice.id,
        "locationId": invoice.location.id,
        "location": location_json(invoice.location, site),
        "departmentId": invoice.department.id,
        "department": department_json(invoice.department, site),
        "company": customer,
        "accountNumber": invoice.bill_to_identifier,
        "billToCompany": bill_to_json(invoice, site),
        "shipToCompany": customer,
        "invoiceNumber": invoice.number,
        "invoiceDate": midnight(invoice.invoice_date),
        "invoiceType": invoice.type,
        "description": f"{invoice.type} invoice",
        "billingTerms": terms_json(invoice.billing_terms, site),
        "dueDays": str(BILLING_TERMS[invoice.billing_terms]),
        "dueDate": midnight(invoice.due_date),
        "currency": currency_json(invoice.currency, site),
        "subTotal": invoice.subtotal,
        "total": invoice.total,
        "hasTime": any(line.kind == "time" for line in invoice.lines),
        "hasExpenses": any(line.kind == "expense" for line in invoice.lines),
        "hasProducts": any(line.kind == "product" for line in invoice.lines),
        "invoiceTaxableFlag": bool(invoice.sales_tax),
        "taxCode": tax_code_json(invoice.tax_code, site),
        "avalaraTaxFlag": False,
        "itemTaxableFlag": any(line.taxable for line in invoice.lines),
        "salesTaxAmount": invoice.sales_tax,
        **_levels_json(invoice),
        "createdBy": invoice.updated_by,
        "dateClosed": None if invoice.closed_at is None else wire_time(invoice.closed_at),
        "_info": {"lastUpdated": wire_time(invoice.updated_at), "updatedBy": invoice.updated_by},
    }
    return without_empty(fields)


def gl_entry_json(entry: GlEntry) -> dict[str, Any]:
    fields = {
        "id": entry.id,
        "type": entry.gl_type,
        "amount": entry.amount,
        "description": entry.description,
        "segment1": entry.account,
        "productId": entry.line.item if entry.line is not None and entry.line.kind == "product" else None,
        "cost": entry.line.cost if entry.line is not None else ZERO,
        "isBatched": entry.batch is not None,
    }
    return without_empty(fields)


def batch_json(batch: Batch) -> dict[str, Any]:
    return {
        "id": batch.id,
        "batchIdentifier": batch.identifier,
        "exportInvoicesFlag": True,
        "exportExpensesFlag": False,
        "exportProductsFlag": False,
        "closedFlag": False,
        "_info": {"lastUpdated": wire_time(batch.made_at), "updatedBy": batch.made_by},
    }


def batch_entry_json(entry: GlEntry, invoice: Invoice, site: str) -> dict[str, Any]:
    return {
        "id": entry.id,
        "accountType": entry.gl_type,
        "name": entry.description,
        "accountNumber": entry.account,
        "debit": max(entry.amount, ZERO),
        "credit": max(-entry.amount, ZERO),
        "invoice": invoice_reference_json(invoice, site),
    }


def billing_status_json(status: BillingStatus) -> dict[str, Any]:
    return {
        "id": status.id,
        "name": status.name,
        "sortOrder": status.id,
        "defaultFlag": status is NEW,
        "closedFlag": status.is_closed,
        "inactiveFlag": False,
        "sentFlag": status.is_sent,
    }


def _levels_json(invoice: Invoice) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in _LEVELS:
        fields |= {f"{name}TaxFlag": False, f"{name}TaxXref": "", f"{name}TaxAmount": ZERO}
    for one in level_taxes(invoice):
        name = _LEVELS[one.number - 1]
        fields |= {f"{name}TaxFlag": True, f"{name}TaxXref": one.level.xref, f"{name}TaxAmount": one.tax}
    return fields
