"""The whole system in its own processes: web, workers, beat and Flower, with a real Redis, on PostgreSQL.

On SQLite the demo plays the same stories, and `make crash` kills a worker at every point: the build runs both.
"""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.demo.play import Theatre, judge, open_theatre
from sandbox.demo.report import Reporter
from sandbox.stack import Stack, running_stack
from tests.servers import PostgresqlDatabases

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600), pytest.mark.xdist_group("processes")]


@pytest.fixture
def stack(postgresql_databases: PostgresqlDatabases, tmp_path: Path) -> Iterator[Stack]:
    with postgresql_databases.fresh() as url, running_stack(tmp_path / "stack", database_url=url) as running:
        yield running


@pytest.fixture
def theatre(stack: Stack) -> Iterator[Theatre]:
    opened = open_theatre(stack, Reporter())
    yield opened
    opened.context.database.close()


def test_killed_workers_and_an_emptied_redis_change_no_ending_and_flower_shows_the_tasks(
    theatre: Theatre, stack: Stack
) -> None:
    """Without trouble the same stories are played and judged by `make demo ARGS=--once`, which the build runs."""
    over = threading.Event()
    trouble = threading.Thread(target=make_trouble, args=(stack, over))
    trouble.start()
    try:
        played = theatre.play_all()
    finally:
        over.set()
        trouble.join()
    assert judge(theatre, played, theatre.reporter.seconds) == 0
    wait_for_task_names(stack, {"payments.ingest", "payments.match", "payments.push", "payments.copy"})


def make_trouble(stack: Stack, over: threading.Event) -> None:
    """Kills one worker after the other with SIGKILL, starts it again, and empties Redis in between."""
    victims = ["push", "copy", "match", "ingest"]
    while victims and not over.wait(1.5):
        if stack.processes.alive(victims[0]):
            stack.processes.kill(victims[0])
            stack.redis.flush()
            stack.processes.start(victims.pop(0))


def wait_for_task_names(stack: Stack, wanted: set[str]) -> None:
    deadline = time.monotonic() + 200
    seen: set[str] = set()
    while not wanted <= seen:
        assert time.monotonic() < deadline, f"Flower shows {seen}"
        tasks = requests.get(f"{stack.flower_url}/api/tasks", auth=stack.flower_login, timeout=120)
        assert tasks.status_code == 200, tasks.text
        seen = {task["name"] for task in tasks.json().values()}
        time.sleep(0.2)
