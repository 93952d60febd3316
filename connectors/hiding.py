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

from connectors.foreign_text import HIDDEN, Secrets, is_secret_part_in

# Two generations of this many values: tokens change every hour, and old ones may come back late.
_REMEMBERED_MAX = 500
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


class Hiding:
    """Thread-safe. What it knows it keeps in memory only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own: frozenset[str] = frozenset()
        self._met: tuple[set[str], set[str]] = (set(), set())
        self._secrets = Secrets()

    def keep(self, values: Iterable[str]) -> None:
        """Hides these for as long as the process lives: its settings."""
        with self._lock:
            self._own |= frozenset(part for value in values for part in _secret_parts(value))
            self._renew()

    def learn(self, values: Iterable[str]) -> None:
        """Hides these from now on."""
        new = {part for value in values for part in _secret_parts(value)}
        with self._lock:
            newest, older = self._met
            new -= newest | self._own
            if not new:
                return
            if len(newest) + len(new) > _REMEMBERED_MAX:
                newest, older = set(), newest
            newest |= new
            self._met = (newest, older)
            self._renew()

    def learn_from(self, secrets: Mapping[str, Any]) -> None:
        """Hides what was opened or is about to be sealed: all texts but moments and names."""
        named = {name: value for name, value in secrets.items() if isinstance(value, str)}
        self.learn(
            value for name, value in named.items() if name not in _NO_SECRETS and not name.endswith(("_at", "_until"))
        )

    def hidden_in(self, text: str) -> str:
        """The text with every secret hidden."""
        secrets = self._secrets
        if is_secret_part_in(text, secrets):
            text = secrets.hidden_in(text)
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

    def _renew(self) -> None:
        newest, older = self._met
        self._secrets = Secrets(frozenset(self._own | newest | older))


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
