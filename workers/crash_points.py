"""Ends or freezes this process in a crash test: at a named point between two steps of I/O, as `kill` would."""

import os
import signal
import threading
import time
from collections.abc import Callable

from tasks.points import Point

# "push.intended" ends the process at that point, "push.intended:3" the third time that it gets there, and
# "push.intended:1:STOP" freezes it there until it receives SIGCONT.
CRASH_POINT_VARIABLE = "CRASH_POINT"
TAKES_EFFECT_SECONDS = 0.2


def chosen_crash_point() -> Callable[[Point], None]:
    """The function that the Context calls at each point; does nothing unless the environment names one."""
    chosen, times, name = [*os.environ.get(CRASH_POINT_VARIABLE, "").split(":"), "", ""][:3]
    if not chosen:
        return lambda _point: None
    remaining = [int(times or 1)]
    # Not sys.exit: no handler, no rollback, no goodbye to the broker may run.
    fate = signal.SIGSTOP if name == "STOP" else signal.SIGKILL
    lock = threading.Lock()

    def reached(point: Point) -> None:
        if point != chosen:
            return
        with lock:
            remaining[0] -= 1
            if remaining[0] == 0:
                os.kill(os.getpid(), fate)
                # A signal to the process reaches its threads a moment later; this thread must not run on meanwhile.
                time.sleep(TAKES_EFFECT_SECONDS)

    return reached
