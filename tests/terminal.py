"""A terminal for `python -m cli`: each command is a process of its own, and begins with everything loaded.

Starting Python and importing the libraries takes a second, which is most of what a short command does. Here one process
imports them once, and each command is a copy of it (`os.fork`).
"""

import contextlib
import fcntl
import multiprocessing
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.terminal", "cli.__main__"])
LONGEST_SECONDS = 60


def run_command(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> CompletedProcess[str]:
    """Runs `python -m cli` with the arguments, in the folder and in nothing but the environment."""
    with TemporaryDirectory() as directory:
        output, errors = Path(directory) / "output", Path(directory) / "errors"
        process = _PROCESSES.Process(target=_command, args=(arguments, dict(environment), folder, output, errors))
        process.start()
        process.join(LONGEST_SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
        return CompletedProcess(arguments, process.exitcode or 0, output.read_text(), errors.read_text())


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
    process = _PROCESSES.Process(
        target=_command, args=(arguments, {"TERM": "xterm-256color", **environment}, folder, screen, screen)
    )
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
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, output: Path, errors: Path
) -> None:
    from cli.__main__ import app

    for stream, file in ((1, output), (2, errors)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["python -m cli", *arguments]
    app(prog_name="python -m cli")
