"""Summary reports: one line for each customer, with or without the age of what is open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.reports.columns import COLUMNS, Cell
from sandbox.quickbooks.reports.layout import Section, bucket_of, by_customer
from sandbox.quickbooks.reports.receivables import Receivable
from sandbox.quickbooks.reports.rendering import Rendering
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.records import NOTHING

Json = dict[str, Any]

_AGES = ("Current", "1 - 30", "31 - 60", "61 - 90", "91 and over")


def rendered(company: Company, found: list[Receivable], day: date, *, with_ages: bool) -> tuple[Json, Json]:
    """The columns and the rows of the report, in the home currency."""
    ages = _AGES if with_ages else ()
    columns = [("Customer", "Customer", "cust_name"), *((age, "Money", age.split()[0].lower()) for age in ages)]
    columns_json = [
        {"ColTitle": title, "ColType": kind, "MetaData": [{"Name": "ColKey", "Value": key}]}
        for title, kind, key in [*columns, ("Total", "Money", "total")]
    ]
    summary = _Summary(company, day, ages)
    report = by_customer(company, found)
    total: Json = {"Summary": {"ColData": summary.line(Cell("TOTAL"), found)}, "type": "Section", "group": "GrandTotal"}
    return {"Column": columns_json}, {"Row": [*summary.rows(report), total]}


@dataclass(frozen=True)
class _Summary:
    company: Company
    day: date
    ages: tuple[str, ...]

    def rows(self, section: Section) -> list[Json]:
        """A parent with sub-customers is a section with its own line, their lines, and the sum of all."""
        rows: list[Json] = []
        for one in section.sections:
            own: Json = {"ColData": self.line(one.heading, one.rows), "type": "Data"}
            if not one.sections:
                rows.append(own)
                continue
            inside = ([own] if one.rows else []) + self.rows(one)
            total = self.line(Cell(f"Total for {one.heading.text}"), one.leaves())
            header = {"ColData": [{"value": one.heading.text}]}
            body: Json = {"Header": header, "Rows": {"Row": inside}, "Summary": {"ColData": total}, "type": "Section"}
            rows.append(body)
        return rows

    def line(self, heading: Cell, found: Iterable[Receivable]) -> list[Json]:
        by_age: dict[str, Decimal] = dict.fromkeys((age.split()[0] for age in self.ages), NOTHING)
        total = NOTHING
        for one in found:
            amount = COLUMNS["subt_open_bal"].read(self.company, one).amount or NOTHING
            total += amount
            if self.ages:
                by_age[bucket_of(one, self.day).split()[0]] += amount
        money = Rendering(self.company, (), tuple).money
        name = {"value": heading.text} | ({"id": heading.id} if heading.id else {})
        return [name, *({"value": money(amount)} for amount in (*by_age.values(), total))]
