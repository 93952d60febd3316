"""What the demo prints: progress while it plays, the table of payments, and the audit."""

import threading
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from sandbox.demo.audit import AuditLine
from sandbox.demo.stage import Row
from sandbox.demo.stories import Story

WIDTH_WITHOUT_TERMINAL = 150
# Seven columns with sentences in them are unreadable below this.
TABLE_WIDTH_MIN = 115


class Reporter:
    """Prints lines as they come, from any thread; the same with and without a terminal."""

    def __init__(self) -> None:
        terminal = Console()
        self.console = terminal if terminal.is_terminal else Console(width=WIDTH_WITHOUT_TERMINAL)
        self._lock = threading.Lock()
        self._started = time.monotonic()

    def restart_clock(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def say(self, text: str, title: str = "") -> None:
        with self._lock:
            head = f"[dim]{self.seconds:5.1f} s[/dim]"
            self.console.print(
                f"{head}  [cyan]{title:<37}[/cyan] {text}" if title else f"{head}  {text}", soft_wrap=True
            )


def print_rows(console: Console, played: Sequence[tuple[Story, Sequence[Row]]]) -> None:
    """One row per payment and invoice: a table where there is room for one, a list on a narrow terminal."""
    if console.width < TABLE_WIDTH_MIN:
        _print_list(console, played)
    else:
        _print_table(console, played)


def _print_list(console: Console, played: Sequence[tuple[Story, Sequence[Row]]]) -> None:
    console.print("What became of every payment", style="bold")
    for story, rows in played:
        console.print(story.title, style="cyan")
        for row in rows:
            seconds = f" after {row.seconds:.1f} s" if row.seconds is not None else ""
            kept = "[green]as promised[/green]" if row.kept else "[red bold]NOT AS PROMISED[/red bold]"
            console.print(f"  QuickBooks: {row.said}. Decided: {row.decided}{seconds}, {kept}.")
            console.print(f"  {row.why} ConnectWise: {row.now}.")


def _print_table(console: Console, played: Sequence[tuple[Story, Sequence[Row]]]) -> None:
    table = Table(title="What became of every payment", title_justify="left", show_lines=False, expand=True)
    table.add_column("story", style="cyan", ratio=5)
    table.add_column("QuickBooks said", ratio=5)
    table.add_column("decided", no_wrap=True)
    table.add_column("why", ratio=9)
    table.add_column("ConnectWise now", ratio=6)
    table.add_column("seconds", justify="right", no_wrap=True)
    table.add_column("as promised", no_wrap=True)
    for story, rows in played:
        for number, row in enumerate(rows):
            table.add_row(
                story.title if number == 0 else "",
                row.said,
                row.decided,
                row.why,
                row.now,
                f"{row.seconds:.1f}" if row.seconds is not None else "-",
                "[green]yes[/green]" if row.kept else "[red bold]NO[/red bold]",
            )
    console.print(table)


def print_audit(console: Console, lines: Sequence[AuditLine], explained: dict[str, str]) -> int:
    """Prints both systems side by side; says how many invoices differ without an explanation."""
    table = Table(title="Audit: both systems side by side (USD)", title_justify="left")
    for heading in ("MSP", "invoice"):
        table.add_column(heading)
    for heading in ("QuickBooks paid", "ConnectWise paid", "difference", "payments in ConnectWise"):
        table.add_column(heading, justify="right")
    table.add_column("explained by")
    unexplained = 0
    for line in lines:
        doubled = line.payments_in_connectwise > line.entries
        explanation = explained.get(line.number, "")
        wrong = doubled or (line.difference != 0 and not explanation)
        unexplained += wrong
        table.add_row(
            line.tenant,
            line.number,
            f"{line.quickbooks_paid:,.2f}",
            f"{line.connectwise_paid:,.2f}",
            f"{line.difference:,.2f}",
            str(line.payments_in_connectwise),
            "[red bold]NOT EXPLAINED[/red bold]" if wrong else (explanation if line.difference else ""),
        )
    console.print(table)
    return unexplained


def print_totals(console: Console, lines: Sequence[AuditLine], calls: dict[str, dict[str, int]], payments: int) -> None:
    books = sum(line.quickbooks_paid for line in lines)
    psa = sum(line.connectwise_paid for line in lines)
    console.print(f"In all: {books:,.2f} USD paid in QuickBooks, {psa:,.2f} USD in ConnectWise.")
    for system, routes in calls.items():
        total = sum(routes.values())
        listed = ", ".join(f"{count} x {route}" for route, count in sorted(routes.items(), key=lambda item: -item[1]))
        console.print(f"{system}: {total} calls for {payments} payments, {total / payments:.1f} each ({listed})")
