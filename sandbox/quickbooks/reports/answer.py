"""The receivables reports of one company: what was asked, who is in it, and how it is laid out."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.quickbooks.reports import summary
from sandbox.quickbooks.reports.columns import COLUMNS, FOREIGN, Column
from sandbox.quickbooks.reports.layout import Section, by_age, by_customer
from sandbox.quickbooks.reports.receivables import Moment, Receivable, receivables
from sandbox.quickbooks.reports.rendering import Rendering
from sandbox.quickbooks.times import server_time
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import Refused

Json = dict[str, Any]

AGED_DETAIL, AGED, BALANCE_DETAIL, BALANCE = (
    "AgedReceivableDetail",
    "AgedReceivables",
    "CustomerBalanceDetail",
    "CustomerBalance",
)
_DETAIL = {
    AGED_DETAIL: "tx_date,txn_type,doc_num,cust_name,due_date,subt_amount,subt_open_bal",
    BALANCE_DETAIL: "tx_date,txn_type,doc_num,due_date,subt_amount,subt_open_bal",
}
_PARAMETERS = frozenset(
    {
        *("report_date", "date_macro", "start_duedate", "end_duedate", "customer", "term", "department", "past_due"),
        *("arpaid", "accounting_method", "aging_method", "aging_period", "num_periods", "columns", "minorversion"),
        *("sort_by", "sort_order", "qzurl", "showrows", "custom1", "custom2", "custom3"),
        *("start_moddate", "end_moddate", "start_createdate", "end_createdate"),
    }
)
_FOR_EVER = date(9999, 12, 31)


class TooManyColumns(Exception):
    """The report takes longer to make than the gateway waits."""


@dataclass(frozen=True)
class _Asked:
    """The parameters of a report."""

    day: date
    columns: Sequence[str]
    customers: frozenset[str]
    due_from: date
    due_until: date
    paid: str
    raw: Mapping[str, str]

    @classmethod
    def of(cls, company: Company, name: str, parameters: Mapping[str, str]) -> "_Asked":
        unknown = sorted(parameters.keys() - _PARAMETERS)
        if unknown:
            raise _invalid(f"{unknown[0]} is not a parameter of {name}")
        ignored = company.switches.report_ignores
        told = {key: value for key, value in parameters.items() if value and key != ignored}
        columns = told.get("columns", _DETAIL.get(name, "")).split(",") if name in _DETAIL else []
        strange = [one for one in columns if one not in COLUMNS]
        if strange:
            raise _invalid(f"columns: {strange[0]}")
        paid = told.get("arpaid", "Unpaid")
        if paid not in {"All", "Paid", "Unpaid"}:
            raise _invalid(f"arpaid: {paid}")
        return cls(
            day=_day(told.get("report_date"), company.today()),
            columns=columns,
            customers=frozenset(filter(None, told.get("customer", "").split(","))),
            due_from=_day(told.get("start_duedate"), date.min),
            due_until=_day(told.get("end_duedate"), _FOR_EVER),
            paid=paid,
            raw=parameters,
        )

    def takes(self, one: Receivable, name: str) -> bool:
        if self.customers and one.customer_id not in self.customers:
            return False
        is_any = (self.due_from, self.due_until) == (date.min, _FOR_EVER)
        if not is_any and not (one.due is not None and self.due_from <= one.due <= self.due_until):
            return False
        # An aging report has open documents only, whatever it is asked for.
        paid = self.paid if name in {BALANCE_DETAIL, BALANCE} else "Unpaid"
        return {"All": True, "Paid": not one.open, "Unpaid": bool(one.open)}[paid]


def answer(company: Company, name: str, parameters: Mapping[str, str], number: int) -> Json:
    """The report, which no envelope surrounds.

    Args:
        number: of the report among all; the rows of the modernized reports have another order each time.

    Raises:
        Refused: there is no such report, or a parameter makes no sense. Names are case-sensitive.
        TooManyColumns: the gateway gives up before the report is ready.
    """
    if name not in {*_DETAIL, AGED, BALANCE}:
        raise _invalid(f"The report {name} does not exist")
    asked = _Asked.of(company, name, parameters)
    if len(asked.columns) > company.switches.report_columns_max:
        raise TooManyColumns
    known_until = company.now() - timedelta(seconds=company.switches.report_lag_seconds)
    moment = Moment(known_until, asked.day)
    found = [one for one in receivables(company, moment) if asked.takes(one, name)]
    dice = random.Random(number)
    if name in _DETAIL:
        columns, report = _columns(company, asked, dice), _laid_out(company, name, found, asked)
        order = _unstable(dice) if company.switches.report_version == "v2" else _as_it_is
        rendering = Rendering(company, columns, order)
        shown, rows = rendering.columns_json(), rendering.rows_json(report)
    else:
        shown, rows = summary.rendered(company, found, asked.day, with_ages=name == AGED)
    header = {
        "Time": server_time(known_until),
        "ReportName": name,
        "Currency": company.currency,
        "Option": [
            *({"Name": key, "Value": value} for key, value in sorted(asked.raw.items()) if key != "minorversion"),
            {"Name": "NoReportData", "Value": "false" if found else "true"},
        ],
    }
    if company.switches.report_version == "v2":
        header |= {"StartPeriod": asked.day.isoformat(), "EndPeriod": asked.day.isoformat()}
    return {"Header": header, "Columns": shown, "Rows": rows}


def _columns(company: Company, asked: _Asked, dice: random.Random) -> list[Column]:
    """Columns that this company cannot have are left out without a word."""
    columns = [COLUMNS[key] for key in asked.columns if company.multicurrency or key not in FOREIGN]
    if company.switches.report_column_order == "shuffled":
        dice.shuffle(columns)
    return columns


def _laid_out(company: Company, name: str, found: list[Receivable], asked: _Asked) -> Section:
    ordered = sorted(found, key=lambda one: (one.dated, len(one.id), one.id))
    if name == BALANCE_DETAIL:
        return by_customer(company, ordered)
    return by_age(company, ordered, asked.day, nested=company.switches.report_hierarchy)


def _as_it_is(rows: Sequence[Any]) -> Sequence[Any]:
    return rows


def _unstable(dice: random.Random) -> Callable[[Sequence[Any]], Sequence[Any]]:
    return lambda rows: dice.sample(list(rows), len(rows))


def _day(text: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise _invalid(f"{text} is not a date") from None


def _invalid(detail: str) -> Refused:
    return Refused("4000", "Invalid report request", detail)
