"""QuickBooks Online as a source of payments."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from connectors.base import (
    Change,
    ChangedEntity,
    ChangedPage,
    Changes,
    Failure,
    FailureKind,
    Got,
    InvoicesRead,
    PaymentsRead,
    ReadResult,
)
from connectors.quickbooks import wire
from connectors.quickbooks.changes import ENTITY_NAMES, deletion_of, objects_in, read_changes, read_window
from connectors.quickbooks.client import Client
from domain.records import SourceInvoice, SourcePayment

# The length that an IN list may have is not documented. Every query is a metered read, so it begins long; a list that
# is refused is sent again in halves, and from then on lists are that short.
IDS_PER_QUERY_MAX = 300
IDS_PER_QUERY_MIN = 10


class QuickBooksSource:
    def __init__(self, client: Client, home_currency: str | None) -> None:
        self._client = client
        self._home_currency = home_currency
        self._ids_per_query = IDS_PER_QUERY_MAX

    def check(self) -> ReadResult[str]:
        result = self._client.company_info()
        if isinstance(result, Failure):
            return result
        info = result.value.get("CompanyInfo")
        return Got(str(info.get("CompanyName", "")) if isinstance(info, dict) else "")

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
        return read_changes(self._client, cursor)

    def list_changed(self, entity: ChangedEntity, since: datetime, until: datetime) -> ReadResult[ChangedPage]:
        return read_window(self._client, entity, since, until)

    def find_gone(self, entity: ChangedEntity, ids: Collection[str]) -> ReadResult[tuple[Change, ...]]:
        result = self._read(entity, ids)
        if isinstance(result, Failure):
            return result
        return Got(tuple(deletion_of(entity, one) for one in sorted(result.value[1])))

    def parse_payment(self, payload: str) -> SourcePayment:
        return wire.payment_from(wire.parse(payload), self._home_currency)

    def parse_invoice(self, payload: str) -> SourceInvoice:
        return wire.invoice_from(wire.parse(payload), self._home_currency)

    # --- reading by id ---

    def _read(self, entity: ChangedEntity, ids: Collection[str]) -> Got[tuple[list[Any], frozenset[str]]] | Failure:
        found: list[Any] = []
        waiting = sorted(ids)
        while waiting:
            chunk = waiting[: self._ids_per_query]
            result = self._client.query(_statement(ENTITY_NAMES[entity], chunk))
            if isinstance(result, Failure):
                if result.kind is FailureKind.REFUSED and len(chunk) > IDS_PER_QUERY_MIN:
                    self._ids_per_query = max(len(chunk) // 2, IDS_PER_QUERY_MIN)
                    continue
                return result
            waiting = waiting[len(chunk) :]
            found += objects_in(result.value.get("QueryResponse"), ENTITY_NAMES[entity])
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
                case Got(value) if isinstance(value.get(ENTITY_NAMES[entity]), dict):
                    found.append(value[ENTITY_NAMES[entity]])
                case Failure(FailureKind.NOT_FOUND):
                    gone.add(entity_id)
                case Failure():
                    return result
                case Got():
                    return Failure(FailureKind.UNAVAILABLE, "the answer does not contain what was asked for")
        return Got((found, frozenset(gone)))


def _statement(name: str, ids: list[str]) -> str:
    listed = ", ".join("'" + one.replace("\\", "\\\\").replace("'", "\\'") + "'" for one in ids)
    return f"SELECT * FROM {name} WHERE Id IN ({listed}) MAXRESULTS 1000"  # noqa: S608 - QuickBooks' query language, quoted above
