"""ConnectWise's lists: all pages of one, and texts in the conditions that select from it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.connectwise.client import Client

PAGE_SIZE = 1000
PAGES_MAX = 50
NO_LIST = "the answer is not a list of records"
TOO_MANY = "the answer has more records than we asked for"

Record = TypeVar("Record")


def read_list(
    client: Client,
    path: str,
    parameters: Mapping[str, str],
    route: str,
    record_in: Callable[[Any], Record],
    *,
    most: int | None = None,
) -> ReadResult[list[Record]]:
    """The whole list: a server may give fewer records at once than we ask for. Keeps only the records of a page.

    Args:
        most: how many records there can be, if that is known: with so many we do not ask for another page.
    """
    records: list[Record] = []
    for number in range(1, PAGES_MAX + 1):
        page = client.read_page(path, {**parameters, "page": str(number)}, route=route)
        if isinstance(page, Failure):
            return page
        found = records_in(page.value.value)
        if found is None:
            return Failure(FailureKind.UNAVAILABLE, NO_LIST)
        if len(found) > PAGE_SIZE:
            return Failure(FailureKind.UNAVAILABLE, TOO_MANY)
        records += map(record_in, found)
        if not found or len(records) == most or not page.value.may_go_on(len(found)):
            return Got(records)
    return Failure(FailureKind.REFUSED, "the list is too long to read in full")


def records_in(parsed: Any) -> list[Any] | None:
    """The list of objects, or None if the answer is anything else: "no list" must never be read as "none there"."""
    if not isinstance(parsed, list) or not all(isinstance(one, dict) for one in parsed):
        return None
    return parsed


def quoted(text: str) -> str:
    """A text for a condition. In it "[" opens a character class (ConnectWise's guide), so we write it as "[[]"."""
    return '"' + text.replace("[", "[[]") + '"'
