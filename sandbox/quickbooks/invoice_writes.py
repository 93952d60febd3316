"""POST /invoice: an application's changes to invoices, from the JSON it sends."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.quickbooks.body import amount, day, must_be_current, optional_amount, reference, text
from sandbox.quickbooks.wire import Json, invoice_json
from sandbox.quickbooks.world import billing
from sandbox.quickbooks.world.billing import InvoiceContent
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import business, invalid_reference, malformed, required, unsupported, wrong_product
from sandbox.quickbooks.world.invoices import DOC_NUMBER_LENGTH
from sandbox.quickbooks.world.records import NOTHING, Invoice, InvoiceLine
from sandbox.quickbooks.world.sales_tax import TAX_MODES, to_cents

MOST_LINES = 750
NOTE_LENGTH = 4000
MEMO_LENGTH = 1000
EMAIL_LENGTH = 100
# Kept and shown as they were sent.
_DETAILS = (
    "BillAddr",
    "ShipAddr",
    "BillEmail",
    "CustomerMemo",
    "SalesTermRef",
    "EmailStatus",
    "PrintStatus",
    "AllowOnlineACHPayment",
    "AllowOnlineCreditCardPayment",
)
# Lists that these books do not have: whatever a reference names does not exist.
_UNKNOWN_LISTS = ("ClassRef", "DepartmentRef")
# Written by QuickBooks at the end of an invoice's lines; sent back, they mean nothing.
_COMPUTED_LINES = frozenset({"SubTotalLineDetail"})


def write(company: Company, body: Any, operation: str = "", include: str = "") -> Json:
    """Creates, updates (full or sparse), voids or deletes; returns the invoice as it is then."""
    if not isinstance(body, dict):
        raise malformed("The body is not an invoice")
    match operation:
        case "delete":
            invoice = _current(company, body)
            billing.delete(company, invoice)
            return {"status": "Deleted", "domain": "QBO", "Id": invoice.id}
        case "void":
            invoice = _current(company, body)
            billing.void(company, invoice)
        case "update" | "" if "Id" in body:
            invoice = _current(company, body)
            billing.update(company, invoice, _update(company, invoice, body, include))
        case "create" | "":
            content = _content(company, body, include)
            content.lines = _lines(company, body)
            invoice = billing.create(company, content)
        case _:
            raise unsupported(operation)
    return invoice_json(company, invoice)


def _current(company: Company, body: Json) -> Invoice:
    invoice = company.invoice(str(body.get("Id", "")))
    must_be_current(invoice, body)
    return invoice


def _update(company: Company, invoice: Invoice, body: Json, include: str) -> InvoiceContent:
    """A sparse update leaves fields alone that it does not name; a full one resets them."""
    sparse = bool(body.get("sparse"))
    before = {name: value for name, value in invoice_json(company, invoice).items() if name != "TxnTaxDetail"}
    content = _content(company, before | body if sparse else body, include)
    if not sparse or "Line" in body or "TxnTaxDetail" in body:
        content.lines = _lines(company, before | body if sparse else body)
    return content


def _content(company: Company, body: Json, include: str) -> InvoiceContent:
    customer_id = reference(body, "CustomerRef")
    if not customer_id:
        raise required("CustomerRef")
    for name in _UNKNOWN_LISTS:
        if reference(body, name):
            raise invalid_reference(name)
    for name, limit in (("CustomerMemo", MEMO_LENGTH), ("BillEmail", EMAIL_LENGTH)):
        part = body.get(name)
        if isinstance(part, dict):
            text(part, "value" if name == "CustomerMemo" else "Address", limit)
    return InvoiceContent(
        customer_id=customer_id,
        currency=_currency(company, body),
        transaction_date=day(body, "TxnDate") or company.today(),
        doc_number=text(body, "DocNumber", DOC_NUMBER_LENGTH) or None,
        due_date=day(body, "DueDate"),
        term_id=reference(body, "SalesTermRef"),
        exchange_rate=optional_amount(body, "ExchangeRate"),
        tax=_tax(body),
        tax_mode=_tax_mode(company, body),
        note=text(body, "PrivateNote", NOTE_LENGTH),
        details={name: body[name] for name in _DETAILS if body.get(name) is not None},
        may_repeat_number="allowduplicatedocnum" in include,
    )


def _currency(company: Company, body: Json) -> str:
    currency = reference(body, "CurrencyRef")
    if company.multicurrency and not currency:
        raise required("CurrencyRef")
    return currency or company.currency


def _tax(body: Json) -> Decimal | None:
    detail = body.get("TxnTaxDetail")
    return optional_amount(detail, "TotalTax") if isinstance(detail, dict) else None


def _tax_mode(company: Company, body: Json) -> str:
    if company.preferences.country == "US":
        return ""
    mode = str(body.get("GlobalTaxCalculation") or "")
    if not mode:
        raise required("GlobalTaxCalculation")
    if mode not in TAX_MODES:
        raise malformed(f"GlobalTaxCalculation is one of {', '.join(TAX_MODES)}")
    return mode


def _lines(company: Company, body: Json) -> tuple[InvoiceLine, ...]:
    lines = body.get("Line")
    if not lines:
        raise required("Line")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise malformed("Line is not a list of lines")
    read = tuple(_read_lines(company, lines))
    if len(read) > MOST_LINES:
        raise business(f"An invoice has at most {MOST_LINES} lines.")
    return read


def _read_lines(company: Company, lines: Iterable[Json]) -> Iterable[InvoiceLine]:
    for line in lines:
        kind = line.get("DetailType")
        if kind in _COMPUTED_LINES:
            continue
        if kind == "DescriptionOnly":
            yield InvoiceLine(NOTHING, description=text(line, "Description", NOTE_LENGTH))
        elif kind == "SalesItemLineDetail":
            yield _sales_line(company, line)
        else:
            raise required("DetailType") if kind is None else malformed(f"DetailType {kind} is not played")


def _sales_line(company: Company, line: Json) -> InvoiceLine:
    detail = line.get("SalesItemLineDetail")
    if not isinstance(detail, dict):
        raise required("SalesItemLineDetail")
    if "Amount" not in line:
        raise required("Amount")
    for name in _UNKNOWN_LISTS:
        if reference(detail, name):
            raise invalid_reference(name)
    item_id = reference(detail, "ItemRef")
    if item_id:
        company.active(company.items, item_id, "ItemRef")
    read = InvoiceLine(
        amount=amount(line["Amount"], "Amount"),
        item_id=item_id,
        description=text(line, "Description", NOTE_LENGTH),
        tax_code=_tax_code(company, detail, item_id),
        unit_price=_unit_price(company, detail),
        quantity=optional_amount(detail, "Qty"),
    )
    if read.unit_price is not None and read.quantity is not None:
        if read.amount != to_cents(read.unit_price * read.quantity):
            raise wrong_product()
        return read
    return replace(read, amount=to_cents(read.amount))


def _unit_price(company: Company, detail: Json) -> Decimal | None:
    price = optional_amount(detail, "UnitPrice")
    places = company.switches.unit_price_decimals
    if price is None or not places:
        return price
    return price.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _tax_code(company: Company, detail: Json, item_id: str) -> str:
    code = reference(detail, "TaxCodeRef")
    if code:
        company.active(company.tax_codes, code, "TaxCodeRef")
    elif item_id and company.preferences.country != "US":
        raise business("A line has no tax code: every line of an invoice needs one.")
    return code
