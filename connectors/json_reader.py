"""JSON from outside, read with limits: whatever somebody sends, it is read or refused, soon and without a traceback.

A document of a few megabytes can hold millions of values, brackets nested without end, or a number that takes minutes.
Numbers with a fraction become decimals.
"""

from collections.abc import Iterator
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

    def number(text: str) -> Decimal:
        if len(text) > limits.digits:
            raise JsonUnreadable(f"a number of more than {limits.digits} digits")
        value = Decimal(text)
        if abs(value.adjusted()) > _EXPONENT_MAX:
            raise JsonUnreadable("a number beyond all amounts")
        return value

    def whole_number(text: str) -> int:
        if len(text) > limits.digits:
            raise JsonUnreadable(f"a number of more than {limits.digits} digits")
        return int(text)

    try:
        # With a byte order mark some servers begin.
        value = simplejson.loads(raw.removeprefix(b"\xef\xbb\xbf"), parse_float=number, parse_int=whole_number)
    except JsonUnreadable:
        raise
    except RecursionError:
        raise JsonUnreadable("nested too deeply") from None
    except (ValueError, ArithmeticError, MemoryError):
        raise JsonUnreadable("no JSON") from None
    _check_depth(value, limits.depth)
    return value


def _check_depth(value: Any, depth_max: int) -> None:
    """The parser itself goes deeper than what is done with the value afterwards: writing it again, comparing it."""
    level = [value]
    for _ in range(depth_max + 1):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise JsonUnreadable("nested too deeply")


def _inside(value: Any) -> Iterator[Any]:
    """The lists and objects directly inside of one."""
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (one for one in held if isinstance(one, dict | list))
