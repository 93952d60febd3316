"""Asking for many objects with few queries: long lists of values, and every page of the answers. Reads are metered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.quickbooks.client import Client

NOT_WHAT_WE_ASKED_FOR = Failure(FailureKind.UNAVAILABLE, "the answer does not contain what was asked for")
# The longest possible list is not documented; one that is refused is sent again in halves.
VALUES_PER_QUERY_MAX = 300
# The longest page of a query (query page of the reference).
PAGE_MAX = 1000
# 50,000 objects: no company has so many items, and no list of numbers finds so many invoices.
PAGES_MAX = 50


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for, apart from the list of values.

    Attributes:
        field: the property that has one of the values.
        condition: what has to be true besides.
        order: needed where there may be a second page: Intuit promises no order otherwise.
    """

    entity: str
    field: str = "Id"
    condition: str = ""
    order: str = "MetaData.LastUpdatedTime"


def quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def ask_all(client: Client, question: Question) -> ReadResult[list[Any]]:
    """All objects for which the condition is true, as they are on the wire."""
    return _all_pages(client, question, question.condition)


def ask_like(client: Client, question: Question, pattern: str) -> ReadResult[list[Any]]:
    """All objects with a value of this pattern; `%` stands for any text, and nothing else does."""
    return _all_pages(client, question, _both(f"{question.field} LIKE {quoted(pattern)}", question.condition))


def ask_with(client: Client, question: Question, values: Collection[str]) -> ReadResult[list[Any]]:
    """All objects with one of these values. QuickBooks ignores letter case, so the caller compares again."""
    found: list[Any] = []
    unasked, length = sorted(set(values)), VALUES_PER_QUERY_MAX
    while unasked:
        chunk = unasked[:length]
        listed = f"{question.field} IN ({', '.join(map(quoted, chunk))})"
        result = _all_pages(client, question, _both(listed, question.condition))
        if isinstance(result, Got):
            found += result.value
            unasked = unasked[length:]
        elif result.kind is FailureKind.REFUSED and len(chunk) > 1:
            # The list may be too long. If one value is the reason, the refusal of that value alone ends this.
            length = len(chunk) // 2
        else:
            return result
    return Got(found)


def _both(first: str, second: str) -> str:
    return f"{first} AND {second}" if second else first


def _all_pages(client: Client, question: Question, condition: str) -> ReadResult[list[Any]]:
    found: list[Any] = []
    for number in range(PAGES_MAX):
        page = _page(client, question, condition, 1 + number * PAGE_MAX)
        if isinstance(page, Failure):
            return page
        found += page.value
        if len(page.value) < PAGE_MAX:
            return Got(_once_each(found))
    return Failure(FailureKind.REFUSED, "the list is too long to read in full")


def _page(client: Client, question: Question, condition: str, start: int) -> ReadResult[list[Any]]:
    order = f" ORDERBY {question.order}" if question.order else ""
    return objects_where(client, question.entity, condition, f"{order} STARTPOSITION {start}")


def objects_where(client: Client, entity: str, condition: str, order: str = "") -> ReadResult[list[Any]]:
    """One query: the objects in the answer, as they are on the wire.

    Args:
        condition: in QuickBooks' query language, every value in it quoted.
    """
    where = f" WHERE {condition}" if condition else ""
    result = client.query(f"SELECT * FROM {entity}{where}{order} MAXRESULTS {PAGE_MAX}")  # noqa: S608
    if isinstance(result, Failure):
        return result
    response = result.value.get("QueryResponse")
    listed = response.get(entity, []) if isinstance(response, dict) else None
    if not isinstance(listed, list):
        # If we took it for an empty answer, none of the objects would seem to exist.
        return NOT_WHAT_WE_ASKED_FOR
    return Got(listed)


def count_where(client: Client, entity: str, condition: str) -> ReadResult[int]:
    """How many objects there are; one metered read."""
    where = f" WHERE {condition}" if condition else ""
    result = client.query(f"SELECT COUNT(*) FROM {entity}{where}")  # noqa: S608
    if isinstance(result, Failure):
        return result
    response = result.value.get("QueryResponse")
    count = response.get("totalCount") if isinstance(response, dict) else None
    if not isinstance(count, int):
        return Failure(FailureKind.UNAVAILABLE, "the answer does not contain the number that was asked for")
    return Got(count)


def _once_each(found: Sequence[Any]) -> list[Any]:
    """An object that changes while we page may come twice; its last reading stays. Unreadable ones all stay."""
    by_id: dict[str | int, Any] = {}
    for place, one in enumerate(found):
        is_named = isinstance(one, dict) and bool(one.get("Id"))
        by_id[str(one["Id"]) if is_named else place] = one
    return list(by_id.values())
