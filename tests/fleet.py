"""Processes that are replaced one by one, as a supervisor does it, from one or another version of the program.

A successor is started before its predecessor is told to stop, as Kubernetes does it, or after it has ended, as compose
and systemd do. The door's socket stays open meanwhile, as systemd's does (`deploy/systemd/payments@web.socket`).
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from workers.redis_server import has_ended, signal_group, spawn

LINES = ("web", "ingest", "match", "push", "copy", "notify", "beat", "flower")
# Only one of each may run: the clock keeps a file, Flower has a port of its own.
ALONE = ("beat", "flower")
# What each writes into its log once it is at work.
IS_READY = {"web": r"Application startup complete", "beat": r"beat: Starting", "flower": r"Visit me at"}
OF_WORKERS = r"@\S+ ready\."
START_SECONDS = 240.0
# Where files of the supervisor begin (sd_listen_fds(3)).
FIRST_FILE = 3


@dataclass
class Member:
    """A process that runs, or has run."""

    line: str
    name: str
    log: Path
    popen: "subprocess.Popen[bytes]"

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    @property
    def has_ended(self) -> bool:
        return has_ended(self.popen)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not re.search(IS_READY.get(self.line, OF_WORKERS), self.said):
            assert not self.has_ended, f"{self.name} ended with {self.popen.returncode}:\n{self.said[-4000:]}"
            assert time.monotonic() < deadline, f"{self.name} has not started:\n{self.said[-4000:]}"
            time.sleep(0.05)


@dataclass(frozen=True)
class Ended:
    """How a process ended that was told to stop."""

    name: str
    seconds: float
    exit_code: int


@dataclass
class Fleet:
    """The processes that run.

    Attributes:
        listening: the door's socket; a version that cannot take it is given none, and listens by itself.
    """

    environment: Mapping[str, str]
    logs: Path
    stop_seconds: float
    listening: socket.socket
    running: dict[str, Member] = field(default_factory=dict)
    ended: list[Ended] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def start(self, tree: Path, lines: Sequence[str]) -> None:
        """Starts these lines of the Procfile of this version, all at once, and waits until they are at work."""
        started = [self._start(tree, line) for line in lines]
        for member in started:
            member.wait_until_ready()
            self.running[member.line] = member

    def replace(self, line: str, tree: Path, *, successor_first: bool = True) -> None:
        """Another process of this version takes over, as the supervisor would do it."""
        if not successor_first or line in ALONE:
            self.stop(line)
            self.start(tree, [line])
            return
        predecessor = self.running[line]
        self.start(tree, [line])
        self._stop(predecessor)

    def stop(self, line: str) -> None:
        self._stop(self.running.pop(line))

    def died(self) -> list[str]:
        """Those that ended although nobody had told them to."""
        return [member.name for member in self.running.values() if member.has_ended]

    def _stop(self, member: Member) -> None:
        """Only the process itself is told, as by systemd and Docker; whatever it has started is its own matter."""
        begun = time.monotonic()
        assert not member.has_ended, f"{member.name} had ended by itself:\n{member.said[-4000:]}"
        os.kill(member.popen.pid, signal.SIGTERM)
        while not member.has_ended:
            assert time.monotonic() < begun + self.stop_seconds, f"{member.name} does not end:\n{member.said[-4000:]}"
            time.sleep(0.02)
        self.ended.append(Ended(member.name, time.monotonic() - begun, member.popen.returncode))

    def _start(self, tree: Path, line: str) -> Member:
        name = f"{line}.{next(self._numbers)}"
        log = self.logs / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        found = re.search(rf"^{line}: *(.+)$", (tree / "Procfile").read_text(), re.MULTILINE)
        assert found, f"{tree} has no process {line}"
        command = found[1]
        environment = {
            **self.environment,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{self.environment['PATH']}",
            "PROCESS_NAME": name,
        }
        options, before = {}, ""
        if line == "web":
            number = self.listening.fileno()
            options = {"pass_fds": (number,)}
            before = f"import os; os.dup2({number}, {FIRST_FILE}, inheritable=True);"
            environment["LISTEN_FDS"] = "1"
            # A version before that option takes a file by its number.
            command = command.replace("--host", f"--fd {FIRST_FILE} --host")
        with log.open("ab") as output:
            shell = ["/bin/sh", "-c", command]
            popen = spawn(shell, before=before, cwd=tree, env=environment, stdout=output, stderr=output, **options)
        member = Member(line, name, log, popen)
        self.members.append(member)
        return member

    def kill(self) -> None:
        for member in self.members:
            signal_group(member.popen, signal.SIGKILL)
            member.popen.wait()


@contextmanager
def open_fleet(environment: Mapping[str, str], logs: Path, stop_seconds: float) -> Iterator[Fleet]:
    """None runs yet; whatever is left at the end is killed."""
    with socket.create_server((environment["HOST"], int(environment["PORT"])), backlog=512) as listening:
        fleet = Fleet(environment, logs, stop_seconds, listening)
        try:
            yield fleet
        finally:
            fleet.kill()
