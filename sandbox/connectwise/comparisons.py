"""One comparison of a conditions string, with SQL's third answer: None (unknown) wherever a value is missing."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.connectwise.fields import Kind, value_at

Record = Mapping[str, Any]
Predicate = Callable[[Record], bool | None]

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ORDER_SYMBOLS = frozenset(_ORDERS)


@dataclass(frozen=True)
class Equality:
    """The differences that a comparison of two whole texts ignores."""

    ignore_case: bool
    ignore_trailing_spaces: bool


def ordered(name: str, kind: Kind, symbol: str, literal: Any, equality: Equality) -> Predicate:
    compare = _ORDERS[symbol]
    wanted = _comparable(literal, kind, equality)

    def predicate(record: Record) -> bool | None:
        value = _comparable(value_at(record, name), kind, equality)
        return None if value is None else compare(value, wanted)

    return predicate


def is_null(name: str, symbol: str) -> Predicate:
    return lambda record: (value_at(record, name) is None) == (symbol == "=")


def one_of(name: str, kind: Kind, literals: list[Any], equality: Equality) -> Predicate:
    wanted = {_comparable(literal, kind, equality) for literal in literals}

    def predicate(record: Record) -> bool | None:
        value = _comparable(value_at(record, name), kind, equality)
        return None if value is None else value in wanted

    return predicate


def contains(name: str, literal: str, *, ignore_case: bool) -> Predicate:
    return _searched(name, re.escape(literal), ignore_case=ignore_case)


def like(name: str, literal: str, *, ignore_case: bool) -> Predicate:
    """`*` and `%` stand for anything; `[[]` is a bracket (ConnectWise's guide on reserved characters)."""
    parts = re.split(r"(\[\[\]|[*%])", literal)
    wild = {"[[]": re.escape("["), "*": ".*", "%": ".*"}
    return _searched(
        name,
        r"\A" + "".join(wild.get(part, re.escape(part)) for part in parts) + r"\Z",
        ignore_case=ignore_case,
    )


def negated(predicate: Predicate) -> Predicate:
    def opposite(record: Record) -> bool | None:
        answer = predicate(record)
        return None if answer is None else not answer

    return opposite


def both(left: Predicate, right: Predicate) -> Predicate:
    def predicate(record: Record) -> bool | None:
        answers = (left(record), right(record))
        return False if False in answers else (None if None in answers else True)

    return predicate


def either(left: Predicate, right: Predicate) -> Predicate:
    return negated(both(negated(left), negated(right)))


def _searched(name: str, pattern: str, *, ignore_case: bool) -> Predicate:
    search = re.compile(pattern, re.DOTALL | (re.IGNORECASE if ignore_case else 0)).search

    def predicate(record: Record) -> bool | None:
        value = value_at(record, name)
        return None if value is None else search(str(value)) is not None

    return predicate


def _comparable(value: Any, kind: Kind, equality: Equality) -> Any:
    if value is None:
        return None
    if kind == "numeric":
        return Decimal(value)
    if kind != "string":
        return value
    text = value.rstrip(" ") if equality.ignore_trailing_spaces else value
    return text.casefold() if equality.ignore_case else text
