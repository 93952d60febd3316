"""POST /payment: an application's changes to payments, from the JSON it sends."""

from collections.abc import Iterable
from typing import Any

from sandbox.quickbooks.body import amount, day, must_be_current, reference
from sandbox.quickbooks.wire import Json, payment_json
from sandbox.quickbooks.world import payments
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import malformed, not_a_number, required, unsupported
from sandbox.quickbooks.world.payments import Content
from sandbox.quickbooks.world.records import NOTHING, Line, Link, Payment

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
    must_be_current(payment, body)
    return payment


def _as_body(company: Company, payment: Payment) -> Json:
    """The payment as the body of its own update, on which a sparse update is laid."""
    return _EMPTY | {"CurrencyRef": {"value": payment.currency}} | payment_json(company, payment)


def _content(company: Company, body: Json) -> Content:
    customer_id = reference(body, "CustomerRef")
    if not customer_id:
        raise required("CustomerRef")
    if "TotalAmt" not in body:
        raise required("TotalAmt")
    return Content(
        customer_id=customer_id,
        total=amount(body["TotalAmt"], "TotalAmt"),
        currency=reference(body, "CurrencyRef") or company.customer(customer_id).currency,
        transaction_date=day(body, "TxnDate") or company.today(),
        lines=tuple(_lines(body["Line"])),
        reference=str(body["PaymentRefNum"] or ""),
        note=str(body["PrivateNote"] or ""),
        method_id=reference(body, "PaymentMethodRef"),
    )


def _lines(lines: Any) -> Iterable[Line]:
    if not isinstance(lines, list):
        raise malformed("Line is not a list")
    for line in lines:
        if not isinstance(line, dict) or not isinstance(line.get("LinkedTxn"), list):
            raise malformed("A payment line needs Amount and LinkedTxn")
        links = tuple(Link(str(one["TxnId"]), str(one["TxnType"])) for one in _linked(line["LinkedTxn"]))
        applied = amount(line.get("Amount"), "Amount")
        if applied < NOTHING:
            raise not_a_number("Amount")
        yield Line(applied, links)


def _linked(linked: list[Any]) -> Iterable[Json]:
    for one in linked:
        if not isinstance(one, dict) or not {"TxnId", "TxnType"} <= one.keys():
            raise malformed("LinkedTxn needs TxnId and TxnType")
        yield one
