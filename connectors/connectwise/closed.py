"""Closed invoices without an accounting batch, for a ConnectWise that has no list of unposted ones.

The list of invoices has the batch of each (`glBatch`). Whether it can be compared with null in a condition is not
published, so what is batched is left out here. Older versions do not know `status/isClosed`; there the billing statuses
say which of them are closed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.connectwise import wire
from connectors.connectwise.client import Client
from connectors.connectwise.lists import NO_LIST, PAGE_SIZE, TOO_MANY, read_list
from connectors.connectwise.unposted import unposted_in
from connectors.copying import BilledPage

_INVOICES, _STATUSES = "/finance/invoices", "/finance/billingStatuses"
_FIELDS = (
    "id,invoiceNumber,type,date,dueDate,currency,subtotal,salesTax,total,"
    "company,billToCompany,locationId,location,glBatch"
)
# The same under the names that the list of unposted invoices has for it.
_NAMES = {
    "id": "billingLogId",
    "type": "invoiceType",
    "date": "invoiceDate",
    "subtotal": "subTotal",
    "salesTax": "salesTaxAmount",
}


def closed_page(client: Client, after: int) -> ReadResult[BilledPage]:
    """The closed invoices with an id above this one that no batch holds; `next_after` is an id as well."""
    page = _ask(client, "status/isClosed=true", after)
    if isinstance(page, Failure) and page.kind is FailureKind.REFUSED:
        statuses = _closed_statuses(client)
        if isinstance(statuses, Failure):
            return statuses
        page = _ask(client, f"status/id in ({','.join(statuses.value)})", after) if statuses.value else Got(([], False))
    if isinstance(page, Failure):
        return page
    records, may_go_on = page.value
    found = unposted_in([_as_unposted(one) for one in records if not _is_batched(one)])
    ids = [int(one) for one in (wire.record_id(record.get("id")) for record in records) if one is not None]
    if any(one >= other for one, other in zip((after, *ids), ids, strict=False)):
        return Failure(FailureKind.UNAVAILABLE, "the invoices are not in the order of their ids")
    if may_go_on and not ids:
        return Failure(FailureKind.UNAVAILABLE, "none of the invoices says its id")
    return Got(BilledPage(found.invoices, str(ids[-1]) if may_go_on else None, found.unreadable))


def _ask(client: Client, condition: str, after: int) -> ReadResult[tuple[Sequence[Mapping[str, Any]], bool]]:
    """The records of one page, and whether there may be another one."""
    parameters = {
        "conditions": f"{condition} and id > {after}",
        "fields": _FIELDS,
        "orderBy": "id asc",
        "pageSize": str(PAGE_SIZE),
    }
    page = client.read_page(_INVOICES, parameters, route="invoices closed")
    if isinstance(page, Failure):
        return page
    records = page.value.value
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        return Failure(FailureKind.UNAVAILABLE, NO_LIST)
    if len(records) > PAGE_SIZE:
        return Failure(FailureKind.UNAVAILABLE, TOO_MANY)
    return Got((records, bool(records) and page.value.may_go_on(len(records))))


def _closed_statuses(client: Client) -> ReadResult[list[str]]:
    parameters = {"conditions": "closedFlag=true", "fields": "id", "pageSize": str(PAGE_SIZE)}
    read = read_list(client, _STATUSES, parameters, "billingStatuses", lambda one: wire.record_id(one.get("id")))
    return read if isinstance(read, Failure) else Got([one for one in read.value if one is not None])


def _is_batched(record: Mapping[str, Any]) -> bool:
    return wire.record_id(wire.part_of(record.get("glBatch"), "id")) is not None


def _as_unposted(record: Mapping[str, Any]) -> dict[str, Any]:
    return {_NAMES.get(name, name): value for name, value in record.items()} | {"id": record.get("id")}
