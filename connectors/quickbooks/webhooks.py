"""Intuit's webhooks: two formats, one signature over the raw bytes (Intuit webhooks page; CloudEvents since 2026)."""

import base64
import binascii
import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import InvalidOperation
from typing import Any

import simplejson

from connectors.base import ChangedEntity
from connectors.hints import Delivery, Hint
from connectors.quickbooks.amounts import as_moment, as_text

_ENTITIES = {"payment": ChangedEntity.PAYMENT, "invoice": ChangedEntity.INVOICE}
_ID_CHARACTERS_MAX = 50
_EVENT_ID_CHARACTERS_MAX = 200
# qbo.<entity>.<event>.v1
_TYPE_PARTS = 4


class QuickBooksWebhooks:
    """One application has one verifier token per environment; two are accepted while one is being replaced."""

    signature_header = "intuit-signature"

    def __init__(self, verifier_tokens: Sequence[str]) -> None:
        self._keys = [token.encode() for token in verifier_tokens if token]

    def is_authentic(self, body: bytes, signature: str) -> bool:
        try:
            given = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            return False
        # Every key is tried, so that the time taken tells nothing about which one fits.
        fits = [hmac.compare_digest(hmac.digest(key, body, hashlib.sha256), given) for key in self._keys]
        return any(fits)

    def read(self, body: bytes) -> Delivery:
        try:
            parsed = simplejson.loads(body, use_decimal=True)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        except InvalidOperation:
            raise ValueError("a number beyond all numbers") from None
        if isinstance(parsed, list):
            events = [_from_cloud_event(event) for event in parsed]
        elif isinstance(parsed, dict) and isinstance(parsed.get("eventNotifications"), list):
            events = list(_from_legacy(parsed["eventNotifications"]))
        else:
            raise ValueError("neither an array nor eventNotifications")  # noqa: TRY004 - it is the content
        ignored = Counter(event for event in events if isinstance(event, str))
        return Delivery(tuple(event for event in events if isinstance(event, Hint)), dict(ignored))


def _from_cloud_event(event: Any) -> Hint | str:
    """The hint, or why it is none; every verb (`void`, `voided`, what may come yet) means "read it again"."""
    if not isinstance(event, dict):
        return "not_an_object"
    parts = str(event.get("type", "")).split(".")
    if len(parts) != _TYPE_PARTS or parts[0] != "qbo":
        return "unknown_type"
    return _hint(
        account_id=event.get("intuitaccountid"),
        event_id=event.get("id"),
        entity=parts[1],
        entity_id=event.get("intuitentityid"),
        verb=parts[2],
        occurred_at=event.get("time"),
    )


def _from_legacy(notifications: list[Any]) -> Iterator[Hint | str]:
    for notification in notifications:
        event = notification.get("dataChangeEvent") if isinstance(notification, dict) else None
        entities = event.get("entities") if isinstance(event, dict) else None
        for entity in entities if isinstance(entities, list) else []:
            if not isinstance(entity, dict):
                yield "not_an_object"
                continue
            account, name, entity_id = notification.get("realmId"), entity.get("name"), entity.get("id")
            verb, changed = entity.get("operation"), entity.get("lastUpdated")
            yield _hint(
                account_id=account,
                # The legacy format has no event id; what names the change is the same on a repeated delivery.
                event_id=f"{name}:{entity_id}:{verb}:{changed}",
                entity=name,
                entity_id=entity_id,
                verb=verb,
                occurred_at=changed,
            )


def _hint(*, account_id: Any, event_id: Any, entity: Any, entity_id: Any, verb: Any, occurred_at: Any) -> Hint | str:
    kind = _ENTITIES.get(str(entity).lower())
    if kind is None:
        return "unknown_entity"
    texts = (account_id, event_id, entity_id)
    if not all(isinstance(text, str) and text and text.isprintable() for text in texts):
        return "incomplete"
    if len(entity_id) > _ID_CHARACTERS_MAX:
        return "incomplete"
    return Hint(
        account_id=account_id,
        event_id=_short(event_id),
        entity=kind,
        entity_id=entity_id,
        # It is stored, and no database takes a NUL or half a surrogate pair.
        verb=as_text(verb).lower()[:20],
        occurred_at=as_moment(occurred_at),
    )


def _short(event_id: str) -> str:
    if len(event_id) <= _EVENT_ID_CHARACTERS_MAX:
        return event_id
    return hashlib.sha256(event_id.encode()).hexdigest()
