"""What this process has counted and timed since it last added that to the sums of all processes.

In memory: counting must cost nothing and never fail. `workers/pulse.py` takes it and stores it; what a killed process
had not stored yet (some seconds of it) is missing from the figures, and from nothing else.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from domain.measures import SUM, Measure, Place, range_of


@dataclass(slots=True)
class Counted:
    """What was counted within a stretch of time.

    Attributes:
        counts: how often, or for sums how many milliseconds.
        latest: when something happened last.
    """

    counts: Counter[Place] = field(default_factory=Counter)
    latest: dict[Place, datetime] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.counts or self.latest)


class Tally:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted = Counted()

    def count(self, measure: Measure, *labels: str, more: int = 1) -> None:
        with self._lock:
            self._counted.counts[measure, labels, ""] += more

    def count_seconds(self, measure: Measure, *labels: str, seconds: float) -> None:
        """Adds to a count of seconds."""
        with self._lock:
            self._counted.counts[measure, labels, SUM] += round(seconds * 1000)

    def time(self, measure: Measure, *labels: str, seconds: float) -> None:
        with self._lock:
            self._counted.counts[measure, labels, range_of(seconds)] += 1
            self._counted.counts[measure, labels, SUM] += round(seconds * 1000)

    def note(self, measure: Measure, *labels: str, at: datetime) -> None:
        """It happened now."""
        with self._lock:
            self._counted.latest[measure, labels, ""] = at

    def taken(self) -> Counted:
        """What was counted since the last time; from now on it is the caller's."""
        with self._lock:
            counted, self._counted = self._counted, Counted()
        return counted

    def give_back(self, counted: Counted) -> None:
        """It could not be stored, and is taken together with what comes."""
        with self._lock:
            self._counted.counts.update(counted.counts)
            self._counted.latest = {**counted.latest, **self._counted.latest}


# One for the process, like its log: whoever counts is deep inside of a call.
TALLY = Tally()
