"""Debian's Chromium without a window as a program: how it starts, ends, and is spoken to over a pipe."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

PROGRAM = Path("/usr/bin/chromium")
# Chromium reads commands from file 3 and answers on file 4; the pipe's ends have other numbers here.
_TRAMPOLINE = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
ANSWER_SECONDS = 30


class Pipe:
    """Commands to one browser, and what it answers and tells of its own."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._numbers = itertools.count(1)
        self._unread = b""

    def send(self, method: str, session: str | None, parameters: dict[str, Any]) -> int:
        """The number that the answer will have."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        return number

    def next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            piece = os.read(self._answers, 1 << 16)
            assert piece, "Chromium has ended, or did not answer in time"
            self._unread += piece
        text, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def close(self) -> None:
        """The end of the pipe tells Chromium to go."""
        os.close(self._commands)
        os.close(self._answers)


class Program:
    """A running Chromium with an empty profile, which can reach this machine only."""

    def __init__(self, profile: Path) -> None:
        (for_browser, commands), (answers, from_browser) = os.pipe(), os.pipe()
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--no-proxy-server",
            "--hide-scrollbars",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"--user-data-dir={profile}",
            "--remote-debugging-pipe",
        ]
        command = [sys.executable, "-c", _TRAMPOLINE, str(for_browser), str(from_browser), str(PROGRAM), *options]
        self._process = subprocess.Popen(
            command, pass_fds=(for_browser, from_browser), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(for_browser)
        os.close(from_browser)
        self.pipe = Pipe(commands, answers)

    @property
    def process_id(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        self.pipe.close()
        try:
            self._process.wait(timeout=ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def ended_after(seconds: float, program: Program) -> Iterator[None]:
    watchdog = Timer(seconds, program.kill)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()
