"""Change data capture: records created, changed or deleted since an instant, with Intuit's caps and omissions."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import Any, TypeVar

from sandbox.quickbooks.query.run import RENDER, table_of
from sandbox.quickbooks.times import parse_time
from sandbox.quickbooks.wire import tombstone_json
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import Refused, required
from sandbox.quickbooks.world.records import Record, Tombstone

Json = dict[str, Any]
Row = TypeVar("Row", Record, Tombstone)

LOOK_BACK_DAYS = 30
# Entities that change data capture knows but these books never hold.
ALWAYS_EMPTY = frozenset({"SalesReceipt", "RefundReceipt", "Estimate"})


def answer(company: Company, entities: str | None, changed_since: str | None) -> Json:
    """The content of CDCResponse[0]."""
    names = [name.strip() for name in (entities or "").split(",") if name.strip()]
    if not names:
        raise required("entities")
    for name in names:
        if name not in RENDER and name not in ALWAYS_EMPTY:
            raise Refused("2020", "Invalid entity", f"Entity {name} is not supported by change data capture")
    since = _since(company, changed_since)
    changed = {name: _changed(company, name, since) for name in names if name in RENDER}
    deleted = {name: _deleted(company, name, since) for name in names if name in RENDER}
    return {"QueryResponse": _capped(company, changed, deleted) or [{}]}


def _since(company: Company, text: str | None) -> datetime:
    if not text:
        raise required("changedSince")
    try:
        # A plus sign that the caller did not encode arrives as a blank; Intuit refuses it like any other nonsense.
        since = parse_time(text)
    except ValueError as error:
        raise Refused("2010", "Invalid date", f"changedSince {text} is not a date or dateTime") from error
    earliest = company.now() - timedelta(days=LOOK_BACK_DAYS)
    if since >= earliest:
        return since
    if company.switches.cdc_beyond_30_days == "clip":
        return earliest
    raise Refused("2030", "Invalid date", "The changedSince date cannot be more than 30 days ago")


def _changed(company: Company, entity: str, since: datetime) -> Iterable[Record]:
    latest = company.now() - timedelta(seconds=company.switches.cdc_after_seconds)
    return (
        record
        for record in table_of(company, entity).by_last_update(since.replace(microsecond=0))
        if record.changed_at <= latest and _counts(company, record.updated_at, since)
    )


def _deleted(company: Company, entity: str, since: datetime) -> Iterable[Tombstone]:
    latest = company.now() - timedelta(seconds=company.switches.cdc_after_seconds)
    return (
        stone
        for stone in table_of(company, entity).deleted_since(since.replace(microsecond=0))
        if stone.deleted_at <= latest and _counts(company, stone.deleted_at.replace(microsecond=0), since)
    )


def _counts(company: Company, second: datetime, since: datetime) -> bool:
    return second >= since if company.switches.cdc_inclusive else second > since


def _capped(
    company: Company,
    changed: dict[str, Iterable[Record]],
    deleted: dict[str, Iterable[Tombstone]],
) -> list[Json]:
    """One block per entity with changes: active records by last update, then the tombstones."""
    rows: list[tuple[str, Record | Tombstone]] = []
    if company.switches.cdc_cap_scope == "request":
        rows = _cap(company, _in_one_row(changed, deleted))
    else:
        for name, records in changed.items():
            rows += _cap(company, _in_one_row({name: records}, {name: deleted[name]}))
    blocks = []
    for name in changed:
        found = [_rendered(company, name, record) for entity, record in rows if entity == name]
        if found:
            blocks.append({name: found, "startPosition": 1, "maxResults": len(found), "totalCount": len(found)})
    return blocks


def _in_one_row(
    changed: dict[str, Iterable[Record]],
    deleted: dict[str, Iterable[Tombstone]],
) -> Iterator[tuple[str, Record | Tombstone]]:
    """Merges lazily: the cap takes the first thousand, and the tables may hold many times that."""
    active = [_named(name, records) for name, records in changed.items()]
    gone = [_named(name, stones) for name, stones in deleted.items()]
    yield from merge(*active, key=lambda pair: pair[1].updated_at)
    yield from merge(*gone, key=lambda pair: pair[1].deleted_at)


def _named(name: str, rows: Iterable[Row]) -> Iterator[tuple[str, Row]]:
    return ((name, row) for row in rows)


def _cap(
    company: Company,
    rows: Iterable[tuple[str, Record | Tombstone]],
) -> list[tuple[str, Record | Tombstone]]:
    cap = company.switches.cdc_cap
    if company.switches.cdc_cap_keeps == "newest":
        return list(rows)[-cap:]
    return list(islice(rows, cap))


def _rendered(company: Company, entity: str, record: Record | Tombstone) -> Json:
    return tombstone_json(record) if isinstance(record, Tombstone) else RENDER[entity](company, record)
