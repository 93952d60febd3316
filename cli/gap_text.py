"""What `catch-up gaps` and `catch-up gap` print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cli.output import moment_text, print_table, say
from domain.gap_statement.conclusion import VERDICT_LABELS, Verdict
from domain.gap_statement.counts import COUNT_LABELS
from domain.gap_statement.findings import FOUND_BY_LABELS, HAPPENED_LABELS, FoundBy, Happened
from domain.gaps import GAP_KIND_LABELS
from domain.money import money_text
from workers.terminal import Column

if TYPE_CHECKING:
    from datetime import timedelta

    from domain.words import Words
    from models.gap_proofs import GapPayment
    from models.views.gap_statements import GapStatement, Stated

# The API has the rest, page by page.
PAYMENTS_MAX = 1000


def exit_code_of(found: Sequence[Stated], *, told_for_one: bool = False) -> int:
    """1 if anything is missing; 2 where one statement is asked for and cannot be made yet."""
    verdicts = {one.verdict for one in found}
    if verdicts & {Verdict.UNKNOWN_TO_US, Verdict.GONE_AT_SOURCE}:
        return 1
    return 2 if told_for_one and Verdict.UNCLEAR in verdicts else 0


def print_gaps(found: Sequence[Stated]) -> None:
    columns: list[str | Column] = [
        Column("id", right=True),
        "what",
        "from",
        "to",
        Column("anything missing?"),
        Column("told", wraps=True, place="below"),
    ]
    rows = [
        (
            one.gap.id,
            GAP_KIND_LABELS[one.kind],
            moment_text(one.gap.from_at),
            moment_text(None if one.gap.is_open else one.gap.until_at),
            VERDICT_LABELS[one.verdict],
            one.sentence,
        )
        for one in found
    ]
    print_table(columns, rows, "There was no gap yet.")


def print_statement(
    statement: GapStatement, payments: Sequence[GapPayment], customers: Mapping[str, str], words: Words
) -> None:
    one, late = statement.stated, statement.late
    say(one.gap.sentence)
    say(f"{one.told.sentence} {one.told.advice}".strip())
    if late.payments:
        sums = ", ".join(money_text(amount, currency) for currency, amount in late.amounts)
        at_most = f", by {_duration(late.latest_by)} at most" if late.latest_by is not None else ""
        say(f"Heard late: {late.payments:,} payment{'' if late.payments == 1 else 's'} ({sums}){at_most}.")
    if one.counts:
        say()
        columns: list[str | Column] = [
            "counted",
            Column("ours before", right=True),
            Column(words.source, right=True),
            "heard until",
            Column("ours after", right=True),
            Column("says", wraps=True),
        ]
        rows = [
            (
                moment_text(row.counted_at),
                row.held_before,
                row.source_count,
                moment_text(row.heard_until),
                "" if row.held_after is None else row.held_after,
                COUNT_LABELS[row.as_count().outcome],
            )
            for row in one.counts
        ]
        print_table(columns, rows, "")
    if payments:
        say()
        print_table(_PAYMENT_COLUMNS, [_cells(row, customers) for row in payments], "")
    if len(payments) == PAYMENTS_MAX:
        say(f"These are the first {PAYMENTS_MAX:,}; the API and the page have all of them.")


_PAYMENT_COLUMNS = (
    Column("payment"),
    Column("customer", wraps=True),
    Column("amount", right=True),
    Column("what"),
    Column("happened"),
    Column("heard"),
    Column("found by"),
)


def _cells(row: GapPayment, customers: Mapping[str, str]) -> tuple[object, ...]:
    return (
        row.external_id,
        customers.get(row.external_id, ""),
        money_text(row.amount, row.currency),
        HAPPENED_LABELS[Happened(row.happened)].lower(),
        moment_text(row.happened_at),
        moment_text(row.heard_at),
        FOUND_BY_LABELS[FoundBy(row.found_by)].lower(),
    )


def _duration(value: timedelta) -> str:
    minutes = int(value.total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "less than a minute"
