"""A few lanes of a process work at a time; the others wait for an outside system, or for their turn.

A process has many lanes, because most of them wait most of the time. If all of them computed at once, each would wait
for Python's lock after each of its statements: transactions ten times as long, twice the CPU, and sums that grow old
between their look and their send. So a lane takes a turn, and steps aside for as long as it waits for the wire. A lane
that comes back from there has a head start before one that begins, so that what has begun is finished; but no more than
that, so that a single payment does not wait for the others' backlogs. A patient lane, whose work does not grow old
while it waits, comes back the later the more of the time it has had: a backlog lets a single payment pass.
"""

import heapq
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

# One computes while the other waits for the database.
PLACES = 2
# How much longer a lane that begins has to have waited to go before one that comes back.
HEAD_START = timedelta(seconds=0.5)
# How much later a patient lane comes back for each second that it has had, and at most. Ten backlogs that arrive at
# once have each had some tenths after the first look into their inbox, and a single payment some hundredths.
BEHIND_FOR_EACH_SECOND = 5.0
BEHIND_MAX = timedelta(seconds=5)


class Turns:
    """The turns of one process."""

    def __init__(
        self,
        places: int = PLACES,
        head_start: timedelta = HEAD_START,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._head_start, self._monotonic = head_start.total_seconds(), monotonic
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
    def working(self, *, is_patient: bool = False) -> Iterator[None]:
        """The calling thread has a turn meanwhile, and waits for one if it has none."""
        if self._has_turn:
            yield
            return
        self._mine.is_patient, self._mine.had_seconds = is_patient, 0.0
        self._take(self._monotonic())
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
            self._take(self._monotonic() - self._head_start + self._behind_seconds())

    @property
    def _has_turn(self) -> bool:
        return getattr(self._mine, "has_turn", False)

    def _behind_seconds(self) -> float:
        if not self._mine.is_patient:
            return 0.0
        had_seconds: float = self._mine.had_seconds
        return min(had_seconds * BEHIND_FOR_EACH_SECOND, BEHIND_MAX.total_seconds())

    def _take(self, came_at: float) -> None:
        called = threading.Event()
        with self._lock:
            if self._free:
                self._free -= 1
                called.set()
            else:
                heapq.heappush(self._waiting, (came_at, next(self._numbers), called))
        called.wait()
        self._mine.has_turn, self._mine.took_at = True, self._monotonic()

    def _give_up(self) -> None:
        """Hands the turn to whoever waits; it is never free in between, so nobody can snatch it."""
        self._mine.has_turn = False
        self._mine.had_seconds += self._monotonic() - self._mine.took_at
        with self._lock:
            if self._waiting:
                heapq.heappop(self._waiting)[-1].set()
            else:
                self._free += 1
