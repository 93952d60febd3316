"""POST /payment: an application's changes to payments, from the JSON it sends."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.wire import Json, payment_json
from sandbox.quickbooks.world import payments
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import malformed, not_a_number, required, unsupported
from sandbox.quickbooks.world.payments import Content
from sandbox.quickbooks.world.records import LARGEST_AMOUNT, NOTHING, Line, Link, Payment

# A full update resets missing fields to these values; a sparse update leaves them alone.
_EMPTY: Json = {"Line": [], "PaymentRefNum": "", "PrivateNote": "", "PaymentMethodRef": {"value": ""}}


def write(company: Company, body: Any, operation: str = "", include: str = "") -> Json:
    """Creates, updates (full or sparse), voids or deletes; returns the payment as it is then."""
    if not isinstance(body, dict):
        raise malformed("The body is not a payment")
    match operation, include:
        case "delete", _:
            return _delete(company, body)
        case "update", "void":
            payment = _current(company, body)
            payments.void(company, payment, origin="api")
        case ("update", _) | ("", _) if "Id" in body:
            payment = _current(company, body)
            base = _as_body(company, payment) if body.get("sparse") else _EMPTY
            payments.update(company, payment, _content(company, base | body), origin="api")
        case ("create", _) | ("", _):
            payment = payments.create(company, _content(company, _EMPTY | body), origin="api")
        case _:
            raise unsupported(operation)
    return payment_json(company, payment)


def _delete(company: Company, body: Json) -> Json:
    payment = _current(company, body)
    payments.delete(company, payment, origin="api")
    return {"status": "Deleted", "domain": "QBO", "Id": payment.id}


def _current(company: Company, body: Json) -> Payment:
    payment = company.payment(str(body.get("Id", "")))
    sync_token = body.get("SyncToken")
    payments.must_be_current(payment, None if sync_token is None else str(sync_token))
    return payment


def _as_body(company: Company, payment: Payment) -> Json:
    """The payment as the body of its own update, on which a sparse update is laid."""
    return _EMPTY | {"CurrencyRef": {"value": payment.currency}} | payment_json(company, payment)


def _content(company: Company, body: Json) -> Content:
    customer_id = _reference(body, "CustomerRef")
    if not customer_id:
        raise required("CustomerRef")
    if "TotalAmt" not in body:
        raise required("TotalAmt")
    return Content(
        customer_id=customer_id,
        total=_amount(body["TotalAmt"], "TotalAmt"),
        currency=_reference(body, "CurrencyRef") or company.customer(customer_id).currency,
        transaction_date=_date(company, body.get("TxnDate")),
        lines=tuple(_lines(body["Line"])),
        reference=str(body["PaymentRefNum"] or ""),
        note=str(body["PrivateNote"] or ""),
        method_id=_reference(body, "PaymentMethodRef"),
    )


def _reference(body: Json, name: str) -> str:
    reference = body.get(name)
    return str(reference.get("value") or "") if isinstance(reference, dict) else ""


def _amount(value: Any, name: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except ArithmeticError as error:
        raise not_a_number(name) from error
    if isinstance(value, bool) or not number.is_finite() or abs(number) >= LARGEST_AMOUNT:
        raise not_a_number(name)
    return number


def _date(company: Company, value: Any) -> date:
    if value is None:
        return company.today()
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise malformed(f"TxnDate {value} is not a date") from error


def _lines(lines: Any) -> Iterable[Line]:
    if not isinstance(lines, list):
        raise malformed("Line is not a list")
    for line in lines:
        if not isinstance(line, dict) or not isinstance(line.get("LinkedTxn"), list):
            raise malformed("A payment line needs Amount and LinkedTxn")
        links = tuple(Link(str(one["TxnId"]), str(one["TxnType"])) for one in _linked(line["LinkedTxn"]))
        amount = _amount(line.get("Amount"), "Amount")
        if amount < NOTHING:
            raise not_a_number("Amount")
        yield Line(amount, links)


def _linked(linked: list[Any]) -> Iterable[Json]:
    for one in linked:
        if not isinstance(one, dict) or not {"TxnId", "TxnType"} <= one.keys():
            raise malformed("LinkedTxn needs TxnId and TxnType")
        yield one
