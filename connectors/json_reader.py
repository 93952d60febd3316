"""Reads JSON from outside with limits: it reads or refuses any input, soon and without a traceback.

A document of a few megabytes can hold millions of values, brackets nested without end, or a number that takes minutes.
Numbers with a fraction become decimals.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import partial
from typing import Any

import simplejson

# No amount has an exponent beyond a double's, and turning such a decimal into an integer takes for ever.
_EXPONENT_MAX = 400
# Replaces a number beyond all amounts if the rest of the document is read nevertheless: it is no amount and no id.
BEYOND = Decimal(1).scaleb(_EXPONENT_MAX)


class JsonUnreadable(ValueError):
    """The document is no JSON, or more of it than we read."""


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """How much of a document is read.

    Attributes:
        values: a value in memory takes up to a hundred times what it takes on the wire (`{}` is three bytes there).
        digits: of one number; amounts have about ten.
        refuses_numbers: whether a number beyond all amounts makes the document unreadable. If a document holds many
            payments, and comes again until we can read it, one such number would stop all of them for ever.
    """

    values: int = 500_000
    depth: int = 64
    digits: int = 60
    refuses_numbers: bool = True


DEFAULT_LIMITS = JsonLimits()
_HOLDERS = (dict, list)


def read_json(
    document: bytes | str,
    limits: JsonLimits = DEFAULT_LIMITS,
    shrink: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """The document's value.

    Args:
        shrink: takes the names and values of an object and returns what stands for it: a long document of small objects
            takes a multiple of its size in memory.

    Raises:
        JsonUnreadable: the only exception; its text says what is wrong, without quoting the document.
    """
    raw = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    # An upper bound, as texts may hold these characters too; we count before we create a single value.
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > limits.values:
        raise JsonUnreadable(f"more than {limits.values} values")

    try:
        # Some servers begin with a byte order mark.
        value = simplejson.loads(
            raw.removeprefix(b"\xef\xbb\xbf"),
            parse_int=partial(_whole_number, limits=limits),
            parse_float=partial(_fraction, limits=limits),
            object_pairs_hook=shrink,
        )
    except JsonUnreadable:
        raise
    except RecursionError:
        raise JsonUnreadable("nested too deeply") from None
    except (ValueError, ArithmeticError, MemoryError):
        raise JsonUnreadable("no JSON") from None
    _check_depth(value, limits)
    return value


def _whole_number(text: str, limits: JsonLimits) -> int | Decimal:
    return int(text) if len(text) <= limits.digits else _beyond(text, limits)


def _fraction(text: str, limits: JsonLimits) -> Decimal:
    """The number, if writing it again, comparing it and calculating with it take no longer than with any amount."""
    if len(text) <= min(limits.digits, _EXPONENT_MAX) and "e" not in text and "E" not in text:
        # Nearly every number: none without an exponent has more digits than characters, or is larger than they say.
        return Decimal(text)
    try:
        number = Decimal(text)
    except ArithmeticError:  # its exponent alone has more digits than a decimal takes
        return _beyond(text, limits)
    if abs(number.adjusted()) > _EXPONENT_MAX:
        return _beyond(text, limits)
    if len(number.as_tuple().digits) <= limits.digits:
        return number
    return Context(prec=limits.digits).plus(number) if not limits.refuses_numbers else _beyond(text, limits)


def _beyond(text: str, limits: JsonLimits) -> Decimal:
    if limits.refuses_numbers:
        raise JsonUnreadable(f"a number beyond all amounts, or of more than {limits.digits} digits")
    mantissa, _, exponent = text.lower().partition("e")
    if exponent.startswith("-") or not mantissa.strip("-0."):
        return Decimal(0)
    return -BEYOND if text.startswith("-") else BEYOND


def _check_depth(value: Any, limits: JsonLimits) -> None:
    """Refuses a depth that the parser can handle and the code after it cannot."""
    level = [value]
    for _ in range(limits.depth + 2):
        # Most values are texts and numbers: one question for each, and no call.
        holders = [one for one in level if isinstance(one, _HOLDERS)]
        level = [inner for one in holders for inner in (one.values() if isinstance(one, dict) else one)]
        if not level:
            return
    raise JsonUnreadable("nested too deeply")
