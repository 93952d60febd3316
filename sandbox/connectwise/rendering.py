"""Invoices and payments as ConnectWise writes them: empty fields are left out, times are UTC with a Z."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandbox.connectwise.switches import Switches
from sandbox.connectwise.world import Invoice, Payment

_PAYMENT_TERMS_DAYS = 30
# By analogy with the types of invoices, which are words.
_WORDS = {"P": "Payment", "C": "Credit"}
_CURRENCY_IDS = {"USD": 1, "CAD": 2, "EUR": 3, "GBP": 4, "AUD": 5, "JPY": 6}
_SYMBOLS = {"USD": "$", "CAD": "$", "AUD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def wire_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def invoice_json(invoice: Invoice, site: str) -> dict[str, Any]:
    """`site` is the API's address; the answer is kept until the invoice changes: long lists are read often."""
    if invoice.rendered is None or invoice.rendered[0] != site:
        invoice.rendered = (site, _invoice_json(invoice, site))
    return invoice.rendered[1]


def invoice_json_before(invoice: Invoice, site: str) -> dict[str, Any]:
    """The invoice as it is, but with the sums from before its last change."""
    paid, credited = invoice.earlier_sums
    sums = {"payments": paid, "credits": credited, "balance": invoice.total - paid - credited}
    return invoice_json(invoice, site) | sums


def _invoice_json(invoice: Invoice, site: str) -> dict[str, Any]:
    customer = _customer_json(invoice, site)
    fields = {
        "id": invoice.id,
        "invoiceNumber": invoice.number,
        "type": invoice.type,
        "status": _status_json(invoice, site),
        "company": customer,
        "billToCompany": customer,
        "shipToCompany": customer,
        "applyToType": "All",
        "date": _midnight(invoice.invoice_date),
        "dueDate": _midnight(invoice.invoice_date + timedelta(days=_PAYMENT_TERMS_DAYS)),
        "currency": _currency_json(invoice.currency, site),
        "subtotal": invoice.total,
        "salesTax": invoice.total - invoice.total,
        "total": invoice.total,
        "payments": invoice.paid,
        "credits": invoice.credited,
        "balance": invoice.balance,
        "specialInvoiceFlag": False,
        "glBatch": {"id": 1, "name": "GL-1"} if invoice.posted else None,
        "_info": {"lastUpdated": wire_time(invoice.updated_at), "updatedBy": invoice.updated_by},
    }
    return {name: value for name, value in fields.items() if value is not None}


def payment_json(payment: Payment, invoice: Invoice, site: str, switches: Switches) -> dict[str, Any]:
    fields = {
        "id": payment.id,
        "type": _WORDS.get(payment.type, payment.type) if switches.payment_type == "word" else payment.type,
        "source": payment.source,
        "invoice": {
            "id": invoice.id,
            "identifier": invoice.number,
            "billingType": invoice.type,
            "applyToType": "All",
            "invoiceDate": _midnight(invoice.invoice_date),
            "chargeFirmFlag": False,
            "_info": {"invoice_href": f"{site}/finance/invoices/{invoice.id}"},
        },
        "credit": payment.credit,
        "amount": payment.amount,
        "invoiceBalance": invoice.balance,
        "invoiceTotal": invoice.total,
        "paymentDate": wire_time(payment.payment_date),
        "appliedBy": payment.applied_by,
        "paymentSyncStatus": "Unapplied",
        "_info": {"lastUpdated": wire_time(payment.updated_at), "updatedBy": payment.updated_by},
    } | payment.other
    return {name: value for name, value in fields.items() if value is not None}


def _midnight(day: date) -> str:
    return wire_time(datetime.combine(day, time(), UTC))


def _status_json(invoice: Invoice, site: str) -> dict[str, Any]:
    status_id, name = (2, "Closed") if invoice.closed else (1, "New")
    return {
        "id": status_id,
        "name": name,
        "isClosed": invoice.closed,
        "_info": {"status_href": f"{site}/finance/billingStatuses/{status_id}"},
    }


def _customer_json(invoice: Invoice, site: str) -> dict[str, Any]:
    return {
        "id": invoice.client_id,
        "identifier": invoice.client_identifier,
        "name": invoice.client_name,
        "_info": {"company_href": f"{site}/company/companies/{invoice.client_id}"},
    }


def _currency_json(code: str | None, site: str) -> dict[str, Any] | None:
    if code is None:
        return None
    currency_id = _CURRENCY_IDS.get(code, 99)
    return {
        "id": currency_id,
        "symbol": _SYMBOLS.get(code, code),
        "currencyCode": code,
        "decimalSeparator": ".",
        "numberOfDecimals": 2,
        "thousandsSeparator": ",",
        "negativeParenthesesFlag": False,
        "displaySymbolFlag": False,
        "currencyIdentifier": code,
        "displayIdFlag": False,
        "rightAlign": False,
        "name": code,
        "_info": {"currency_href": f"{site}/finance/currencies/{currency_id}"},
    }
