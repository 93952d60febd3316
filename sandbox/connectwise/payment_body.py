"""Reads the JSON of a payment (POST, PUT) and of its patches (PATCH)."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.connectwise.errors import ApiError, invalid_payment
from sandbox.connectwise.records import to_cents
from sandbox.connectwise.rules import PaymentDraft
from sandbox.connectwise.switches import Switches
from sandbox.connectwise.world import Invoice, Payment

_WRITTEN_ELSEWHERE = {"glBatchID", "paymentAccount", "aRPaymentAccount", "wisePayPayment", "paymentSyncDate"}
_WRITABLE = {"type", "source", "invoice", "credit", "amount", "paymentDate"} | _WRITTEN_ELSEWHERE
# The server sets these fields; it ignores values that a client sends.
_SET_BY_THE_SERVER = {
    "id",
    "appliedBy",
    "balance",
    "invoiceBalance",
    "invoiceTotal",
    "paymentSyncStatus",
    "_info",
}
_GL_BATCH_ID_LENGTH = 50


def read_payment(body: Any, invoice: Invoice, switches: Switches, now: datetime) -> PaymentDraft:
    if not isinstance(body, dict):
        raise invalid_payment("InvalidObject", "A payment is a JSON object.", "payment")
    _check_names(body, switches)
    reference = body.get("invoice")
    if isinstance(reference, dict) and reference.get("id", invoice.id) != invoice.id:
        raise invalid_payment("InvalidObject", "The invoice is not the one of the path.", "invoice")
    source = body.get("source") or "Default"
    if source not in {"Default", "WisePay"}:
        raise invalid_payment("InvalidObject", "The source is Default or WisePay.", "source")
    return PaymentDraft(
        amount=_amount(body.get("amount"), switches),
        payment_date=_payment_date(body.get("paymentDate"), switches, now),
        type=str(body.get("type") or "P"),
        source=source,
        credit=body.get("credit"),
        other={name: body[name] for name in sorted(_WRITTEN_ELSEWHERE & set(body)) if body[name] is not None},
    )


def patch_payment(
    operations: Any,
    payment: Payment,
    invoice: Invoice,
    switches: Switches,
    now: datetime,
) -> PaymentDraft:
    """Applies the operations to the payment's own fields, and parses the result like a new payment."""
    fields: dict[str, Any] = {
        "type": payment.type,
        "source": payment.source,
        "credit": payment.credit,
        "amount": payment.amount,
        "paymentDate": payment.payment_date.isoformat(),
    } | payment.other
    if not isinstance(operations, list):
        raise ApiError(400, {"code": "InvalidObject", "message": "A patch is a list of operations."})
    for operation in operations:
        _apply(operation, fields)
    return read_payment(fields, invoice, switches, now)


def _apply(operation: Any, fields: dict[str, Any]) -> None:
    if not isinstance(operation, dict) or operation.get("op") not in {"add", "replace", "remove"}:
        raise ApiError(400, {"code": "InvalidObject", "message": "An operation is add, replace or remove."})
    # ConnectWise's guide writes paths without a slash, eOne's connector with one; both are in use.
    name = str(operation.get("path", "")).removeprefix("/")
    if name not in _WRITABLE:
        raise invalid_payment("InvalidField", f"The path {name} cannot be patched.", name)
    if operation["op"] == "remove":
        fields.pop(name, None)
    else:
        fields[name] = operation.get("value")


def _check_names(body: dict[str, Any], switches: Switches) -> None:
    extra = sorted(set(body) - _WRITABLE - _SET_BY_THE_SERVER)
    if extra and switches.extra_fields == "reject":
        raise invalid_payment("InvalidField", f"{extra[0]} is not a field of a payment.", extra[0])
    if len(str(body.get("glBatchID") or "")) > _GL_BATCH_ID_LENGTH:
        message = f"The field glBatchID has at most {_GL_BATCH_ID_LENGTH} characters."
        raise invalid_payment("OutOfRange", message, "glBatchID")


def _amount(value: Any, switches: Switches) -> Decimal:
    if value is None:
        raise invalid_payment("MissingField", "The amount field is required.", "amount")
    if isinstance(value, str) and switches.amount_as_string == "reject":
        raise invalid_payment("InvalidField", "The amount is a number.", "amount")
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise invalid_payment("InvalidField", "The amount is a number.", "amount")
    try:
        amount = to_cents(value)
    except InvalidOperation as error:
        raise invalid_payment("InvalidField", "The amount is a number.", "amount") from error
    if amount.is_nan() or amount <= 0:
        raise invalid_payment("OutOfRange", "The amount must be greater than zero.", "amount")
    return amount


def _payment_date(value: Any, switches: Switches, now: datetime) -> datetime:
    try:
        moment = now if value is None else datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise invalid_payment("InvalidField", "The paymentDate is a date and time in UTC.", "paymentDate") from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    moment = moment.replace(microsecond=0)
    if switches.payment_date == "truncated":
        moment = moment.replace(hour=0, minute=0, second=0)
    return moment
