"""A real Flower beside a real worker: an operator reads whose work it was, and nobody else reads anything."""

import os
import signal
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from celery import Celery

from settings import Settings
from settings.celery import celery_configuration
from tasks.context import Step
from tests.until import wait_until
from tests.world import World, open_world
from workers.flower_view import flower_logins
from workers.lane_names import LaneNames
from workers.nudges import CeleryNudge
from workers.processes import Processes
from workers.redis_server import free_port

ROOT = Path(__file__).parents[2]
LOGIN = ("operator", "of-the-test")

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600), pytest.mark.xdist_group("processes")]


@dataclass(frozen=True)
class Watched:
    """A worker, a Flower that watches it, and what nudges the worker."""

    processes: Processes
    address: str
    state_dir: Path
    nudge: CeleryNudge
    celery: Celery

    def get(self, path: str, auth: tuple[str, str] | None = LOGIN) -> requests.Response:
        return requests.get(f"{self.address}{path}", auth=auth, timeout=60)

    def tasks(self) -> list[dict[str, Any]]:
        return list(self.get("/api/tasks").json().values())

    def start(self, name: str) -> None:
        self.processes.start(name)
        if name == "flower":
            wait_until(self._answers, "Flower answers")

    def _answers(self) -> bool:
        assert self.processes.alive("flower"), self.processes.tail("flower")
        try:
            return self.get("/healthcheck", auth=None).ok
        except requests.ConnectionError:
            return False


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


@pytest.fixture
def watched(world: World, database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Watched]:
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "STATE_DIR": str(tmp_path / "state"),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_URL": "https://payments.example.com",
        "FLOWER_PORT": str(port),
        "FLOWER_URL_PREFIX": "/flower/",
        "FLOWER_BASIC_AUTH": ":".join(LOGIN),
    }
    celery = Celery()
    celery.conf.update(celery_configuration(Settings(_env_file=None, redis_url=redis_url)))  # type: ignore[call-arg]
    processes = Processes(ROOT / "Procfile", environment, tmp_path / "logs")
    nudge = CeleryNudge(celery, None, LaneNames(world.context.database))
    (tmp_path / "state").mkdir()
    yield Watched(processes, f"http://127.0.0.1:{port}/flower", tmp_path / "state", nudge, celery)
    processes.stop_all()
    celery.close()


def test_an_operator_reads_whose_work_it_was_behind_a_proxy_and_after_a_restart(watched: Watched, world: World) -> None:
    watched.start("flower")
    watched.start("match")
    watched.start("ingest")

    def shown() -> set[tuple[str, str]]:
        # One whose beginning was before Flower asked for events has no name.
        return {(task["name"], task["args"]) for task in watched.tasks() if task["name"]}

    def work() -> None:
        # Flower has to have asked the workers for events first.
        watched.nudge(Step.MATCH, world.organization_id)
        watched.nudge(Step.INGEST, world.source_id)
        watched.celery.send_task("payments.sweep")

    wanted = {
        ("payments.match", f"northwind (organization {world.organization_id})"),
        ("payments.ingest", f"northwind quickbooks (connection {world.source_id})"),
    }

    def is_shown() -> bool:
        work()
        return wanted <= shown()

    wait_until(is_shown, "both lanes are shown")
    sweeps = watched.processes.tail("ingest", 500)
    assert any("payments.sweep" in line and "succeeded" in line for line in sweeps), "sweeps have run meanwhile"
    assert "payments.sweep" not in {name for name, _ in shown()}
    assert all(arguments.startswith("northwind") for _, arguments in shown()), shown()

    menu = watched.get("/tasks").text
    assert 'href="https://payments.example.com/">Partner Dashboard</a>' in menu
    assert 'href="/flower/workers"' in menu, "its own links lead below the prefix"
    assert '<th data-column="args">' in menu

    os.kill(watched.processes._lines["flower"].popen.pid, signal.SIGTERM)  # type: ignore[union-attr]
    wait_until(lambda: not watched.processes.alive("flower"), "Flower has stopped")
    watched.processes.deaths()
    kept = [path for path in watched.state_dir.iterdir() if path.name.startswith("flower")]
    assert kept
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    watched.processes.stop_all()
    watched.start("flower")
    assert wanted <= shown(), "it has kept them"


def test_nobody_looks_without_the_password_or_changes_anything_with_it(watched: Watched) -> None:
    watched.start("flower")
    for path in ("/", "/tasks", "/workers", "/broker", "/api/tasks", "/api/workers"):
        assert watched.get(path, auth=None).status_code == 401, path
        assert watched.get(path, auth=("operator", "wrong")).status_code == 401, path
        assert watched.get(path).status_code == 200, path
    act = f"{watched.address}/api/task/async-apply/payments.sweep"
    assert requests.post(act, json={}, auth=LOGIN, timeout=60).status_code in {403, 405}


def test_without_a_password_it_makes_one_up_here_and_refuses_to_start_in_production(tmp_path: Path) -> None:
    here = Settings(_env_file=None, state_dir=tmp_path / "state", flower_basic_auth="")
    [login] = flower_logins(here)
    assert login.startswith("operator:")
    assert len(login) > 20
    assert flower_logins(here) == [login], "the same after a restart"
    assert stat.S_IMODE((tmp_path / "state/flower-login").stat().st_mode) == 0o600

    key = "c29tZS1rZXktb2YtMzItYnl0ZXMtZm9yLXRlc3RzISE="
    there = {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "production",
        "STATE_DIR": str(tmp_path),
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}",
        "ENCRYPTION_KEYS": key,
        "FLOWER_PORT": str(free_port()),
    }
    processes = Processes(ROOT / "Procfile", there, tmp_path / "logs")
    processes.start("flower")
    wait_until(lambda: not processes.alive("flower"), "it has refused")
    [death] = processes.deaths()
    assert death.exit_code != 0
    assert "FLOWER_BASIC_AUTH: must be set in production as user:password" in "\n".join(death.last_lines)
