"""A clock for processes that die: real time, plus whatever nobody had to wait for."""

import time
from datetime import UTC, datetime, timedelta


class HastyClock:
    """Leases, settle times and pauses keep production's lengths; where nothing is to be done, time is skipped."""

    # All processes of a case skip the same time.
    machine = "the only one"

    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead.total_seconds()

    def sleep(self, duration: timedelta) -> None:
        self._ahead += duration
