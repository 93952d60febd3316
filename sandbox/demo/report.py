"""The demo's output: progress while it plays, the table of payments, and the audit."""

import threading
import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from domain.visible_text import visible
from sandbox.demo.audit import AuditLine
from sandbox.demo.stage import Row
from sandbox.demo.stories import Story
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


def print_audit(console: Console, lines: Sequence[AuditLine], explained: dict[str, str]) -> int:
    """Prints both systems side by side; returns the number of invoices that differ without an explanation."""
    table = FoldingTable(
        "\nAudit: both systems side by side (USD)",
        [
            Column("MSP", place="above"),
            Column("invoice"),
            Column("total", right=True),
            Column("QuickBooks paid", right=True),
            Column("ConnectWise paid", right=True),
            Column("difference", right=True),
            Column("payments", right=True),
            Column("explained by", wraps=True, place="below"),
        ],
    )
    unexplained = 0
    for line in lines:
        doubled = line.payments_in_connectwise > line.entries
        explanation = explained.get(line.number, "")
        differs = line.difference != 0 or not line.totals_agree
        wrong = doubled or (differs and not explanation)
        unexplained += wrong
        table.add_row(
            line.tenant,
            line.number,
            _totals(line),
            f"{line.quickbooks_paid:,.2f}",
            f"{line.connectwise_paid:,.2f}",
            f"{line.difference:,.2f}",
            str(line.payments_in_connectwise),
            Text("NOT EXPLAINED", style="red bold") if wrong else (explanation if differs else ""),
        )
    console.print(table)
    return unexplained


def _totals(line: AuditLine) -> str:
    """One total where both systems have the same, else QuickBooks' and ConnectWise's."""
    if line.totals_agree:
        return f"{line.quickbooks_total:,.2f}"
    there = "none" if line.connectwise_total is None else f"{line.connectwise_total:,.2f}"
    return f"{line.quickbooks_total:,.2f} / {there}"


def print_totals(console: Console, lines: Sequence[AuditLine], calls: dict[str, dict[str, int]], payments: int) -> None:
    books = sum(line.quickbooks_paid for line in lines)
    psa = sum(line.connectwise_paid for line in lines)
    console.print()
    console.print(f"In all: {books:,.2f} USD paid in QuickBooks, {psa:,.2f} USD in ConnectWise.")
    for system, routes in calls.items():
        total = sum(routes.values())
        console.print(f"{system}: {total} calls for {payments} payments, {total / payments:.1f} each")
        for route, count in sorted(routes.items(), key=lambda item: -item[1]):
            console.print(f"  {count:>4} x {route}", highlight=False, soft_wrap=True)
    console.print()
