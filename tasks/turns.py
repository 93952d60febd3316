"""A few lanes of a process work at a time; the others wait for an outside system, or for their turn.

A process has many lanes, because most of them wait most of the time. If all of them computed at once, each would wait
for Python's lock after each of its statements: transactions ten times as long, twice the CPU, and sums that grow old
between their look and their send. So a lane takes a turn, and steps aside for as long as it waits for the wire. A lane
that comes back from there has a head start before one that begins, so that what has begun is finished; but no more than
that, so that a single payment does not wait for the others' backlogs.
"""

import heapq
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

# One computes while the other waits for the database.
PLACES = 2
# How much longer a lane that begins has to have waited to go before one that comes back.
HEAD_START = timedelta(seconds=0.5)


class Turns:
    """The turns of one process."""

    def __init__(self, places: int = PLACES, head_start: timedelta = HEAD_START) -> None:
        self._head_start = head_start.total_seconds()
        self._lock = threading.Lock()
        self._free = places
        # Who waits, by when they came; the number only separates two that came at the same moment.
        self._waiting: list[tuple[float, int, threading.Event]] = []
        self._numbers = count()
        self._mine = threading.local()

    @property
    def waiting(self) -> int:
        """How many lanes wait for their turn."""
        return len(self._waiting)

    @contextmanager
    def working(self) -> Iterator[None]:
        """The calling thread has a turn meanwhile, and waits for one if it has none."""
        if self._has_turn:
            yield
            return
        self._take(time.monotonic())
        try:
            yield
        finally:
            self._give_up()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Lets another lane work while this thread waits for something outside; a thread without a turn has none."""
        if not self._has_turn:
            yield
            return
        self._give_up()
        try:
            yield
        finally:
            self._take(time.monotonic() - self._head_start)

    @property
    def _has_turn(self) -> bool:
        return getattr(self._mine, "has_turn", False)

    def _take(self, came_at: float) -> None:
        called = threading.Event()
        with self._lock:
            if self._free:
                self._free -= 1
                called.set()
            else:
                heapq.heappush(self._waiting, (came_at, next(self._numbers), called))
        called.wait()
        self._mine.has_turn = True

    def _give_up(self) -> None:
        """Hands the turn to whoever waits; it is never free in between, so nobody can snatch it."""
        self._mine.has_turn = False
        with self._lock:
            if self._waiting:
                heapq.heappop(self._waiting)[-1].set()
            else:
                self._free += 1
