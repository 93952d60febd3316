"""What the chaos run prints in the end: what happened, and the count."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple

from rich.console import Console

from tests.chaos.count import Count
from workers.terminal import Column, FoldingTable

HEADINGS = ("expected", "delivered", "lost", "doubled", "wrong", "typed by hand", "touched", "invariants broken")
SENTENCES_MAX = 20


def print_happenings(console: Console, happenings: Mapping[str, Counter[str]]) -> None:
    table = FoldingTable(
        "What happened meanwhile",
        [Column("where", place="above"), Column("what", wraps=True), Column("times", right=True)],
    )
    for where, counted in happenings.items():
        for what, times in sorted(counted.items()):
            table.add_row(where, what, str(times))
    console.print(table)


def print_count(console: Console, result: Count, payments: int, organizations: int, seconds: float) -> None:
    title = f"Chaos: {payments} payments of {organizations} organizations in {seconds:.0f} s"
    table = FoldingTable(title, [Column(heading, right=True) for heading in HEADINGS])
    table.add_row(*map(str, astuple(result)[: len(HEADINGS)]))
    console.print(table)
    for sentence in result.sentences[:SENTENCES_MAX]:
        console.print(f"  {sentence}", highlight=False)
