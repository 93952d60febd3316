"""Redis goes away while a worker is in the middle of a task: kombu cannot give the message back, and that is no reason
to end."""

import itertools
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from celery import Celery

from settings import Settings
from settings.celery import celery_configuration
from tests.until import wait_until
from tests.workers.running import running
from workers.redis_server import RedisServer, find_or_start

WORKER = ["worker", "-n", "busy@%h", "-Q", "routine", "-P", "threads", "-c", "4"]
WORKER += ["--without-gossip", "--without-mingle", "-l", "info"]

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


@dataclass
class Work:
    """One task of the worker."""

    begun: Path
    may_end: Path


@dataclass
class Worker:
    server: RedisServer
    folder: Path
    process: "subprocess.Popen[bytes]"
    client: Celery
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def begin(self) -> Work:
        """It is in the middle of a task."""
        number = next(self.numbers)
        work = Work(self.folder / f"begun-{number}", self.folder / f"may-end-{number}")
        self.client.send_task("busy.work", args=[str(work.begun), str(work.may_end)], queue="routine")
        wait_until(lambda: self.is_alive() and work.begun.exists(), lambda: f"did not begin:\n{self.log()}")
        return work

    def is_alive(self) -> bool:
        assert self.process.poll() is None, f"the worker has ended:\n{self.log()}"
        assert "Warm shutdown" not in self.log(), f"the worker ends:\n{self.log()}"
        return True

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")

    def says(self, what: str, more_than: int = 0) -> None:
        wait_until(lambda: self.is_alive() and self.log().count(what) > more_than, lambda: f"no {what}:\n{self.log()}")


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    server = find_or_start(None, tmp_path / "redis")
    client = Celery()
    client.conf.update(celery_configuration(Settings(_env_file=None, redis_url=server.url)))
    no_database = f"sqlite:///{tmp_path}/nobody-asks"
    with running(WORKER, server.url, no_database, tmp_path, app="tests.workers.busy") as process:
        yield Worker(server, tmp_path, process, client)
    client.close()
    server.stop()


def ends_while_redis_is_away(worker: Worker, work: Work) -> None:
    worker.says("Trying again in")
    work.may_end.touch()
    worker.says("Trying again in", more_than=1)
    worker.server.start()


def ends_when_redis_is_back(worker: Worker, work: Work) -> None:
    worker.says("Trying again in")
    connected = worker.log().count("Connected to")
    worker.server.start()
    worker.says("Connected to", more_than=connected)
    work.may_end.touch()


@pytest.mark.parametrize("ends", [ends_while_redis_is_away, ends_when_redis_is_back])
def test_a_worker_lives_on(worker: Worker, ends: Callable[[Worker, Work], None]) -> None:
    work = worker.begin()
    worker.server.kill()
    ends(worker, work)
    worker.says("succeeded")
    worker.begin().may_end.touch()
    worker.says("succeeded", more_than=1)
