"""A few lanes of a process work at a time; the others wait for an outside system, or for their turn.

A process has many lanes, because most of them wait most of the time. If all of them computed at once, each would wait
for Python's lock after each of its statements: transactions ten times as long, twice the CPU, and sums that grow old
between their look and their send. So a lane takes a turn, and steps aside for as long as it waits for the wire. Lanes
that come back go first: what has begun is finished before anything new begins.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# One computes while the other waits for the database.
PLACES = 2


class Turns:
    """The turns of one process.

    Attributes:
        returning: how many lanes wait for their turn after the wire.
    """

    def __init__(self, places: int = PLACES) -> None:
        lock = threading.Lock()
        self._free, self.returning = places, 0
        self._new, self._back = threading.Condition(lock), threading.Condition(lock)
        self._lock = lock
        self._mine = threading.local()

    @contextmanager
    def working(self) -> Iterator[None]:
        """The calling thread has a turn meanwhile; waits for one."""
        with self._lock:
            self._new.wait_for(lambda: self._free and not self.returning)
            self._free -= 1
        self._mine.has_turn = True
        try:
            yield
        finally:
            self._mine.has_turn = False
            self._give_up()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Lets another lane work while this thread waits for something outside; a thread without a turn has none."""
        if not getattr(self._mine, "has_turn", False):
            yield
            return
        self._mine.has_turn = False
        self._give_up()
        try:
            yield
        finally:
            self._come_back()
            self._mine.has_turn = True

    def _give_up(self) -> None:
        with self._lock:
            self._free += 1
            (self._back if self.returning else self._new).notify()

    def _come_back(self) -> None:
        with self._lock:
            self.returning += 1
            self._back.wait_for(lambda: self._free)
            self.returning -= 1
            self._free -= 1
            if self._free:
                # Two places may have become free for the two of us, or for one of us and a new one.
                (self._back if self.returning else self._new).notify()
