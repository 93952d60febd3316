"""Days and moments as programs write them. A bare number, which pydantic would take for seconds since 1970, is none."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _written_as_day(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise PydanticCustomError("date_parsing", "not a date")


def _written_as_moment(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _DAY.match(value)):
        return value
    raise PydanticCustomError("datetime_parsing", "not a moment")


# An id in an address: with something to read by, because clients take dots for folders.
ID_IN_ADDRESS = r"^[!-.0-~]*[0-9A-Za-z][!-.0-~]*$"
ID_CHARACTERS_MAX = 50
Day = Annotated[date, BeforeValidator(_written_as_day)]
MomentWithOffset = Annotated[AwareDatetime, BeforeValidator(_written_as_moment)]
MomentIn = Annotated[datetime, BeforeValidator(_written_as_moment)]
