"""ConnectWise's list of unposted invoices into our values: closed invoices that no accounting batch holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.connectwise import wire
from domain.copying.billed import BilledInvoice, Debtor, InvoiceKind
from domain.money import is_storable

FIELDS = (
    "id,billingLogId,invoiceNumber,invoiceType,invoiceDate,dueDate,dateClosed,currency,subTotal,salesTaxAmount,total,"
    "company,billToCompany,locationId,location"
)
_KINDS = {
    "agreement": InvoiceKind.AGREEMENT,
    "creditmemo": InvoiceKind.CREDIT_MEMO,
    "downpayment": InvoiceKind.DOWN_PAYMENT,
    "miscellaneous": InvoiceKind.MISCELLANEOUS,
    "progress": InvoiceKind.PROGRESS,
    "standard": InvoiceKind.STANDARD,
    "consolidated": InvoiceKind.CONSOLIDATED,
}


class UnreadableRecord(ValueError):
    """A record that does not say what it is; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Unposted:
    """The records of one page.

    Attributes:
        ids: the records' own ids, in the order of the answer; those that cannot be read are missing.
        unreadable: as in BilledPage.
    """

    invoices: tuple[BilledInvoice, ...]
    unreadable: tuple[tuple[str, str], ...]
    ids: tuple[int, ...]


def unposted_in(records: Sequence[Any]) -> Unposted:
    """The invoices of a page: one record that cannot be read loses none of the others."""
    invoices, unreadable, ids = [], [], []
    for one in records:
        record = one if isinstance(one, dict) else {}
        identity = wire.record_id(record.get("id"))
        if identity is not None:
            ids.append(int(identity))
        try:
            invoices.append(_invoice_in(record))
        except UnreadableRecord as reason:
            unreadable.append((wire.text_in(record.get("invoiceNumber")) or identity or "", str(reason)))
    return Unposted(tuple(invoices), tuple(unreadable), tuple(ids))


def kind_in(value: Any) -> InvoiceKind:
    """The kind of an invoice; some places write it with a blank."""
    return _KINDS.get(wire.text_in(value).replace(" ", "").lower(), InvoiceKind.OTHER)


def _invoice_in(record: Mapping[str, Any]) -> BilledInvoice:
    # The record's own id may be that of the list; payments and links know the invoice by this one.
    invoice_id = wire.record_id(record.get("billingLogId"))
    if invoice_id is None:
        raise UnreadableRecord("the record names no invoice")
    number = wire.text_in(record.get("invoiceNumber"))
    if not number.strip():
        raise UnreadableRecord("the invoice has no number")
    currency = wire.currency_in(record.get("currency"))
    subtotal, tax, total = _amounts_in(record, currency)
    company, bill_to = _debtor_in(record.get("company")), _debtor_in(record.get("billToCompany"))
    if record.get("billToCompany") and bill_to is None:
        # Going by the company instead would put the debt on somebody else.
        raise UnreadableRecord("the company that owes the invoice cannot be read")
    owing = bill_to or company
    if owing is None:
        raise UnreadableRecord("the invoice names no company")
    location = record.get("location")
    return BilledInvoice(
        external_id=invoice_id,
        number=number,
        kind=kind_in(record.get("invoiceType")),
        issued_on=wire.day_in(record.get("invoiceDate")),
        due_on=wire.day_in(record.get("dueDate")),
        currency=currency,
        subtotal=subtotal,
        tax=tax,
        total=total,
        company=company or owing,
        bill_to=owing,
        location_id=wire.record_id(wire.part_of(location, "id")) or wire.record_id(record.get("locationId")) or "",
        location=wire.text_in(wire.part_of(location, "name")),
        closed_at=_moment_in(record.get("dateClosed")),
    )


def _amounts_in(record: Mapping[str, Any], currency: str | None) -> tuple[Decimal, Decimal, Decimal]:
    """What the invoice comes to before tax, its tax, and its total; only the total must be there."""
    subtotal, tax, total = (
        wire.amount_in(record.get(field), currency) for field in ("subTotal", "salesTaxAmount", "total")
    )
    if total is None or not is_storable(total):
        raise UnreadableRecord("the total of the invoice cannot be read")
    if tax is None:
        tax = Decimal(0) if subtotal is None else total - subtotal
    if subtotal is None:
        subtotal = total - tax
    if not (is_storable(tax) and is_storable(subtotal)):
        raise UnreadableRecord("the tax or the subtotal of the invoice cannot be read")
    return subtotal, tax, total


def _debtor_in(reference: Any) -> Debtor | None:
    company_id = wire.record_id(wire.part_of(reference, "id"))
    if company_id is None:
        return None
    identifier = wire.text_in(wire.part_of(reference, "identifier"))
    return Debtor(company_id, identifier, wire.text_in(wire.part_of(reference, "name")) or identifier)


def _moment_in(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
