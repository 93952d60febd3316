"""A DraftInvoice as QuickBooks' JSON (Intuit's Invoice reference). Money is written straight from the decimals."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import simplejson

from domain.copying.booked import DraftInvoice, DraftLine, TaxMode
from domain.money import AMOUNT_DIGITS_MAX, minor_digits

# The longest description of a line, and the longest note for the books.
TEXT_CHARACTERS_MAX = 4000
_CENT = Decimal("0.01")
# Enough digits to multiply any two numbers that a document may hold (`connectors/json_reader.py`) without rounding.
_EXACT = Context(prec=1000)


def invoice_body(draft: DraftInvoice) -> bytes:
    """The body of a new invoice.

    Raises:
        ValueError: a line names no item.
    """
    return _written(_invoice(draft))


def change_body(invoice_id: str, version: int, draft: DraftInvoice) -> bytes:
    """The body of a sparse update: fields that it does not name stay as they are, and all its lines are replaced."""
    return _written({"Id": invoice_id, "SyncToken": str(version), "sparse": True, **_invoice(draft)})


def removal_body(invoice_id: str, version: int) -> bytes:
    return _written({"Id": invoice_id, "SyncToken": str(version)})


def customer_body(name: str, currency: str | None) -> bytes:
    return _written({"DisplayName": name} | ({"CurrencyRef": {"value": currency}} if currency else {}))


def _invoice(draft: DraftInvoice) -> dict[str, Any]:
    body: dict[str, Any] = {
        "DocNumber": draft.number,
        "CustomerRef": {"value": draft.customer_id},
        "TxnDate": draft.issued_on.isoformat(),
        "Line": [_line(line, draft.currency) for line in draft.lines],
        # Both are true by default where the company takes online payments.
        "AllowOnlineACHPayment": draft.online_payment,
        "AllowOnlineCreditCardPayment": draft.online_payment,
        # QuickBooks sends nothing to the customer: the biller has sent the invoice already.
        "EmailStatus": "NotSet",
    }
    if draft.due_on is not None:
        body["DueDate"] = draft.due_on.isoformat()
    if draft.currency:
        body["CurrencyRef"] = {"value": draft.currency}
    if draft.note:
        body["PrivateNote"] = _cut(draft.note)
    if draft.tax is not None:
        body["TxnTaxDetail"] = {"TotalTax": _amount(draft.tax, draft.currency)}
    if draft.tax_mode is TaxMode.EVERY_LINE:
        body["GlobalTaxCalculation"] = "TaxExcluded"
    return body


def _line(line: DraftLine, currency: str) -> dict[str, Any]:
    if not line.item_id:
        raise ValueError("a line without an item is a remark to QuickBooks: its amount would silently not count")
    detail: dict[str, Any] = {"ItemRef": {"value": line.item_id}}
    if line.quantity is not None and line.unit_price is not None and _multiplies(line):
        detail |= {"Qty": _number(line.quantity), "UnitPrice": _number(line.unit_price)}
    if line.tax_code_id:
        detail["TaxCodeRef"] = {"value": line.tax_code_id}
    body = {
        "DetailType": "SalesItemLineDetail",
        "Amount": _amount(line.amount, currency),
        "SalesItemLineDetail": detail,
    }
    return body | ({"Description": _cut(line.description)} if line.description else {})


def _multiplies(line: DraftLine) -> bool:
    """Whether QuickBooks, which multiplies and rounds half up to cents, comes to the amount; if not, it refuses (6070).

    It keeps five digits of a price at most ("10.5 format").
    """
    quantity, price = line.quantity or Decimal(0), line.unit_price or Decimal(0)
    if not (quantity.is_finite() and price.is_finite()) or _digits_after_point(price) > AMOUNT_DIGITS_MAX:
        return False
    product = _EXACT.multiply(quantity, price)
    return product.quantize(_CENT, ROUND_HALF_UP, _EXACT) == line.amount


def _amount(amount: Decimal, currency: str) -> Decimal:
    """The amount with the digits of its currency, or with its own if they are more."""
    digits = max(_digits_after_point(amount), minor_digits(currency) if currency else 2)
    return amount.quantize(Decimal(1).scaleb(-digits), context=_EXACT)


def _number(number: Decimal) -> Decimal:
    """The number written out: 1E+1 is 10."""
    return number.quantize(Decimal(1).scaleb(-_digits_after_point(number)), context=_EXACT)


def _digits_after_point(number: Decimal) -> int:
    exponent = number.normalize(_EXACT).as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS_MAX else text[: TEXT_CHARACTERS_MAX - 1] + "…"


def _written(body: dict[str, Any]) -> bytes:
    return simplejson.dumps(body, use_decimal=True).encode()
