"""Events and the bodies that carry them: CloudEvents (since 2026) and the legacy format, signed over raw bytes."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

import simplejson

from sandbox.quickbooks.times import nanosecond_time

Format = Literal["cloudevents", "legacy"]

_PAST_TENSE = {
    "Create": "created",
    "Update": "updated",
    "Delete": "deleted",
    "Merge": "merged",
    "Emailed": "emailed",
}
SOURCE = "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU="


@dataclass(frozen=True)
class Event:
    id: str
    realm_id: str
    entity: str
    record_id: str
    operation: str
    at: datetime
    nanoseconds: int
    type_override: str = ""  # a type that no documentation knows

    def type(self, void_event: str) -> str:
        verb = _PAST_TENSE.get(self.operation, void_event)
        return self.type_override or f"qbo.{self.entity.lower()}.{verb}.v1"


def new_event(realm_id: str, entity: str, record_id: str, operation: str, at: datetime, type_: str = "") -> Event:
    unique = uuid4()
    return Event(str(unique), realm_id, entity, record_id, operation, at, unique.int % 1000, type_)


def body_of(events: Iterable[Event], format_: Format, void_event: str) -> bytes:
    payload = _cloud_events(events, void_event) if format_ == "cloudevents" else _legacy(events)
    return simplejson.dumps(payload, separators=(",", ":")).encode()


def _cloud_events(events: Iterable[Event], void_event: str) -> list[dict[str, Any]]:
    """One array; every element names its own company."""
    return [
        {
            "specversion": "1.0",
            "id": event.id,
            "source": SOURCE,
            "type": event.type(void_event),
            "datacontenttype": "application/json",
            "time": nanosecond_time(event.at, event.nanoseconds),
            "intuitentityid": event.record_id,
            "intuitaccountid": event.realm_id,
            "data": {},
        }
        for event in events
    ]


def _legacy(events: Iterable[Event]) -> dict[str, Any]:
    by_realm: dict[str, list[dict[str, str]]] = {}
    for event in events:
        milliseconds = event.at.astimezone(UTC).isoformat(timespec="milliseconds")
        by_realm.setdefault(event.realm_id, []).append(
            {
                "name": event.entity,
                "id": event.record_id,
                "operation": event.operation,
                "lastUpdated": milliseconds.replace("+00:00", "Z"),
            }
        )
    return {
        "eventNotifications": [
            {"realmId": realm_id, "dataChangeEvent": {"entities": entities}} for realm_id, entities in by_realm.items()
        ]
    }


def signature_of(body: bytes, verifier_token: str) -> str:
    """base64(HMAC-SHA256) with the verifier token as the key: the header intuit-signature."""
    return base64.b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()).decode()
