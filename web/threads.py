"""Separate threads for the webhook door, for the question whether all is well, and for the figures.

All other requests share Starlette's forty threads. Slow pages, or many of them, may make other pages wait. A delivery
that is not accepted within three seconds comes again and holds back all later ones.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, fail_after, to_thread
from fastapi import FastAPI

# Never more than the database has reserved connections (`models/database.py`).
DOOR_THREADS = 6
HEALTH_THREADS = 2
METRICS_THREADS = 1
# A Redis that does not answer holds each of them for seconds; if more wait than this, the sweep does the nudging.
NUDGE_THREADS = 4
NUDGES_WAITING_MAX = 200

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    def __init__(self) -> None:
        self.door = CapacityLimiter(DOOR_THREADS)
        self.health = CapacityLimiter(HEALTH_THREADS)
        self.metrics = CapacityLimiter(METRICS_THREADS)
        self.nudges = CapacityLimiter(NUDGE_THREADS)


def threads_of(app: FastAPI) -> Threads:
    threads: Threads = app.state.threads
    return threads


class NoThread(Exception):
    """All threads were busy until the work was too late; it was not begun."""


async def run_in_time(
    threads: CapacityLimiter, patience: timedelta, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """As `run_in`, for work that is useless if it begins too late. Waits for work that has begun.

    Raises:
        NoThread: no thread was free in time.
    """
    try:
        with fail_after(patience.total_seconds()):
            return await run_in(threads, work, *args, **kwargs)
    except TimeoutError as error:
        raise NoThread from error


async def run_in(threads: CapacityLimiter, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await to_thread.run_sync(partial(work, *args, **kwargs), limiter=threads)
