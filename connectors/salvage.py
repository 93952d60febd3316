"""Reads a JSON text with damaged parts: it returns everything readable and marks the rest.

Called by: a source's webhook reader, if the whole text is no JSON. A delivery holds events of many companies, and one
unreadable event must not take the others with it.
Does: one pass without recursion, in time and memory that grow with the length of the text and with nothing else. A
bracket that does not fit closes everything that should have been closed before it. Values nested too deeply for any
purpose, numbers longer than any real number, and text that is no value at all become `DAMAGED`.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import simplejson

DEPTH_MAX = 64
DIGITS_MAX = 40
# Three times the tokens of two megabytes of events. A text of nothing but brackets is not worth more time.
TOKENS_MAX = 500_000


class _Damaged:
    """Stands in the place of an unreadable value."""

    def __repr__(self) -> str:
        return "DAMAGED"


DAMAGED: Final = _Damaged()
# Under this key an object keeps the values in it that have no name; no name in a JSON text is None.
STRAYS: Final = None

# Possessive, so that no text makes the search backtrack. Outside strings a backslash takes the next character along, so
# it does not matter for escaped quotes where the reading begins.
_TOKEN = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]|[^\s{}\[\],:"\\]++|\\.?|"',
    re.DOTALL,
)
# The characters that may follow a string. If anything else follows, the string's own end quote is missing, and the
# quote that looks like it begins the next string.
_AFTER_A_STRING = re.compile(r"\s*+(?:[:,\]}]|\Z)")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
# Lets control characters in a string through; the reader of the string has to handle them.
_strings = simplejson.JSONDecoder(strict=False)
_WORDS: Final = {"true": True, "false": False, "null": None}
_OPENERS = {"]": "[", "}": "{"}
_COLON: Final = object()
# A name, a colon and a value; one more shows that there are too many.
_PARTS_MAX = 4


@dataclass(slots=True)
class _Open:
    """A list or an object that has not ended, and the parts since its last comma."""

    opener: str
    values: list[Any] = field(default_factory=list)
    members: dict[str | None, Any] = field(default_factory=dict)
    parts: list[Any] = field(default_factory=list)

    @property
    def value(self) -> Any:
        return self.members if self.opener == "{" else self.values

    def add(self, part: Any) -> None:
        if len(self.parts) < _PARTS_MAX:
            self.parts.append(part)
        elif isinstance(part, list | dict):
            self._keep(part)

    def end_item(self) -> None:
        parts, self.parts = self.parts, []
        match parts:
            case []:
                return
            case [value] if self.opener != "{" and value is not _COLON:
                self.values.append(value)
                return
            case [str() as name, colon, value] if self.opener == "{" and colon is _COLON and value is not _COLON:
                self.members[name] = value
                return
            case [str() as name, colon, *_] if self.opener == "{" and colon is _COLON:
                self.members[name] = DAMAGED
            case _:
                self._keep(DAMAGED)
        for part in parts:
            if isinstance(part, list | dict):
                self._keep(part)

    def _keep(self, stray: Any) -> None:
        if self.opener == "{":
            self.members.setdefault(STRAYS, []).append(stray)
        else:
            self.values.append(stray)


def salvage(text: str) -> list[Any]:
    """The readable values that stand side by side in the text; a text that is JSON has one.

    Stops after `TOKENS_MAX` tokens.
    """
    reading = _Reading()
    place: int | None = 0
    tokens = 0
    while place is not None:
        tokens += 1
        if tokens > TOKENS_MAX:
            reading.take("", place)
            break
        token = _TOKEN.search(text, place)
        if token is None:
            place = reading.give_up_skipping()
            continue
        found, place = token.group(), token.end()
        if found[0] == '"' and (len(found) == 1 or _AFTER_A_STRING.match(text, place) is None):
            found, place = '"', token.start() + 1
        reading.take(found, token.start())
    return reading.end()


def number_of(token: str) -> Any:
    """The number of a JSON token, or `DAMAGED` if it is none or has more digits than there is a reason to send."""
    return Decimal(token) if len(token) <= DIGITS_MAX and _NUMBER.fullmatch(token) else DAMAGED


class _Reading:
    def __init__(self) -> None:
        self._open = [_Open("")]
        # We skip a value that is nested too deeply up to its end, and follow only its brackets.
        self._skipped = bytearray()
        self._skipped_counts = {"[": 0, "{": 0}
        self._skipping_from = 0
        self._may_skip = True

    def take(self, mark: str, place: int) -> None:
        if self._skipped:
            self._skip(mark)
        elif mark in ("[", "{"):
            self._begin(mark, place)
        elif mark in _OPENERS:
            self._close(_OPENERS[mark])
        elif mark == ",":
            self._open[-1].end_item()
        elif mark == ":":
            self._open[-1].add(_COLON)
        else:
            self._open[-1].add(_scalar(mark))

    def give_up_skipping(self) -> int | None:
        """At the end of the text: where to go on if a skipped value never ended and hides the text after it."""
        if not self._skipped:
            return None
        self._skipped.clear()
        self._may_skip = False
        return self._skipping_from

    def end(self) -> list[Any]:
        while len(self._open) > 1:
            self._pop()
        self._open[0].end_item()
        return self._open[0].values

    def _begin(self, opener: str, place: int) -> None:
        if len(self._open) <= DEPTH_MAX:
            self._open.append(_Open(opener))
        elif self._may_skip:
            self._skipped_counts = {"[": 0, "{": 0}
            self._skipping_from = place
            self._push_skipped(opener)
        else:
            # We give up the outermost value: its closing bracket comes too late and then means nothing.
            outermost = self._open.pop(1)
            outermost.end_item()
            self._open[0].values.append(outermost.value)
            self._open.append(_Open(opener))

    def _close(self, opener: str) -> None:
        if all(one.opener != opener for one in self._open):
            self._open[-1].add(DAMAGED)
            return
        while self._open[-1].opener != opener:
            self._pop()
        self._pop()

    def _pop(self) -> None:
        ended = self._open.pop()
        ended.end_item()
        self._open[-1].add(ended.value)

    def _skip(self, token: str) -> None:
        if token in ("[", "{"):
            self._push_skipped(token)
        elif token in _OPENERS and self._skipped_counts[_OPENERS[token]]:
            opener = _OPENERS[token]
            while self._pop_skipped() != opener:
                pass
            if not self._skipped:
                self._open[-1].add(DAMAGED)

    def _push_skipped(self, opener: str) -> None:
        self._skipped.append(ord(opener))
        self._skipped_counts[opener] += 1

    def _pop_skipped(self) -> str:
        opener = chr(self._skipped.pop())
        self._skipped_counts[opener] -= 1
        return opener


def _scalar(token: str) -> Any:
    if len(token) > 1 and token[0] == '"':
        try:
            return _strings.decode(token)
        except ValueError:
            return DAMAGED
    if token in _WORDS:
        return _WORDS[token]
    return number_of(token)
