"""How commands print: tables for people, aligned text for pipes, JSON for programs."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import simplejson
import typer

from cli.clocks import shown
from domain.visible_text import visible_json
from workers.terminal import Column, FoldingTable, hang, terminal_width

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: amounts are strings, times are ISO 8601 in UTC.")]

# How a moment may be written on the command line.
MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]


def examples(*commands: str) -> str:
    """The foot of a help page; blank lines keep every command on its own line."""
    return "\n\n".join(["Examples:", *(f"python -m cli {command}" for command in commands)])


def print_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Prints one JSON document; `plain` converts values that JSON cannot express."""
    document = simplejson.dumps(plain(value), indent=2, ensure_ascii=False)
    sys.stdout.write(f"{visible_json(document)}\n")


def plain(value: Any) -> Any:
    """Converts to texts, numbers, lists and objects. A decimal becomes a text: most readers parse numbers as floats."""
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case Mapping():
            return {str(name): plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case _:
            return value


def moment_text(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def print_table(columns: Sequence[str | Column], rows: Sequence[Sequence[object]], nothing: str) -> None:
    """Prints a table that fits the terminal; elsewhere aligned text, one row per line, for grep and awk.

    `nothing` is printed if there are no rows.
    """
    from rich.console import Console

    texts = [["" if cell is None else shown(str(cell)) for cell in row] for row in rows]
    made = [Column(column) if isinstance(column, str) else column for column in columns]
    if not texts:
        say(nothing)
    elif is_terminal():
        table = FoldingTable("", made)
        for row in texts:
            # A customer's name is text and never markup.
            table.add_row(*row)
        Console(markup=False, highlight=False, emoji=False).print(table)
    else:
        _print_aligned([[column.heading for column in made], *texts])


def print_facts(facts: Mapping[str, object]) -> None:
    """Prints names and values, one per line."""
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        say(f"{name:<{width}}  {'' if value is None else value}".rstrip())


def say(text: str = "") -> None:
    """Prints a line for a person: on a terminal it wraps between words, elsewhere it stays whole."""
    line = shown(text)
    print(hang(line, terminal_width()) if is_terminal() else line)


def note(text: str) -> None:
    """Prints a remark beside the result, for the person at the terminal."""
    sys.stderr.write(f"{shown(text)}\n")


def is_terminal() -> bool:
    """Whether a person reads the output."""
    return sys.stdout.isatty()


def _print_aligned(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
