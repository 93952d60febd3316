"""Everything that is open in QuickBooks, by one report, or by its parts where the whole is too long for one.

A reading is whole if the invoices were counted before and after with the same result, the report has as many, and its
rows add up to its own sums. A report in parts must also come to the total of the summary report, because a document
without a due date may be in no part.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from connectors.base import Failure, Got
from connectors.quickbooks import lists, reports
from connectors.quickbooks.asking import NOT_WHAT_WE_ASKED_FOR, count_where
from connectors.quickbooks.client import Client
from connectors.quickbooks.reports import CutReport, Report, report_in, total_in
from connectors.reconciling import Reading
from connectors.transcript import Transcript
from domain.reconciliation.documents import BooksOpen, DocumentKind, OpenDocument
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted

DETAIL, SUMMARY = "AgedReceivableDetail", "AgedReceivables"
OPEN = "Balance > '0'"
# A report knows nothing of what is dated after its day, and an invoice may be dated ahead. None is further ahead.
AHEAD = timedelta(days=366)
# Something may change between two counts; if it does so again, the company is busy, and a later reading is better.
ATTEMPTS_MAX = 2
_DAY = timedelta(days=1)


def count_open(client: Client) -> Reading[int]:
    """How many invoices have an open balance."""
    return count_where(client, "Invoice", OPEN)


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of due dates, both ends included; None where it is open."""

    first: date | None = None
    last: date | None = None

    def holds(self, due_on: date | None) -> bool:
        if due_on is None:
            return self.first is None and self.last is None
        return (self.first is None or self.first <= due_on) and (self.last is None or due_on <= self.last)

    def halves(self, sample: Sequence[OpenDocument]) -> "tuple[_Window, _Window] | None":
        """Two windows with about half of the sample each; None if this one is a single day, or has no due dates."""
        days = sorted(one.due_on for one in sample if one.due_on is not None)
        if not days or (self.first is not None and self.first == self.last):
            return None
        middle = days[len(days) // 2]
        if middle == self.last:
            middle -= _DAY
        return _Window(self.first, middle), _Window(middle + _DAY, self.last)

    @property
    def parameters(self) -> Mapping[str, str]:
        ends = {"start_duedate": self.first, "end_duedate": self.last}
        return {name: day.isoformat() for name, day in ends.items() if day is not None}


@dataclass(slots=True)
class Receivables:
    """One reading of everything that is open.

    Attributes:
        client: tells every answer to the transcript.
        as_of: the day of the reading.
        reads_max: how many metered reads it may take.
    """

    client: Client
    transcript: Transcript
    as_of: date
    reads_max: int
    home_currency: str | None
    _asked: dict[str, str] = field(default_factory=dict)

    def read(self) -> Reading[BooksOpen]:
        columns = self._columns()
        if not isinstance(columns, str):
            return columns
        day = (self.as_of + AHEAD).isoformat()
        self._asked = {"report_date": day, "aging_method": "Current", "columns": columns}
        differs = Untrusted(WhyUntrusted.COUNT_CHANGED)
        for _ in range(ATTEMPTS_MAX):
            before = self._may_go_on() or count_open(self.client)
            if not isinstance(before, Got):
                return before
            report = self._report()
            if not isinstance(report, Report):
                return report
            after = self._may_go_on() or count_open(self.client)
            if not isinstance(after, Got):
                return after
            shown = sum(1 for one in report.documents if _is_open_invoice(one))
            if before.value == after.value == shown:
                return Got(self._open(report, before.value, after.value))
            if before.value == after.value:
                detail = f"{before.value} counted, {shown} in the report"
                differs = Untrusted(WhyUntrusted.COUNT_DIFFERS, detail)
            else:
                differs = Untrusted(WhyUntrusted.COUNT_CHANGED, f"{before.value} before, {after.value} after")
        return differs

    def _open(self, report: Report, before: int, after: int) -> BooksOpen:
        totals: dict[str | None, Decimal] = defaultdict(Decimal)
        for one in report.documents:
            totals[one.currency] += one.open_balance
        evidence = self.transcript.evidence(self.client.now(), {"report": DETAIL, **self._asked})
        return BooksOpen(report.documents, report.as_of, before, after, dict(totals), evidence)

    def _columns(self) -> str | Failure | Untrusted:
        """The columns to ask for: a company with several currencies has some of its own."""
        answer = self.client.preferences()
        if isinstance(answer, Failure):
            return answer
        preferences = lists.preferences_from(answer.value)
        if preferences is None:
            return NOT_WHAT_WE_ASKED_FOR
        own = reports.FOREIGN_COLUMNS if preferences.currencies.many else ()
        return ",".join((*reports.COLUMNS, *own))

    def _report(self) -> Report | Failure | Untrusted:
        """The whole report, put together from parts if one answer cannot hold it."""
        waiting, parts = [_Window()], list[Report]()
        while waiting:
            window = waiting.pop(0)
            part = self._part(window)
            if isinstance(part, CutReport):
                halves = window.halves(part.documents)
                if halves is None:
                    return Untrusted(WhyUntrusted.TRUNCATED)
                waiting[:0] = halves
                continue
            if not isinstance(part, Report):
                return part
            parts.append(part)
        return parts[0] if len(parts) == 1 else self._put_together(parts)

    def _part(self, window: _Window) -> Report | CutReport | Failure | Untrusted:
        stop = self._may_go_on()
        if stop is not None:
            return stop
        answer = self.client.report(DETAIL, {**self._asked, **window.parameters})
        if isinstance(answer, Failure):
            return answer
        parsed = answer.value.shrunk_json(reports.shrink)
        if not isinstance(parsed, dict):
            return NOT_WHAT_WE_ASKED_FOR
        report = report_in(parsed, self.home_currency)
        if isinstance(report, Report | CutReport):
            outside = next((one for one in report.documents if not window.holds(one.due_on)), None)
            # A window that is open at both ends asked for nothing.
            if outside is not None and window.parameters:
                return Untrusted(WhyUntrusted.FILTER_IGNORED, f"due {outside.due_on}: {_asked_text(window)}")
        return report

    def _put_together(self, parts: Sequence[Report]) -> Report | Failure | Untrusted:
        stop = self._may_go_on()
        if stop is not None:
            return stop
        answer = self.client.report(SUMMARY, {"report_date": self._asked["report_date"], "aging_method": "Current"})
        if isinstance(answer, Failure):
            return answer
        told = total_in(answer.value.shrunk_json(reports.shrink))
        if isinstance(told, Untrusted):
            return told
        found = sum((part.home_total or Decimal(0) for part in parts), Decimal(0))
        if told != found:
            detail = f"{SUMMARY} gives {told}, the parts of {DETAIL} come to {found}"
            return Untrusted(WhyUntrusted.DOES_NOT_ADD_UP, detail)
        documents = tuple(one for part in parts for one in part.documents)
        moments = [part.as_of for part in parts if part.as_of is not None]
        # What the oldest part does not know is not in the whole.
        return Report(documents, told, min(moments, default=None))

    def _may_go_on(self) -> Untrusted | None:
        if self.transcript.metered_reads < self.reads_max:
            return None
        return Untrusted(WhyUntrusted.TOO_MANY_CALLS, f"more than {self.reads_max}")


def _is_open_invoice(one: OpenDocument) -> bool:
    return one.kind is DocumentKind.INVOICE and one.open_balance > 0


def _asked_text(window: _Window) -> str:
    return ", ".join(f"{name}={value}" for name, value in window.parameters.items())
