"""Starts, watches and stops the processes of the Procfile.

honcho reads the Procfile. We do not use its manager, because it stops every process as soon as one dies, and because
its children outlive it when it is killed.
"""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from honcho.colour import get_colours
from honcho.environ import parse_procfile
from honcho.printer import Message, Printer

from workers.process_logs import ProcessLog
from workers.redis_server import has_ended, signal_group, spawn

# SIGTERM lets a Celery worker finish its current work (STOP_SECONDS); Ctrl-C must end everything within ten seconds.
GRACE_SECONDS = 8.0
FIRST_RESTART_DELAY_SECONDS = 1.0
LONGEST_RESTART_DELAY_SECONDS = 30.0
# A process that lived this long started properly: after its next death it restarts with the shortest delay.
STEADY_SECONDS = 60.0
TAIL_LINES = 20
TAIL_BYTES = 64 * 1024


@dataclasses.dataclass(frozen=True)
class Death:
    """A process that ended without being asked to."""

    name: str
    exit_code: int  # negative: the signal that ended it, as subprocess has it
    last_lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([f"{self.name} died with exit code {self.exit_code}; its last lines:", *self.last_lines])


@dataclasses.dataclass
class _Line:
    """One instance of one line of the Procfile."""

    name: str
    command: str
    colour: str
    popen: subprocess.Popen[bytes] | None = None
    reader: threading.Thread | None = None
    log: ProcessLog | None = None
    lines: deque[str] = dataclasses.field(default_factory=lambda: deque(maxlen=TAIL_LINES * 10))
    started_at: float = 0.0
    deaths_in_a_row: int = 0
    restart_at: float | None = None

    @property
    def alive(self) -> bool:
        return self.popen is not None and not has_ended(self.popen)

    def send(self, signal_number: int) -> None:
        if self.popen is not None:
            signal_group(self.popen, signal_number)


class Processes:
    """All processes of a Procfile, by name; a line with several instances has them as `push.1`, `push.2`.

    `environment` is their whole environment. With `log_dir` each writes to its own file. Without it, their lines go to
    the terminal, each after the process's name; `keep_in` then stores all lines in files and leaves only those on the
    terminal that a person has to see.
    """

    def __init__(
        self,
        procfile: Path,
        environment: Mapping[str, str],
        log_dir: Path | None = None,
        concurrency: Mapping[str, int] | None = None,
        keep_in: Path | None = None,
    ) -> None:
        self._directory = procfile.resolve().parent
        self._environment = environment
        self._log_dir = log_dir
        if log_dir is not None:
            log_dir.mkdir(parents=True, exist_ok=True)
        # Two threads may ask to start and stop, such as a demo's and the one in run_forever.
        self._lock = threading.RLock()
        self._printing = threading.Lock()
        self._asked_to_stop = False
        commands = parse_procfile(procfile.read_text("utf-8")).processes
        self._lines = {line.name: line for line in _instances(commands, concurrency or {})}
        if keep_in is not None:
            for name, line in self._lines.items():
                line.log = ProcessLog(keep_in / f"{name}.log")
        self._printer = Printer(sys.stdout, width=max(map(len, self._lines), default=0))

    @property
    def names(self) -> list[str]:
        return list(self._lines)

    def alive(self, name: str) -> bool:
        return self._lines[name].alive

    def start_all(self) -> None:
        for name in self._lines:
            self.start(name)

    def start(self, name: str) -> None:
        """Starts a process that is not running; leaves a running one alone."""
        line = self._lines[name]
        with self._lock:
            if line.alive:
                return
            self._collect(line)
            to_file = self._log_dir and (self._log_dir / f"{name}.log").open("ab")
            with to_file or contextlib.nullcontext():
                line.popen = spawn(
                    ["/bin/sh", "-c", line.command],
                    cwd=self._directory,
                    env=self._environment_of(line),
                    stdout=to_file or subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            line.started_at, line.restart_at = time.monotonic(), None
            if to_file is None:
                line.reader = threading.Thread(target=self._relay, args=(line, line.popen), daemon=True)
                line.reader.start()

    def stop_all(self) -> None:
        self._stop(self._lines.values())

    def kill(self, name: str) -> None:
        """SIGKILL, now, to the process and its children; it stays down until it is started again."""
        line = self._lines[name]
        with self._lock:
            line.send(signal.SIGKILL)
            self._collect(line)

    def deaths(self) -> list[Death]:
        """The processes that died by themselves since the last call."""
        with self._lock:
            return [self._bury(line) for line in self._lines.values() if line.popen is not None and not line.alive]

    def tail(self, name: str, lines: int = TAIL_LINES) -> list[str]:
        if self._log_dir is None:
            return list(self._lines[name].lines)[-lines:]
        try:
            with (self._log_dir / f"{name}.log").open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL_BYTES))
                return log.read().decode("utf-8", "replace").splitlines()[-lines:]
        except FileNotFoundError:
            return []

    def run_forever(self) -> None:
        """Runs everything until SIGINT or SIGTERM; restarts dead processes, ever more slowly."""
        with self._stop_on_signals():
            try:
                self.start_all()
                while not self._asked_to_stop:
                    self._tend()
                    time.sleep(0.2)
            finally:
                self.stop_all()
                for line in self._lines.values():
                    if line.log is not None:
                        line.log.close()

    def _tend(self) -> None:
        with self._lock:
            for death in self.deaths():
                self._say(f"{death}\n{death.name} restarts in {self._delay_seconds(death.name):g} s")
            for line in self._lines.values():
                if line.restart_at is not None and line.restart_at <= time.monotonic():
                    self.start(line.name)

    def _delay_seconds(self, name: str) -> float:
        doublings = self._lines[name].deaths_in_a_row - 1
        return float(min(LONGEST_RESTART_DELAY_SECONDS, FIRST_RESTART_DELAY_SECONDS * 2 ** min(doublings, 10)))

    def _bury(self, line: _Line) -> Death:
        assert line.popen is not None
        exit_code = line.popen.wait()
        self._collect(line)
        now = time.monotonic()
        line.deaths_in_a_row = 1 if now - line.started_at > STEADY_SECONDS else line.deaths_in_a_row + 1
        line.restart_at = now + self._delay_seconds(line.name)
        return Death(line.name, exit_code, tuple(self.tail(line.name)))

    def _stop(self, lines: Collection[_Line]) -> None:
        with self._lock:
            for line in lines:
                line.send(signal.SIGTERM)
            deadline = time.monotonic() + GRACE_SECONDS
            while any(line.alive for line in lines) and time.monotonic() < deadline:
                time.sleep(0.05)
            for line in lines:
                self._collect(line)

    def _collect(self, line: _Line) -> None:
        """Cleans up after a process: its children, its zombie, its reader."""
        line.restart_at = None
        if line.popen is None:
            return
        line.send(signal.SIGKILL)
        line.popen.wait()
        if line.reader is not None:
            line.reader.join(timeout=2)
        line.popen = line.reader = None

    def _environment_of(self, line: _Line) -> dict[str, str]:
        # This interpreter's directory first: `celery` and `python` in the Procfile then belong to the environment of
        # this code, whether or not it was activated.
        path = os.pathsep.join([str(Path(sys.executable).parent), self._environment.get("PATH", os.defpath)])
        return {"PYTHONUNBUFFERED": "1", **self._environment, "PATH": path, "PROCESS_NAME": line.name}

    def _relay(self, line: _Line, popen: subprocess.Popen[bytes]) -> None:
        assert popen.stdout is not None
        with popen.stdout as output:
            for raw in output:
                line.lines.append(raw.decode("utf-8", "replace").rstrip())
                if line.log is None or line.log.write(line.lines[-1]):
                    self._say(line.lines[-1], line)

    def _say(self, text: str, line: _Line | None = None) -> None:
        name, colour = (line.name, line.colour) if line else ("", "")
        with self._printing:
            self._printer.write(Message("line", text or " ", datetime.now(UTC), name, colour))

    @contextlib.contextmanager
    def _stop_on_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may install handlers
            return

        def on_signal(*_: object) -> None:
            if self._asked_to_stop:  # a second Ctrl-C: the person is in a hurry
                for line in self._lines.values():
                    line.send(signal.SIGKILL)
            self._asked_to_stop = True

        on_interrupt, on_terminate = signal.signal(signal.SIGINT, on_signal), signal.signal(signal.SIGTERM, on_signal)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, on_interrupt)
            signal.signal(signal.SIGTERM, on_terminate)


def _instances(commands: Mapping[str, str], concurrency: Mapping[str, int]) -> Iterator[_Line]:
    if unknown := concurrency.keys() - commands.keys():
        raise ValueError(f"the Procfile has no process named {', '.join(sorted(unknown))}")
    for (line_name, command), colour in zip(commands.items(), get_colours(), strict=False):
        count = concurrency.get(line_name, 1)
        for number in range(1, count + 1):
            yield _Line(line_name if count == 1 else f"{line_name}.{number}", command, colour)
