"""Starts the processes that die. They are forked from one that has everything imported: most live only for moments."""

import multiprocessing
import os
import signal
import sys
import tempfile
from pathlib import Path

from tests.crash.worker import Job, do
from workers.crash_points import CRASH_POINT_VARIABLE

SECONDS_MAX = 60
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.crash.worker"])


def run_process(job: Job, crash_point: str = "") -> bool:
    """Runs the job to its end, or to the death of its process; True if it died."""
    with tempfile.NamedTemporaryFile(prefix="crash-") as output:
        process = _processes.Process(target=_become, args=(job, crash_point, output.name))
        process.start()
        process.join(SECONDS_MAX)
        if process.exitcode is None:
            process.kill()
            process.join()
        said = Path(output.name).read_text("utf-8", "replace")[-5000:]
    assert process.exitcode in (0, -signal.SIGKILL), f"exit code {process.exitcode}: {said}"
    assert process.exitcode == 0 or crash_point or job.dies_after, f"it found no end: {said}"
    return process.exitcode != 0


def _become(job: Job, crash_point: str, output: str) -> None:
    descriptor = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    os.environ[CRASH_POINT_VARIABLE] = crash_point
    do(job)
