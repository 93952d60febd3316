"""The deliveries to an endpoint, their attempts, and the answers."""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

# Beyond this number the log drops the oldest deliveries; a test that needs more reads it in between.
KEPT_DELIVERIES = 20_000


@dataclass(frozen=True)
class Attempt:
    at: datetime
    status: int | None  # None: no answer within the limit, or no connection
    error: str
    seconds: float


@dataclass
class Delivery:
    id: str
    url: str
    body: bytes
    headers: dict[str, str]
    realm_ids: frozenset[str]
    event_ids: tuple[str, ...]
    state: Literal["waiting", "retrying", "delivered"] = "waiting"
    attempts: list[Attempt] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "url": self.url,
            "state": self.state,
            "event_ids": list(self.event_ids),
            "realm_ids": sorted(self.realm_ids),
            "body": self.body.decode(errors="replace"),
            "headers": self.headers,
            "attempts": [
                {"at": one.at.isoformat(), "status": one.status, "error": one.error, "seconds": f"{one.seconds:.3f}"}
                for one in self.attempts
            ],
        }


class DeliveryLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)

    def add(self, delivery: Delivery) -> None:
        with self._lock:
            self._deliveries.append(delivery)

    def all(self) -> list[Delivery]:
        """Oldest first."""
        with self._lock:
            return list(self._deliveries)

    def find(self, delivery_id: str) -> Delivery:
        for delivery in self.all():
            if delivery.id == delivery_id:
                return delivery
        raise ValueError(f"there is no delivery {delivery_id!r}")

    def clear(self) -> None:
        with self._lock:
            self._deliveries.clear()
