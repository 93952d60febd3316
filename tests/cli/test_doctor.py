"""`doctor`: one look at an installation, and what to do about each thing that is wrong with it."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from models.connections import Connection
from tests.cli.conftest import Ended, Run
from tests.world import World


def checks(ended: Ended) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in ended.json["checks"]}


def test_it_looks_at_everything_and_says_what_to_do(run: Run, world: World) -> None:
    found = run("doctor", "--json")
    by_name = checks(found)
    for name in ("settings", "vendors", "files", "database", "schema", "clock:database", "keys", "connections"):
        assert by_name[name]["level"] == "ok", by_name[name]
    # Nothing runs here: neither Redis nor a worker.
    assert {name for name, one in by_name.items() if one["level"] == "fail"} >= {"redis", "worker:push", "beat"}
    assert all(one["advice"] for one in by_name.values() if one["level"] != "ok")
    assert (found.code, found.json["level"]) == (2, "fail")
    lines = run("doctor").out.splitlines()
    assert len(lines) == len(found.json["checks"])
    assert next(line for line in lines if " beat: " in line).startswith("FAIL  beat: ")


def test_everything_that_is_wrong_with_the_settings_is_said_at_once(run: Run, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PORT", "0")
    environment.setenv("SLICE_SECONDS", "-1")
    found = run("doctor", "--json")
    told = [one["what"] for one in found.json["checks"]]
    assert found.code == 2
    assert sorted(one.partition(":")[0] for one in told) == ["PORT", "SLICE_SECONDS"]
    assert "-1" not in found.out


def test_a_database_without_tables_is_told_how_to_get_them(
    run: Run, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'nothing.sqlite'}")
    schema = checks(run("doctor", "--json"))["schema"]
    assert schema["level"] == "fail"
    assert "database upgrade" in schema["advice"]
    assert not (tmp_path / "nothing.sqlite").exists()


def test_a_database_that_is_away_is_no_traceback(run: Run, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "postgresql+psycopg://nobody:a-secret@127.0.0.1:9/nothing")
    found = run("doctor", "--json")
    assert checks(found)["database"]["level"] == "fail"
    assert "a-secret" not in found.out


def test_a_connection_in_trouble_has_a_line(run: Run, world: World) -> None:
    with world.context.database.writing() as session:
        refused = update(Connection).where(Connection.vendor == "connectwise")
        session.execute(refused.values(status="needs_reconnect"))
    line = checks(run("doctor", "--json"))["connection:northwind/connectwise"]
    assert line["level"] == "fail"
    assert "connection show northwind connectwise" in line["advice"]


def test_a_lost_key_is_found(run: Run, world: World, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENCRYPTION_KEYS", "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItMTI=")
    keys = checks(run("doctor", "--json"))["keys"]
    assert keys["level"] == "fail"
    assert "connection" in keys["what"]


def test_redis_is_asked_itself_and_workers_by_their_signs_of_life(
    run: Run, world: World, environment: pytest.MonkeyPatch, redis_url: str
) -> None:
    environment.setenv("REDIS_URL", redis_url)
    by_name = checks(run("doctor", "--json"))
    assert by_name["redis"]["level"] == by_name["redis:policy"]["level"] == by_name["clock:redis"]["level"] == "ok"
    assert "No worker of the queue push is alive" in by_name["worker:push"]["what"]
