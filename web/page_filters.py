"""The filters of the templates that write as the page's reader does: each finds the reader's `Writing` in the page."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from domain.comparing.comparison import Line
from domain.comparing.parts import AppliedCredit
from domain.match.decisions import Verdict
from models.views.copies import SumOf
from web import copy_wording, invoice_wording, wording
from web.writing import Writing


def _writing(page: Context) -> Writing:
    writing: Writing = page["writing"]
    return writing


@pass_context
def _money(page: Context, amount: Decimal, currency: str | None) -> str:
    return _writing(page).money(amount, currency)


@pass_context
def _number(page: Context, count: int) -> str:
    return _writing(page).number(count)


@pass_context
def _day(page: Context, value: date | None) -> str:
    return _writing(page).day(value)


@pass_context
def _day_of(page: Context, moment: datetime) -> str:
    return _writing(page).day_of(moment)


@pass_context
def _moment(page: Context, value: datetime) -> Markup:
    return _writing(page).moment(value)


@pass_context
def _moment_ago(page: Context, value: datetime) -> Markup:
    return _writing(page).marked(value, wording.ago(value, page["now"]))


@pass_context
def _locally(page: Context, text: str) -> str:
    return _writing(page).sentence(text, page["now"])


@pass_context
def _age(page: Context, days: int) -> str:
    return wording.age(days, _writing(page))


@pass_context
def _money_sums(page: Context, sums: Sequence[tuple[str | None, Decimal]]) -> str:
    return wording.money_sums(sums, _writing(page))


@pass_context
def _verdict_rows(page: Context, verdicts: Sequence[Verdict]) -> list[tuple[str, str, str, bool]]:
    return wording.verdict_rows(verdicts, _writing(page))


@pass_context
def _sums(page: Context, found: Sequence[SumOf]) -> str:
    return copy_wording.sums(found, _writing(page))


@pass_context
def _counted(page: Context, count: int, thing: str = "invoice", things: str = "") -> str:
    return copy_wording.counted(count, _writing(page), thing, things)


@pass_context
def _side_text(page: Context, amount: Decimal | None, currency: str | None) -> str:
    return invoice_wording.side_text(amount, currency, _writing(page))


@pass_context
def _difference_cell(page: Context, line: Line, currency: str | None) -> str:
    return invoice_wording.difference_cell(line, currency, _writing(page))


@pass_context
def _credit_text(page: Context, credit: AppliedCredit, currency: str | None) -> str:
    return invoice_wording.credit_text(credit, currency, _writing(page))


@pass_context
def _money_of(page: Context, amount: str | None, currency: str | None) -> str:
    """An amount of a stored document."""
    return "" if amount is None else _writing(page).money(Decimal(amount), currency)


def _month(value: date) -> str:
    return f"{value:%b}"


# By the names that templates know.
WRITTEN: dict[str, Any] = {
    "money": _money,
    "money_of": _money_of,
    "number": _number,
    "day": _day,
    "day_of": _day_of,
    "month": _month,
    "moment": _moment,
    "moment_ago": _moment_ago,
    "locally": _locally,
    "age": _age,
    "money_sums": _money_sums,
    "verdict_rows": _verdict_rows,
    "sums": _sums,
    "counted": _counted,
    "side_text": _side_text,
    "difference_cell": _difference_cell,
    "credit_text": _credit_text,
}
