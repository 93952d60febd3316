"""The demo's output: progress while it plays, the table of payments, and the statement."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from domain.reconciliation.untrusted import untrusted_told
from domain.reconciliation.words import break_label, break_told
from domain.visible_text import visible
from domain.words import Words
from sandbox.demo.stage import Row
from sandbox.demo.statement import Compared, Difference
from sandbox.demo.stories import Story
from usecases.independent_proof import NotComparable
from workers.terminal import Column, FoldingTable, hang, report_console


class Reporter:
    """Prints lines as they come, from any thread; the same with and without a terminal."""

    def __init__(self) -> None:
        self.console = report_console()
        self._lock = threading.Lock()
        self._started = time.monotonic()

    def restart_clock(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def say(self, text: str, title: str = "") -> None:
        """Prints one line of news, of a story if a title is given; longer text continues below it."""
        head = Text(f"{self.seconds:5.1f} s  ", style="dim")
        width = self.console.width - len(head.plain)
        text = visible(text)
        lines = hang(f"{title}: {text}" if title else text, width).split("\n")
        with self._lock:
            for number, line in enumerate(lines):
                shown = Text(line)
                if title and number == 0:
                    shown.stylize("cyan", 0, len(title) + 1)
                self.console.print((Text(" " * len(head.plain)) if number else head) + shown, soft_wrap=True)


def print_rows(console: Console, played: Sequence[tuple[Story, Sequence[Row]]]) -> None:
    """One row per payment and invoice."""
    table = FoldingTable(
        "What became of every payment",
        [
            Column("story", wraps=True, place="above"),
            Column("QuickBooks said"),
            Column("decided"),
            Column("why", wraps=True, place="below"),
            Column("ConnectWise now", wraps=True),
            Column("open", right=True),
            Column("seconds", right=True),
            Column("kept"),
        ],
    )
    for story, rows in played:
        for row in rows:
            table.add_row(
                Text(story.title, style="cyan"),
                row.said,
                row.decided,
                row.why,
                row.now,
                row.still_open,
                f"{row.seconds:.1f}" if row.seconds is not None else "-",
                Text("yes", style="green") if row.kept else Text("NO", style="red bold"),
            )
    console.print(table)


def print_statement(console: Console, compared: Sequence[Compared]) -> None:
    """Prints what keeps both systems apart and why, the statement of today, and what the proof says."""
    table = FoldingTable(
        "\nStatement: what keeps both systems apart",
        [
            Column("MSP", place="above"),
            Column("invoice"),
            Column("what", wraps=True),
            Column("QuickBooks", right=True),
            Column("ConnectWise", right=True),
            Column("apart by", right=True),
            Column("why", wraps=True, place="below"),
        ],
    )
    for one in compared:
        for difference in one.differences:
            if not difference.is_in_one_system_only:
                table.add_row(one.tenant, *_difference(difference, one.words))
    console.print(table)
    for one in compared:
        console.print()
        _say(console, f"{one.tenant}: {one.last.verdict}")
        for line in _run_told(one):
            _say(console, f"  {line}")


def _say(console: Console, text: str) -> None:
    console.print(Text(hang(text, console.width)), soft_wrap=True)


def _difference(one: Difference, words: Words) -> tuple[str | Text, ...]:
    found, told = one.found, break_told(one.found, words)
    why: str | Text = f"{told.sentence} {told.advice}".strip()
    if one.accepted:
        why = f"Accepted by the accountant: {one.accepted}."
    elif one.is_unexplained:
        why = Text(f"NOT EXPLAINED: {why}", style="red bold")
    return (
        one.invoice,
        break_label(found.kind, words),
        *("-" if amount is None else f"{amount:,.2f}" for amount in (found.source_amount, found.target_amount)),
        f"{found.share:,.2f}",
        why,
    )


def _run_told(one: Compared) -> Iterator[str]:
    run, proof = one.last.run, one.proof
    if run is not None:
        yield (
            f"{run.compared:,} invoices compared, {run.examined:,} of them payment by payment, "
            f"with {run.metered_reads:,} metered reads and {run.calls:,} calls in all."
        )
    for of_currency in one.statement["roll_forward"]:
        amounts = {line["line"]: line for line in of_currency["lines"]}
        opening, closing = amounts["opening"], amounts["closing"]
        yield (
            f"Today in {of_currency['currency']}: apart by {opening['amount']} in the morning and "
            f"{closing['amount']} now, in {closing['breaks']} places."
        )
    accepted = sum(bool(row.accepted) for row in one.differences)
    if accepted:
        yield f"Accepted by the accountant since then: {accepted}."
    alone = Counter(break_label(row.found.kind, one.words) for row in one.differences if row.is_in_one_system_only)
    for label, invoices in alone.items():
        yield f"{label}, and never linked: {invoices:,} invoices."
    if isinstance(proof, NotComparable):
        yield f"Proof: {untrusted_told(proof.why, proof.system).sentence}"
        return
    yield (
        f"Proof from the two systems alone: {proof.invoices:,} invoices, {proof.in_depth:,} payment by payment; "
        f"apart in {len(proof.disagreements):,} points."
    )


def print_calls(console: Console, calls: dict[str, dict[str, int]], payments: int) -> None:
    console.print()
    for system, routes in calls.items():
        total = sum(routes.values())
        console.print(f"{system}: {total} calls for {payments} payments, {total / payments:.1f} each")
        for route, count in sorted(routes.items(), key=lambda item: -item[1]):
            console.print(f"  {count:>4} x {route}", highlight=False, soft_wrap=True)
    console.print()
