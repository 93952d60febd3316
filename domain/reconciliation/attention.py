"""What has changed inside a period after it was closed: nothing may, and if something does, people are told."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from domain.money import money_text
from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.statement import Entry, Period

# What the recorded history gives; what else is in a line is as the invoice is known now, and may change.
_OF_HISTORY = (
    "kind",
    "currency",
    "opening_standing",
    "opening_share",
    "closing_standing",
    "closing_share",
    "source_amount",
    "target_amount",
    "since",
)


def changed_since_closed(
    stored: Mapping[str, Any], now: Mapping[str, Any], later: Iterable[Entry], period: Period
) -> tuple[str, ...]:
    """One sentence for each change; none if the period stands as it was closed.

    Args:
        stored: the document that was signed; `now`: the one that the records would give today.
        later: the history after the end of the period, oldest first.
    """
    return (*_rewritten(stored, now), *_found_later(stored, later, period))


def _rewritten(stored: Mapping[str, Any], now: Mapping[str, Any]) -> Iterable[str]:
    """The history itself says something else than it did."""
    before, after = _by_break(stored), _by_break(now)
    for known, line in before.items():
        invoice = line["invoice"]
        if known not in after:
            yield f"Invoice {invoice}: the difference of {_amount(line)} is no longer in the records."
        elif any(line[name] != after[known][name] for name in _OF_HISTORY):
            yield f"Invoice {invoice}: the records now say {_told(after[known])}; they said {_told(line)}."
    for known in after.keys() - before.keys():
        yield f"Invoice {after[known]['invoice']}: a difference of {_amount(after[known])} was added to the period."
    if [one["id"] for one in stored["runs"]] != [one["id"] for one in now["runs"]]:
        yield "The list of the period’s comparisons is another one than when it was signed."


def _found_later(stored: Mapping[str, Any], later: Iterable[Entry], period: Period) -> Iterable[str]:
    """A later run has found another amount for something that is dated inside the period."""
    known = {number: Decimal(line["closing_share"]) for number, line in _by_break(stored).items()}
    told = set()
    for one in later:
        step, about = one.step, one.about
        # What is on its way is gone again in a minute, and says nothing about the period.
        is_there = step.standing in (Standing.OPEN, Standing.EXPLAINED) and one.kind is not BreakKind.IN_FLIGHT
        is_inside = period.has(about.source_date) or period.has(about.target_date)
        if is_there and is_inside and about.id not in told and known.get(about.id) != step.share:
            told.add(about.id)
            yield (
                f"Invoice {about.number}: on {step.at:%Y-%m-%d} a difference of "
                f"{money_text(abs(step.share), step.currency)} was found that is dated inside this period."
            )


def _by_break(document: Mapping[str, Any]) -> dict[int, Mapping[str, Any]]:
    return {line["break"]: line for line in document["breaks"]}


def _amount(line: Mapping[str, Any]) -> str:
    share = Decimal(line["closing_share"]) or Decimal(line["opening_share"])
    return money_text(abs(share), line["currency"])


def _told(line: Mapping[str, Any]) -> str:
    return f"{line['closing_standing']}, {money_text(Decimal(line['closing_share']), line['currency'])}"
