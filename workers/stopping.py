"""Ends a worker in time after it was told to stop, whatever its peers do.

A thread that waits for a peer cannot be interrupted, and Celery waits for all of them: for a server that answers one
byte at a time, a database that hangs, a Redis that is away. So first the steps finish their current work and begin
nothing new, which takes seconds with healthy peers. The rest is dropped as by a kill -9, at a moment that we choose and
not our supervisor: everything may be killed at any moment (ARCHITECTURE.md), an interrupted write is in doubt, and the
next holder of the lane looks.
"""

import os
import sys
import threading
import time

import structlog

log = structlog.get_logger()


def end_within(seconds: float, stopping: threading.Event) -> None:
    """Tells the steps to stop; the process ends at the latest after this long.

    Safe in a signal handler: it waits for nothing.
    """
    if stopping.is_set():
        return
    stopping.set()
    threading.Thread(target=_end_after, args=(seconds,), name="end-of-the-process", daemon=True).start()


def _end_after(seconds: float) -> None:
    time.sleep(seconds)
    log.warning("worker.cut_off", after_seconds=seconds)
    sys.stdout.flush()
    sys.stderr.flush()
    # The process was asked to end, and does. `sys.exit` would wait for the very threads that are stuck.
    os._exit(0)
