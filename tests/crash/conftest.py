"""Fixtures of the crash tests, and the hooks that gather their deaths for the table at the end."""

from collections.abc import Callable, Iterator

import pytest

from tasks.context import SystemClock
from tests.crash.report import PROPERTY, Death, Outcome, as_json, never_reached, rendered
from tests.crash.stage import Stage
from tests.crash.worker import Job
from tests.databases import DATABASES
from tests.receiver import receiving
from tests.world import World, open_world

OUTCOMES = pytest.StashKey[list[Outcome]]()


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url, clock=SystemClock()) as opened:
        yield opened


@pytest.fixture
def stage(world: World) -> Iterator[Stage]:
    with receiving() as receiver:
        yield Stage(world, Job(world.context.database.url, world.quickbooks_url), receiver)


@pytest.fixture
def report(request: pytest.FixtureRequest, database_url: str) -> Callable[[Death], None]:
    """Puts a death on the test's report, which reaches the printing process also from another one."""
    kind = "postgresql" if database_url.startswith("postgresql") else "sqlite"

    def tell(death: Death) -> None:
        request.node.user_properties.append((PROPERTY, {**as_json(death), "database": kind}))

    return tell


# --- the table ---


class Table:
    """Gathers every death that a test reports, here or in a process of pytest-xdist."""

    def __init__(self, databases: list[str], *, complete: bool) -> None:
        self._databases = databases
        self._complete = complete
        self._outcomes: list[Outcome] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            return
        for name, value in report.user_properties:
            if name == PROPERTY:
                told = dict(value)  # type: ignore[call-overload]
                database = str(told.pop("database"))
                self._outcomes.append(Outcome(Death(**told), database, report.passed))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._complete and session.exitstatus == pytest.ExitCode.OK and never_reached(self._outcomes):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._outcomes:
            terminalreporter.write("\n" + rendered(self._outcomes, self._databases))


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--crash") or hasattr(config, "workerinput"):
        return
    chosen = config.getoption("--databases")
    # Where only some tests are asked for, a point that was not reached is no news.
    complete = not config.option.keyword and not any("::" in one for one in config.args)
    config.pluginmanager.register(
        Table([chosen] if chosen in DATABASES else list(DATABASES), complete=complete), "crash-table"
    )
