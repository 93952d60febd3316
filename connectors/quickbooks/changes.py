"""Finding changes: by change data capture, or by windows of a query if its answer is cut or it does not reach back far.

Change data capture has no upper bound and no pages; a cut answer holds the active objects before any tombstone, so it
does not show which deletions are missing (Intuit's change data capture page: at most 1,000 objects in an answer).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import simplejson

from connectors.base import Change, ChangedEntity, ChangedPage, Changes, Failure, FailureKind, Got, ReadResult
from connectors.quickbooks.amounts import as_moment, as_text
from connectors.quickbooks.asking import NOT_WHAT_WE_ASKED_FOR, count_where
from connectors.quickbooks.client import Client

CHANGES_MAX = 1000
# The longest page of a query (query page of the reference).
PAGE_MAX = 1000
# How often we read a second again whose objects still move while we page through it.
ATTEMPTS_MAX = 3
ENTITY_NAMES = {ChangedEntity.PAYMENT: "Payment", ChangedEntity.INVOICE: "Invoice"}
_SECOND = timedelta(seconds=1)
# The width of the columns; ids seen so far have a few digits. The payload keeps a longer Id whole, so it cannot be read
# and is reported as unreadable; nothing else waits for it.
_TEXT_CHARACTERS_MAX = 50


# --- change data capture ---


def read_changes(client: Client, cursor: datetime) -> ReadResult[Changes]:
    """Makes one call for both entities; if the answer is cut off, one call for each."""
    together = _changes(client, tuple(ChangedEntity), cursor)
    if isinstance(together, Failure) or together.value.complete:
        return together
    parts: list[Changes] = []
    for entity in ChangedEntity:
        part = _changes(client, (entity,), cursor)
        if isinstance(part, Failure):
            return part
        parts.append(part.value)
    changes = tuple(change for part in parts for change in part.changes)
    cut = frozenset().union(*(part.cut for part in parts))
    return Got(Changes(changes, min(part.until for part in parts), cut))


def _changes(client: Client, entities: tuple[ChangedEntity, ...], cursor: datetime) -> ReadResult[Changes]:
    result = client.changes(",".join(ENTITY_NAMES[entity] for entity in entities), cursor)
    if isinstance(result, Failure):
        return result
    until = as_moment(result.value.get("time"))
    if until is None or not _tells_changes(result.value):
        # If we took it for "nothing changed", the cursor would move past changes that we never read.
        return Failure(FailureKind.UNAVAILABLE, "the answer does not say what changed")
    changes = tuple(_changes_in(result.value, entities))
    if _objects_told(result.value) < CHANGES_MAX:
        return Got(Changes(changes, until))
    return Got(Changes((), until, cut=frozenset(entities)))


def _tells_changes(answer: Any) -> bool:
    responses = answer.get("CDCResponse")
    told = isinstance(responses, list) and all(isinstance(one, dict) for one in responses)
    return told and bool(responses) and all(isinstance(one.get("QueryResponse"), list) for one in responses)


def _objects_told(answer: Any) -> int:
    """The number of objects in the answer; unreadable ones count against the longest answer as well."""
    blocks = [block for one in answer["CDCResponse"] for block in one["QueryResponse"] if isinstance(block, dict)]
    return sum(len(found) for block in blocks for found in block.values() if isinstance(found, list))


def _changes_in(answer: Any, entities: Iterable[ChangedEntity]) -> Iterator[Change]:
    responses = answer.get("CDCResponse")
    for response in responses if isinstance(responses, list) else []:
        blocks = response.get("QueryResponse") if isinstance(response, dict) else None
        for block in blocks if isinstance(blocks, list) else []:
            for entity in entities:
                for one in objects_in(block, ENTITY_NAMES[entity]):
                    yield change_of(entity, one)


# --- a closed window of the query ---


def read_window(client: Client, entity: ChangedEntity, since: datetime, until: datetime) -> ReadResult[ChangedPage]:
    """The window's oldest thousand. The next page is the rest of the window and not an offset into it.

    Offsets into a changing set skip objects (reproduced in Intuit's sandbox, 2026-08): a touched object leaves the
    window and moves the rest forward. From `until` on, change data capture reports the objects that have left it.
    """
    result = client.query(_window(entity, since, until))
    if isinstance(result, Failure):
        return result
    response = result.value.get("QueryResponse")
    if not isinstance(response, dict):
        return NOT_WHAT_WE_ASKED_FOR
    since = since.replace(microsecond=0)
    changes = tuple(change_of(entity, one) for one in objects_in(response, ENTITY_NAMES[entity]))
    listed = response.get(ENTITY_NAMES[entity])
    if not isinstance(listed, list) or len(listed) < PAGE_MAX:
        return Got(ChangedPage(changes, None))
    newest = max((change.changed_at for change in changes if change.changed_at), default=None)
    if newest is None:
        return Failure(FailureKind.UNAVAILABLE, "the answer does not say when its objects changed")
    # Times on the wire have whole seconds, and so have the bounds of a window.
    if newest > since:
        return Got(ChangedPage(changes, newest))
    second = _read_second(client, entity, newest)
    if isinstance(second, Failure):
        return second
    return Got(ChangedPage(second.value, newest + _SECOND if newest + _SECOND <= until else None))


def _read_second(client: Client, entity: ChangedEntity, second: datetime) -> ReadResult[tuple[Change, ...]]:
    """All objects of a second that holds more than a page: by offset, and proved by counting before and after."""
    for _ in range(ATTEMPTS_MAX):
        before = count_window(client, entity, second, second)
        if isinstance(before, Failure):
            return before
        told: dict[str, Change] = {}
        for start in range(1, before.value + 1, PAGE_MAX):
            result = client.query(_window(entity, second, second, start))
            if isinstance(result, Failure):
                return result
            for one in objects_in(result.value.get("QueryResponse"), ENTITY_NAMES[entity]):
                told[str(one["Id"])] = change_of(entity, one)
        after = count_window(client, entity, second, second)
        if isinstance(after, Failure):
            return after
        # A second that is over only loses objects; the same number before and after means that none has left it.
        if before.value == after.value == len(told):
            return Got(tuple(told.values()))
    return Failure(FailureKind.UNAVAILABLE, "the objects of one second do not hold still")


def count_window(client: Client, entity: ChangedEntity, since: datetime, until: datetime) -> ReadResult[int]:
    return count_where(client, ENTITY_NAMES[entity], _between(since, until))


def _window(entity: ChangedEntity, since: datetime, until: datetime, start: int = 1) -> str:
    return (
        f"SELECT * FROM {ENTITY_NAMES[entity]} WHERE {_between(since, until)} "  # noqa: S608 - our own values
        f"ORDERBY MetaData.LastUpdatedTime STARTPOSITION {start} MAXRESULTS {PAGE_MAX}"
    )


def _between(since: datetime, until: datetime) -> str:
    first, last = since.isoformat(timespec="seconds"), until.isoformat(timespec="seconds")
    return f"MetaData.LastUpdatedTime >= '{first}' AND MetaData.LastUpdatedTime <= '{last}'"


# --- objects as changes ---


def change_of(entity: ChangedEntity, one: Any) -> Change:
    entity_id = _cut(one.get("Id", ""))
    meta = one.get("MetaData")
    changed_text = meta.get("LastUpdatedTime") if isinstance(meta, dict) else None
    deleted = one.get("status") == "Deleted"
    version = "deleted" if deleted else f"v{_cut(one.get('SyncToken', ''))}"
    return Change(
        entity=entity,
        entity_id=entity_id,
        event_id=f"{entity.value}:{entity_id}:{version}@{_cut(changed_text)}",
        verb="deleted" if deleted else "changed",
        changed_at=as_moment(changed_text),
        payload=simplejson.dumps(one, use_decimal=True),
    )


def _cut(value: Any) -> str:
    return as_text(str(value))[:_TEXT_CHARACTERS_MAX]


def deletion_of(entity: ChangedEntity, entity_id: str) -> Change:
    """The deletion of an object that was not found; nothing reported the deletion or its time."""
    return Change(
        entity=entity,
        entity_id=entity_id,
        event_id=f"{entity.value}:{entity_id}:gone",
        verb="deleted",
        changed_at=None,
        payload=simplejson.dumps({"domain": "QBO", "status": "Deleted", "inferred": True, "Id": entity_id}),
    )


def objects_in(block: Any, name: str) -> list[Any]:
    found = block.get(name) if isinstance(block, dict) else None
    return with_ids(found) if isinstance(found, list) else []


def with_ids(found: Sequence[Any]) -> list[Any]:
    return [one for one in found if isinstance(one, dict) and one.get("Id")]
