"""Every process starts and works with the rights that it has in production: none.

Without any capability to change anything, on a file system that it cannot write to but for its state, with the secret files of compose and
nothing else. The user stays who runs the tests, and may read everything, because a checkout may be readable by nobody else.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from models.database import upgrade
from settings.processes import Process
from tests.deploy.installations import DEPLOY, ROOT, installed
from tests.deploy.scripts import make_secrets
from tests.until import wait_until
from workers.redis_server import free_port, signal_group, spawn

PATIENCE_SECONDS = 200.0
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
# The mounts are the process's own, and the root is read-only in them. Then the rights go.
CONFINED = """
mount --bind "$STATE_DIR" "$STATE_DIR" && mount -o remount,ro,bind / &&
exec setpriv --bounding-set=-all,+dac_read_search --inh-caps=-all --no-new-privs "$@"
"""


def confined(*command: str) -> list[str]:
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", CONFINED, "sh", *command]


def can_be_confined() -> bool:
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("setpriv"):
        return False
    return subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.slow,
    pytest.mark.proof,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("processes"),
    pytest.mark.skipif(not can_be_confined(), reason="only root may confine a process"),
]


class Confined:
    """The processes that run, what they have printed, and how each shows that it works."""

    def __init__(self, state: Path, logs: Path, redis_url: str) -> None:
        self.state, self.logs = state, logs
        self.web, self.flower = free_port(), free_port()
        make_secrets(state / "secrets")
        for name, value in (("redis_url", redis_url), ("database_url", f"sqlite:///{state}/payments.sqlite")):
            (state / "secrets" / name).write_text(value)
        self.started = {process: self._start(process) for process in Process}

    def _start(self, process: Process) -> "subprocess.Popen[bytes]":
        way = installed("compose")[process].environment
        environment = {
            **{name: value.replace("/run/secrets", str(self.state / "secrets")) for name, value in way.items()},
            "PATH": PATH,
            "ENVIRONMENT": "production",
            "PUBLIC_URL": "https://payments.example.com",
            "STATE_DIR": str(self.state),
            "TMPDIR": str(self.state),
            "HOST": "127.0.0.1",
            "PORT": str(self.web),
            "FLOWER_ADDRESS": "127.0.0.1",
            "FLOWER_PORT": str(self.flower),
        }
        is_upgrade = process is Process.MIGRATE
        start = ["python", "-m", "cli", "database", "wait"] if is_upgrade else [str(DEPLOY / "process"), process]
        with (self.logs / process).open("wb") as log:
            return spawn(confined(*start), env=environment, cwd=ROOT, stdout=log, stderr=log)

    def said(self, process: Process) -> str:
        return (self.logs / process).read_text()

    def works(self, process: Process) -> bool:
        signs: dict[Process, Callable[[], bool]] = {
            Process.WEB: lambda: _answers(f"http://127.0.0.1:{self.web}/healthz"),
            Process.FLOWER: lambda: _answers(f"http://127.0.0.1:{self.flower}/flower/healthcheck"),
            Process.BEAT: lambda: "Sending due task sweep" in self.said(process),
            Process.MIGRATE: lambda: "can be worked with" in self.said(process),
            Process.INGEST: lambda: "succeeded" in self.said(process),
        }
        is_well = signs.get(process, lambda: "ready" in self.said(process))()
        assert is_well or self.started[process].poll() is None, self.said(process)
        return is_well

    def stop(self) -> None:
        for one in self.started.values():
            signal_group(one, 9)
            one.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=60).ok
    except requests.ConnectionError:
        return False


@pytest.fixture
def running(tmp_path: Path, redis_url: str) -> Iterator[Confined]:
    for name in ("state", "logs"):
        (tmp_path / name).mkdir()
    upgrade(f"sqlite:///{tmp_path}/state/payments.sqlite")
    opened = Confined(tmp_path / "state", tmp_path / "logs", redis_url)
    yield opened
    opened.stop()


def test_every_process_works_without_any_right(running: Confined) -> None:
    for process in Process:
        wait_until(lambda process=process: running.works(process), f"{process} works", PATIENCE_SECONDS)  # type: ignore[misc]
        said = running.said(process)
        assert "Read-only file system" not in said, said
        assert "Permission denied" not in said, said
        if process is not Process.MIGRATE:
            # One is left, the one to read.
            status = Path(f"/proc/{running.started[process].pid}/status").read_text()
            assert "\nCapEff:\t0000000000000004\n" in status
            assert "\nNoNewPrivs:\t1\n" in status


def test_it_would_be_noticed_if_one_wrote_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    environment = {**os.environ, "STATE_DIR": str(tmp_path / "state")}
    for place, ends in ((tmp_path / "state", 0), (tmp_path, 1)):
        command = confined("touch", str(place / "written"))
        ended = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert ended.returncode == ends, ended.stderr
