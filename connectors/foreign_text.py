"""Makes foreign text fit to be stored, logged and shown; once, where it enters.

A server may send our own request back to us: an error page with the request's headers helps its developers, but puts a
tenant's keys into our log, our database and a page. And any text may contain more than letters: terminal escapes, marks
that turn the direction of reading, characters without width.
"""

import base64
import binascii
import html
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

from connectors.json_reader import JsonUnreadable, read_json

HIDDEN = "[hidden]"
# The length of a name or a note: QuickBooks' longest note has as many. Nobody meant a longer text to be read.
TEXT_CHARACTERS_MAX = 4000
WORDS_CHARACTERS_MAX = 300
NAME_CHARACTERS_MAX = 100
# A run of a secret this long is hidden in foreign text, which may have been cut in the middle of the secret.
PART_CHARACTERS = 12
# Hiding a shorter secret would hide ordinary words.
_SECRET_CHARACTERS_MIN = 6
_REMEMBERED_MAX = 40
_SECRET_HEADERS = frozenset({"authorization", "clientid"})
_SECRET_FIELDS = frozenset({"refresh_token", "access_token", "token", "code", "client_secret"})
# Control and format characters (escapes, bidi marks, zero width), halves of pairs, private use, and line separators.
_NO_LETTERS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def cleaned(text: str, characters_max: int = TEXT_CHARACTERS_MAX) -> str:
    """The text in one line, without control and format characters, of at most this length."""
    if not text.isprintable():
        text = "".join(_letter(one) for one in text[: characters_max * 4])
    return text if len(text) <= characters_max else text[: characters_max - 1] + "\u2026"


def _letter(one: str) -> str:
    if one in "\t\n\r\x0b\x0c\x85\u2028\u2029":
        return " "
    return "" if unicodedata.category(one) in _NO_LETTERS else one


@dataclass(frozen=True)
class Secrets:
    """Values that nobody may see in an answer, in every spelling in which they may come back."""

    values: frozenset[str] = field(default=frozenset(), repr=False)

    @cached_property
    def _short_spellings(self) -> frozenset[str]:
        """Those that are recognized as a whole only."""
        return frozenset(one for one in self._spellings if len(one) < PART_CHARACTERS)

    @cached_property
    def _spellings(self) -> frozenset[str]:
        return frozenset(spelling for value in self.values for spelling in spellings_of(value))

    @cached_property
    def _parts(self) -> frozenset[str]:
        return frozenset(part for one in self._spellings for part in parts_of(one))

    def with_those_in(self, headers: Mapping[str, str], body: bytes | None) -> "Secrets":
        """These secrets and those of a request; if there are too many, only those of the request."""
        sent = frozenset(secrets_sent(headers, body))
        if sent <= self.values:
            return self
        return Secrets(sent if len(self.values) > _REMEMBERED_MAX else sent | self.values)

    def hidden_in(self, text: str) -> str:
        """The text with every secret, or part of one, hidden, whatever stands between its letters."""
        shown = [(place, one.lower()) for place, one in enumerate(text) if not one.isspace() and one.isprintable()]
        letters = "".join(one[:1] for _, one in shown)
        hide: set[int] = set()
        for start in range(len(letters)):
            if letters[start : start + PART_CHARACTERS] in self._parts:
                hide.update(range(start, min(start + PART_CHARACTERS, len(letters))))
        for spelling in self._short_spellings:
            hide.update(place for at in _places(letters, spelling) for place in range(at, at + len(spelling)))
        if not hide:
            return text
        kept = list(text)
        for number in hide:
            kept[shown[number][0]] = "" if number - 1 in hide else HIDDEN
        return "".join(kept)

    def are_in(self, body: bytes) -> bool:
        """Whether one of the secrets is in the body, in a spelling that we know."""
        searched = body.lower()
        return any(spelling.encode() in searched for spelling in self._spellings)

    def words(self, text: str, characters_max: int = WORDS_CHARACTERS_MAX) -> str:
        """An outside system's words for a person. Hides secrets before it cuts: part of a secret is secret as well."""
        return cleaned(self.hidden_in(text[: characters_max * 10]), characters_max)

    def without(self, document: Any) -> Any:
        """A parsed document of our own, with every text in it cleaned."""
        holders = _holders_in([document])
        texts = [one for holder in holders for one in _values(holder) if isinstance(one, str)]
        whole = " ".join(texts)
        searched = whole.lower()
        # There is almost never a secret in it; searching everything letter by letter would take longer than the call.
        holds_secret = any(spelling in searched for spelling in self._spellings)
        if holds_secret or not whole.isprintable() or max(map(len, texts), default=0) > TEXT_CHARACTERS_MAX:
            for holder in holders:
                for key, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
                    if isinstance(value, str):
                        hidden = self.hidden_in(value[: TEXT_CHARACTERS_MAX * 2]) if holds_secret else value
                        holder[key] = cleaned(hidden)
        return holders[0][0]


def secrets_sent(headers: Mapping[str, str], body: bytes | None) -> Iterator[str]:
    """The secrets in the request, which must not come back: keys and tokens, and their parts."""
    for name, value in headers.items():
        if name.lower() in _SECRET_HEADERS:
            yield from _credentials(value)
    for name, value in _fields(body or b""):
        if name in _SECRET_FIELDS:
            yield value


def _credentials(value: str) -> Iterator[str]:
    scheme, _, credentials = value.partition(" ")
    if not credentials:
        yield value
        return
    yield credentials
    if scheme.lower() != "basic":
        return
    try:
        login = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeError):
        return
    user, _, password = login.partition(":")
    # ConnectWise's user is company+key: the company's name is no secret.
    yield from (login, user, password, user.rpartition("+")[2])


def _fields(body: bytes) -> Iterable[tuple[str, str]]:
    if body.startswith(b"{"):
        try:
            parsed = read_json(body)
        except JsonUnreadable:
            return ()
        return [(name, value) for name, value in parsed.items() if isinstance(value, str)]
    try:
        return parse_qsl(body.decode()) if b"=" in body else ()
    except (UnicodeError, ValueError):
        return ()


def spellings_of(value: str) -> Iterator[str]:
    """In small letters, every way in which it may come back; none for a value that is too short to be hidden."""
    if len(value) >= _SECRET_CHARACTERS_MIN:
        yield from (one.lower() for one in _encoded(value))


def _encoded(value: str) -> Iterator[str]:
    raw = value.encode()
    yield value
    for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw), base64.b32encode(raw)):
        yield encoded.decode().rstrip("=")
    # Within a text that was encoded as a whole, each of its letters is spread over others, by where it stands.
    for before in (1, 2):
        ends_with_another = (before + len(raw)) % 3 != 0
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"." * before + raw).decode().rstrip("=")[before + 1 : -1 if ends_with_another else None]
    yield raw.hex()
    yield quote(value, safe="")
    yield quote_plus(value)
    yield html.escape(value)
    yield value.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/")


def parts_of(text: str, every: int = 1) -> Iterator[str]:
    """The runs of letters by which a piece of it is recognized: one begins at each letter, or every so many."""
    return (text[start : start + PART_CHARACTERS] for start in range(0, len(text) - PART_CHARACTERS + 1, every))


def _places(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


_HOLDERS = (dict, list)


def _holders_in(document: list[Any]) -> list[Any]:
    """All lists and objects of a document, this list first."""
    holders: list[Any] = [document]
    for holder in holders:
        holders.extend([one for one in _values(holder) if isinstance(one, _HOLDERS)])
    return holders


def _values(holder: Any) -> Iterable[Any]:
    return holder.values() if isinstance(holder, dict) else holder
