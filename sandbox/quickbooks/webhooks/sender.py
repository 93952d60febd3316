"""Reports changes to the registered endpoints, with the disturbances that a test asks for."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Literal
from uuid import uuid4

from sandbox.quickbooks.switches import Switches
from sandbox.quickbooks.webhooks.deliveries import Delivery, DeliveryLog
from sandbox.quickbooks.webhooks.disturbance import Disturbance
from sandbox.quickbooks.webhooks.endpoint import Endpoint, Registration
from sandbox.quickbooks.webhooks.events import Event, new_event, signature_of
from sandbox.quickbooks.world.company import Change

Signature = Literal["right", "wrong", "missing", "malformed"]


class WebhookSender:
    def __init__(self, switches: Switches, is_connected: Callable[[str], bool], seed: int = 0) -> None:
        self.log = DeliveryLog()
        self._switches = switches
        self._is_connected = is_connected
        self._seed = seed
        self._disturbance = Disturbance(seed)
        self._endpoints: list[Endpoint] = []
        self._lock = threading.RLock()
        self._running = False

    def start(self) -> None:
        with self._lock:
            self._running = True
            for endpoint in self._endpoints:
                endpoint.start()

    def stop(self) -> None:
        with self._lock:
            self._running = False
            for endpoint in self._endpoints:
                endpoint.stop()

    def clear(self) -> None:
        """Forget endpoints, deliveries and disturbances."""
        with self._lock:
            for endpoint in self._endpoints:
                endpoint.stop()
            self._endpoints.clear()
            self._disturbance = Disturbance(self._seed)
            self.log.clear()

    def register(self, registration: Registration) -> None:
        """Add an endpoint, or replace the one of the same address."""
        with self._lock:
            self.unregister(registration.url)
            endpoint = Endpoint(registration, self._switches, self.log)
            self._endpoints.append(endpoint)
            if self._running:
                endpoint.start()

    def unregister(self, url: str) -> None:
        with self._lock:
            for endpoint in [one for one in self._endpoints if one.registration.url == url]:
                endpoint.stop()
                self._endpoints.remove(endpoint)

    def tell(self, change: Change) -> None:
        """Called for every change of every company; decides whether an event is sent."""
        if change.origin == "api" and not self._switches.webhook_self_echo:
            return
        if change.entity == "Invoice" and change.operation == "Update" and not self._switches.webhook_invoice_updates:
            return
        if self._switches.webhook_needs_connection and not self._is_connected(change.realm_id):
            return
        self.send(new_event(change.realm_id, change.entity, change.record_id, change.operation, change.at))

    def send(self, event: Event) -> None:
        with self._lock:
            self._enqueue(self._disturbance.pass_on(event))

    def lose(self, count: int, fraction: float) -> None:
        with self._lock:
            self._disturbance.lose(count, fraction)

    def double(self, count: int, fraction: float) -> None:
        with self._lock:
            self._disturbance.double(count, fraction)

    def reorder(self, count: int) -> None:
        with self._lock:
            self._disturbance.reorder(count)

    def hold(self) -> None:
        with self._lock:
            self._disturbance.hold()

    def release(self) -> None:
        with self._lock:
            self._enqueue(self._disturbance.release())

    def lost(self) -> list[Event]:
        with self._lock:
            return list(self._disturbance.lost)

    def send_test(self, realm_id: str, at: datetime) -> None:
        """The portal's "send test event": about a payment that does not exist."""
        with self._lock:
            self._enqueue([new_event(realm_id, "Payment", "1", "Create", at)])

    def resend(self, delivery_id: str) -> Delivery:
        """Sends the same bytes and headers again, like a replay."""
        old = self.log.find(delivery_id)
        with self._lock:
            endpoint = self._endpoint(old.url)
            again = Delivery(str(uuid4()), old.url, old.body, old.headers, old.realm_ids, old.event_ids)
            endpoint.deliver(again)
        return again

    def send_raw(self, url: str, body: bytes, signature: Signature, content_type: str | None) -> Delivery:
        with self._lock:
            endpoint = self._endpoint(url)
            token = endpoint.registration.verifier_token
            signatures = {
                "right": signature_of(body, token),
                "wrong": signature_of(body, token + "-of-somebody-else"),
                "malformed": "this is not base64!",
                "missing": None,
            }
            delivery = endpoint.new_delivery(body, signatures[signature], content_type)
            endpoint.deliver(delivery)
        return delivery

    def is_idle(self) -> bool:
        with self._lock:
            return all(endpoint.is_idle() for endpoint in self._endpoints)

    def _endpoint(self, url: str) -> Endpoint:
        for endpoint in self._endpoints:
            if url in ("", endpoint.registration.url):
                return endpoint
        raise ValueError(f"there is no endpoint {url!r}")

    def _enqueue(self, events: list[Event]) -> None:
        for event in events:
            for endpoint in self._endpoints:
                if endpoint.wants(event):
                    endpoint.enqueue(event)
