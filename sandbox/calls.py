"""The requests that reached the sandbox's vendor API: a counter that proves how often a client called."""

import threading
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# Enough to see the calls around a failure; the counters are exact however long the run.
RECENT_CALLS = 500


@dataclass
class Call:
    """One request, noted when it arrives; the status follows with the answer, and stays None without one."""

    method: str
    path: str
    query: str
    at: datetime
    fault: str | None
    status: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "at": self.at.isoformat(),
            "fault": self.fault,
        }


class CallLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_route: Counter[str] = Counter()
        self._recent: deque[Call] = deque(maxlen=RECENT_CALLS)

    def arrived(self, route: str, call: Call) -> None:
        with self._lock:
            self._by_route[route] += 1
            self._recent.append(call)

    @property
    def total(self) -> int:
        with self._lock:
            return self._by_route.total()

    @property
    def by_route(self) -> dict[str, int]:
        with self._lock:
            return dict(self._by_route)

    @property
    def recent(self) -> list[Call]:
        """The last calls, oldest first."""
        with self._lock:
            return list(self._recent)

    def count(self, route: str) -> int:
        """Counts one route, named as in `by_route`: "POST /finance/invoices/{id}/payments"."""
        with self._lock:
            return self._by_route[route]

    def reset(self) -> None:
        with self._lock:
            self._by_route.clear()
            self._recent.clear()

    def to_json(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "by_route": self.by_route,
            "recent": [call.to_json() for call in self.recent],
        }
