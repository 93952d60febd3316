"""A terminal for `python -m cli`: each command is a process of its own, and begins with everything loaded.

Starting Python and importing the libraries takes a second, which is most of what a short command does. Here one process
imports them once, and each command is a copy of it (`os.fork`).
"""

import contextlib
import fcntl
import multiprocessing
import multiprocessing.process
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory
from typing import TextIO

_PROCESSES = multiprocessing.get_context("forkserver")
# The program itself imports on demand what a command needs; not `workers.app`, which reads the settings meanwhile.
_LOADED = [
    "cli.__main__",
    "cli.connections",
    "workers.composition",
    "workers.logging",
    "models.views",
    "usecases.retry",
]
_PROCESSES.set_forkserver_preload(["tests.terminal", *_LOADED])
_ROOT = Path(__file__).parents[1]
LONGEST_SECONDS = 300


def _process(*arguments: object) -> "multiprocessing.process.BaseProcess":
    # It looks for what it is to import in the directory where it is started, and says nothing if that is not there.
    with contextlib.chdir(_ROOT):
        forkserver.ensure_running()
    return _PROCESSES.Process(target=_command, args=arguments)


def run_command(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, *, stdin: str = ""
) -> CompletedProcess[str]:
    """Runs `python -m cli` with the arguments, in the folder and in nothing but the environment."""
    with TemporaryDirectory() as directory:
        told, output, errors = (Path(directory) / name for name in ("input", "output", "errors"))
        told.write_text(stdin)
        process = _process(arguments, dict(environment), folder, output, errors, told)
        process.start()
        process.join(LONGEST_SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
        return CompletedProcess(arguments, process.exitcode or 0, output.read_text(), errors.read_text())


@dataclass(frozen=True)
class Running:
    """A command that is still running, and what it says meanwhile."""

    process: "multiprocessing.process.BaseProcess"
    told: TextIO
    output: TextIO
    errors: TextIO

    def end(self, say: str = "") -> CompletedProcess[str]:
        """Says this as the last thing, and waits until the command has ended."""
        self.told.write(say)
        self.told.close()
        errors, output = self.errors.read(), self.output.read()
        self.process.join(LONGEST_SECONDS)
        assert self.process.exitcode is not None, "it does not end"
        return CompletedProcess([], self.process.exitcode, output, errors)


@contextlib.contextmanager
def running_command(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> Iterator[Running]:
    """The same for as long as the block lasts, for a command that is spoken with."""
    with TemporaryDirectory() as directory, contextlib.ExitStack() as opened:
        told, output, errors = pipes = [Path(directory) / name for name in ("input", "output", "errors")]
        for pipe in pipes:
            os.mkfifo(pipe)
        process = _process(arguments, dict(environment), folder, output, errors, told)
        process.start()
        try:
            # Each waits for the other end: in the order in which the command opens them.
            ends = [opened.enter_context(pipe.open(mode)) for pipe, mode in zip(pipes, "wrr", strict=True)]
            yield Running(process, *ends)
        finally:
            process.kill()
            process.join()


def run_on_screen(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, columns: int
) -> tuple[int, str]:
    """The same at a terminal of so many columns: the exit code, and all that is on the screen, without its colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    screen = Path(os.ttyname(theirs))
    seen: list[bytes] = []

    def read() -> None:
        # Linux ends the reading side of a terminal that nobody holds any more with an error.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 1 << 16):
                seen.append(piece)

    reader = threading.Thread(target=read)
    reader.start()
    process = _process(arguments, {"TERM": "xterm-256color", **environment}, folder, screen, screen)
    process.start()
    process.join(LONGEST_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
    os.close(theirs)
    reader.join()
    os.close(ours)
    text = b"".join(seen).decode().replace("\r\n", "\n")
    return process.exitcode or 0, re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def _command(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    output: Path,
    errors: Path,
    told: Path | None = None,
) -> None:
    from cli.__main__ import app

    if told is not None:
        os.dup2(os.open(told, os.O_RDONLY), 0)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the process ends with it
    for stream, file in ((1, output), (2, errors)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["python -m cli", *arguments]
    app(prog_name="python -m cli")
