"""The webhook sender's bad days, and its log."""

from typing import Any, get_args

from sandbox.quickbooks.operations.base import Operations
from sandbox.quickbooks.webhooks.endpoint import Registration
from sandbox.quickbooks.webhooks.events import Format, new_event
from sandbox.quickbooks.webhooks.sender import Signature


class WebhookOperations(Operations):
    def add_webhook(
        self,
        url: str,
        verifier_token: str,
        *,
        format: Format = "cloudevents",  # noqa: A002  the portal's word
        content_type: str = "application/json",
        entities: list[str] | None = None,
        operations: list[str] | None = None,
    ) -> None:
        """Register an endpoint for all companies, or replace the one of the same address."""
        if format not in get_args(Format):
            raise ValueError(f"format is one of {', '.join(get_args(Format))}, not {format!r}")
        chosen: dict[str, Any] = {}
        if entities is not None:
            chosen["entities"] = tuple(entities)
        if operations is not None:
            chosen["operations"] = tuple(operations)
        self.webhooks.register(Registration(url, verifier_token, format, content_type, **chosen))

    def remove_webhook(self, url: str) -> None:
        self.webhooks.unregister(url)

    def lose_webhooks(self, count: int = 0, fraction: float = 0.0) -> None:
        """Loses the next `count` events, and after them each with this probability (0, 0: loses none)."""
        self.webhooks.lose(count, float(fraction))

    def double_webhooks(self, count: int = 0, fraction: float = 0.0) -> None:
        """Delivers the next `count` events twice with the same id, and after them a fraction."""
        self.webhooks.double(count, float(fraction))

    def reorder_webhooks(self, count: int) -> None:
        """Holds the next `count` events until all are there, then sends them in reverse order."""
        self.webhooks.reorder(count)

    def hold_webhooks(self) -> None:
        self.webhooks.hold()

    def release_webhooks(self) -> None:
        self.webhooks.release()

    def send_test_webhook(self, *, realm_id: str | None = None) -> None:
        """The portal's "send test event"."""
        self.webhooks.send_test(self._company(realm_id).realm_id, self.clock())

    def send_event(
        self,
        entity: str,
        record_id: str,
        operation: str = "Update",
        *,
        event_type: str = "",
        realm_id: str | None = None,
    ) -> None:
        """Sends an event without a change behind it; `event_type` may be an unknown one."""
        company = self._company(realm_id)
        self.webhooks.send(new_event(company.realm_id, entity, record_id, operation, self.clock(), event_type))

    def resend_webhook(self, delivery_id: str) -> str:
        """Sends an old delivery again, unchanged; returns the new delivery's id."""
        return self.webhooks.resend(delivery_id).id

    def send_raw_webhook(
        self,
        body: str,
        signature: Signature = "right",
        *,
        content_type: str | None = None,
        url: str = "",
    ) -> str:
        """Sends any body, signed as requested; returns the delivery's id."""
        if signature not in get_args(Signature):
            raise ValueError(f"signature is one of {', '.join(get_args(Signature))}, not {signature!r}")
        return self.webhooks.send_raw(url, body.encode(), signature, content_type).id

    def webhook_deliveries(self) -> list[dict[str, Any]]:
        """Everything sent, oldest first, with its attempts."""
        return [delivery.to_json() for delivery in self.webhooks.log.all()]

    def lost_webhooks(self) -> list[str]:
        """The ids of the events that were lost on purpose."""
        return [event.id for event in self.webhooks.lost()]

    def webhooks_idle(self) -> bool:
        """Whether nothing waits, is under way or will be retried."""
        return self.webhooks.is_idle()
