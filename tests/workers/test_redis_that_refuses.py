"""Redis is there and refuses to write: a replica after a failover, no memory left, too few replicas of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from limits.storage import RedisStorage

from connectors.limits import Limiter, Rate
from tasks.context import Step
from tests.servers import SqliteDatabases
from tests.until import wait_until
from web.throttling import Throttle
from workers.nudges import CeleryNudge
from workers.redis_server import RedisServer, find_or_start, signal_group, spawn

WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a replica": (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    "no memory": (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
    "no replicas of its own": (
        ("CONFIG", "SET", "min-replicas-to-write", "1"),
        ("CONFIG", "SET", "min-replicas-to-write", "0"),
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One of its own: it is made unusable."""
    started = find_or_start(None, tmp_path_factory.mktemp("refusing-redis"))
    yield started
    started.stop()


@contextmanager
def refusing(server: RedisServer, way: str) -> Iterator[None]:
    begins, ends = WAYS[way]
    client = redis.Redis.from_url(server.url)
    client.execute_command(*begins)
    try:
        with pytest.raises(redis.ResponseError):
            client.set("anything", 1)
        yield
    finally:
        client.execute_command(*ends)


@contextmanager
def a_worker(server: RedisServer, database_url: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, "REDIS_URL": server.url, "DATABASE_URL": database_url}
    command = [str(Path(sys.executable).with_name("celery")), "-A", "workers.app", "worker", "-Q", "routine"]
    command += ["-P", "threads", "-c", "1", "--without-gossip", "--without-mingle", "-n", "refused@%h"]
    log.touch()
    with log.open("wb") as file:
        worker = spawn(command, env=environment, stdout=file, stderr=file, cwd=Path(__file__).parents[2])
        try:
            yield worker
        finally:
            signal_group(worker, 15)
            worker.wait(timeout=60)


@pytest.mark.slow
@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", WAYS)
def test_a_worker_waits_until_redis_may_be_written_to_and_goes_on(
    server: RedisServer, sqlite_databases: SqliteDatabases, tmp_path: Path, way: str
) -> None:
    """It is started on a Redis that refuses; or it comes back to one that has failed over meanwhile."""
    log = tmp_path / "worker.log"

    def said(what: bytes) -> int:
        return log.read_bytes().count(what)

    def works() -> None:
        done = said(b"succeeded")
        _celery(server.url).send_task("payments.sweep", queue="routine")
        wait_until(lambda: said(b"succeeded") > done, "the worker does its work")

    with ExitStack() as running:
        with refusing(server, way):
            worker = running.enter_context(a_worker(server, sqlite_databases.fresh(tmp_path), log))
            wait_until(lambda: said(b"Trying to reconnect") >= 2, "it has tried again")
        works()
        if way == "a replica":
            before = said(b"Trying to reconnect")
            with refusing(server, way):
                wait_until(lambda: said(b"Trying to reconnect") >= before + 2, "it has tried again")
            works()
        assert worker.poll() is None


@pytest.mark.parametrize("way", WAYS)
def test_nudges_limits_and_logins_go_on_without_it(server: RedisServer, way: str) -> None:
    client: Any = redis.Redis.from_url(server.url)
    limiter = Limiter(RedisStorage(server.url, key_prefix="refusing"), processes=1)
    throttle = Throttle(client)
    nudge = CeleryNudge(_celery(server.url), client)
    rates = (Rate(100, 60, allowed=120),)
    assert limiter.permit("tenant", rates) is None
    with refusing(server, way):
        nudge(Step.MATCH, 1)
        nudge.arrived(Step.MATCH, 1)
        assert limiter.permit("tenant", rates) is None
        waits = [limiter.permit("tenant", rates) for _ in range(130)]
        assert all(wait is None or timedelta(0) < wait <= timedelta(seconds=60) for wait in waits)
        assert any(waits), "while nobody counts for all, only a part may be used"
        assert throttle.permits("somebody", "192.0.2.1")
        assert not all(throttle.permits("somebody", "192.0.2.1") for _ in range(10))
        throttle.forget("somebody", "192.0.2.1")


def _celery(url: str) -> Any:
    from celery import Celery

    app = Celery(broker=url)
    app.conf.broker_transport_options = {"global_keyprefix": "payments:"}
    app.conf.task_publish_retry_policy = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.3}
    return app
