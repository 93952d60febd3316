"""The outside calls of one batch: a few at a time, on threads that the whole process shares.

A lane's own thread decides and talks to the database; these threads only make calls. Results are taken in groups, so
that many answers are recorded together.
"""

import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import timedelta
from types import TracebackType
from typing import Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")


class Wire(Generic[J, R]):
    """Makes calls for jobs, at most `parallel` at a time. On leaving it waits for the calls that have begun.

    Args:
        call: makes the call of one job; runs in a thread of the pool.
        is_alarming: results that must be taken and dealt with before any further call begins.
    """

    def __init__(self, pool: Executor, parallel: int, call: Callable[[J], R], is_alarming: Callable[[R], bool]) -> None:
        self._pool, self._parallel, self._call, self._is_alarming = pool, max(parallel, 1), call, is_alarming
        self._state = threading.Condition()
        self._jobs: deque[J] = deque()
        self._results: list[R] = []
        self._running = 0
        self._alarmed = False
        self._errors: list[BaseException] = []
        # The calls belong to what this thread does at the moment: its trace, and what its log lines are about.
        self._within = contextvars.copy_context()

    def __enter__(self) -> "Wire[J, R]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._state:
            self._jobs.clear()
            self._state.wait_for(lambda: self._running == 0)

    def put(self, *jobs: J) -> None:
        """Makes these calls after all others."""
        self._add(jobs, self._jobs.extend)

    def put_first(self, *jobs: J) -> None:
        """Makes these calls before all that have not been begun."""
        self._add(jobs, lambda new: self._jobs.extendleft(reversed(new)))

    def _add(self, jobs: tuple[J, ...], add: Callable[[tuple[J, ...]], None]) -> None:
        with self._state:
            add(jobs)
            self._start()

    def drop(self, is_dropped: Callable[[J], bool]) -> list[J]:
        """Gives back those of the jobs whose calls have not begun; they are not made."""
        with self._state:
            dropped = [job for job in self._jobs if is_dropped(job)]
            self._jobs = deque(job for job in self._jobs if not is_dropped(job))
            self._state.notify_all()
            return dropped

    def take(self, patience: timedelta, linger: timedelta) -> list[R] | None:
        """The results that have come; an empty list if none came within the patience, None if none will come.

        Args:
            linger: how long to wait for more after the first one, so that they are dealt with together. Does not wait
                when no call is under way.

        Raises:
            Exception: the exception that a call raised.
        """
        with self._state:
            self._state.wait_for(lambda: self._results or self._has_stopped, patience.total_seconds())
            ends = time.monotonic() + linger.total_seconds()
            while self._results and not self._has_stopped:
                left = ends - time.monotonic()
                if left <= 0 or not self._state.wait(left):
                    break
            if self._errors:
                raise self._errors[0]
            if not self._results and self._has_stopped and not self._jobs:
                return None
            results, self._results = self._results, []
            return results

    def resume(self) -> None:
        """The alarming result has been dealt with: the other calls continue."""
        with self._state:
            self._alarmed = False
            self._start()

    @property
    def _has_stopped(self) -> bool:
        return bool(self._errors) or (self._running == 0 and (self._alarmed or not self._jobs))

    def _start(self) -> None:
        for _ in range(0 if self._alarmed else min(self._parallel - self._running, len(self._jobs))):
            # First: a pool that accepts no more work (the process is ending) raises, and then nothing is under way.
            self._pool.submit(self._run)
            self._running += 1

    def _run(self) -> None:
        while True:
            with self._state:
                if self._alarmed or self._errors or not self._jobs:
                    self._running -= 1
                    self._state.notify_all()
                    return
                job = self._jobs.popleft()
            try:
                result = self._within.copy().run(self._call, job)
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that takes
                with self._state:
                    self._errors.append(error)
                continue
            with self._state:
                self._results.append(result)
                if self._is_alarming(result):
                    self._alarmed = True
                self._state.notify_all()
