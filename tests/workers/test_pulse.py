"""A process's sign of life: it waits for nobody, loses no count, and is missed only by who still needs it."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.tally import Tally
from domain.measures import Measure
from models.database import Database
from models.measures import all_measures
from models.running_processes import SHOWN_FOR, ProcessKind, RunningProcess, forget_silent, running_processes
from models.unavailable import DatabaseAway
from tests.contexts import TestClock, database_at
from workers.heartbeat_file import heartbeat_file
from workers.pulse import Pulse

pytestmark = pytest.mark.both_databases
CALL = (Measure.CALLS, ("connectwise", "GET", "invoices", "200"), "")


@pytest.fixture
def database(database_url: str) -> Database:
    return database_at(database_url)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def make(database: Database, clock: TestClock, tally: Tally, tmp_path: Path) -> Callable[..., Pulse]:
    def made(name: str = "push", **changes: object) -> Pulse:
        options = {"kind": ProcessKind.WORKER, "name": name, "version": "1", "queues": ("push",), "tally": tally}
        return Pulse(database, clock.now, tmp_path, **(options | changes))  # type: ignore[arg-type]

    return made


def written(pulse: Pulse) -> None:
    """As `beat` does it, waited for."""
    pulse.beat()
    assert pulse._writing is not None
    pulse._writing.join()


def counted(database: Database) -> dict[object, int]:
    with database.reading() as session:
        return dict(all_measures(session))


def test_it_tells_who_lives_where_since_when(make: Callable[..., Pulse], database: Database, clock: TestClock) -> None:
    began, pulse = clock.now(), make()
    clock.move(seconds=10)
    written(pulse)
    with database.reading() as session:
        [row] = running_processes(session, clock.now())
    assert (row.name, row.takes_from, row.started_at, row.alive_at) == (pulse.name, {"push"}, began, clock.now())
    assert pulse.name.startswith("push@")


def test_the_next_process_of_the_name_takes_the_row_over(
    make: Callable[..., Pulse], database: Database, clock: TestClock
) -> None:
    written(make(version="1"))
    written(make(version="2"))
    with database.reading() as session:
        assert [row.version for row in running_processes(session, clock.now())] == ["2"]


def test_what_was_counted_is_added_once(make: Callable[..., Pulse], database: Database, tally: Tally) -> None:
    pulse = make()
    tally.count(*CALL[:1], *CALL[1])
    written(pulse)
    written(pulse)
    tally.count(*CALL[:1], *CALL[1], more=2)
    written(pulse)
    assert counted(database) == {CALL: 3}


def test_two_processes_add_to_the_same_sums_at_once(make: Callable[..., Pulse], database: Database) -> None:
    tallies = [Tally() for _ in range(4)]
    for tally in tallies:
        for status in ("200", "503", "NoAnswer"):
            tally.count(Measure.CALLS, "connectwise", "GET", "invoices", status)
    writers = [
        threading.Thread(target=make(f"push.{number}", tally=tally).write) for number, tally in enumerate(tallies)
    ]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert set(counted(database).values()) == {4}


def test_without_the_database_the_file_is_touched_and_the_counts_are_kept(
    make: Callable[..., Pulse], database: Database, tally: Tally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse = make()
    tally.count(*CALL[:1], *CALL[1])

    def away(*_: object) -> None:
        raise DatabaseAway("away")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", away)
        written(pulse)
        assert heartbeat_file(tmp_path, "push").exists()
    tally.count(*CALL[:1], *CALL[1])
    written(pulse)
    assert counted(database) == {CALL: 2}


def test_a_database_that_hangs_is_waited_for_by_one_thread_and_by_no_loop(
    make: Callable[..., Pulse], monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse, goes_on, began = make(), threading.Event(), []

    def hangs(*_: object) -> None:
        began.append(1)
        assert goes_on.wait(60)

    monkeypatch.setattr(Database, "write", hangs)
    for _ in range(5):
        pulse.beat()
    goes_on.set()
    assert pulse._writing is not None
    pulse._writing.join()
    assert len(began) == 1


def test_a_process_that_ends_takes_its_row_and_its_file_with_it(
    make: Callable[..., Pulse], database: Database, clock: TestClock, tally: Tally, tmp_path: Path
) -> None:
    pulse = make()
    written(pulse)
    tally.count(*CALL[:1], *CALL[1])
    pulse.end()
    with database.reading() as session:
        assert list(running_processes(session, clock.now())) == []
    assert not heartbeat_file(tmp_path, "push").exists()
    assert counted(database) == {CALL: 1}


def test_a_killed_process_is_shown_for_an_hour_and_forgotten_after_it(
    make: Callable[..., Pulse], database: Database, clock: TestClock
) -> None:
    written(make())
    for later, is_shown in ((SHOWN_FOR - timedelta(seconds=1), True), (SHOWN_FOR, False)):
        with database.writing() as session:
            assert bool(running_processes(session, clock.now() + later)) is is_shown
            forget_silent(session, clock.now() + later)
            assert bool(session.query(RunningProcess).count()) is is_shown
