"""The bad days: which request meets which fault, repeatable by a seed."""

import dataclasses
import random
import re
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

# sandbox/misbehaving.py acts out each kind on the request it meets.
COMMON_KINDS = frozenset(
    {
        "latency",
        "throttle",
        "error",
        "error_after_commit",
        "hang",
        "hang_after_commit",
        "drop_before_commit",
        "commit_then_drop",
        "late_commit",
        "redirect",
        "truncate",
        "duplicate_delivery",
        "garbage",
        "garbage_after_commit",
    },
)


@dataclass(frozen=True)
class Fault:
    """One fault, and the requests it hits."""

    kind: str
    method: str = "*"
    path: str = ""  # a regular expression, searched for in the path (without the query string)
    times: int | None = 1  # None: for ever
    skip: int = 0  # this many matching requests pass before the first one is hit
    probability: float | Decimal = 1.0
    seconds: float | Decimal = 0  # how long latency, hangs and late commits take
    status: int = 500
    retry_after: int | None = None
    body: str | None = None  # None: the vendor's own format; "html": a gateway's page; else the text itself

    def matches(self, method: str, path: str) -> bool:
        return self.method in {"*", method} and re.search(self.path, path) is not None

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        unknown = set(fields) - {field.name for field in dataclasses.fields(cls)}
        if unknown:
            raise ValueError(f"A fault has no {', '.join(sorted(unknown))}.")
        if "kind" not in fields:
            raise ValueError("A fault needs a kind.")
        re.compile(fields.get("path", ""))
        return cls(**fields)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass
class _Planned:
    fault: Fault
    skip_left: int
    times_left: int | None
    fired: int = 0


class FaultPlan:
    """The faults that are still to come, asked once per request in the order they were added."""

    def __init__(self, seed: int = 0, faults: Iterable[Fault] = (), kinds: Collection[str] = ()) -> None:
        self.seed = seed
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []
        self.kinds = COMMON_KINDS | set(kinds)
        self.add(*faults)

    def allow(self, kinds: Collection[str]) -> None:
        """Adds a vendor's own kinds to the common ones."""
        self.kinds = self.kinds | set(kinds)

    def add(self, *faults: Fault) -> None:
        for fault in faults:
            if fault.kind not in self.kinds:
                raise ValueError(f"There is no fault {fault.kind!r}; known are {', '.join(sorted(self.kinds))}.")
        with self._lock:
            self._planned.extend(_Planned(fault, fault.skip, fault.times) for fault in faults)

    def clear(self) -> None:
        """Forgets every fault and starts the seeded dice again."""
        with self._lock:
            self._planned.clear()
            self._random.seed(self.seed)

    def pick(self, method: str, path: str) -> list[Fault]:
        """Returns the faults for this request: at most one, with any latency before it.

        Latency is the one kind that lets another fault act too: slow days have dropped connections as well.
        """
        hits: list[Fault] = []
        with self._lock:
            for planned in self._planned:
                if planned.fault.matches(method, path) and self._fires(planned):
                    hits.append(planned.fault)
                    if planned.fault.kind != "latency":
                        break
        return hits

    def _fires(self, planned: _Planned) -> bool:
        if planned.times_left == 0:
            return False
        if planned.skip_left > 0:
            planned.skip_left -= 1
            return False
        if planned.fault.probability < 1 and self._random.random() >= planned.fault.probability:
            return False
        if planned.times_left is not None:
            planned.times_left -= 1
        planned.fired += 1
        return True

    def to_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [planned.fault.to_json() | {"fired": planned.fired} for planned in self._planned]
