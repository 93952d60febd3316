"""Hides secrets in whatever leaves the process for the eyes of operators: log lines, tracebacks, spans, error reports.

Two nets, because each has holes. Values: every secret that this process has met, its settings and what it opened,
sealed or sent, in every spelling in which it may come back (`connectors/foreign_text.py`). Forms: what looks like a
secret and was never seen before, such as the password in a database's address within a driver's exception.
"""

import re
import threading
from collections.abc import Iterable, Mapping
from numbers import Number
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.foreign_text import HIDDEN, PART_CHARACTERS, Secrets, parts_of, spellings_of

# Two generations of this many values: tokens change every hour, and old ones may come back late.
_REMEMBERED_MAX = 500
# An access token of QuickBooks has a thousand letters, and there are as many of them as companies. All runs of all of
# them would be hundreds of megabytes, so a long spelling is recognized by some: always by its beginning, and by any
# piece of it that is long enough to contain a whole one of them.
_LONG_CHARACTERS = 200
_RUNS_OF_LONG_APART = 40
# A shorter value is hidden only if no word is like that: some use "payments" as a password where nobody else can come.
_WORD = re.compile(r"[A-Za-z]{0,11}")
_NO_SECRETS = frozenset({"company"})
# What surrounds a secret that nobody has told us of; the group is what stays.
_FORMS = (
    # A login in an address.
    re.compile(r"(\b[a-z][a-z0-9+.-]{1,30}://[^\s/@:?#\"']{0,200}:)[^\s/@\"']{1,500}(?=@)", re.IGNORECASE),
    re.compile(r"(\b(?i:bearer|basic)\s+)(?=[a-z._~-]*[A-Z0-9+/=])[A-Za-z0-9+/=._~-]{8,}"),
    # A field of a form, an address or a JSON document.
    re.compile(
        r"((?:\b|_)(?:access_?token|refresh_?token|id_?token|client_?secret|private_?key|api_?key|password|passwd|secret"
        r"|routing_?key|csrf(?:_?token)?|session)\b\\?[\"']?\s{0,3}[=:]\s{0,3}\\?[\"']?)[^\s\"'&,;}\\]{4,}",
        re.IGNORECASE,
    ),
    # The tokens that we give to programs.
    re.compile(r"(\beps_)[A-Za-z0-9_-]{8,}"),
)


class _Known:
    """Some secrets, and by which runs of letters each is recognized. Others read while one adds."""

    def __init__(self) -> None:
        self.values: set[str] = set()
        self._by_run: dict[str, str] = {}
        self._by_spelling: dict[str, str] = {}

    def add(self, value: str) -> None:
        self.values.add(value)
        for spelling in dict.fromkeys(spellings_of(value)):
            if len(spelling) < PART_CHARACTERS:
                self._by_spelling = {**self._by_spelling, spelling: value}
            every = 1 if len(spelling) <= _LONG_CHARACTERS else _RUNS_OF_LONG_APART
            self._by_run.update(dict.fromkeys(parts_of(spelling, every), value))

    def found_in(self, letters: str) -> set[str]:
        """Those of which there is a piece in a text, which is given in small letters without blanks."""
        runs, short = self._by_run, self._by_spelling
        starts = range(len(letters) - PART_CHARACTERS + 1) if runs else ()
        found = {runs[run] for start in starts if (run := letters[start : start + PART_CHARACTERS]) in runs}
        return found | {value for spelling, value in short.items() if spelling in letters}


class Hiding:
    """Thread-safe. What it knows it keeps in memory only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own = _Known()
        # The newest generation first.
        self._met = (_Known(), _Known())

    def keep(self, values: Iterable[str]) -> None:
        """Hides these for as long as the process lives: its settings."""
        with self._lock:
            for part in _parts_among(values):
                self._own.add(part)

    def learn(self, values: Iterable[str]) -> None:
        """Hides these from now on."""
        with self._lock:
            newest, older = self._met
            new = _parts_among(values) - newest.values - self._own.values
            if len(newest.values) + len(new) > _REMEMBERED_MAX:
                newest, older = _Known(), newest
                self._met = (newest, older)
            for part in new:
                newest.add(part)

    def learn_from(self, secrets: Mapping[str, Any]) -> None:
        """Hides what was opened or is about to be sealed: all texts but moments and names."""
        named = {name: value for name, value in secrets.items() if isinstance(value, str)}
        self.learn(
            value for name, value in named.items() if name not in _NO_SECRETS and not name.endswith(("_at", "_until"))
        )

    def hidden_in(self, text: str) -> str:
        """The text with every secret hidden."""
        letters = "".join(text.split()).lower()
        found = {value for known in (self._own, *self._met) for value in known.found_in(letters)}
        if found:
            text = Secrets(frozenset(found)).hidden_in(text)
        for form in _FORMS:
            text = form.sub(rf"\1{HIDDEN}", text)
        return text

    def hidden_within(self, value: Any) -> Any:
        """A value of an event with every text in it treated like that; numbers, booleans and None as they are."""
        if isinstance(value, str):
            return self.hidden_in(value)
        if value is None or isinstance(value, Number):
            return value
        if isinstance(value, Mapping):
            return {self.hidden_within(name): self.hidden_within(one) for name, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.hidden_within(one) for one in value]
        shown = repr(value)
        hidden = self.hidden_in(shown)
        return value if hidden == shown else hidden


def _parts_among(values: Iterable[str]) -> set[str]:
    return {part for value in values for part in _secret_parts(value)}


def _secret_parts(value: str) -> Iterable[str]:
    """What is secret of a value: of an address the login, the path and the query, and not where it leads."""
    if "://" in value:
        try:
            parts = urlsplit(value)
        except ValueError:
            return
        candidates = [parts.password or "", unquote(parts.password or "")]
        if parts.scheme in ("http", "https"):
            candidates += [parts.path, parts.query, parts.username or ""]
    else:
        candidates = [value]
    yield from (one for one in candidates if one and not _WORD.fullmatch(one) and not one.isspace())


# One for the process: whatever it writes goes by it.
HIDING = Hiding()
