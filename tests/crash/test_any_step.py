"""Killed behind every single commit and every single exchange over HTTP, whether or not the place has a name.

Where the named points leave a place between two steps of I/O out, this finds it: the process dies behind its first
commit, behind its second, and so on, until it comes to its end alive.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tasks.context import SystemClock
from tests.crash.moments import busy
from tests.crash.report import Death
from tests.crash.stage import Stage
from tests.crash.worker import Job
from tests.receiver import receiving
from tests.world import open_world

# The work is shared between several tests, so that they run beside each other.
SHARES = 3

pytestmark = [pytest.mark.slow, pytest.mark.crash, pytest.mark.timeout(600)]


@pytest.mark.parametrize("share", range(1, SHARES + 1))
@pytest.mark.parametrize("what", ["commit", "exchange"])
def test_a_death_behind_any_step_costs_nothing(
    request: pytest.FixtureRequest,
    database_url: str,
    tmp_path: Path,
    report: Callable[[Death], None],
    what: str,
    share: int,
) -> None:
    # In short, the first ones: so this, too, is played with every change.
    is_short = request.config.getoption("--crash-short")
    for number in (share, share + SHARES) if is_short else count(share, SHARES):
        with fresh_stage(request, database_url, tmp_path / f"{number}") as stage:
            busy(stage)
            if not stage.die_after(what, number):
                assert number > SHARES, f"no {what} at all"
                return
            stage.finish()
            lost, doubled = stage.lost_and_doubled()
            broken = stage.violations()
            report(Death(f"any.{what}", len(lost), len(doubled), len(broken)))
            assert (lost, doubled, broken) == ([], [], []), f"behind {what} {number}"


@contextmanager
def fresh_stage(request: pytest.FixtureRequest, database_url: str, directory: Path) -> Iterator[Stage]:
    """A stage of its own for every death, on the kind of database that the test runs on."""
    if database_url.startswith("sqlite"):
        directory.mkdir()
        with _stage(request.getfixturevalue("sqlite_databases").fresh(directory)) as stage:
            yield stage
        return
    with request.getfixturevalue("postgresql_databases").fresh() as url, _stage(url) as stage:
        yield stage


@contextmanager
def _stage(url: str) -> Iterator[Stage]:
    with open_world(url, clock=SystemClock()) as world, receiving() as receiver:
        yield Stage(world, Job(url, world.quickbooks_url), receiver)
