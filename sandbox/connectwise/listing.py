"""The features of every ConnectWise list: conditions, orderBy, fields, and two ways of paging."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from sandbox.connectwise.comparisons import Record
from sandbox.connectwise.errors import ApiError, bad_query
from sandbox.connectwise.fields import Kind, value_at
from sandbox.replies import json_response

DEFAULT_PAGE_SIZE = 25
LARGEST_PAGE_SIZE = 1000  # larger ones are capped silently
_NOT_PLAYED = ("childConditions", "customFieldConditions")


@dataclass(frozen=True)
class Page:
    items: list[Record]
    link: str | None


def refuse_what_is_not_played(request: Request) -> None:
    """A filter the sandbox would silently ignore could hide a client's mistake."""
    for name in _NOT_PLAYED:
        if request.args.get(name):
            raise ApiError(400, {"code": "Sandbox", "message": f"The sandbox does not play {name}."})


def list_response(request: Request, items: list[Record], fields: Mapping[str, Kind]) -> Response:
    """Answers with one page of the items, which are already filtered and in ascending order of their ids."""
    if request.headers.get("pagination-type") == "forward-only":
        page = _forward_page(request, items)
    else:
        page = _numbered_page(request, _ordered(request.args.get("orderBy", ""), items, fields))
    headers = {} if page.link is None else {"Link": page.link}
    return json_response([selected(item, request) for item in page.items], headers=headers)


def selected(item: Record, request: Request) -> dict[str, Any]:
    """Keeps the fields named in `fields=`, or all without it; an unknown name selects nothing."""
    names = [name.strip() for name in request.args.get("fields", "").split(",") if name.strip()]
    if not names:
        return dict(item)
    chosen: dict[str, Any] = {}
    for name in names:
        value = value_at(item, name)
        if value is not None:
            _put(chosen, name.split("/"), value)
    return chosen


def _put(target: dict[str, Any], parts: list[str], value: Any) -> None:
    for part in parts[:-1]:
        target = target.setdefault(part, {})
    target[parts[-1]] = value


def _ordered(order_by: str, items: list[Record], fields: Mapping[str, Kind]) -> list[Record]:
    # Sorting is stable: the last key first, the first key last.
    for term in reversed([term for term in order_by.split(",") if term.strip()]):
        name, _, direction = term.strip().partition(" ")
        if name not in fields:
            raise bad_query(f"{name} is not a recognized name.")
        if direction.strip().lower() not in {"", "asc", "desc"}:
            raise bad_query(f"{direction.strip()} is not an order.")
        descending = direction.strip().lower() == "desc"
        items = sorted(items, key=lambda item, name=name: _sort_key(item, name), reverse=descending)  # type: ignore[misc]
    return items


def _sort_key(item: Record, name: str) -> tuple[bool, Any]:
    value = value_at(item, name)
    return (value is not None, value if value is not None else 0)


def _numbered_page(request: Request, items: list[Record]) -> Page:
    size = _page_size(request)
    number = _whole(request, "page", 1)
    last = max(1, -(-len(items) // size))
    links = []
    if number < last:
        links = [("next", number + 1), ("last", last)]
    if number > 1:
        links = [("first", 1), ("prev", number - 1), *links]
    header = ", ".join(f'<{_address(request, page=page)}>; rel="{name}"' for name, page in links)
    return Page(items[(number - 1) * size : number * size], header or None)


def _forward_page(request: Request, items: list[Record]) -> Page:
    """Ordered by id, starting after `pageId`; the Link header is always there, and empty at the end."""
    if request.args.get("orderBy"):
        raise bad_query("orderBy cannot be used with forward-only paging.")
    size = _page_size(request)
    after = _whole(request, "pageId", 0, smallest=0)
    rest = [item for item in items if item["id"] > after]
    if len(rest) <= size:
        return Page(rest, "")
    return Page(rest[:size], f'<{_address(request, pageId=rest[size - 1]["id"])}>; rel="next"')


def _page_size(request: Request) -> int:
    return min(_whole(request, "pageSize", DEFAULT_PAGE_SIZE), LARGEST_PAGE_SIZE)


def _whole(request: Request, name: str, default: int, smallest: int = 1) -> int:
    text = request.args.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < smallest:
        raise bad_query(f"{name} is not valid.")
    return int(text)


def _address(request: Request, **changes: int) -> str:
    """The page number comes last, as in ConnectWise: some clients look for `page=2>`."""
    query = {name: value for name, value in request.args.items() if name not in changes}
    return f"{request.base_url}?{urlencode(query | changes)}"
