"""Prints an organization's overview for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.output import print_facts, print_table, say
from domain.daily_numbers import LONGER
from domain.money import money_text
from domain.set_up import SET_UP_STEP_LABELS, STEP_STATE_LABELS
from domain.status import STATUS_LABELS, PaymentStatus
from workers.terminal import Column

if TYPE_CHECKING:
    from domain.words import Words
    from usecases.overview import Day, Overview, Synced

COLUMNS = [
    Column("day (UTC)"),
    *(Column(STATUS_LABELS[status].lower(), right=True) for status in PaymentStatus),
    Column("reached it", right=True),
    Column("sum", wraps=True),
    Column("half within s", right=True),
    Column("nine of ten", right=True),
]


def print_overview(overview: Overview, words: Words) -> None:
    for number, step in enumerate(overview.checklist, start=1):
        title = words.filled(SET_UP_STEP_LABELS[step.step])
        say(f"{number}. {title}: {STEP_STATE_LABELS[step.state].lower()}. {words.filled(step.sentence)}")
    if overview.checklist:
        say()
    print_facts(
        {
            **{STATUS_LABELS[status].lower(): f"{overview.counts[status]:,}" for status in PaymentStatus},
            "synced today (UTC)": _synced(overview.synced_today),
            "synced in 7 days": _synced(overview.synced_in_week),
            "oldest not synced": _oldest(overview),
            "last gap": overview.last_gap or "none",
        }
    )
    for reason, payments in overview.pressing.items():
        say(f"needs attention: {payments:,}: {words.sentence(reason)} {words.advice(reason)}")
    for warning in overview.warnings:
        say(f"warning: {warning}")
    say()
    print_table(COLUMNS, [_cells(day) for day in reversed(overview.days)], "")


def _cells(day: Day) -> tuple[object, ...]:
    return (
        day.day,
        *(day.outcomes[status] for status in PaymentStatus),
        day.synced.payments,
        _sums(day.synced),
        _seconds(day.half_within_seconds),
        _seconds(day.most_within_seconds),
    )


def _synced(synced: Synced) -> str:
    sums = _sums(synced)
    return f"{synced.payments:,} ({sums})" if sums else f"{synced.payments:,}"


def _sums(synced: Synced) -> str:
    return ", ".join(money_text(amount, currency) for currency, amount in synced.sums)


def _seconds(seconds: int | None) -> str:
    if seconds is None:
        return ""
    return "longer" if seconds == LONGER else str(seconds)


def _oldest(overview: Overview) -> str:
    oldest = overview.oldest
    if oldest is None:
        return "none"
    days = (overview.today_there - oldest.listed_on).days
    amount = money_text(oldest.total, oldest.currency)
    dated = f"dated {oldest.listed_on}, {days} days ago" if days > 0 else f"dated {oldest.listed_on}"
    return f"payment {oldest.external_id}, {amount} from {oldest.customer or 'no customer'}, {dated}"
