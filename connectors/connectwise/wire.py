"""ConnectWise's JSON into our records, and a payment of ours into its JSON (spec 2025.16)."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import simplejson

from domain.money import is_currency_code, is_storable, minor_digits, without_dust
from domain.reconciliation.documents import TargetStanding
from domain.records import TargetInvoice, TargetPayment

# The type that a published connector sends for money received; other types (credits) carry `credit`.
PAYMENT_TYPE = "P"
_CREDIT_MEMO = "CreditMemo"

STANDING_FIELDS = (
    "id,invoiceNumber,type,status/name,company,billToCompany,date,currency,"
    "total,payments,credits,balance,downpaymentApplied,_info/lastUpdated"
)
INVOICE_FIELDS = "id,invoiceNumber,type,status,company,billToCompany,total,payments,credits,balance,currency"


def invoice_from(wire: Any, default_currency: str | None) -> TargetInvoice | None:
    """One invoice, or None if it has no id. An invoice whose amounts cannot be read exists, but is not payable."""
    currency = currency_in(wire.get("currency")) or default_currency
    total, balance = amount_in(wire.get("total"), currency), amount_in(wire.get("balance"), currency)
    identity = wire.get("id")
    if identity is None:
        return None
    nothing = Decimal(0)
    return TargetInvoice(
        external_id=str(identity),
        number=str(wire.get("invoiceNumber") or ""),
        total=nothing if total is None else total,
        balance=nothing if balance is None else balance,
        currency=currency,
        customer_names=_names(wire),
        payable=wire.get("type") != _CREDIT_MEMO and total is not None and balance is not None,
        paid=as_decimal(wire.get("payments")),
    )


def standing_from(wire: Any, default_currency: str | None) -> TargetStanding | None:
    """How one invoice stands; None if its id, total or balance cannot be read: nothing stands in for these."""
    currency = currency_in(wire.get("currency")) or default_currency
    identity = record_id(wire.get("id"))
    total, balance = amount_in(wire.get("total"), currency), amount_in(wire.get("balance"), currency)
    if identity is None or total is None or balance is None or not (is_storable(total) and is_storable(balance)):
        return None
    kind = text_in(wire.get("type"))
    who = part_of(wire.get("billToCompany"), "id") or part_of(wire.get("company"), "id")
    return TargetStanding(
        external_id=identity,
        number=text_in(wire.get("invoiceNumber")),
        customer_id=record_id(who) or "",
        customer_names=_names(wire),
        dated=day_in(wire.get("date")),
        currency=currency,
        total=total,
        balance=balance,
        payments=amount_in(wire.get("payments"), currency),
        credits=amount_in(wire.get("credits"), currency),
        # Whether it is written above or below zero is not published.
        downpayment=abs(amount_in(wire.get("downpaymentApplied"), currency) or Decimal(0)),
        status=text_in(part_of(wire.get("status"), "name")),
        type=kind,
        is_credit_memo=kind == _CREDIT_MEMO,
        changed_at=moment_in(part_of(wire.get("_info"), "lastUpdated")),
    )


def payment_from(wire: Any) -> TargetPayment | None:
    """One payment, or None if it lacks an id or an amount."""
    identity, amount = wire.get("id"), amount_in(wire.get("amount"), None)
    if not isinstance(identity, int | str) or isinstance(identity, bool) or not identity or amount is None:
        return None
    source = wire.get("source") or "Default"
    return TargetPayment(
        external_id=str(identity),
        amount=amount,
        paid_on=day_in(wire.get("paymentDate")),
        entered_by=str(wire.get("appliedBy") or ""),
        # A credit that was applied, or money of ConnectWise's own payment product: never one of ours.
        # The type's own letters are no help: which codes a tenant's list shows is not documented.
        foreign=bool(wire.get("credit")) or source != "Default",
        credit=bool(wire.get("credit")),
    )


def payment_body(
    invoice_id: str,
    amount: Decimal,
    currency_digits: int,
    paid_on: date,
    hour_utc: int,
    payment_type: str = PAYMENT_TYPE,
) -> bytes:
    """The body of a new payment; the amount is a JSON number with the currency's digits, straight from the decimal."""
    return simplejson.dumps(
        {
            "type": payment_type,
            "amount": amount.quantize(Decimal(1).scaleb(-currency_digits)),
            "paymentDate": payment_date(paid_on, hour_utc),
            "invoice": {"id": int(invoice_id)},
        },
        use_decimal=True,
    ).encode()


def change_body(amount: Decimal, currency_digits: int, paid_on: date, hour_utc: int) -> bytes:
    """A JSON patch; paths without a leading slash, as ConnectWise's guide writes them."""
    operations = [
        {"op": "replace", "path": "amount", "value": amount.quantize(Decimal(1).scaleb(-currency_digits))},
        {"op": "replace", "path": "paymentDate", "value": payment_date(paid_on, hour_utc)},
    ]
    return simplejson.dumps(operations, use_decimal=True).encode()


def payment_date(paid_on: date, hour_utc: int) -> str:
    """The payment's day at this hour, in UTC; a tenant far to the west may need noon so that its screens keep it."""
    return f"{paid_on.isoformat()}T{hour_utc:02d}:00:00Z"


def digits_of(amount: Decimal, currency: str | None) -> int:
    """The currency's digits, or those the amount has if they are more."""
    exponent = amount.normalize().as_tuple().exponent
    own = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return max(own, minor_digits(currency) if currency else 2)


def record_id(value: Any) -> str | None:
    """A record number as text, None for anything else; record numbers start at one."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return str(int(text)) if text.isascii() and text.isdigit() and text.strip("0") else None


def text_in(value: Any) -> str:
    """A text, or a number that some servers write without quotation marks; "" for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def part_of(reference: Any, field: str) -> Any:
    """A field of a reference to another record, None where there is no such reference."""
    return reference.get(field) if isinstance(reference, dict) else None


def as_decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def amount_in(value: Any, currency: str | None) -> Decimal | None:
    """The intended amount. ConnectWise computes with doubles, so the amount it shows may be off by a hair."""
    amount = as_decimal(value)
    return None if amount is None else without_dust(amount, currency)


def day_in(value: Any) -> date | None:
    """The day of a date and time, as UTC has it."""
    moment = moment_in(value)
    return None if moment is None else moment.date()


def moment_in(value: Any) -> datetime | None:
    """A date and time, as UTC; one without an offset is taken for UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def currency_in(wire: Any) -> str | None:
    """The ISO 4217 code in a reference to a currency."""
    if not isinstance(wire, dict):
        return None
    # Older servers say isoCode.
    for field in ("currencyCode", "isoCode"):
        code = str(wire.get(field) or "").upper()
        if is_currency_code(code):
            return code
    return None


def _names(wire: Any) -> tuple[str, ...]:
    """The customer's names, the one on the bill first; some people keep the short identifier in QuickBooks."""
    names: list[str] = []
    for reference in (wire.get("billToCompany"), wire.get("company")):
        if isinstance(reference, dict):
            names += [str(reference.get(field) or "") for field in ("name", "identifier")]
    return tuple(dict.fromkeys(name for name in names if name))
