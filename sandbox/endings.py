"""How a program on the sandbox ends if it cannot go on: one sentence on stderr and an exit code.

A sandbox alone needs no more of the product than this; what else the whole of it can end with is in
`sandbox/demo/endings.py`.
"""

import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from sandbox.control_client import ControlError
from workers.terminal import hang, terminal_width

CANNOT_GO_ON = 2
STOPPED = 130
# Above this many waiting programs for each core, delays are the machine's fault.
BUSY_LOAD_PER_CORE = 1.5


class CannotGoOn(Exception):
    """The play cannot go on; the message is a sentence for the person who started it."""


def sentence_about(error: BaseException) -> str:
    """The problem and its remedy, for a person who does not know the program's internals."""
    match error:
        case CannotGoOn():
            return str(error)
        case requests.RequestException():
            return f"a sandbox does not answer ({type(error).__name__}); start again"
        case ControlError():
            return f"a sandbox refused: {error}"
        case TimeoutError():
            return f"{error}"
        case OSError():
            return _about_the_system(error)
        case _:
            return f"this is a mistake of the program, {type(error).__name__}: {error}{_written_down(error)}"


def ends_in_a_sentence(program: Callable[[], int], about: Callable[[BaseException], str] = sentence_about) -> int:
    """Runs the program; reports an early end in words, those of `about`. Returns the exit code."""
    with _ended_politely():
        try:
            return program()
        except KeyboardInterrupt:
            sys.stderr.write("Stopped.\n")
            return STOPPED
        except Exception as error:  # noqa: BLE001 - a person reads it
            message = f"error: {about(error)}"
            busy = busy_sentence()
            sys.stderr.write(hang(f"{message}\n{busy}" if busy else message, terminal_width()) + "\n")
            return CANNOT_GO_ON


def busy_sentence() -> str:
    """A sentence that the machine is busy, if it is."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load < BUSY_LOAD_PER_CORE * cores:
        return ""
    return (
        f"This machine is busy (load {load:.1f} on {cores} cores), and what comes late may be its doing: "
        "try again when it has less to do."
    )


def _about_the_system(error: OSError) -> str:
    where = f": {error.filename}" if error.filename else ""
    match error.errno:
        case errno.ENOSPC:
            return f"the disk is full{where}; TMPDIR names a folder on another disk"
        case errno.EADDRINUSE:
            return "the port is in use by another program; choose another one"
        case errno.EMFILE | errno.ENFILE:
            return "too many files are open; raise the limit (ulimit -n) or close other programs"
        case errno.ENOMEM | errno.EAGAIN:
            return "the machine has no memory or no process left for this"
        case _:
            return f"{error.strerror or error}{where}"


def _written_down(error: BaseException) -> str:
    """Saves the traceback for a report and returns its place; on the screen it would not help the viewer."""
    file = Path.cwd() / ".state" / "mistakes.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as log:
            traceback.print_exception(error, file=log)
    except OSError:
        return ""
    return f" (the details for a report are in {file})"


@contextmanager
def _ended_politely() -> Iterator[None]:
    """Treats a closed terminal and a SIGTERM like Ctrl-C: ends the processes, and removes the temporary folder."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
