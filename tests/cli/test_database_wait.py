"""`database wait`: what starts beside the upgrade of the database begins when that is done."""

import threading
import time
from pathlib import Path

import pytest

from models.database import upgrade
from models.schema import SchemaState
from tests.cli.conftest import Run
from workers.redis_server import free_port


def test_a_database_that_is_up_to_date_is_not_waited_for(run: Run) -> None:
    ended = run("database", "wait")
    assert ended.code == 0
    assert ended.out.startswith("The database can be worked with: revision ")


def test_it_waits_until_another_process_has_upgraded_it(
    run: Run, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/new.sqlite"
    environment.setenv("DATABASE_URL", url)
    ended = run("database", "wait", "--seconds", "0")
    assert (ended.code, ended.out) == (2, "")
    assert "the database cannot be worked with: it has no tables yet" in ended.err
    other = threading.Timer(0.5, upgrade, [url])
    other.start()
    began = time.monotonic()
    assert run("database", "wait", "--seconds", "200").code == 0
    assert time.monotonic() - began > 0.4
    other.join()


def test_one_that_is_away_may_still_come(run: Run, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing")
    ended = run("database", "wait", "--seconds", "0")
    assert ended.code == 2
    assert "the database cannot be worked with: it cannot be reached" in ended.err


@pytest.mark.parametrize(
    ("current", "can_be"), [(None, False), ("0001", False), ("0002", True), ("one of a newer version", True)]
)
def test_an_older_version_works_with_the_schema_of_its_successor(current: str | None, *, can_be: bool) -> None:
    assert SchemaState(current, "0002", frozenset({"0001"})).can_be_worked_with is can_be
