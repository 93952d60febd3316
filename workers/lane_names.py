"""Remembers whose lane is whose, so that a nudge can carry a name for the people who read Flower."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.database import Database
from models.lane_names import lane_names
from models.locks import Owner
from models.unavailable import DatabaseUnavailable
from tasks.context import Step

# A new tenant has its name after this at the latest, and a lane that nobody knows costs one statement in this time.
READ_EVERY_SECONDS = 60.0


@dataclass(slots=True)
class LaneNames:
    """Thread-safe. Never raises and never waits for another thread: a nudge without a name does its work as well."""

    database: Database
    _names: Mapping[tuple[Owner, int], str] = field(default_factory=dict)
    _read_at: float = float("-inf")
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, step: Step, owner_id: int) -> str:
        key = (step.owner, owner_id)
        if key not in self._names and time.monotonic() > self._read_at + READ_EVERY_SECONDS:
            self._read()
        number = f"{step.owner.name.lower()} {owner_id}"
        name = self._names.get(key)
        return f"{name} ({number})" if name else number

    def _read(self) -> None:
        if not self._reading.acquire(blocking=False):
            return
        try:
            with self.database.reading() as session:
                self._names = lane_names(session)
        except DatabaseUnavailable:
            pass
        finally:
            self._read_at = time.monotonic()
            self._reading.release()
