"""A worker that is told to stop has ended in time, whatever its peers do.

A thread that waits for somebody cannot be interrupted, and Celery waits for all of them: for a server that answers a
byte at a time, a database that hangs, a Redis that is away. So first the steps end what they are at and begin nothing
new, which takes seconds with peers that are well. What is not done then is dropped as by a kill -9, at a moment that we
choose and not our supervisor: everything may be killed at any moment (ARCHITECTURE.md), a write that is cut off is in
doubt, and the next holder of the lane looks.
"""

import os
import sys
import threading
import time

import structlog

log = structlog.get_logger()


def end_within(seconds: float, stopping: threading.Event) -> None:
    """Tells the steps that it is over; the process has ended after so long.

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
    # It was asked to end, and does. `sys.exit` would wait for the very threads that wait for somebody.
    os._exit(0)
