"""Intuit's webhooks: two formats, one signature over the raw bytes (Intuit webhooks page; CloudEvents since 2026)."""

import base64
import binascii
import hashlib
import hmac
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import simplejson

from connectors.base import ChangedEntity
from connectors.hints import Delivery, Hint
from connectors.quickbooks.amounts import ID_CHARACTERS_MAX, as_moment, as_text
from connectors.salvage import DAMAGED, number_of, salvage

_ENTITIES = {"payment": ChangedEntity.PAYMENT, "invoice": ChangedEntity.INVOICE}
_EVENT_ID_CHARACTERS_MAX = 200
# qbo.<entity>.<event>.v1
_TYPE_PARTS = 4


class QuickBooksWebhooks:
    """One application has one verifier token per environment; we accept two while one is being replaced."""

    signature_header = "intuit-signature"

    def __init__(self, verifier_tokens: Sequence[str]) -> None:
        self._keys = [token.encode() for token in verifier_tokens if token]

    def is_authentic(self, body: bytes, signature: str) -> bool:
        check = self.check_of(signature)
        if check is None:
            return False
        check.update(body)
        return check.fits()

    def check_of(self, signature: str) -> "_Check | None":
        try:
            given = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            return None
        return _Check(self._keys, given) if len(given) == hashlib.sha256().digest_size else None

    def read(self, body: bytes) -> Delivery:
        # Bytes that are no UTF-8 stay recognizable: a text with such bytes is not printable; other texts do not change.
        text = body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
        try:
            parsed = simplejson.loads(text, parse_int=number_of, use_decimal=True)
        except (simplejson.JSONDecodeError, RecursionError, InvalidOperation):
            events = [*_rescued(salvage(text))] or [_UNREADABLE]
        else:
            events = [*_events_of(parsed)]
        if events and all(event == _UNREADABLE for event in events):
            raise ValueError("nothing in it can be read")
        ignored = [event for event in events if isinstance(event, _Ignored)]
        return Delivery(
            tuple(event for event in events if isinstance(event, Hint)),
            dict(Counter(event.why for event in ignored)),
            frozenset(event.account_in_doubt for event in ignored if event.account_in_doubt is not None),
        )


class _Check:
    def __init__(self, keys: Sequence[bytes], given: bytes) -> None:
        self._given = given
        self._digests = [hmac.new(key, digestmod=hashlib.sha256) for key in keys]

    def update(self, part: bytes) -> None:
        for digest in self._digests:
            digest.update(part)

    def fits(self) -> bool:
        # Every key is tried, so that the time taken tells nothing about which one fits.
        fits = [hmac.compare_digest(digest.digest(), self._given) for digest in self._digests]
        return any(fits)


@dataclass(frozen=True, slots=True)
class _Ignored:
    """An event that is no hint.

    Attributes:
        account_in_doubt: the event's account, if the event may have been about something that we want to know.
    """

    why: str
    account_in_doubt: str | None = None


_UNREADABLE = _Ignored("unreadable")


def _events_of(parsed: Any) -> Iterator[Hint | _Ignored]:
    """The events of a body that is JSON."""
    if isinstance(parsed, list):
        for event in parsed:
            yield _from_cloud_event(event)
    elif isinstance(parsed, dict) and isinstance(parsed.get("eventNotifications"), list):
        for notification in parsed["eventNotifications"]:
            yield from _from_notification(notification)
    elif _is_cloud_event(parsed):
        # One event alone, as the CloudEvents standard also allows.
        yield _from_cloud_event(parsed)
    else:
        raise ValueError("neither events nor eventNotifications")


def _rescued(values: Sequence[Any]) -> Iterator[Hint | _Ignored]:
    """The events in the rest of a body that is no JSON, at whatever place the broken ones have put them."""
    waiting: deque[tuple[Any, Any]] = deque((value, None) for value in values)
    accounts: set[str] = set()
    orphans: list[dict[Any, Any]] = []
    while waiting:
        value, account = waiting.popleft()
        if value is DAMAGED:
            yield _Ignored("unreadable", _account(account))
        elif isinstance(value, list):
            waiting.extend((inner, account) for inner in value)
        elif isinstance(value, dict):
            account = value.get("realmId", account)
            accounts.update(filter(None, [_account(account)]))
            if _is_cloud_event(value):
                yield _from_cloud_event(value)
            elif "name" in value and "operation" in value and account is None:
                orphans.append(value)
            elif "name" in value and "operation" in value:
                yield from _from_entity(account, value)
            waiting.extend((inner, account) for inner in value.values() if isinstance(inner, list | dict))
    # A broken part has separated them from their company. If the body names only one it is theirs, else any may be.
    for orphan in orphans:
        if len(accounts) == 1:
            yield from _from_entity(min(accounts), orphan)
        else:
            yield from (_Ignored("incomplete", account) for account in accounts)


def _is_cloud_event(value: Any) -> bool:
    return isinstance(value, dict) and "type" in value and "intuitaccountid" in value


def _from_cloud_event(event: Any) -> Hint | _Ignored:
    """The hint, or why it is none; every verb (`void`, `voided`, any future one) means "read it again"."""
    if event is DAMAGED:
        return _UNREADABLE
    if not isinstance(event, dict):
        return _Ignored("not_an_object")
    kind, account = event.get("type"), event.get("intuitaccountid")
    parts = kind.split(".") if isinstance(kind, str) else []
    if len(parts) != _TYPE_PARTS or parts[0] != "qbo":
        return _Ignored("unknown_type", None if isinstance(kind, str) else _account(account))
    return _hint(
        account_id=account,
        event_id=event.get("id"),
        entity=parts[1],
        entity_id=event.get("intuitentityid"),
        verb=parts[2],
        occurred_at=event.get("time"),
    )


def _from_notification(notification: Any) -> Iterator[Hint | _Ignored]:
    """The events of one company in the legacy format."""
    if not isinstance(notification, dict):
        yield _UNREADABLE if notification is DAMAGED else _Ignored("not_an_object")
        return
    account, event = notification.get("realmId"), notification.get("dataChangeEvent")
    entities = event.get("entities") if isinstance(event, dict) else None
    if not isinstance(entities, list):
        yield _Ignored("incomplete", _account(account))
        return
    for entity in entities:
        yield from _from_entity(account, entity)


def _from_entity(account: Any, entity: Any) -> Iterator[Hint | _Ignored]:
    if not isinstance(entity, dict):
        yield _Ignored("unreadable" if entity is DAMAGED else "not_an_object", _account(account))
        return
    name, entity_id, verb, changed = (entity.get(one) for one in ("name", "id", "operation", "lastUpdated"))
    if not isinstance(name, str):
        yield _Ignored("incomplete", _account(account))
        return
    found = _hint(
        account_id=account,
        # The legacy format has no event id; these fields are the same on a repeated delivery.
        event_id=f"{name}:{entity_id}:{verb}:{changed}",
        entity=name,
        entity_id=entity_id,
        verb=verb,
        occurred_at=changed,
    )
    yield found
    if isinstance(found, Hint) and not isinstance(changed, str):
        # The next change of this object would look like this one sent again.
        yield _Ignored("undated", found.account_id)


def _hint(
    *, account_id: Any, event_id: Any, entity: str, entity_id: Any, verb: Any, occurred_at: Any
) -> Hint | _Ignored:
    kind = _ENTITIES.get(entity.lower())
    if kind is None:
        return _Ignored("unknown_entity")
    texts = (account_id, event_id, entity_id)
    complete = all(isinstance(text, str) and text and text.isprintable() for text in texts)
    if not complete or len(entity_id) > ID_CHARACTERS_MAX:
        return _Ignored("incomplete", _account(account_id))
    return Hint(
        account_id=account_id,
        event_id=_short(event_id),
        entity=kind,
        entity_id=entity_id,
        # It is stored, and no database takes a NUL or half a surrogate pair.
        verb=as_text(verb).lower()[:20],
        occurred_at=as_moment(occurred_at),
    )


def _account(given: Any) -> str | None:
    """The event's account, as far as a person could tell: a number names a company as well as a text does."""
    if isinstance(given, Decimal) and 0 <= given.adjusted() < ID_CHARACTERS_MAX and given == given.to_integral_value():
        return f"{given:.0f}"
    return given if isinstance(given, str) and given and given.isprintable() else None


def _short(event_id: str) -> str:
    if len(event_id) <= _EVENT_ID_CHARACTERS_MAX:
        return event_id
    return hashlib.sha256(event_id.encode()).hexdigest()
