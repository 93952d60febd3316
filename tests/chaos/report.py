"""What the chaos run prints in the end: what happened, and the count."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple

from rich.console import Console
from rich.table import Table

from tests.chaos.count import Count

HEADINGS = ("expected", "delivered", "lost", "doubled", "wrong", "typed by hand", "touched", "invariants broken")
SENTENCES_MAX = 20


def print_happenings(console: Console, happenings: Mapping[str, Counter[str]]) -> None:
    table = Table(title="What happened meanwhile", title_justify="left")
    table.add_column("where")
    table.add_column("what")
    table.add_column("times", justify="right")
    for where, counted in happenings.items():
        for number, (what, times) in enumerate(sorted(counted.items())):
            table.add_row("" if number else where, what, str(times))
    console.print(table)


def print_count(console: Console, result: Count, payments: int, organizations: int, seconds: float) -> None:
    title = f"Chaos: {payments} payments of {organizations} organizations in {seconds:.0f} s"
    table = Table(title=title, title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    table.add_row(*map(str, astuple(result)[: len(HEADINGS)]))
    console.print(table)
    for sentence in result.sentences[:SENTENCES_MAX]:
        console.print(f"  {sentence}", highlight=False)
