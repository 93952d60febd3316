"""Reads the rows of an invoice file as spreadsheets and programs write it; reports bad rows by line."""

import csv
import unicodedata
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TextIO

from domain.money import fits_currency, is_currency_code, is_storable
from domain.preferences import InvoiceOrigin
from domain.typed_values import (
    Problem,
    problem_with_document_number,
    problem_with_name,
    read_amount,
    read_id,
    shown,
    stands_for_nothing,
)
from models.invoice_store import InvoiceRow
from usecases.invoice_columns import COLUMNS

SAVE_AS = "save it as 'CSV UTF-8' in the spreadsheet"
BAD_ROWS_MAX = 10_000
_MAY_BE_EMPTY = frozenset({"quickbooks_id", "connectwise_id"})
# The lengths of the table's columns.
_CHARACTERS_MAX = {"number": 50, "quickbooks_id": 50, "connectwise_id": 50, "customer": 200}
# ConnectWise's record numbers are whole numbers of 32 bits.
_RECORD_NUMBER_MAX = 2**31 - 1
_DELIMITERS = ",;\t|"
# Below csv's limit for a field, so that a field is never cut.
_LINE_CHARACTERS_MAX = 100_000
# For a note of several lines in a column that we do not read.
_LINES_PER_ROW_MAX = 50
# Blanks that spreadsheets and web pages use where a person sees an ordinary one.
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ")
# They join letters in some scripts, and the parts of a picture: fine in a name, but not in a number or an id.
_JOINERS = frozenset("\u200c\u200d")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out; `line` is its first line in the file, counted from 1."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class GoodRow:
    line: int
    row: InvoiceRow


@dataclass(frozen=True, slots=True)
class _Header:
    delimiter: str
    names: tuple[str, ...]


class _LineTooLong(Exception):
    pass


class _Lines:
    """The lines of the file; `number` is the number of the line taken last."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._ahead: deque[str] = deque()
        self.number = 0

    def take(self) -> str | None:
        """The next line, None at the end."""
        line = self.peek(1)
        if line is not None:
            self._ahead.popleft()
            self.number += 1
        return line

    def peek(self, distance: int) -> str | None:
        """The line this many lines further on, without taking it."""
        while len(self._ahead) < distance:
            line = self._text.readline(_LINE_CHARACTERS_MAX)
            if not line:
                return None
            if len(line) == _LINE_CHARACTERS_MAX:
                raise _LineTooLong
            self._ahead.append(line)
        return self._ahead[distance - 1]


def read_rows(text: TextIO) -> Iterator[GoodRow | BadRow]:
    """The rows of the file, one after the other; ends with a bad row if the rest cannot be read."""
    lines = _Lines(text)
    bad = 0
    try:
        for one in _read_all(lines):
            yield one
            bad += isinstance(one, BadRow)
            if bad == BAD_ROWS_MAX:
                yield BadRow(lines.number + 1, f"{bad} rows before this one have errors; nothing from here on was read")
                return
    except UnicodeDecodeError:
        yield BadRow(
            lines.number + 1, f"the file is not UTF-8 text around here; {SAVE_AS}. Nothing from here on was read"
        )
    except _LineTooLong:
        yield BadRow(
            lines.number + 1, f"a line has {_LINE_CHARACTERS_MAX} characters or more; nothing from here on was read"
        )


def _read_all(lines: _Lines) -> Iterator[GoodRow | BadRow]:
    header = _read_header(lines)
    if isinstance(header, BadRow):
        yield header
        return
    seen: dict[tuple[str, str], int] = {}
    while (record := lines.take()) is not None:
        line = lines.number
        if not record.strip():
            continue
        problem = _problem_with_text(record)
        fields: list[str] | BadRow | None = _split(record, header.delimiter)
        if fields is None and problem is None:
            fields = _take_rest(record, lines, header)
        if problem is not None:
            yield BadRow(line, problem)
        elif fields is None:
            yield BadRow(line, "the quotation marks do not match")
        elif isinstance(fields, BadRow):
            yield fields
        elif any(map(_trimmed, fields)):
            yield _read(line, header.names, fields, seen)


def _read_header(lines: _Lines) -> _Header | BadRow:
    """The line that names the columns: the first non-empty one, after Excel's sep= line."""
    delimiters = _DELIMITERS
    while (record := lines.take()) is not None:
        text = _trimmed(record.removeprefix("\ufeff"))
        if lines.number == 1 and text.strip('"').lower().startswith("sep="):
            named = record.removeprefix("\ufeff").strip('\r\n"')[len("sep=") :]
            if len(named) != 1 or named not in _DELIMITERS:
                return BadRow(1, f"the delimiter '{shown(named)}' is not one of: comma, semicolon, tab, |")
            delimiters = named
        elif text.strip(f"{_DELIMITERS}\" '"):
            return _header_in(record.removeprefix("\ufeff"), lines.number, delimiters)
    return BadRow(1, f"the file is empty; its first line must name the columns: {', '.join(COLUMNS)}")


def _header_in(record: str, line: int, delimiters: str) -> _Header | BadRow:
    problem = _problem_with_text(record)
    if problem is not None:
        return BadRow(line, problem)
    ways = [_Header(one, tuple(map(_column_name, _split(record, one) or []))) for one in delimiters]
    header = max(ways, key=lambda way: len(set(COLUMNS) & set(way.names)))
    missing = [column for column in COLUMNS if column not in header.names]
    if missing:
        return BadRow(line, f"the first line must name the columns; missing: {', '.join(missing)}")
    twice = [column for column in COLUMNS if Counter(header.names)[column] > 1]
    if twice:
        return BadRow(line, f"the first line names a column twice: {', '.join(twice)}")
    return header


def _column_name(written: str) -> str:
    return "_".join(_trimmed(written).lower().replace("-", " ").replace("_", " ").split())


def _split(record: str, delimiter: str) -> list[str] | None:
    """The fields; None if the quotation marks do not match."""
    try:
        return next(csv.reader([record], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        return None


def _take_rest(record: str, lines: _Lines, header: _Header) -> list[str] | BadRow | None:
    """The fields of a row that continues in the next lines, because a quoted field has line breaks in it.

    An unclosed quotation mark must not swallow the following rows, and we must not take the end of a row for one: where
    a line could be both, we read none of them.
    """
    first, has_rows = lines.number, False
    for distance in range(1, _LINES_PER_ROW_MAX):
        following = lines.peek(distance)
        if following is None:
            return None
        has_rows = has_rows or len(_split(following, header.delimiter) or []) == len(header.names)
        record += following
        fields = _split(record, header.delimiter)
        if fields is None:
            continue
        if len(fields) != len(header.names) or _problem_with_text(record) is not None:
            return None
        for _ in range(distance):
            lines.take()
        if has_rows:
            what = f"a quotation mark is missing, or a field contains a line break, in lines {first} to {lines.number}"
            return BadRow(first, f"{what}; none of them was read")
        return fields
    return None


def _problem_with_text(record: str) -> str | None:
    """Bytes that are not text have become surrogates."""
    foreign = next((sign for sign in record if "\ud800" <= sign <= "\udfff"), None)
    if foreign is None:
        return None
    byte = f" (byte {ord(foreign) - 0xDC00:02X})" if "\udc80" <= foreign <= "\udcff" else ""
    return f"the line is not UTF-8 text{byte}, perhaps Windows-1252; {SAVE_AS}"


def _read(line: int, names: Sequence[str], fields: Sequence[str], seen: dict[tuple[str, str], int]) -> GoodRow | BadRow:
    if len(fields) != len(names):
        return BadRow(line, f"{len(fields)} fields instead of {len(names)}")
    row = _row_of({name: field for name, field in zip(names, fields, strict=True) if name in COLUMNS})
    if isinstance(row, Problem):
        return BadRow(line, row.sentence)
    before = seen.setdefault(row.key, line)
    if before != line:
        what = f"QuickBooks id {row.source_id}" if row.source_id else f"number {row.number} without a QuickBooks id"
        return BadRow(line, f"{what} is already in line {before}")
    return GoodRow(line, row)


def _row_of(fields: dict[str, str]) -> InvoiceRow | Problem:
    values: dict[str, str] = {}
    marked_as_text = False
    for column in COLUMNS:
        values[column], is_marked = _literal(_trimmed(fields[column]))
        marked_as_text = marked_as_text or (is_marked and column == "number")
    values["customer"] = values["customer"].translate(_BLANKS)
    values["origin"] = values["origin"].lower()
    for column, value in values.items():
        problem = _problem_with_signs(column, value)
        if problem is not None:
            return problem
    currency = values["currency"].upper() if values["currency"].isascii() else values["currency"]
    return _typed(values, currency, marked_as_text=marked_as_text)


def _typed(values: dict[str, str], currency: str, *, marked_as_text: bool) -> InvoiceRow | Problem:
    number = None if marked_as_text else problem_with_document_number(values["number"])
    customer = problem_with_name(values["customer"])
    source_id = _id_in(values, "quickbooks_id", "QuickBooks id")
    target_id = _id_in(values, "connectwise_id", "ConnectWise record number", _RECORD_NUMBER_MAX)
    if number is not None:
        return Problem(f"number {number.sentence}")
    if isinstance(source_id, Problem):
        return source_id
    if isinstance(target_id, Problem):
        return target_id
    if values["origin"] not in set(InvoiceOrigin):
        return Problem(f"origin '{shown(values['origin'])}' is not one of: {', '.join(InvoiceOrigin)}")
    if not is_currency_code(currency) or stands_for_nothing(currency):
        return Problem(f"currency '{shown(currency)}' is not a code such as USD")
    if customer is not None:
        return Problem(f"customer {customer.sentence}")
    total = _total(values["total"], currency)
    if isinstance(total, Problem):
        return Problem(f"total {total.sentence}")
    return InvoiceRow(values["number"], values["origin"], source_id, target_id, total, currency, values["customer"])


def _id_in(values: dict[str, str], column: str, what: str, number_max: int | None = None) -> str | Problem | None:
    found = read_id(values[column], what, number_max) if values[column] else None
    return Problem(f"{column} {found.sentence}") if isinstance(found, Problem) else found


def _total(text: str, currency: str) -> Decimal | Problem:
    amount = read_amount(text, currency)
    if isinstance(amount, Problem):
        return amount
    if amount < 0:
        return Problem(f"{text} is negative")
    if not is_storable(amount) or not fits_currency(amount, currency):
        return Problem(f"{text} has more decimal places than {currency} allows")
    return amount


def _problem_with_signs(column: str, value: str) -> Problem | None:
    longest = _CHARACTERS_MAX.get(column)
    if not value and column not in _MAY_BE_EMPTY:
        return Problem(f"{column} is empty")
    if longest is not None and len(value) > longest:
        return Problem(f"{column} has {len(value)} characters; at most {longest} are allowed")
    for place, sign in enumerate(value, start=1):
        if sign in "\r\n":
            return Problem(f"{column} has a line break")
        if not sign.isprintable() and not (column == "customer" and sign in _JOINERS):
            return Problem(f"{column} has an invisible character (U+{ord(sign):04X} at place {place}); delete it")
    return None


def _trimmed(text: str) -> str:
    """Removes blanks and invisible characters from both ends, such as a byte order mark inside a file."""
    start, end = 0, len(text)
    while start < end and _is_nothing(text[start]):
        start += 1
    while end > start and _is_nothing(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_nothing(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign) == "Cf"


def _literal(value: str) -> tuple[str, bool]:
    """The text inside ="...", which tells a spreadsheet to leave a text alone, and whether it had that form."""
    if len(value) > len('=""') and value.startswith('="') and value.endswith('"') and '"' not in value[2:-1]:
        return _trimmed(value[2:-1]), True
    return value, False
