"""The names ConnectWise recognizes in conditions and orderBy, with their kinds (spec 2025.16 and 2026.4)."""

from collections.abc import Mapping
from typing import Any, Literal

from sandbox.connectwise.switches import Switches

# A whole reference can be compared with null only: no literal has that kind.
Kind = Literal["string", "numeric", "boolean", "datetime", "reference"]


def _all(kind: Kind, *names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, kind)


def _reference(name: str, **kinds: Kind) -> dict[str, Kind]:
    parts: dict[str, Kind] = {"id": "numeric", "name": "string", **kinds}
    return {f"{name}/{part}": kind for part, kind in parts.items()}


_INFO = _all("datetime", "_info/lastUpdated", "lastUpdated", "_info/dateEntered") | _all(
    "string",
    "_info/updatedBy",
    "_info/enteredBy",
)

INVOICE_FIELDS: dict[str, Kind] = {
    **_all("numeric", "id", "applyToId", "templateSetupId", "locationId", "departmentId", "territoryId"),
    **_all("numeric", "total", "subtotal", "salesTax", "payments", "credits", "balance", "downpaymentApplied"),
    **_all("numeric", "serviceTotal", "expenseTotal", "productTotal", "agreementAmount", "remainingDownpayment"),
    **_all("string", "invoiceNumber", "type", "accountNumber", "applyToType", "attention", "reference"),
    **_all("string", "customerPO", "topComment", "bottomComment", "internalNotes", "adjustmentReason"),
    **_all("string", "adjustedBy", "closedBy"),
    **_all("datetime", "date", "dueDate"),
    **_all("boolean", "specialInvoiceFlag", "taxableFlag", "addToBatchEmailList"),
    **_reference("status", isClosed="boolean"),
    **_reference("company", identifier="string"),
    **_reference("billToCompany", identifier="string"),
    **_reference("shipToCompany", identifier="string"),
    **_reference("currency", currencyCode="string", currencyIdentifier="string", symbol="string"),
    **_reference("location"),
    **_reference("department", identifier="string"),
    **_reference("taxCode"),
    **_reference("glBatch"),
    **_reference("unbatchedBatch"),
    **_reference("billingTerms"),
    **_reference("agreement", type="string"),
    **_reference("project"),
    **_INFO,
}

PAYMENT_FIELDS: dict[str, Kind] = {
    **_all("numeric", "id", "amount", "balance", "invoiceBalance", "invoiceTotal"),
    **_all("string", "type", "source", "appliedBy", "paymentSyncStatus", "glBatchID"),
    **_all("string", "paymentAccount", "aRPaymentAccount"),
    **_all("datetime", "paymentDate", "paymentSyncDate"),
    **_all("numeric", "invoice/id", "credit/id"),
    **_all("string", "invoice/identifier", "credit/identifier"),
    **_INFO,
}

UNPOSTED_FIELDS: dict[str, Kind] = {
    **_all("numeric", "id", "billingLogId", "locationId", "departmentId", "subTotal", "total", "salesTaxAmount"),
    **_all("string", "accountNumber", "invoiceNumber", "invoiceType", "description", "dueDays", "createdBy"),
    **_all("datetime", "invoiceDate", "dueDate", "dateClosed"),
    **_all("boolean", "hasTime", "hasExpenses", "hasProducts", "invoiceTaxableFlag", "avalaraTaxFlag"),
    **_reference("location"),
    **_reference("department", identifier="string"),
    **_reference("company", identifier="string"),
    **_reference("billToCompany", identifier="string"),
    **_reference("shipToCompany", identifier="string"),
    **_reference("currency", currencyCode="string"),
    **_reference("billingTerms"),
    **_reference("taxCode"),
    **_INFO,
}

BATCH_FIELDS: dict[str, Kind] = {
    **_all("numeric", "id"),
    **_all("string", "batchIdentifier"),
    **_all("boolean", "exportInvoicesFlag", "exportExpensesFlag", "exportProductsFlag", "closedFlag"),
    **_INFO,
}

BATCH_ENTRY_FIELDS: dict[str, Kind] = {
    **_all("numeric", "id", "debit", "credit", "invoice/id"),
    **_all("string", "accountType", "name", "accountNumber", "invoice/identifier"),
}

GL_ENTRY_FIELDS: dict[str, Kind] = {
    **_all("numeric", "id", "amount", "cost"),
    **_all("string", "type", "description", "segment1", "productId"),
    **_all("boolean", "isBatched"),
}

STATUS_FIELDS: dict[str, Kind] = {
    **_all("numeric", "id", "sortOrder"),
    **_all("string", "name"),
    **_all("boolean", "defaultFlag", "closedFlag", "inactiveFlag", "sentFlag"),
}

_LINE_FIELDS: dict[str, Kind] = {
    **_all("numeric", "id", "invoice/id"),
    **_all("string", "invoice/identifier", "notes", "billableOption"),
    **_reference("company", identifier="string"),
}
PRODUCT_FIELDS: dict[str, Kind] = {
    **_LINE_FIELDS,
    **_all("numeric", "quantity", "price", "cost", "extPrice", "discount", "catalogItem/id"),
    **_all("string", "description", "customerDescription", "catalogItem/identifier"),
    **_all("boolean", "taxableFlag"),
}
TIME_FIELDS: dict[str, Kind] = {
    **_LINE_FIELDS,
    **_all("numeric", "actualHours", "invoiceHours", "hourlyRate", "extendedInvoiceAmount", "agreementHours"),
    **_all("datetime", "timeStart"),
    **_reference("workRole"),
    **_reference("workType"),
}
EXPENSE_FIELDS: dict[str, Kind] = {
    **_LINE_FIELDS,
    **_all("numeric", "amount", "billAmount", "invoiceAmount"),
    **_all("datetime", "date"),
    **_reference("type"),
}


def invoice_fields(switches: Switches) -> dict[str, Kind]:
    """The names that conditions on invoices may use in this tenant."""
    fields = dict(INVOICE_FIELDS)
    if switches.status_is_closed == "unknown":
        del fields["status/isClosed"]
    if switches.null_references == "accept":
        fields |= {"glBatch": "reference", "unbatchedBatch": "reference"}
    return fields


def value_at(record: Mapping[str, Any], name: str) -> Any:
    """Follows a name such as company/identifier into a record; None if there is no value."""
    value: Any = record
    for part in ("_info/lastUpdated" if name == "lastUpdated" else name).split("/"):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
