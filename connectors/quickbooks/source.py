"""QuickBooks Online as a source of payments."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

import simplejson
import structlog

from connectors.base import (
    Change,
    ChangedEntity,
    Changes,
    Failure,
    FailureKind,
    Got,
    InvoicesRead,
    PaymentsRead,
    ReadResult,
)
from connectors.quickbooks import wire
from connectors.quickbooks.amounts import as_moment
from connectors.quickbooks.client import Client
from domain.records import SourceInvoice, SourcePayment

log = structlog.get_logger()

# The length that an IN list may have is not documented; a hundred ids are far below any limit seen.
IDS_PER_QUERY = 100
# Intuit's change data capture page: "a maximum of 1000 objects" for the whole answer.
CHANGES_MAX = 1000
_ENTITY_NAMES = {ChangedEntity.PAYMENT: "Payment", ChangedEntity.INVOICE: "Invoice"}


class QuickBooksSource:
    def __init__(self, client: Client, home_currency: str | None) -> None:
        self._client = client
        self._home_currency = home_currency

    def check(self) -> ReadResult[str]:
        result = self._client.company_info()
        if isinstance(result, Failure):
            return result
        return Got(str(result.value.get("CompanyInfo", {}).get("CompanyName", "")))

    def read_payments(self, ids: Collection[str]) -> ReadResult[PaymentsRead]:
        result = self._read(ChangedEntity.PAYMENT, ids)
        if isinstance(result, Failure):
            return result
        objects, gone = result.value
        return Got(PaymentsRead(tuple(wire.payment_from(one, self._home_currency) for one in objects), gone))

    def read_invoices(self, ids: Collection[str]) -> ReadResult[InvoicesRead]:
        result = self._read(ChangedEntity.INVOICE, ids)
        if isinstance(result, Failure):
            return result
        objects, gone = result.value
        return Got(InvoicesRead(tuple(wire.invoice_from(one, self._home_currency) for one in objects), gone))

    def changes_since(self, cursor: datetime) -> ReadResult[Changes]:
        """One call for both entities; when the answer is cut off, one call for each."""
        together = self._changes(tuple(ChangedEntity), cursor)
        if isinstance(together, Failure) or together.value.complete:
            return together
        parts: list[Changes] = []
        for entity in ChangedEntity:
            part = self._changes((entity,), cursor)
            if isinstance(part, Failure):
                return part
            parts.append(part.value)
        until = min(part.until for part in parts)
        if until <= cursor:
            return Failure(FailureKind.REFUSED, f"more than {CHANGES_MAX} changes in one second")
        changes = tuple(change for part in parts for change in part.changes)
        return Got(Changes(changes, until, complete=all(part.complete for part in parts)))

    def parse_payment(self, payload: str) -> SourcePayment:
        return wire.payment_from(wire.parse(payload), self._home_currency)

    def parse_invoice(self, payload: str) -> SourceInvoice:
        return wire.invoice_from(wire.parse(payload), self._home_currency)

    # --- reading by id ---

    def _read(self, entity: ChangedEntity, ids: Collection[str]) -> Got[tuple[list[Any], frozenset[str]]] | Failure:
        found: list[Any] = []
        for chunk in _chunks(sorted(ids), IDS_PER_QUERY):
            result = self._client.query(_statement(_ENTITY_NAMES[entity], chunk))
            if isinstance(result, Failure):
                return result
            found += _objects(result.value.get("QueryResponse"), _ENTITY_NAMES[entity])
        missing = set(ids) - {str(one["Id"]) for one in found}
        return self._confirm_missing(entity, missing, found)

    def _confirm_missing(
        self, entity: ChangedEntity, missing: set[str], found: list[Any]
    ) -> Got[tuple[list[Any], frozenset[str]]] | Failure:
        """A query leaves out what it cannot find for whatever reason; only fault 610 says that it does not exist."""
        gone: set[str] = set()
        for entity_id in sorted(missing):
            result = self._client.entity(entity.value, entity_id)
            match result:
                case Got(value) if isinstance(value.get(_ENTITY_NAMES[entity]), dict):
                    found.append(value[_ENTITY_NAMES[entity]])
                case Failure(FailureKind.NOT_FOUND):
                    gone.add(entity_id)
                case Failure():
                    return result
                case Got():
                    return Failure(FailureKind.UNAVAILABLE, "the answer does not contain what was asked for")
        return Got((found, frozenset(gone)))

    # --- change data capture ---

    def _changes(self, entities: tuple[ChangedEntity, ...], cursor: datetime) -> ReadResult[Changes]:
        result = self._client.changes(",".join(_ENTITY_NAMES[entity] for entity in entities), cursor)
        if isinstance(result, Failure):
            return result
        until = as_moment(result.value.get("time"))
        if until is None:
            return Failure(FailureKind.UNAVAILABLE, "the answer has no server time")
        changes = tuple(self._changes_in(result.value, entities))
        if len(changes) < CHANGES_MAX:
            return Got(Changes(changes, until, complete=True))
        return Got(Changes(changes, _complete_until(changes, cursor), complete=False))

    def _changes_in(self, answer: Any, entities: Iterable[ChangedEntity]) -> Iterator[Change]:
        responses = answer.get("CDCResponse")
        for response in responses if isinstance(responses, list) else []:
            blocks = response.get("QueryResponse") if isinstance(response, dict) else None
            for block in blocks if isinstance(blocks, list) else []:
                for entity in entities:
                    for one in _objects(block, _ENTITY_NAMES[entity]):
                        yield _change(entity, one)


def _complete_until(changes: tuple[Change, ...], cursor: datetime) -> datetime:
    """Up to when a cut-off answer is complete: active objects come first, oldest first, tombstones after them."""
    active = [change.changed_at for change in changes if change.verb != "deleted" and change.changed_at]
    tombstones = [change.changed_at for change in changes if change.verb == "deleted" and change.changed_at]
    return max(active, default=max(tombstones, default=cursor))


def _change(entity: ChangedEntity, one: Any) -> Change:
    entity_id = str(one.get("Id", ""))
    meta = one.get("MetaData")
    changed_text = meta.get("LastUpdatedTime") if isinstance(meta, dict) else None
    deleted = one.get("status") == "Deleted"
    version = f"deleted@{changed_text}" if deleted else f"v{one.get('SyncToken', '')}@{changed_text}"
    return Change(
        entity=entity,
        entity_id=entity_id,
        event_id=f"{entity.value}:{entity_id}:{version}",
        verb="deleted" if deleted else "changed",
        changed_at=as_moment(changed_text),
        payload=simplejson.dumps(one, use_decimal=True),
    )


def _objects(block: Any, name: str) -> list[Any]:
    found = block.get(name) if isinstance(block, dict) else None
    return [one for one in found if isinstance(one, dict) and one.get("Id")] if isinstance(found, list) else []


def _statement(name: str, ids: list[str]) -> str:
    listed = ", ".join("'" + one.replace("\\", "\\\\").replace("'", "\\'") + "'" for one in ids)
    return f"SELECT * FROM {name} WHERE Id IN ({listed}) MAXRESULTS 1000"  # noqa: S608 - QuickBooks' query language, quoted above


def _chunks(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
