"""The statement of a period: what was apart when it began, what happened to it, and what was left when it ended.

It is made of the recorded history and of the last run of the period, and of nothing else: the same rows give the same
document, byte for byte. Moments are UTC, amounts are texts, codes are those of the closed lists.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from domain.clocks import written
from domain.money import plain_amount
from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.roll_forward import Moved, RollForward, Standing, Step, roll_forward

# Counted up when the document changes its form.
FORM = "1"
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in UTC, the last one included."""

    first: date
    last: date

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last, time(), UTC) + timedelta(days=1)

    def overlaps(self, other: "Period") -> bool:
        return self.first <= other.last and other.first <= self.last

    def has(self, day: date | None) -> bool:
        return day is not None and self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class AboutBreak:
    """What a break is about, as it is known now.

    Attributes:
        id: names it within the organization, on pages and in tables.
    """

    id: int
    number: str
    customer: str
    source_invoice_id: str
    target_invoice_id: str
    source_payment_ids: tuple[str, ...]
    target_payment_ids: tuple[str, ...]
    source_date: date | None
    target_date: date | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the history, with what each side said then.

    Attributes:
        actor: a person's address; "" for a run.
        note: the reason that a person gave.
    """

    about: AboutBreak
    step: Step
    kind: BreakKind
    source_amount: Decimal | None
    target_amount: Decimal | None
    actor: str
    note: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A finished run with its evidence.

    Attributes:
        evidence: everything else that the run has kept (`domain/reconciliation/evidence.py`), ready for JSON.
    """

    id: int
    ended_at: datetime
    outcome: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sides:
    """Whose statement it is, and the names of the two systems."""

    organization: str
    source: str
    target: str


def statement_document(
    sides: Sides, period: Period, history: Sequence[Entry], runs: Sequence[RunFacts]
) -> dict[str, Any]:
    """The whole statement, ready for JSON.

    Args:
        history: every entry before the end of the period, oldest first.
        runs: those that ended in the period, oldest first; the last one's evidence is in the statement.
    """
    inside = [one for one in history if one.step.at < period.ends_at]
    forward = roll_forward([one.step for one in inside], period.begins_at, period.ends_at)
    last = runs[-1] if runs else None
    return {
        "form": FORM,
        "organization": sides.organization,
        "source": sides.source,
        "target": sides.target,
        "first_day": period.first.isoformat(),
        "last_day": period.last.isoformat(),
        "zone": "UTC",
        "roll_forward": [_roll_forward_out(one) for one in forward],
        "breaks": _lines(inside, period),
        "runs": [{"id": one.id, "ended_at": written(one.ended_at), "outcome": one.outcome} for one in runs],
        "last_run": None if last is None else {"id": last.id, "outcome": last.outcome, **last.evidence},
    }


def _roll_forward_out(one: RollForward) -> dict[str, Any]:
    def moved(name: str, moved: Moved) -> dict[str, Any]:
        return {"line": name, "breaks": moved.breaks, "amount": plain_amount(moved.amount, one.currency)}

    return {
        "currency": one.currency,
        "lines": [
            moved("opening", one.opening),
            *(moved(movement.value, amount) for movement, amount in one.movements.items()),
            moved("closing", one.closing),
        ],
        "adds_up": one.adds_up,
    }


def _lines(history: Iterable[Entry], period: Period) -> list[dict[str, Any]]:
    """One line for each break that was there when the period began, or of which anything happened in it."""
    by_break: dict[int, list[Entry]] = {}
    for one in history:
        by_break.setdefault(one.about.id, []).append(one)
    lines = []
    for _, entries in sorted(by_break.items()):
        before = [one for one in entries if one.step.at < period.begins_at]
        opening = before[-1] if before else None
        if len(before) == len(entries) and (opening is None or opening.step.standing is Standing.GONE):
            continue
        lines.append(_line(entries, opening))
    return lines


def _line(entries: Sequence[Entry], opening: Entry | None) -> dict[str, Any]:
    closing, about = entries[-1], entries[-1].about
    currency = closing.step.currency
    word = next((one for one in reversed(entries) if one.note), None)
    accepted = word if closing.step.standing is Standing.ACCEPTED else None
    return {
        "break": about.id,
        "invoice": about.number,
        "customer": about.customer,
        "kind": closing.kind.value,
        "currency": currency,
        "opening_standing": (opening.step.standing if opening is not None else Standing.GONE).value,
        "opening_share": plain_amount(_share(opening), currency),
        "closing_standing": closing.step.standing.value,
        "closing_share": plain_amount(_share(closing), currency),
        "source_amount": _amount(closing.source_amount, currency),
        "target_amount": _amount(closing.target_amount, currency),
        "source_date": _day(about.source_date),
        "target_date": _day(about.target_date),
        "source_invoice_id": about.source_invoice_id,
        "target_invoice_id": about.target_invoice_id,
        "source_payment_ids": list(about.source_payment_ids),
        "target_payment_ids": list(about.target_payment_ids),
        "first_seen_at": written(entries[0].step.at),
        "since": written(closing.step.at),
        "accepted_by": accepted.actor if accepted is not None else "",
        "accepted_because": accepted.note if accepted is not None else "",
    }


def _share(entry: Entry | None) -> Decimal:
    if entry is None or entry.step.standing is Standing.GONE:
        return _NOTHING
    return entry.step.share


def _amount(amount: Decimal | None, currency: str | None) -> str | None:
    return None if amount is None else plain_amount(amount, currency)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
