"""Reads the parts that the JSON of all transactions has: references, amounts, days, texts, the SyncToken."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.world.faults import malformed, not_a_number, required, stale, too_long
from sandbox.quickbooks.world.records import LARGEST_AMOUNT, Record

Body = Mapping[str, Any]


def reference(body: Body, name: str) -> str:
    """The id that a reference names; empty if there is none."""
    value = body.get(name)
    return str(value.get("value") or "") if isinstance(value, dict) else ""


def amount(value: Any, name: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except ArithmeticError as error:
        raise not_a_number(name) from error
    if isinstance(value, bool) or not number.is_finite() or abs(number) >= LARGEST_AMOUNT:
        raise not_a_number(name)
    return number


def optional_amount(body: Body, name: str) -> Decimal | None:
    return None if body.get(name) is None else amount(body[name], name)


def day(body: Body, name: str) -> date | None:
    value = body.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise malformed(f"{name} {value} is not a date") from error


def text(body: Body, name: str, limit: int) -> str:
    value = str(body.get(name) or "")
    if len(value) > limit:
        raise too_long(name, limit)
    return value


def must_be_current(record: Record, body: Body) -> None:
    """An update names the SyncToken that its writer has read; anything older is stale."""
    token = body.get("SyncToken")
    if token is None:
        raise required("SyncToken")
    if str(token) != str(record.sync_token):
        raise stale(record.id)
