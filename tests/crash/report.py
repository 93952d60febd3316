"""The table at the end of `make crash`: every named point, how often a process was killed there, and what came of it."""

import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from rich.console import Console

from tasks.points import Point
from workers.terminal import Column, FoldingTable, report_console

# Under this name a test's report carries its death to the process that prints.
PROPERTY = "death"


@dataclass(frozen=True)
class Death:
    """A process that was killed, and what was wrong when another one had gone on."""

    where: str
    lost: int
    doubled: int
    broken: int
    times: int = 1


@dataclass(frozen=True)
class Outcome:
    """A death as the test run knows it."""

    death: Death
    database: str
    passed: bool


def never_reached(outcomes: Iterable[Outcome]) -> list[Point]:
    reached = {outcome.death.where for outcome in outcomes}
    return [point for point in Point if point.value not in reached]


def rendered(outcomes: list[Outcome], databases: list[str]) -> str:
    """The table and its closing line."""
    by_place: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_place[outcome.death.where].append(outcome)
    names = [point.value for point in Point] + sorted(by_place.keys() - {point.value for point in Point})
    table = FoldingTable(
        "Killed with SIGKILL at every point between two steps of I/O",
        [
            Column("step", place="above"),
            Column("point", wraps=True),
            *(Column(f"killed on {database}", right=True) for database in databases),
            Column("result"),
        ],
    )
    for name in names:
        known = by_place[name]
        of_step, _, place = name.partition(".")
        counts = [sum(one.death.times for one in known if one.database == database) for database in databases]
        table.add_row(of_step, place, *map(str, counts), _result(known, counts))
    output = io.StringIO()
    Console(file=output, width=report_console().width, color_system=None).print(table)
    return output.getvalue() + _closing(outcomes)


def _result(known: list[Outcome], counts: list[int]) -> str:
    if 0 in counts:
        return "NEVER REACHED"
    failed = sum(not one.passed for one in known)
    return f"{failed} FAILED" if failed else "ok"


def _closing(outcomes: list[Outcome]) -> str:
    deaths = [outcome.death for outcome in outcomes]
    died = sum(death.times for death in deaths)
    lost, doubled = sum(death.lost for death in deaths), sum(death.doubled for death in deaths)
    broken = sum(death.broken for death in deaths)
    held = "all invariants held" if not broken else f"{broken} invariants broken"
    return f"{died} deaths: {lost} lost, {doubled} doubled, {held}.\n"


def as_json(death: Death) -> dict[str, str | int]:
    return asdict(death)
