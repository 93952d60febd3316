"""A real worker and a real beat: they live while they hear Redis and tick, and are silent as soon as they do not."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from models.running_processes import running_processes
from tests.contexts import database_at
from tests.servers import SqliteDatabases
from tests.workers.running import running
from workers.heartbeat_file import heartbeat_file

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 250.0
pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600), pytest.mark.xdist_group("processes")]


class Proxy:
    """Stands between a worker and Redis. `freeze` keeps all connections open and lets nothing through any more."""

    def __init__(self, url: str) -> None:
        self._to = (urlsplit(url).hostname, urlsplit(url).port)
        self._frozen = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        self._frozen.set()

    def thaw(self) -> None:
        """Those that were frozen are broken; new ones are let through."""
        self._frozen.clear()
        for one in self._sockets:
            one.close()

    def close(self) -> None:
        self._listener.close()
        self.thaw()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = socket.create_connection(self._to)
                self._sockets += [here, there]
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                while self._frozen.is_set():
                    time.sleep(0.05)
                other.sendall(data)


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    opened = Proxy(redis_url)
    yield opened
    opened.close()


def waits_until(is_so: Callable[[], bool], folder: Path) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < ends, (folder / "log").read_text()[-3000:]
        time.sleep(0.2)


def lives(name: str, folder: Path, within: float) -> bool:
    file = heartbeat_file(folder, name)
    return file.exists() and time.time() - file.stat().st_mtime <= within


def names(database_url: str) -> list[str]:
    with database_at(database_url).reading() as session:
        return [f"{row.name.partition('@')[0]}:{row.queues}" for row in running_processes(session, datetime.now(UTC))]


WORKER = ["worker", "-n", "push@%h", "-Q", "push", "-P", "threads", "-c", "2", "--without-gossip", "--without-mingle"]


def test_a_worker_that_hears_nothing_any_more_gives_no_sign_of_life_until_it_hears_again(
    proxy: Proxy, sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    url = sqlite_databases.fresh(tmp_path)
    with running(WORKER, proxy.url, url, tmp_path):
        waits_until(lambda: lives("push", tmp_path, 15) and names(url) == ["push:push"], tmp_path)
        proxy.freeze()
        waits_until(lambda: not lives("push", tmp_path, 25), tmp_path)
        proxy.thaw()
        waits_until(lambda: lives("push", tmp_path, 15), tmp_path)


def test_a_worker_that_was_told_to_end_says_good_bye(
    redis_url: str, sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    url = sqlite_databases.fresh(tmp_path)
    with running(WORKER, redis_url, url, tmp_path) as worker:
        waits_until(lambda: names(url) == ["push:push"], tmp_path)
        worker.terminate()
        waits_until(lambda: worker.poll() is not None, tmp_path)
    assert names(url) == []
    assert not (tmp_path / "heartbeat-push").exists()


def test_a_beat_lives_while_it_ticks(redis_url: str, sqlite_databases: SqliteDatabases, tmp_path: Path) -> None:
    url = sqlite_databases.fresh(tmp_path)
    with running(["beat", "--schedule", str(tmp_path / "schedule")], redis_url, url, tmp_path) as beat:
        waits_until(lambda: lives("beat", tmp_path, 15) and names(url) == ["beat:"], tmp_path)
        os.kill(beat.pid, signal.SIGSTOP)
        waits_until(lambda: not lives("beat", tmp_path, 25), tmp_path)
        os.kill(beat.pid, signal.SIGCONT)
        waits_until(lambda: lives("beat", tmp_path, 15), tmp_path)
        beat.terminate()
        waits_until(lambda: beat.poll() is not None, tmp_path)
    assert names(url) == []


def test_two_beats_ask_for_the_same_by_name_and_nobody_is_asked_to_do_anything_twice(
    redis_url: str, sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    """Their messages are alike, name what is to be done and carry nothing; who carries them out finds what is due."""
    url = sqlite_databases.fresh(tmp_path)
    client = redis.Redis.from_url(redis_url)
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    with (
        running(["beat", "--schedule", str(first / "schedule")], redis_url, url, first),
        running(["beat", "--schedule", str(second / "schedule")], redis_url, url, second),
    ):
        waits_until(lambda: client.llen("payments:routine") >= 4, first)
    asked = [json.loads(message)["headers"] for message in client.lrange("payments:routine", 0, -1)]
    assert {one["task"] for one in asked} <= {"payments.sweep", "payments.start_catch_ups"}
    assert {one["argsrepr"] for one in asked} == {"()"}
    assert all(one["expires"] for one in asked)
