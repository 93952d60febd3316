"""A terminal for `python -m cli`: each command is a process of its own, and begins with everything loaded.

Starting Python and importing the libraries takes a second, which is most of what a short command does. Here one process
imports them once, and each command is a copy of it (`os.fork`).
"""

import multiprocessing
import os
import sys
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
