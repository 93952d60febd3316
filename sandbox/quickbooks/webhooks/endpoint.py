"""One registered endpoint: its queue, its retries, and the thread that serves both."""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import count
from time import monotonic
from uuid import uuid4

from sandbox.quickbooks.switches import Switches
from sandbox.quickbooks.webhooks.deliveries import Attempt, Delivery, DeliveryLog
from sandbox.quickbooks.webhooks.events import Event, Format, body_of, signature_of
from sandbox.quickbooks.webhooks.transport import Poster

# Intuit's webhooks page: 10 s, 20 s, 30 s, 5 min, 20 min, 2 h, 4 h, 6 h, then every 6 h.
RETRY_SECONDS = (10, 20, 30, 300, 1200, 7200, 14400, 21600)


@dataclass(frozen=True)
class Registration:
    url: str
    verifier_token: str
    format: Format = "cloudevents"
    content_type: str = "application/json"
    entities: tuple[str, ...] = ("Payment", "Invoice")
    operations: tuple[str, ...] = ("Create", "Update", "Delete", "Void", "Merge", "Emailed")


class Endpoint:
    def __init__(self, registration: Registration, switches: Switches, log: DeliveryLog) -> None:
        self.registration = registration
        self._switches = switches
        self._log = log
        self._poster = Poster()
        self._changed = threading.Condition()
        self._fresh: list[tuple[float, Event]] = []
        self._due: list[tuple[float, int, Delivery]] = []
        self._numbers = count()
        self._under_way = 0
        self._stopped = True
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins, or continues after a stop with the remaining deliveries."""
        self._stopped = False
        self._poster = Poster()
        self._thread = threading.Thread(target=self._run, name="webhook-sender", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._poster.cut()
        if self._thread is not None:
            self._thread.join()

    def wants(self, event: Event) -> bool:
        mine = self.registration
        return event.entity in mine.entities and event.operation in mine.operations

    def enqueue(self, event: Event) -> None:
        with self._changed:
            self._fresh.append((monotonic(), event))
            self._changed.notify()

    def deliver(self, delivery: Delivery) -> None:
        """Sends a ready-made delivery at once, ahead of all that wait."""
        self._log.add(delivery)
        with self._changed:
            heapq.heappush(self._due, (monotonic(), next(self._numbers), delivery))
            self._changed.notify()

    def new_delivery(self, body: bytes, signature: str | None, content_type: str | None = None) -> Delivery:
        """A delivery of raw bytes; without a signature the header is left out."""
        headers = self._headers(content_type)
        if signature is not None:
            headers["intuit-signature"] = signature
        return Delivery(str(uuid4()), self.registration.url, body, headers, frozenset(), ())

    def is_idle(self) -> bool:
        """Nothing waits and nothing is under way, retries included."""
        with self._changed:
            return not (self._fresh or self._due or self._under_way)

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            self._try(delivery)

    def _next(self) -> Delivery | None:
        """Waits for a retry that is due or a batch of fresh events; None when stopped."""
        with self._changed:
            while not self._stopped:
                now = monotonic()
                if self._due and self._due[0][0] <= now:
                    self._under_way = 1
                    return heapq.heappop(self._due)[2]
                batch, ready_at = self._batch(now)
                if batch:
                    self._under_way = 1
                    return self._delivery_of(batch)
                waits = [self._due[0][0]] if self._due else []
                waits += [ready_at] if ready_at is not None else []
                self._changed.wait(max(min(waits) - now, 0.0) if waits else None)
        return None

    def _batch(self, now: float) -> tuple[list[Event], float | None]:
        """Events for one array, or the time of the next one. An array never holds an event and its duplicate."""
        blocked = self._blocked()
        sendable = [pair for pair in self._fresh if not blocked(pair[1])]
        if not sendable:
            return [], None
        ready_at = sendable[0][0] + self._switches.webhook_linger_seconds
        if now < ready_at and len(sendable) < self._switches.webhook_batch_limit:
            return [], ready_at
        batch: dict[str, Event] = {}
        taken: list[tuple[float, Event]] = []
        for pair in sendable[: max(self._switches.webhook_batch_limit, 1)]:
            if pair[1].id in batch:
                break
            batch[pair[1].id] = pair[1]
            taken.append(pair)
        gone = {id(pair) for pair in taken}
        self._fresh = [pair for pair in self._fresh if id(pair) not in gone]
        return list(batch.values()), None

    def _blocked(self) -> Callable[[Event], bool]:
        """Head-of-line blocking: no later event until the first one is acknowledged."""
        scope = self._switches.webhook_blocking
        waiting = [delivery for _, _, delivery in self._due]
        if scope == "endpoint":
            return lambda _: bool(waiting)
        if scope == "realm":
            realm_ids = {realm_id for delivery in waiting for realm_id in delivery.realm_ids}
            return lambda event: event.realm_id in realm_ids
        return lambda _: False

    def _delivery_of(self, batch: list[Event]) -> Delivery:
        mine = self.registration
        body = body_of(batch, mine.format, self._switches.void_event)
        headers = self._headers() | {"intuit-signature": signature_of(body, mine.verifier_token)}
        realm_ids = frozenset(event.realm_id for event in batch)
        event_ids = tuple(event.id for event in batch)
        delivery = Delivery(str(uuid4()), mine.url, body, headers, realm_ids, event_ids)
        self._log.add(delivery)
        return delivery

    def _headers(self, content_type: str | None = None) -> dict[str, str]:
        return {
            "intuit-created-time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S%z}",
            "intuit-t-id": str(uuid4()),
            "intuit-notification-schema-version": "0.1",
            "content-type": content_type or f"{self.registration.content_type}; charset=utf-8",
            "user-agent": "intuit_notification_server/0.1",
            "connection": "close",
        }

    def _try(self, delivery: Delivery) -> None:
        at = datetime.now(UTC)
        limit = self._switches.webhook_limit_seconds
        answer = self._poster.post(delivery.url, delivery.body, delivery.headers, limit)
        delivery.attempts.append(Attempt(at, answer.status, answer.error, answer.seconds))
        with self._changed:
            self._under_way = 0
            if answer.status == HTTPStatus.OK:
                delivery.state = "delivered"
                return
            delivery.state = "retrying"
            tries = min(len(delivery.attempts), len(RETRY_SECONDS))
            pause = RETRY_SECONDS[tries - 1] * self._switches.webhook_time_scale
            heapq.heappush(self._due, (monotonic() + pause, next(self._numbers), delivery))
