"""How long the play waits for a promised ending: briefly on a fast machine, on a busy one while there is progress."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from models.unavailable import DatabaseUnavailable

T = TypeVar("T")

POLL_SECONDS = 0.1
# Longer than any promised ending takes without news before it. After a slow start, everything is slow.
QUIET_SECONDS_MIN = 45.0
QUIET_SECONDS_MAX = 300.0
QUIET_PER_START = 5.0
# A story with constant news but never the promised ending is stopped too.
LONGEST_SECONDS = 900.0
DATABASE_SECONDS_MAX = 180.0


class Stopped(Exception):
    """The play is over before the story is."""


class Patience:
    """Shared by all stories, from their threads."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._stopped = threading.Event()
        self._began = self._last_news = time.monotonic()
        self._quiet_seconds = QUIET_SECONDS_MIN
        self._told_of_database = False

    def begin(self, start_seconds: float) -> None:
        """The stories begin now; `start_seconds` is how long the processes took to start."""
        self._began = self._last_news = time.monotonic()
        self._quiet_seconds = min(QUIET_SECONDS_MAX, max(QUIET_SECONDS_MIN, QUIET_PER_START * start_seconds))

    def news(self) -> None:
        self._last_news = time.monotonic()

    def stop(self) -> None:
        self._stopped.set()

    @property
    def is_over(self) -> bool:
        now = time.monotonic()
        return now - self._last_news > self._quiet_seconds or now - self._began > LONGEST_SECONDS

    def pause(self) -> None:
        """Waits between two looks.

        Raises:
            Stopped: a person ended the demo.
        """
        if self._stopped.wait(POLL_SECONDS):
            raise Stopped

    def with_database(self, action: Callable[[], T]) -> T:
        """Runs an action on the database, which has one writer at a time. If it is busy, says so once and waits.

        Only for actions that may run twice, or that leave nothing behind when they fail.
        """
        deadline = time.monotonic() + DATABASE_SECONDS_MAX
        while True:
            try:
                return action()
            except DatabaseUnavailable:
                if time.monotonic() > deadline:
                    raise
                if not self._told_of_database:
                    self._told_of_database = True
                    self._say("The database is busy, or locked by another program; waiting for it")
            self.pause()
