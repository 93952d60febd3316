"""Payments in an incomplete answer: a field is missing, a line is missing, or the sum does not come out."""

from collections.abc import Callable, Iterator
from typing import Any

import simplejson

Json = dict[str, Any]


def _without(name: str) -> Callable[[Json], Json]:
    return lambda payment: {key: value for key, value in payment.items() if key != name}


def _with_lines(change: Callable[[list[Any]], Any]) -> Callable[[Json], Json]:
    return lambda payment: payment | {"Line": change(payment.get("Line", []))}


# In each of these shapes a payment with at least one line does not add up, or lacks the fields that would show it.
SHAPES: dict[str, Callable[[Json], Json]] = {
    "empty_lines": _with_lines(lambda _: []),
    "no_lines": _without("Line"),
    "lines_not_a_list": _with_lines(lambda _: {}),
    "a_line_of_nothing": _with_lines(lambda lines: [*lines, None]),
    "a_line_too_few": _with_lines(lambda lines: lines[:-1]),
    "a_line_too_many": _with_lines(lambda lines: [*lines, *lines[:1]]),
    "a_line_without_amount": _with_lines(lambda lines: [*map(_without("Amount"), lines[:1]), *lines[1:]]),
    "no_total": _without("TotalAmt"),
    "a_smaller_total": lambda payment: payment | {"TotalAmt": payment["TotalAmt"] / 2},
    "a_larger_total": lambda payment: payment | {"TotalAmt": payment["TotalAmt"] * 2},
    "total_of_zero": lambda payment: payment | {"TotalAmt": 0, "UnappliedAmt": 0},
    "another_rest": lambda payment: payment | {"UnappliedAmt": payment["UnappliedAmt"] + 1},
    "nothing_but_a_name": lambda payment: {
        key: value for key, value in payment.items() if key in ("Id", "SyncToken", "MetaData", "domain", "sparse")
    },
}


def shown_incompletely(body: bytes, shape: str) -> bytes:
    """The same answer with every payment in this shape; a body without JSON or payments stays as it is."""
    try:
        answer = simplejson.loads(body, use_decimal=True)
    except ValueError:
        return body
    for holder in _with_payments(answer):
        found = holder["Payment"]
        if isinstance(found, list):
            holder["Payment"] = [_shown(one, shape) for one in found]
        else:
            holder["Payment"] = _shown(found, shape)
    return simplejson.dumps(answer, use_decimal=True).encode()


def _shown(payment: Any, shape: str) -> Any:
    """The payment in this shape; a tombstone stays unchanged, and so does a payment without a line to leave out."""
    lines = payment.get("Line") if isinstance(payment, dict) else None
    return SHAPES[shape](payment) if lines and payment.get("TotalAmt") else payment


def _with_payments(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if "Payment" in value:
            yield value
        for one in value.values():
            yield from _with_payments(one)
    elif isinstance(value, list):
        for one in value:
            yield from _with_payments(one)
