"""Where a crash test ends this process: at a named point between two steps of I/O, as `kill -9` would."""

import os
import signal
import threading
from collections.abc import Callable

from tasks.points import Point

# "push.intended" ends the process at that point, "push.intended:3" the third time it is reached.
CRASH_POINT_VARIABLE = "CRASH_POINT"


def chosen_crash_point() -> Callable[[Point], None]:
    """What the Context calls at each point; does nothing unless the environment names one."""
    chosen, _, times = os.environ.get(CRASH_POINT_VARIABLE, "").partition(":")
    if not chosen:
        return lambda _point: None
    remaining = [int(times or 1)]
    lock = threading.Lock()

    def reached(point: Point) -> None:
        if point != chosen:
            return
        with lock:
            remaining[0] -= 1
            if remaining[0] == 0:
                # Not sys.exit: no handler, no rollback, no goodbye to the broker may run.
                os.kill(os.getpid(), signal.SIGKILL)

    return reached
