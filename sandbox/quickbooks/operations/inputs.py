"""Values as callers give them, in Python or as JSON, turned into the world's own."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.times import parse_time
from sandbox.quickbooks.world.records import LARGEST_AMOUNT, Line, Link

Money = Decimal | int | str
Day = date | str | None
Instant = datetime | str | None
# (invoice id, amount), or {"amount": ..., "links": [{"type": ..., "id": ...}, ...]} for anything else.
LineInput = Sequence[Any] | Mapping[str, Any]


def money(value: Money) -> Decimal:
    """Keeps every digit: an amount may have more of them than its currency."""
    if isinstance(value, float):
        raise TypeError("money is never a float")
    amount = Decimal(str(value))
    if not amount.is_finite() or abs(amount) >= LARGEST_AMOUNT:
        raise ValueError(f"{value} is not an amount")
    return amount


def day(value: Day) -> date | None:
    """A payment's date is a date, never an instant."""
    if isinstance(value, datetime):
        raise TypeError("a payment's date is not an instant")
    return value if value is None or isinstance(value, date) else date.fromisoformat(value)


def instant(value: Instant) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return parse_time(value)


def read_lines(values: Iterable[LineInput]) -> tuple[Line, ...]:
    return tuple(_line(value) for value in values)


def _line(value: LineInput) -> Line:
    if isinstance(value, Mapping):
        links = [Link(str(link["id"]), str(link["type"])) for link in value["links"]]
        return Line(money(value["amount"]), tuple(links))
    invoice_id, amount = value
    return Line(money(amount), (Link(str(invoice_id), "Invoice"),))
