"""ConnectWise's general ledger export into what goes into the books for each invoice.

An export is double entry: the header of an invoice is a debit of its total (+10), and each detail a credit (quantity
-1, total -10). So a detail with its signs turned is the line that a customer reads, on credit memos as well, and lines
and tax add up to the total by themselves. That includes the base amount of an agreement, adjustments and down payments,
which are details without a product. A difference has two known causes: the export rounds unit prices to two digits and
may multiply them again (5.2456 x 100 becomes 525.00), or a batch of somebody else holds part of the entries.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import simplejson

from connectors.connectwise import wire
from domain.copying.billed import BilledDetail, BilledLine, LineKind, TaxLevel
from domain.money import AMOUNT_MAX, is_storable, without_dust

# Without a day ConnectWise takes today, and leaves out an invoice that is dated ahead. SQL Server's small dates end in
# 2079.
_THRU_DATE = "2070-12-31T00:00:00Z"
_TAX = "ST"
# AR, RP and ST are in a published export, and R and the others follow their pattern.
_KIND_OF_LEDGER_TYPE = {
    "R": LineKind.SERVICE,
    "RS": LineKind.SERVICE,
    "RP": LineKind.PRODUCT,
    "RE": LineKind.EXPENSE,
    "RA": LineKind.AGREEMENT,
}
# The accounting package's kinds of items. They come second: the published export has a product that is a "Service".
_KIND_OF_ITEM_TYPE = {
    "service": LineKind.SERVICE,
    "non-inventory": LineKind.PRODUCT,
    "inventory": LineKind.PRODUCT,
    "other charge": LineKind.EXPENSE,
}
_TAXABLE_FLAGS = ("taxableFlag", "taxable2Flag", "taxable3Flag", "taxable4Flag", "taxable5Flag", "taxable6Flag")
# A price that was rounded to two digits is off by up to this much; so is an amount that was rounded to the cent.
_HALF_A_CENT = Decimal("0.005")
_ZERO = Decimal(0)


class UnreadableInvoice(ValueError):
    """The export does not say what the invoice comes to; the text is the reason."""


@dataclass(slots=True)
class Export:
    """The invoices of an export, by their ids.

    Attributes:
        unreadable: with the reason in words.
        nameless: whether it has invoices without an id: then an invoice that is not found may be there nevertheless.
    """

    details: dict[str, BilledDetail] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    nameless: bool = False


def question(invoice_ids: Sequence[str]) -> bytes:
    """Asks what goes into the books for these invoices; never for none, which would mean all."""
    assert invoice_ids
    return simplejson.dumps(
        {
            "exportInvoicesFlag": True,
            "exportExpensesFlag": False,
            "exportProductsFlag": False,
            "summarizeInvoices": "Detailed",
            "thruDate": _THRU_DATE,
            "includedInvoiceIds": [int(one) for one in invoice_ids],
        }
    ).encode()


def export_in(parsed: Any, asked: Collection[str]) -> Export | None:
    """The invoices that we asked for; None if the answer is no export: "no export" must not be read as "none in it"."""
    transactions = _transactions_in(parsed)
    if transactions is None:
        return None
    export = Export()
    for one in transactions:
        invoice_id = wire.record_id(wire.part_of(one, "id"))
        if invoice_id is None:
            export.nameless = True
        elif invoice_id in export.details or invoice_id in export.unreadable:
            export.details.pop(invoice_id, None)
            export.unreadable[invoice_id] = "the export has the invoice more than once"
        elif invoice_id in asked:
            try:
                export.details[invoice_id] = _detail_in(one, invoice_id)
            except UnreadableInvoice as reason:
                export.unreadable[invoice_id] = str(reason)
    return export


def entry_ids_in(parsed: Any) -> frozenset[str] | None:
    """The general ledger entries of all invoices in an export; None if it is no export."""
    transactions = _transactions_in(parsed)
    if transactions is None:
        return None
    return frozenset(one for transaction in transactions for one in _entry_ids(transaction) if one is not None)


def _transactions_in(parsed: Any) -> list[Any] | None:
    found = wire.part_of(parsed, "transactions")
    return found if isinstance(found, list) else None


def _detail_in(transaction: Mapping[str, Any], invoice_id: str) -> BilledDetail:
    currency = wire.currency_in(transaction.get("currency"))
    total = _amount_in(transaction, "total", currency, "the total of the invoice cannot be read")
    details = transaction.get("detail")
    if not isinstance(details, list) or not all(isinstance(one, dict) for one in details):
        raise UnreadableInvoice("the lines of the invoice cannot be read")
    tax_code = wire.text_in(wire.part_of(transaction.get("taxCode"), "name"))
    lines = [_line_in(one, currency, tax_code) for one in details if not _is_tax(one)]
    tax = _tax_in(transaction, currency)
    # Shares of an amount, such as thirds, have the digits of a double: what these leave is no difference.
    rest = without_dust(total - tax - sum((line.amount for line in lines), _ZERO), currency)
    complete = _names_all_entries(transaction) and abs(rest) <= _most_by_rounding(lines)
    if rest:
        lines.append(BilledLine(LineKind.ADJUSTMENT, "Adjustment", rest))
    return BilledDetail(
        invoice_id=invoice_id,
        number=wire.text_in(transaction.get("documentNumber")),
        currency=currency,
        tax=tax,
        total=total,
        lines=tuple(lines),
        tax_levels=_levels_in(transaction, currency, tax),
        entry_ids=frozenset(one for one in _entry_ids(transaction) if one is not None),
        entries_complete=complete,
        memo=wire.text_in(transaction.get("memo")),
        terms=wire.text_in(wire.part_of(transaction.get("billingTerms"), "name"))
        or wire.text_in(transaction.get("billingTermsXref")),
    )


def _line_in(detail: Mapping[str, Any], currency: str | None, tax_code: str) -> BilledLine:
    """One line, with the signs that a customer reads."""
    amount = _figure_in(detail, "total", currency)
    if amount is None:
        raise UnreadableInvoice("the amount of a line cannot be read")
    # These only explain the amount, and may be missing.
    quantity = _figure_in(detail, "quantity")
    taxable = any(detail.get(flag) is True for flag in _TAXABLE_FLAGS)
    own_code = wire.text_in(wire.part_of(detail.get("taxCode"), "name"))
    return BilledLine(
        kind=_kind_of(detail),
        description=_first_text(detail, "salesDescription", "itemDescription", "memo", "description"),
        amount=_turned(amount),
        quantity=None if quantity is None else _turned(quantity),
        unit_price=_figure_in(detail, "itemPrice"),
        item=_item_of(detail),
        taxable=taxable,
        tax_code=own_code or (tax_code if taxable else ""),
    )


def _kind_of(detail: Mapping[str, Any]) -> LineKind:
    """What a line bills; an entry of a kind that we do not know is an adjustment, so that a person chooses its item."""
    kind = _KIND_OF_LEDGER_TYPE.get(wire.text_in(detail.get("glTypeId")).upper())
    if kind is None:
        kind = _KIND_OF_ITEM_TYPE.get(wire.text_in(detail.get("itemTypeXref")).lower())
    return kind or LineKind.ADJUSTMENT


def _item_of(detail: Mapping[str, Any]) -> str:
    for reference in ("item", "product"):
        identifier = wire.text_in(wire.part_of(detail.get(reference), "identifier"))
        if identifier:
            return identifier
    return _first_text(detail, "glItemId", "salesCode")


def _is_tax(detail: Mapping[str, Any]) -> bool:
    return wire.text_in(detail.get("glTypeId")).upper() == _TAX


def _tax_in(transaction: Mapping[str, Any], currency: str | None) -> Decimal:
    """The header's sales tax, the one number that the books must have; where there is none, that of the details."""
    if transaction.get("salesTax") is not None:
        return _amount_in(transaction, "salesTax", currency, "the tax of the invoice cannot be read")
    unreadable = "the tax of the invoice cannot be read"
    taxes = [_amount_in(one, "total", currency, unreadable) for one in transaction["detail"] if _is_tax(one)]
    return _turned(sum(taxes, _ZERO))


def _levels_in(transaction: Mapping[str, Any], currency: str | None, tax: Decimal) -> tuple[TaxLevel, ...]:
    levels = transaction.get("taxLevels")
    found = []
    for number, one in enumerate(levels if isinstance(levels, list) else (), start=1):
        amount = wire.amount_in(wire.part_of(one, "taxAmount"), currency)
        if amount is None or not is_storable(amount):
            return ()
        name = wire.text_in(one.get("taxCodeXref")) or f"Level {wire.text_in(one.get('taxLevel')) or number}"
        found.append(TaxLevel(name, amount))
    return tuple(found) if sum((one.amount for one in found), _ZERO) == tax else ()


def _entry_ids(transaction: Any) -> list[str | None]:
    """The ids in the header and those of the details: in a published export neither has them all. None: unreadable."""
    named = wire.part_of(transaction, "glEntryIds")
    listed = named.split(",") if isinstance(named, str) else [named]
    ids = [one.strip() if isinstance(one, str) else one for one in listed]
    details = wire.part_of(transaction, "detail")
    ids_of_details = [wire.part_of(one, "id") for one in details] if isinstance(details, list) else []
    return [wire.record_id(one) for one in (*(one for one in ids if one not in ("", None)), *ids_of_details)]


def _names_all_entries(transaction: Mapping[str, Any]) -> bool:
    """Whether nothing shows that an entry is missing.

    The receivable is in no detail: a header that names only the details' entries, or none, lacks it.
    """
    named = _entry_ids(transaction)
    of_details = {wire.record_id(one.get("id")) for one in transaction["detail"]}
    return None not in named and bool(set(named) - of_details)


def _most_by_rounding(lines: Sequence[BilledLine]) -> Decimal:
    """The most by which the lines can be off because their prices were rounded before they were multiplied."""
    priced = [line.quantity for line in lines if line.quantity is not None and line.unit_price is not None]
    return sum(((abs(quantity) + 1) * _HALF_A_CENT for quantity in priced), _ZERO)


def _amount_in(fields: Mapping[str, Any], name: str, currency: str | None, unreadable: str) -> Decimal:
    amount = wire.amount_in(fields.get(name), currency)
    if amount is None or not is_storable(amount):
        raise UnreadableInvoice(unreadable)
    return amount


def _figure_in(fields: Mapping[str, Any], name: str, currency: str | None = None) -> Decimal | None:
    """A number with as many digits as it has; None where it cannot be read, or where people would not calculate it."""
    figure = wire.amount_in(fields.get(name), currency)
    return figure if figure is not None and figure.copy_abs() < AMOUNT_MAX else None


def _turned(number: Decimal) -> Decimal:
    """The number with the other sign, and no zero below zero."""
    return _ZERO - number


def _first_text(fields: Mapping[str, Any], *names: str) -> str:
    return next((text for name in names if (text := wire.text_in(fields.get(name)).strip())), "")
