"""Cuts a conditions string into words, operators and literals."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.connectwise.errors import bad_query
from sandbox.connectwise.references import wire_time

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"[^"]*"|'[^']*')
      | \[(?P<datetime>[^\[\]]*)\]
      | (?P<numeric>-?\d+(?:\.\d+)?)(?![\w/])
      | (?P<word>[A-Za-z_][\w/]*)
      | (?P<symbol><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE,
)
_KEYWORDS = {"and", "or", "not", "in", "like", "contains"}


@dataclass(frozen=True)
class Token:
    kind: str  # string, numeric, boolean, datetime, null: a literal; name; keyword; symbol
    value: Any


def tokens_of(conditions: str) -> list[Token]:
    found: list[Token] = []
    position, end = 0, len(conditions.rstrip())
    while position < end:
        match = _TOKEN.match(conditions, position)
        if match is None:
            raise bad_query(f"Unexpected characters in the conditions at position {position}.")
        found.append(_token(str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return found


def _token(kind: str, text: str) -> Token:
    if kind == "string":
        return Token(kind, text[1:-1])
    if kind == "numeric":
        return Token(kind, Decimal(text))
    if kind == "datetime":
        return Token(kind, _moment(text))
    return Token(kind, text) if kind == "symbol" else _word(text)


def _word(text: str) -> Token:
    lower = text.lower()
    if lower in _KEYWORDS:
        return Token("keyword", lower)
    if lower in {"true", "false"}:
        return Token("boolean", lower == "true")
    return Token("null", None) if lower == "null" else Token("name", text)


def _moment(text: str) -> str:
    """Times are compared as the wire writes them, which orders like time itself."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise bad_query(f"[{text}] is not a date and time.") from error
    return wire_time(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)
