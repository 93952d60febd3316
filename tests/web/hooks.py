"""Webhooks as Intuit sends them, and what is stored of them."""

import base64
import hashlib
import hmac
from typing import Any

import simplejson
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from models.inbox import Entity, InboxEvent, events_about
from tests.contexts import VERIFIER_TOKEN
from tests.world import REALM, World

DOOR = "/webhooks/quickbooks"


def cloud_event(number: int = 1, **changes: Any) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": f"88cd52aa-33b6-4351-9aa4-{number:012d}",
        "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
        "type": "qbo.payment.created.v1",
        "datacontenttype": "application/json",
        "time": "2025-09-10T21:31:25.179851517Z",
        "intuitentityid": str(number),
        "intuitaccountid": REALM,
        "data": {},
    }
    return event | changes


def signed(body: bytes, token: str = VERIFIER_TOKEN) -> str:
    return base64.b64encode(hmac.digest(token.encode(), body, hashlib.sha256)).decode()


def deliver(door: TestClient, body: Any, *, content_type: str = "application/json", token: str = VERIFIER_TOKEN) -> int:
    raw = body if isinstance(body, bytes) else simplejson.dumps(body).encode()
    headers = {"intuit-signature": signed(raw, token), "content-type": content_type}
    return door.post(DOOR, content=raw, headers=headers).status_code


def stored(world: World, entity_id: str = "1", entity: Entity = Entity.PAYMENT) -> list[InboxEvent]:
    with world.context.database.reading() as session:
        return list(events_about(session, world.source_id, entity, entity_id))


def answered(answer: str) -> float:
    return REGISTRY.get_sample_value("webhook_deliveries_total", {"vendor": "quickbooks", "answer": answer}) or 0
