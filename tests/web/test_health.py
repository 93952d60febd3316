"""What this process says to whoever restarts it, sends it requests, or watches the whole installation."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from connectors.tally import Tally
from domain.measures import Measure
from domain.readiness import QUEUES
from models.running_processes import ProcessKind
from settings import Settings
from tests.web.applications import application
from tests.web.browser import Browser
from tests.world import World
from workers.pulse import Pulse


@pytest.fixture
def with_redis(world: World, redis_url: str) -> Browser:
    return Browser(application(world.context, Settings(_env_file=None, redis_url=redis_url)))


def lives(world: World, folder: Path, kind: ProcessKind, name: str, *queues: str, tally: Tally | None = None) -> Pulse:
    """A process that has just given a sign of life."""
    pulse = Pulse(
        world.context.database,
        world.clock.now,
        folder,
        kind=kind,
        name=name,
        version="1",
        queues=queues,
        tally=tally or Tally(),
    )
    pulse.write()
    return pulse


def everybody_lives(world: World, folder: Path) -> list[Pulse]:
    swept = Tally()
    swept.note(Measure.ROUTINE_LAST_RUN, "sweep", at=world.clock.now())
    workers = [lives(world, folder, ProcessKind.WORKER, queue, queue) for queue in QUEUES]
    return [*workers, lives(world, folder, ProcessKind.BEAT, "beat", tally=swept)]


def problems(browser: Browser) -> list[str]:
    answer = browser.get("/readyz")
    told = answer.json()
    assert (answer.status_code, told["ready"]) == ((503, False) if told["problems"] else (200, True))
    assert all(one["what"] and one["do"] for one in told["problems"])
    return [one["check"] for one in told["problems"]]


def test_this_process_is_well_whatever_becomes_of_the_others(anybody: Browser, app_without_database: FastAPI) -> None:
    for browser in (anybody, Browser(app_without_database)):
        answer = browser.get("/healthz")
        assert (answer.status_code, answer.json()["alive"]) == (200, True)


def test_an_installation_is_ready_while_everybody_lives(world: World, with_redis: Browser, tmp_path: Path) -> None:
    assert problems(with_redis) == [*(f"worker:{queue}" for queue in QUEUES), "beat", "sweep"]
    everybody_lives(world, tmp_path)
    assert problems(with_redis) == []
    world.clock.move(minutes=3)
    assert problems(with_redis) == [*(f"worker:{queue}" for queue in QUEUES), "beat", "sweep"]


def test_a_worker_that_ends_as_it_should_is_missed_at_once(world: World, with_redis: Browser, tmp_path: Path) -> None:
    everybody = everybody_lives(world, tmp_path)
    next(one for one in everybody if one.name.startswith("push@")).end()
    assert problems(with_redis) == ["worker:push"]


def test_without_a_redis_it_is_not_ready(world: World, anybody: Browser, tmp_path: Path) -> None:
    everybody_lives(world, tmp_path)
    assert problems(anybody) == ["redis"]


def test_requests_may_be_sent_here_although_no_worker_lives(anybody: Browser) -> None:
    answer = anybody.get("/readyz/web")
    assert (answer.status_code, [one["check"] for one in answer.json()["checks"]]) == (200, ["database", "schema"])


def test_without_the_database_no_request_is_to_be_sent_here(app_without_database: FastAPI) -> None:
    for address in ("/readyz", "/readyz/web"):
        answer = Browser(app_without_database).get(address)
        assert (answer.status_code, answer.json()["problems"][0]["check"]) == (503, "database")
        assert "Nothing is lost" in answer.json()["problems"][0]["do"]


def test_a_schema_that_this_release_cannot_work_with(world: World, anybody: Browser) -> None:
    with world.context.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'statements'"))
    [problem] = anybody.get("/readyz/web").json()["problems"]
    assert "The schema is statements; this release needs" in problem["what"]
    assert "python -m cli database upgrade" in problem["do"]
