"""Reading the rows of an invoice file: comma or semicolon, with or without a byte order mark, bad rows by line."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TextIO

from domain.money import fits_currency, is_currency_code, is_storable
from domain.preferences import InvoiceOrigin
from models.invoice_store import InvoiceRow

COLUMNS = ("number", "origin", "quickbooks_id", "connectwise_id", "total", "currency", "customer")
_MAY_BE_EMPTY = frozenset({"quickbooks_id", "connectwise_id"})
# As long as the columns of the table.
_CHARACTERS_MAX = {"number": 50, "quickbooks_id": 50, "connectwise_id": 50, "customer": 200}
# ConnectWise's record numbers: whole numbers of 32 bits, which begin at one.
_RECORD_NUMBER = re.compile(r"\d+", re.ASCII)
_RECORD_NUMBER_MAX = 2**31 - 1
_TOTAL = re.compile(r"-?\d{1,13}(?:\.\d{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out; `line` is where it begins in the file, counted from 1."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class GoodRow:
    line: int
    row: InvoiceRow


def read_rows(text: TextIO) -> Iterator[GoodRow | BadRow]:
    """The rows of the file, one after the other; a file that cannot be read on ends with a bad row."""
    line = 1
    try:
        header = text.readline().removeprefix("\ufeff")
        delimiter = ";" if header.count(";") > header.count(",") else ","
        names = [name.strip().lower() for name in _split(header, delimiter)]
        missing = [column for column in COLUMNS if column not in names]
        if missing:
            yield BadRow(1, f"the first line must name the columns; missing: {', '.join(missing)}")
            return
        seen: dict[tuple[str, str], int] = {}
        # No column can hold a line break, so every line is a row of its own: a quotation mark that is never closed
        # spoils one row and not all that follow.
        for line, record in enumerate(text, start=2):
            if record.strip():
                yield _read(line, names, _split(record, delimiter), seen)
    except UnicodeDecodeError:
        yield BadRow(line + 1, "the file is not UTF-8 text around here; nothing from here on was read")


def _split(record: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([record], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _read(line: int, names: Sequence[str], fields: Sequence[str], seen: dict[tuple[str, str], int]) -> GoodRow | BadRow:
    if not fields:
        return BadRow(line, "the quotation marks do not match")
    if len(fields) != len(names):
        return BadRow(line, f"{len(fields)} fields instead of {len(names)}")
    values = {name: field.strip() for name, field in zip(names, fields, strict=True)}
    values |= {"origin": values["origin"].lower(), "currency": values["currency"].upper()}
    problem = _problem_with(values)
    if problem is not None:
        return BadRow(line, problem)
    row = InvoiceRow(
        number=values["number"],
        origin=values["origin"],
        source_id=values["quickbooks_id"] or None,
        # A spreadsheet may have written 007 for 7: ConnectWise calls the invoice 7, and so it has to be looked up.
        target_id=values["connectwise_id"].lstrip("0") or None,
        total=Decimal(values["total"]),
        currency=values["currency"],
        customer=values["customer"],
    )
    before = seen.setdefault(row.key, line)
    if before != line:
        what = f"QuickBooks id {row.source_id}" if row.source_id else f"number {row.number} without a QuickBooks id"
        return BadRow(line, f"{what} is in line {before} already")
    return GoodRow(line, row)


def _problem_with(values: dict[str, str]) -> str | None:
    for column in COLUMNS:
        value, longest = values[column], _CHARACTERS_MAX.get(column)
        if not value and column not in _MAY_BE_EMPTY:
            return f"{column} is empty"
        if longest is not None and len(value) > longest:
            return f"{column} has {len(value)} characters; {longest} are possible"
        if not value.isprintable():
            return f"{column} has characters that cannot be printed"
    if values["connectwise_id"] and not _is_record_number(values["connectwise_id"]):
        return f"connectwise_id '{values['connectwise_id']}' is no ConnectWise record number such as 1234"
    if values["origin"] not in set(InvoiceOrigin):
        return f"origin '{values['origin']}' is none of: {', '.join(InvoiceOrigin)}"
    if not is_currency_code(values["currency"]):
        return f"currency '{values['currency']}' is not a code such as USD"
    return _problem_with_total(values["total"], values["currency"])


def _is_record_number(text: str) -> bool:
    return bool(_RECORD_NUMBER.fullmatch(text)) and 0 < int(text) <= _RECORD_NUMBER_MAX


def _problem_with_total(total: str, currency: str) -> str | None:
    if not _TOTAL.fullmatch(total):
        return f"total '{total}' is not a number such as 1234.50"
    amount = Decimal(total)
    if amount < 0:
        return f"total {total} is negative"
    if not is_storable(amount) or not fits_currency(amount, currency):
        return f"total {total} has more digits than {currency} has"
    return None
