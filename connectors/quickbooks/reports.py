"""Intuit's receivables reports into documents: only single rows count, and they must add up to the report's own sums.

A report comes whole or, without any error, cut: then a row says so, or a section lacks its sum. Sections of parents
hold those of their sub-customers, so that a sum that is read as a document counts everything twice. And both the
columns and their titles have changed before: a column that we do not know makes the report unreadable.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from connectors.foreign_text import NAME_CHARACTERS_MAX, cleaned
from connectors.quickbooks.amounts import ID_CHARACTERS_MAX, as_date, as_moment
from domain.money import is_currency_code, is_storable
from domain.reconciliation.documents import DocumentKind, OpenDocument
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted

# The columns that we ask for, and those that a company with several currencies has besides.
COLUMNS = ("tx_date", "txn_type", "doc_num", "cust_name", "due_date", "subt_amount", "subt_open_bal")
FOREIGN_COLUMNS = ("currency", "foreign_amount", "foreign_open_bal")
_NEEDED = frozenset({"txn_type", "doc_num", "cust_name", "subt_open_bal"})
_NEEDED_OF_MANY = frozenset({"currency", "foreign_open_bal"})
# English titles before and after the reports were modernized. Others come only with a key in the column's metadata.
_TITLES = {
    "date": "tx_date",
    "transaction date": "tx_date",
    "transaction type": "txn_type",
    "num": "doc_num",
    "no.": "doc_num",
    "customer": "cust_name",
    "customer full name": "cust_name",
    "due date": "due_date",
    "amount": "subt_amount",
    "open balance": "subt_open_bal",
    "currency": "currency",
    "foreign amount": "foreign_amount",
    "foreign open balance": "foreign_open_bal",
    "total": "total",
}
_KNOWN = frozenset(_TITLES.values())
_KINDS = {
    "invoice": DocumentKind.INVOICE,
    "payment": DocumentKind.PAYMENT,
    "credit memo": DocumentKind.CREDIT_MEMO,
    "journal entry": DocumentKind.JOURNAL_ENTRY,
}
_CUT = "unable to display more data"
_NOTHING = Decimal(0)
_AMOUNT = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d{1,20})?(?:\.\d{1,10})?(?<=\d)", re.ASCII)


class Cell(NamedTuple):
    value: str
    id: str


_NOBODY = Cell("", "")


@dataclass(frozen=True, slots=True)
class Report:
    """A report that is whole and adds up.

    Attributes:
        home_total: the report's own total in the home currency; None for a report without a single row.
        as_of: when the report was made, by Intuit's clock.
    """

    documents: tuple[OpenDocument, ...]
    home_total: Decimal | None
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class CutReport:
    """A report that says that it does not show everything, with the documents that it shows: a sample."""

    documents: tuple[OpenDocument, ...]


class Unreadable(Exception):
    def __init__(self, why: WhyUntrusted, detail: str = "") -> None:
        super().__init__(detail)
        self.untrusted = Untrusted(why, detail)


class _IsCut(Exception):
    pass


def shrink(pairs: list[tuple[str, Any]]) -> Any:
    """A cell for an object that is one; the same for all other objects as ever."""
    named = dict(pairs)
    if "value" in named and named.keys() <= {"value", "id", "href", "attributes"}:
        return Cell(_text(named["value"]), _text(named.get("id")))
    return named


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def report_in(parsed: Any, home_currency: str | None) -> Report | CutReport | Untrusted:
    """The documents of a detail report; `parsed` is its JSON with cells shrunk."""
    try:
        return _Reading(parsed, home_currency).report()
    except Unreadable as unreadable:
        return unreadable.untrusted


def total_in(parsed: Any) -> Decimal | Untrusted:
    """The grand total of a summary report, in the home currency."""
    try:
        places = _places(parsed, frozenset({"total"}), strict=False)
        for row in reversed(_rows_of(parsed)):
            cells = _cells(_inner(row, "Summary"))
            if cells:
                return _amount(cells, places["total"])
    except Unreadable as unreadable:
        return unreadable.untrusted
    return Untrusted(WhyUntrusted.SECTION_WITHOUT_SUMMARY)


@dataclass(slots=True)
class _Reading:
    parsed: Any
    home_currency: str | None
    places: dict[str, int] = field(default_factory=dict)
    documents: list[OpenDocument] = field(default_factory=list)

    def report(self) -> Report | CutReport:
        self.places = _places(self.parsed, _NEEDED)
        if "foreign_open_bal" in self.places or "currency" in self.places:
            _require(self.places, _NEEDED_OF_MANY)
        header = _inner(self.parsed, "Header")
        told = _text(header.get("Currency")).upper()
        self.home_currency = told if is_currency_code(told) else self.home_currency
        rows = _rows_of(self.parsed)
        try:
            total = self._section(rows, _NOBODY, is_whole=True)
        except _IsCut:
            return CutReport(tuple(self.documents))
        return Report(tuple(self.documents), total if rows else None, as_moment(header.get("Time")))

    def _section(self, rows: Sequence[Any], customer: Cell, *, is_whole: bool) -> Decimal:
        """The sum of the single rows of a section, which its own sums must be equal to.

        Args:
            customer: whose section it is; its rows need not say so again.
        """
        found, has_total = _NOTHING, not rows
        for row in rows:
            summary = _cells(_inner(row, "Summary"))
            if "Rows" in row or "Header" in row:
                part = self._section(_rows_of(row), self._customer_of(row, customer), is_whole=False)
                if not summary:
                    raise Unreadable(WhyUntrusted.SECTION_WITHOUT_SUMMARY, self._name(row))
                self._check(part, summary)
                found += part
            elif summary:
                # The total of everything so far, which only the report itself has.
                self._check(found, summary)
                has_total = True
            else:
                found += self._row(_cells(row), customer)
        if is_whole and not has_total:
            raise Unreadable(WhyUntrusted.SECTION_WITHOUT_SUMMARY, "the report ends without its total")
        return found

    def _check(self, found: Decimal, summary: Sequence[Cell]) -> None:
        told = _amount(summary, self.places["subt_open_bal"])
        if told != found:
            name = cleaned(summary[0].value, NAME_CHARACTERS_MAX)
            raise Unreadable(WhyUntrusted.DOES_NOT_ADD_UP, f"{name}: {told} is given, the rows come to {found}")

    def _row(self, cells: Sequence[Cell], customer: Cell) -> Decimal:
        """The open balance of the row in the home currency; the row is kept if it is an open document."""
        if any(_CUT in cell.value.casefold() for cell in cells):
            raise _IsCut
        kind = self._cell(cells, "txn_type")
        if not kind.value.strip():
            # A heading, or a sum that is written as a row: whatever it is, it is no document.
            return _NOTHING
        home = _amount(cells, self.places["subt_open_bal"])
        in_own = _amount(cells, self.places["foreign_open_bal"]) if "foreign_open_bal" in self.places else home
        if home or in_own:
            self.documents.append(self._document(cells, kind, in_own, customer))
        return home

    def _document(self, cells: Sequence[Cell], kind: Cell, open_balance: Decimal, customer: Cell) -> OpenDocument:
        named = self._cell(cells, "cust_name")
        customer = named if named.value.strip() else customer
        number = self._cell(cells, "doc_num")
        currency = self._cell(cells, "currency").value.upper()
        total = "foreign_amount" if "foreign_amount" in self.places else "subt_amount"
        return OpenDocument(
            kind=_KINDS.get(kind.value.strip().casefold(), DocumentKind.OTHER),
            entity_id=(kind.id or number.id)[:ID_CHARACTERS_MAX],
            number=cleaned(number.value, NAME_CHARACTERS_MAX),
            customer_id=customer.id[:ID_CHARACTERS_MAX],
            customer_name=cleaned(customer.value),
            dated=as_date(self._cell(cells, "tx_date").value),
            due_on=as_date(self._cell(cells, "due_date").value),
            currency=currency if is_currency_code(currency) else self.home_currency,
            total=_amount(cells, self.places[total]) if total in self.places else open_balance,
            open_balance=open_balance,
        )

    def _cell(self, cells: Sequence[Cell], column: str) -> Cell:
        place = self.places.get(column)
        return _NOBODY if place is None or place >= len(cells) else cells[place]

    @staticmethod
    def _customer_of(row: Any, around: Cell) -> Cell:
        """The customer in the heading of a section. One without an id is an age or the like."""
        heading = _cells(_inner(row, "Header"))
        if not heading or not heading[0].id:
            return around
        name = f"{around.value}:{heading[0].value}" if around.value else heading[0].value
        return Cell(name, heading[0].id)

    @staticmethod
    def _name(row: Any) -> str:
        heading = _cells(_inner(row, "Header"))
        return cleaned(heading[0].value, NAME_CHARACTERS_MAX) if heading else ""


def _places(parsed: Any, needed: frozenset[str], *, strict: bool = True) -> dict[str, int]:
    """Where each column stands, by its key, else by its type, else by its title; never by its place."""
    places: dict[str, int] = {}
    listed = _inner(parsed, "Columns").get("Column")
    for place, column in enumerate(listed if isinstance(listed, list) else []):
        key = next((name for name in _names(column) if name in _KNOWN), None)
        if key is None and strict:
            title = cleaned(_text(column.get("ColTitle")), NAME_CHARACTERS_MAX) if isinstance(column, dict) else ""
            raise Unreadable(WhyUntrusted.COLUMN_UNKNOWN, title)
        if key is not None:
            if key in places:
                raise Unreadable(WhyUntrusted.COLUMN_UNKNOWN, f"{key} twice")
            places[key] = place
    _require(places, needed)
    return places


def _require(places: dict[str, int], needed: frozenset[str]) -> None:
    missing = sorted(needed - places.keys())
    if missing:
        raise Unreadable(WhyUntrusted.COLUMN_MISSING, ", ".join(missing))


def _names(column: Any) -> Iterator[str]:
    if not isinstance(column, dict):
        return
    metadata = column.get("MetaData")
    for one in metadata if isinstance(metadata, list) else []:
        # Shrinking makes cells only of objects with nothing but a value and an id.
        if isinstance(one, dict) and one.get("Name") == "ColKey":
            yield _text(one.get("Value"))
            return
    yield _text(column.get("ColType")).casefold()
    yield _TITLES.get(_text(column.get("ColTitle")).strip().casefold(), "")


def _inner(one: Any, name: str) -> dict[str, Any]:
    inner = one.get(name) if isinstance(one, dict) else None
    return inner if isinstance(inner, dict) else {}


def _rows_of(section: Any) -> list[dict[str, Any]]:
    rows = _inner(section, "Rows").get("Row", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable(WhyUntrusted.ROW_UNREADABLE)
    return rows


def _cells(holder: dict[str, Any]) -> Sequence[Cell]:
    listed = holder.get("ColData", [])
    if not isinstance(listed, list):
        raise Unreadable(WhyUntrusted.ROW_UNREADABLE)
    return [one if isinstance(one, Cell) else Cell("", "") for one in listed]


def _amount(cells: Sequence[Cell], place: int) -> Decimal:
    """The amount in a cell; the modernized reports write nothing where there is nothing."""
    if place >= len(cells):
        raise Unreadable(WhyUntrusted.ROW_UNREADABLE, cleaned(" ".join(cell.value for cell in cells)[:300], 100))
    written = cells[place].value.strip()
    if not written:
        return _NOTHING
    # With commas between the thousands or without; "1.250,00" is some other language, and no number of ours.
    amount = Decimal(written.replace(",", "")) if _AMOUNT.fullmatch(written) else None
    if amount is None or not is_storable(amount):
        raise Unreadable(WhyUntrusted.ROW_UNREADABLE, f"'{cleaned(written, 40)}' is no amount")
    return amount
