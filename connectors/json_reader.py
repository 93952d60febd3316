"""JSON from outside, read with limits: whatever somebody sends, it is read or refused, soon and without a traceback.

A document of a few megabytes can hold millions of values, brackets nested without end, or a number that takes minutes.
Numbers with a fraction become decimals.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import simplejson

# Beyond a double's exponent nothing is an amount, and turning such a decimal into an integer takes for ever.
_EXPONENT_MAX = 400


class JsonUnreadable(ValueError):
    """It is no JSON, or more of it than we read."""


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """How much of a document is read.

    Attributes:
        values: a value in memory takes up to a hundred times what it takes on the wire (`{}` is three bytes there).
        digits: of one number; amounts have about ten.
    """

    values: int = 500_000
    depth: int = 64
    digits: int = 60


DEFAULT_LIMITS = JsonLimits()


def read_json(document: bytes | str, limits: JsonLimits = DEFAULT_LIMITS) -> Any:
    """The document's value.

    Raises:
        JsonUnreadable: the only exception; the text says what is wrong, without words of the document.
    """
    raw = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    # More than the values that there are, as texts may hold such letters; counted before a single one is made.
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > limits.values:
        raise JsonUnreadable(f"more than {limits.values} values")

    try:
        # With a byte order mark some servers begin.
        value = simplejson.loads(raw.removeprefix(b"\xef\xbb\xbf"), use_decimal=True)
    except RecursionError:
        raise JsonUnreadable("nested too deeply") from None
    except (ValueError, ArithmeticError, MemoryError):
        # ValueError is also what Python says to a whole number of more than 4,300 digits.
        raise JsonUnreadable("no JSON") from None
    _check(value, limits)
    return value


def _check(value: Any, limits: JsonLimits) -> None:
    """The parser takes more than what is done with the value afterwards: writing it again, comparing, reckoning."""
    level = [value]
    for _ in range(limits.depth + 2):
        for one in level:
            _check_number(one, limits)
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise JsonUnreadable("nested too deeply")


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _check_number(value: Any, limits: JsonLimits) -> None:
    if isinstance(value, Decimal):
        if abs(value.adjusted()) > _EXPONENT_MAX:
            raise JsonUnreadable("a number beyond all amounts")
        if len(value.as_tuple().digits) > limits.digits:
            raise JsonUnreadable(f"a number of more than {limits.digits} digits")
    elif isinstance(value, int) and abs(value) >= 10**limits.digits:
        raise JsonUnreadable(f"a number of more than {limits.digits} digits")
