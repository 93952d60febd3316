"""Entities as JSON, exactly as QuickBooks writes them: empty fields are left out, no value is ever null."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.times import metadata_time
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.records import (
    NOTHING,
    BankDeposit,
    CreditMemo,
    Invoice,
    InvoiceLine,
    JournalEntry,
    Line,
    Payment,
    Record,
    Tombstone,
)
from sandbox.quickbooks.world.sales_tax import to_cents

Json = dict[str, Any]

CURRENCY_NAMES = {
    "USD": "United States Dollar",
    "CAD": "Canadian Dollar",
    "EUR": "Euro",
    "GBP": "British Pound Sterling",
    "AUD": "Australian Dollar",
    "NZD": "New Zealand Dollar",
    "JPY": "Japanese Yen",
    "KWD": "Kuwaiti Dinar",
}


# The item on invoices that a person typed.
FIRST_ITEM_ID = "1"
# Home units for one foreign unit, on every foreign transaction; clients must not calculate with it.
EXCHANGE_RATE = Decimal("1.085")


def amount(value: Decimal) -> Decimal | int:
    """Zero is an int on the wire, whole amounts have one decimal (65.0), others as many as they need."""
    if not value:
        return 0
    plain = value.normalize()
    exponent = plain.as_tuple().exponent
    return plain if isinstance(exponent, int) and exponent < 0 else plain.quantize(Decimal("0.1"))


def payment_json(company: Company, payment: Payment) -> Json:
    body: Json = {
        "CustomerRef": _customer_ref(company, payment.customer_id),
        "DepositToAccountRef": {"value": payment.deposit_account_id},
        "PaymentMethodRef": {"value": payment.method_id} if payment.method_id else "",
        "PaymentRefNum": payment.reference,
        "TotalAmt": amount(payment.total),
        "UnappliedAmt": amount(payment.unapplied),
        "ProcessPayment": False,
        **head(company, payment),
        "TxnDate": payment.transaction_date.isoformat(),
        **_currency(company, payment.currency),
        "PrivateNote": payment.note,
        "LinkedTxn": [{"TxnId": payment.deposit_id, "TxnType": "Deposit"}] if payment.deposit_id else "",
    }
    body = _without_empty(body)
    # An empty list of lines is written, unlike anything else that is empty (Intuit's samples of voided payments).
    body["Line"] = [_line_json(company, payment, line) for line in payment.lines]
    return body


def invoice_json(company: Company, invoice: Invoice) -> Json:
    body: Json = {
        **head(company, invoice),
        "DocNumber": invoice.doc_number or "",
        "TxnDate": invoice.transaction_date.isoformat(),
        "DueDate": invoice.due_date.isoformat(),
        **_currency(company, invoice.currency, invoice.exchange_rate),
        "PrivateNote": invoice.note,
        "CustomerRef": _customer_ref(company, invoice.customer_id),
        "TotalAmt": amount(invoice.total),
        "Balance": amount(invoice.balance),
        **_home_amounts(company, invoice),
        "Deposit": amount(invoice.deposit) if invoice.deposit else "",
        "EInvoiceStatus": "Paid" if invoice.applied and invoice.balance <= NOTHING else "",
    }
    body = _without_empty(body)
    body["CustomField"] = []
    body["LinkedTxn"] = [{"TxnId": payment_id, "TxnType": "Payment"} for payment_id in invoice.applied]
    body["Line"] = [
        *_invoice_lines(company, invoice),
        {"Amount": amount(_lines_total(invoice)), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ]
    if invoice.origin == "api":
        body |= _as_written(company, invoice)
    return body


def _lines_total(invoice: Invoice) -> Decimal:
    return sum((line.counted for line in invoice.lines), NOTHING) if invoice.lines else invoice.total


def _invoice_lines(company: Company, invoice: Invoice) -> list[Json]:
    lines = invoice.lines or (InvoiceLine(invoice.total, item_id=FIRST_ITEM_ID),)
    return [_invoice_line(company, line, number) for number, line in enumerate(lines, start=1)]


def _invoice_line(company: Company, line: InvoiceLine, number: int) -> Json:
    body: Json = {"Id": str(number), "LineNum": number, "Description": line.description}
    if not line.item_id:
        return _without_empty(body) | {"DetailType": "DescriptionOnly", "DescriptionLineDetail": {}}
    detail: Json = {
        "ItemRef": {"value": line.item_id, "name": company.items.records[line.item_id].name},
        "UnitPrice": "" if line.unit_price is None else amount(line.unit_price),
        "Qty": "" if line.quantity is None else amount(line.quantity),
        "TaxCodeRef": {"value": line.tax_code} if line.tax_code else "",
    }
    body |= {
        "Amount": amount(line.amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": _without_empty(detail),
    }
    return _without_empty(body)


def _as_written(company: Company, invoice: Invoice) -> Json:
    """What only invoices have that an application wrote: its fields, and what QuickBooks adds where it named none."""
    online = company.preferences.takes_online_payments
    return {
        "EmailStatus": "NotSet",
        "AllowOnlineACHPayment": online,
        "AllowOnlineCreditCardPayment": online,
        **invoice.details,
        "TxnTaxDetail": {"TotalTax": amount(invoice.tax)},
        **({"GlobalTaxCalculation": invoice.tax_mode} if invoice.tax_mode else {}),
    }


def credit_memo_json(company: Company, memo: CreditMemo) -> Json:
    return {
        **head(company, memo),
        **({"DocNumber": memo.doc_number} if memo.doc_number else {}),
        "CustomerRef": _customer_ref(company, memo.customer_id),
        "TxnDate": memo.transaction_date.isoformat(),
        "TotalAmt": amount(memo.total),
        "RemainingCredit": amount(memo.remaining),
        **_currency(company, memo.currency),
        "LinkedTxn": [{"TxnId": payment_id, "TxnType": "Payment"} for payment_id in memo.applied],
    }


def journal_entry_json(company: Company, entry: JournalEntry) -> Json:
    """Its two lines: the customer's receivables, and somewhere else."""
    posting = ("Debit", "Credit") if entry.amount > NOTHING else ("Credit", "Debit")
    customer = {"Type": "Customer", "EntityRef": _customer_ref(company, entry.customer_id)}
    details: list[Json] = [
        {"PostingType": posting[0], "Entity": customer, "AccountRef": {"value": "84", "name": "Accounts Receivable"}},
        {"PostingType": posting[1], "AccountRef": {"value": "45", "name": "Opening Balance Equity"}},
    ]
    lines = [
        {
            "Id": str(number),
            "Amount": amount(abs(entry.amount)),
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": detail,
        }
        for number, detail in enumerate(details)
    ]
    body: Json = {
        **head(company, entry),
        "DocNumber": entry.doc_number,
        "TxnDate": entry.transaction_date.isoformat(),
        **_currency(company, entry.currency),
        "PrivateNote": entry.note,
        "Adjustment": False,
    }
    return _without_empty(body) | {"Line": lines}


def bank_deposit_json(company: Company, deposit: BankDeposit) -> Json:
    customer = _customer_ref(company, deposit.customer_id)
    line = {
        "Amount": amount(deposit.amount),
        "DetailType": "DepositLineDetail",
        "DepositLineDetail": {"Entity": customer | {"type": "CUSTOMER"}, "AccountRef": {"value": "84"}},
    }
    return {
        **head(company, deposit),
        "TxnDate": deposit.transaction_date.isoformat(),
        "TotalAmt": amount(deposit.amount),
        "DepositToAccountRef": {"value": "35", "name": "Checking"},
        **_currency(company, deposit.currency),
        "Line": [line],
    }


def tombstone_json(stone: Tombstone) -> Json:
    return {
        "domain": "QBO",
        "status": "Deleted",
        "Id": stone.id,
        "MetaData": {"LastUpdatedTime": metadata_time(stone.deleted_at)},
    }


def company_info_json(company: Company, now: datetime) -> Json:
    return {
        "CompanyName": company.name,
        "LegalName": company.name,
        "Country": company.preferences.country,
        "FiscalYearStartMonth": "January",
        "SupportedLanguages": "en",
        "NameValue": [{"Name": "NeoEnabled", "Value": "true"}],
        "Id": "1",
        "SyncToken": "0",
        "domain": "QBO",
        "sparse": False,
        "MetaData": {
            "CreateTime": metadata_time(company.created_at),
            "LastUpdatedTime": metadata_time(min(company.created_at, now)),
        },
    }


def head(company: Company, record: Record) -> Json:
    metadata = {
        "CreateTime": metadata_time(record.created_at),
        "LastUpdatedTime": metadata_time(record.changed_at),
    }
    body: Json = {
        "domain": "QBO",
        "sparse": False,
        "Id": record.id,
        "SyncToken": str(record.sync_token),
        "MetaData": metadata,
    }
    if company.switches.last_modified_by:
        body["MetaData"] = metadata | {"LastModifiedByRef": {"value": record.modified_by}}
    if company.switches.unknown_fields:
        body["NeverHeardOf"] = {"value": "a field that came without a new minor version"}
    return body


def _customer_ref(company: Company, customer_id: str) -> Json:
    return {"value": customer_id, "name": company.customers.records[customer_id].name}


def _currency(company: Company, currency: str, rate: Decimal | None = None) -> Json:
    if not company.multicurrency:
        return {}
    body: Json = {"CurrencyRef": {"value": currency, "name": CURRENCY_NAMES.get(currency, currency)}}
    if currency != company.currency:
        body["ExchangeRate"] = EXCHANGE_RATE if rate is None else rate
    return body


def _home_amounts(company: Company, invoice: Invoice) -> Json:
    if not company.multicurrency:
        return {}
    foreign = EXCHANGE_RATE if invoice.exchange_rate is None else invoice.exchange_rate
    rate = Decimal(1) if invoice.currency == company.currency else foreign
    home = {"HomeTotalAmt": invoice.total * rate, "HomeBalance": invoice.balance * rate}
    return {name: amount(to_cents(value)) for name, value in home.items()}


def _without_empty(body: Json) -> Json:
    return {name: value for name, value in body.items() if value != ""}


def _line_json(company: Company, payment: Payment, line: Line) -> Json:
    return {
        "Amount": amount(line.amount),
        "LinkedTxn": [{"TxnId": link.transaction_id, "TxnType": link.transaction_type} for link in line.links],
        "LineEx": {"any": _line_extras(company, payment, line)},
    }


def _line_extras(company: Company, payment: Payment, line: Line) -> list[Json]:
    """The undocumented extras of a line: the linked id, its open balance before this payment, its number."""
    linked = line.links[0].transaction_id
    values = {"txnId": linked}
    invoice = company.invoices.get(linked)
    if invoice is not None:
        open_before = invoice.balance + invoice.applied.get(payment.id, NOTHING)
        values["txnOpenBalance"] = f"{open_before:.2f}"
        if invoice.doc_number:
            values["txnReferenceNumber"] = invoice.doc_number
    return [_name_value(name, value) for name, value in values.items()]


def _name_value(name: str, value: str) -> Json:
    return {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": name, "Value": value},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }
