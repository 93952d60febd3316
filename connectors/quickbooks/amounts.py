"""Reading QuickBooks' numbers, dates, moments and references without trusting them."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from connectors.foreign_text import cleaned
from domain.money import is_storable, without_dust

# The width of the columns; ids seen so far have a few digits.
ID_CHARACTERS_MAX = 50


def as_decimal(value: Any) -> Decimal | None:
    """A JSON number as QuickBooks writes it (`65.0`, `0`), or None for anything that is not one."""
    if isinstance(value, bool) or value is None:
        return None
    if not isinstance(value, Decimal | int | str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    # QuickBooks writes five digits at most ("10.5 format"): any more are the rounding error of a double.
    return number if is_storable(number) else without_dust(number, None)


def as_date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


def as_moment(value: Any) -> datetime | None:
    """A moment with an offset (Pacific, whatever the company's zone; up to nanoseconds in CloudEvents), as UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        # Every sample carries an offset; one without would be a local time, and UTC is the least wrong guess.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def as_text(value: Any) -> str:
    """Text that every database takes: JSON may carry NUL characters and halves of surrogate pairs, and worse."""
    return "" if value is None else cleaned(str(value))


Amount = Annotated[Decimal | None, BeforeValidator(as_decimal)]
Day = Annotated[date | None, BeforeValidator(as_date)]
Moment = Annotated[datetime | None, BeforeValidator(as_moment)]
Text = Annotated[str, BeforeValidator(as_text)]


def as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class Wire(BaseModel):
    """Fields come and go without a new minor version (Intuit, 2025-01): we ignore those we do not know."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Ref(Wire):
    value: Text = ""
    name: Text = ""


ARef = Annotated[Ref, BeforeValidator(as_object)]
