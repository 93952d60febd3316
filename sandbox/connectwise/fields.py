"""The names ConnectWise recognizes in conditions and orderBy, with their kinds (spec 2025.16 and 2026.4)."""

from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["string", "numeric", "boolean", "datetime"]


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
    **_reference("glBatch"),
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


def value_at(record: Mapping[str, Any], name: str) -> Any:
    """Follows a name such as company/identifier into a record; None if there is no value."""
    value: Any = record
    for part in ("_info/lastUpdated" if name == "lastUpdated" else name).split("/"):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
