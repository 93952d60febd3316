"""Reports as trees: sections with rows and further sections in them, and the sums of each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from sandbox.quickbooks.reports.columns import Cell
from sandbox.quickbooks.reports.receivables import Receivable
from sandbox.quickbooks.world.company import Company

_BUCKETS = (
    (91, "91 or more days past due"),
    (61, "61 - 90 days past due"),
    (31, "31 - 60 days past due"),
    (1, "1 - 30 days past due"),
)
CURRENT = "Current"


@dataclass
class Section:
    """A part of a report with a heading; the whole report is one without."""

    heading: Cell = field(default_factory=Cell)
    rows: list[Receivable] = field(default_factory=list)
    sections: list["Section"] = field(default_factory=list)

    def leaves(self) -> Iterator[Receivable]:
        yield from self.rows
        for section in self.sections:
            yield from section.leaves()


def bucket_of(one: Receivable, day: date) -> str:
    past_due = (day - (one.due or one.dated)).days
    return next((name for days, name in _BUCKETS if past_due >= days), CURRENT)


def by_age(company: Company, found: Iterable[Receivable], day: date, *, nested: bool) -> Section:
    """A section for each age; `nested` puts customers into them."""
    ages: dict[str, list[Receivable]] = {name: [] for name in (*(name for _, name in _BUCKETS), CURRENT)}
    for one in found:
        ages[bucket_of(one, day)].append(one)
    sections = []
    for name, rows in ages.items():
        inner = by_customer(company, rows) if nested else Section(rows=list(rows))
        if rows:
            sections.append(Section(Cell(name), inner.rows, inner.sections))
    return Section(sections=sections)


def by_customer(company: Company, found: Iterable[Receivable]) -> Section:
    """A section for each customer. A sub-customer's is inside its parent's, which may have documents of its own."""
    report, known = Section(), dict[str, Section]()
    ids = {one.name: one.id for one in company.customers.records.values()}

    def section_of(names: Sequence[str]) -> Section:
        if not names:
            return report
        full = ":".join(names)
        if full not in known:
            known[full] = Section(Cell(names[-1], id=ids.get(full, "")))
            section_of(names[:-1]).sections.append(known[full])
        return known[full]

    for one in found:
        section_of(company.customers.records[one.customer_id].name.split(":")).rows.append(one)
    return report
