"""A report as JSON, in the modernized form and the one before: no pages, and cut without an error if it is too long."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.reports.columns import Cell, Column
from sandbox.quickbooks.reports.layout import Section
from sandbox.quickbooks.reports.receivables import Receivable
from sandbox.quickbooks.switches import Switches
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.records import NOTHING

Json = dict[str, Any]
CUT = "Unable to display more data. Please reduce the date range."


class Cut(Exception):
    """The report has as many cells as one may have."""


@dataclass
class Rendering:
    """Writes one report, and counts its cells.

    Attributes:
        order: puts the rows and sections of one level into the order in which they are written.
    """

    company: Company
    columns: Sequence[Column]
    order: Callable[[Sequence[Any]], Sequence[Any]]
    cells: int = field(default=0)

    @property
    def switches(self) -> Switches:
        return self.company.switches

    @property
    def _is_old(self) -> bool:
        return self.switches.report_version == "v1"

    def columns_json(self) -> Json:
        return {"Column": [self._column(one) for one in self.columns]}

    def rows_json(self, report: Section) -> Json:
        rows: list[Json] = []
        try:
            self._fill(rows, report, repeats=True)
            rows.append({"Summary": self._sums(report, "TOTAL"), "type": "Section", "group": "GrandTotal"})
        except Cut:
            pass
        return {"Row": rows} if rows else {}

    def _fill(self, rows: list[Json], section: Section, *, repeats: bool) -> None:
        for one in self.order(section.rows):
            if one.open < 0 and self.switches.report_negative_rows == "hidden":
                continue
            rows.append(self._row(one, repeats=repeats))
            self._count(rows)
        for inner in self.order(section.sections):
            body: Json = {"Header": {"ColData": self._padded([inner.heading])}, "Rows": {"Row": []}, "type": "Section"}
            rows.append(body)
            inside = body["Rows"]["Row"]
            if self._is_old and inner.heading.id:
                # Before, a customer's name came again as a row of its own.
                inside.append({"ColData": self._padded([inner.heading]), "type": "Data"})
            # Before, a row did not say again what its heading says.
            self._fill(inside, inner, repeats=not (self._is_old and inner.heading.id))
            if self.switches.report_summaries == "there" or inner is not section.sections[-1]:
                body["Summary"] = self._sums(inner, f"Total for {inner.heading.text}")

    def _count(self, rows: list[Json]) -> None:
        self.cells += len(self.columns)
        if self.cells > self.switches.report_cells_max:
            rows[-1] = {"ColData": self._padded([Cell(CUT)]), "type": "Data"}
            raise Cut

    def _row(self, one: Receivable, *, repeats: bool) -> Json:
        cells = [
            Cell() if column.key == "cust_name" and not repeats else column.read(self.company, one)
            for column in self.columns
        ]
        return {"ColData": [self._cell(cell) for cell in cells], "type": "Data"}

    def _sums(self, section: Section, title: str) -> Json:
        cells = [Cell(title)]
        for column in self.columns[1:]:
            amounts = (column.read(self.company, one).amount or NOTHING for one in section.leaves())
            cells.append(Cell(amount=sum(amounts, NOTHING)) if column.adds_up else Cell())
        return {"ColData": [self._cell(cell) for cell in cells]}

    def _padded(self, cells: Iterable[Cell]) -> list[Json]:
        listed = [self._cell(cell) for cell in cells]
        return listed + [{"value": ""}] * (len(self.columns) - len(listed))

    def _cell(self, cell: Cell) -> Json:
        body = {"value": cell.text if cell.amount is None else self.money(cell.amount)}
        return body | {"id": cell.id} if cell.id and self.switches.report_ids == "there" else body

    def money(self, amount: Decimal) -> str:
        if not amount:
            return "0.00" if self._is_old else ""
        match self.switches.report_amounts:
            case "thousands":
                return f"{amount:,.2f}"
            case "short":
                return f"{amount.normalize():f}"
            case _:
                return f"{amount:.2f}"

    def _column(self, column: Column) -> Json:
        is_french = self.switches.report_titles == "french"
        title = column.french if is_french else (column.old_title or column.title) if self._is_old else column.title
        match self.switches.report_column_keys:
            case "type":
                return {"ColTitle": title, "ColType": column.key}
            case "absent":
                return {"ColTitle": title, "ColType": column.type}
            case _:
                metadata = [{"Name": "ColKey", "Value": column.key}]
                return {"ColTitle": title, "ColType": column.type, "MetaData": metadata}
