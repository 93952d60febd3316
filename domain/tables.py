"""Tables that a person saves and opens with a spreadsheet, so that no text from outside becomes a formula there."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

# Spreadsheets take what begins like this for a formula; a plain number may begin with its sign.
_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def safe_cell(value: str) -> str:
    """The text with a quotation mark before it if a spreadsheet would calculate it."""
    return f"'{value}" if _FORMULA.match(value) and not _NUMBER.fullmatch(value) else value


def table_bytes(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """The table as a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heads)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    # The mark at its head tells Excel that it is UTF-8.
    return ("\ufeff" + text.getvalue()).encode()
