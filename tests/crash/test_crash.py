"""A process killed with SIGKILL at every point between two steps of I/O: another one goes on, and nothing is doubled.

The cases are those of `cases.py`; the table at the end of the run is `report.py`'s.
"""

from collections.abc import Callable

import pytest

from tasks.points import Point
from tests.crash.cases import CASES, Case
from tests.crash.report import Death
from tests.crash.stage import Stage

# The web process dies in test_door.py.
OF_THE_DOOR = {Point.DOOR_STORED, Point.DOOR_ANSWERED}

pytestmark = [pytest.mark.slow, pytest.mark.crash]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "point" in metafunc.fixturenames:
        deaths = _short() if metafunc.config.getoption("--crash-short") else _all()
        names = [f"{case.name}-{point}-{time}" for case, point, time in deaths]
        metafunc.parametrize(("case", "point", "time"), deaths, ids=names)


def _all() -> list[tuple[Case, Point, int]]:
    return [
        (case, point, time) for case in CASES for point, times in case.points.items() for time in range(1, times + 1)
    ]


def _short() -> list[tuple[Case, Point, int]]:
    """Each point once, in the first case that reaches it."""
    first: dict[Point, tuple[Case, Point, int]] = {}
    for death in _all():
        first.setdefault(death[1], death)
    return list(first.values())


def test_another_process_goes_on_after_a_death(
    stage: Stage, report: Callable[[Death], None], case: Case, point: Point, time: int
) -> None:
    case.moment(stage)
    assert stage.die(point, time), f"{point} was not reached {time} times"
    stage.finish()
    case.person(stage)
    lost, doubled = stage.lost_and_doubled()
    broken = stage.violations()
    report(Death(str(point), len(lost), len(doubled), len(broken)))
    assert (lost, doubled, broken) == ([], [], [])
    assert (stage.source().status, stage.target().status) == case.status


def test_every_point_has_its_moment() -> None:
    assert {point for case in CASES for point in case.points} | OF_THE_DOOR == set(Point)
