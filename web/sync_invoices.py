"""Sync Invoices > Invoices: the biller's Closed invoices, the choice among them, and the first opening."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.copying.billed import InvoiceKind
from domain.copying.states import CopyAction, CopyState
from models.billed_lists import BilledList
from models.views.copies import (
    CopyFilter,
    counts_of_copies,
    ids_of_copies,
    list_copies,
    locations_of_copies,
    sums_of_copies,
)
from usecases.copy_choices import change_terms
from usecases.copying import (
    LIST_KEPT,
    books_lists,
    current_list,
    is_being_read,
    problem_with_tool,
    refresh_list,
    start_run,
)
from usecases.results import Rejected
from usecases.words import words_of
from web.copy_filters import EMPTY_TABS, TAB_NAMES, TAB_STATES, Narrowed, NarrowedList, Tab, actions_on
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import FormWithSyncTool, ManagersFormWithSyncTool, Member, WithSyncTool, context_of
from web.typed_text import day_in

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
NONE_CHOSEN = "Tick the invoices first, or choose all that match."
DATE_UNREADABLE = "Enter the start date as year-month-day, such as 2026-01-31."
START_SAVED = "The start date is saved. Older invoices are not copied."
NOTHING_OLDER = "The start date is saved. No listed invoice is older, so there is nothing to mark."
REFRESHED = "The list is being read again from ConnectWise."
NOTICES = {"start": START_SAVED, "nothing_older": NOTHING_OLDER, "refresh": REFRESHED}
AfterId = Annotated[int | None, Query(ge=1, le=ID_MAX)]


class Which(StrEnum):
    """Which invoices of the list a button is about."""

    TICKED = "ticked"
    ON_PAGE = "page"
    MATCHING = "all"


# Copying one invoice first, to see how it comes out.
TRY_ONE = "try_one"


@router.get("/sync-invoices")
def list_page(
    request: Request, member: WithSyncTool, narrowed: NarrowedList, after: AfterId = None, done: str = ""
) -> Response:
    refresh_list(context_of(request), member.organization_id, if_older_than=LIST_KEPT)
    return _page(request, member, narrowed, after, notice=NOTICES.get(done))


@router.get("/live/sync-invoices")
def list_fragment(request: Request, member: WithSyncTool, narrowed: NarrowedList, after: AfterId = None) -> Response:
    return render(request, "sync_list_live.html", viewer=member.viewer, **_values(request, member, narrowed, after))


@router.get("/live/sync-invoices/reading")
def reading_fragment(request: Request, member: WithSyncTool) -> Response:
    context = context_of(request)
    with context.database.reading() as session:
        reading = _reading(current_list(session, member.organization_id), context.clock.now())
        words = words_of(session, member.organization_id)
    return render(request, "sync_reading_live.html", viewer=member.viewer, reading=reading, words=words)


@router.post("/sync-invoices/refresh")
def refresh(request: Request, member: FormWithSyncTool) -> Response:
    problem = refresh_list(context_of(request), member.organization_id)
    if problem is not None:
        return _page(request, member, _everything(), None, problem=problem.message, status_code=409)
    return RedirectResponse("/sync-invoices?done=refresh", 303)


@router.post("/sync-invoices/start")
def start(
    request: Request,
    member: FormWithSyncTool,
    narrowed: NarrowedList,
    what: Annotated[str, Form()] = "",
    which: Annotated[Which, Form()] = Which.TICKED,
    invoice: Annotated[list[int] | None, Form()] = None,
    on_page: Annotated[str, Form()] = "",
) -> Response:
    """Begins a run and shows it; nothing is written outside before a person confirms it there."""
    action = CopyAction.COPY if what == TRY_ONE else CopyAction(what) if what in list(CopyAction) else None
    if action is None:
        return _page(request, member, narrowed, None, problem="Choose what is to be done.", status_code=422)
    ids = _ids_in(on_page) if which is Which.ON_PAGE else [one for one in invoice or [] if 0 < one <= ID_MAX]
    chosen: Collection[int] | CopyFilter = narrowed.chosen if which is Which.MATCHING else ids
    if what == TRY_ONE:
        chosen = _first_of(request, member, chosen)
    if isinstance(chosen, list) and not chosen:
        return _page(request, member, narrowed, None, problem=NONE_CHOSEN, status_code=422)
    run = start_run(context_of(request), member.organization_id, action, chosen, member.viewer.user.email)
    if isinstance(run, Rejected):
        return _page(request, member, narrowed, None, problem=run.message, status_code=409)
    return RedirectResponse(f"/sync-invoices/runs/{run.run_id}", 303)


def _first_of(request: Request, member: Member, chosen: Collection[int] | CopyFilter) -> list[int]:
    if not isinstance(chosen, CopyFilter):
        return list(chosen)[:1]
    with context_of(request).database.reading() as session:
        return list(ids_of_copies(session, member.organization_id, chosen, 1))


def _ids_in(text: str) -> list[int]:
    """The ids of the rows that the page showed; more than a page has were not written by it."""
    ids = [int(one) for one in text.split(",")[:ROWS_PER_PAGE] if one.isascii() and one.isdecimal()]
    return [one for one in ids if 0 < one <= ID_MAX]


@router.post("/sync-invoices/begin")
def begin(
    request: Request,
    member: ManagersFormWithSyncTool,
    start_on: Annotated[str, Form()] = "",
    mark_older: Annotated[str, Form()] = "",
) -> Response:
    """The first opening: sets the start date, and previews marking whatever is older."""
    context = context_of(request)
    day = day_in(start_on)
    if day is None:
        return _page(request, member, _everything(), None, problem=DATE_UNREADABLE, status_code=422)
    changed = change_terms(context, member.organization_id, {"start_on": day})
    if isinstance(changed, Rejected):
        return _page(request, member, _everything(), None, problem=changed.message, status_code=422)
    if not mark_older:
        return RedirectResponse("/sync-invoices?done=start", 303)
    older = CopyFilter(states=frozenset({CopyState.AVAILABLE}), until=day - timedelta(days=1))
    with context.database.reading() as session:
        is_any = bool(ids_of_copies(session, member.organization_id, older, 1))
    if not is_any:
        return RedirectResponse("/sync-invoices?done=nothing_older", 303)
    run = start_run(context, member.organization_id, CopyAction.MARK, older, member.viewer.user.email)
    if isinstance(run, Rejected):
        return _page(request, member, _everything(), None, problem=run.message, status_code=409)
    return RedirectResponse(f"/sync-invoices/runs/{run.run_id}", 303)


def _everything() -> Narrowed:
    return Narrowed(Tab.OPEN, CopyFilter(states=TAB_STATES[Tab.OPEN]))


# --- how far the list is read ---


@dataclass(frozen=True, slots=True)
class Reading:
    """How the reading of the biller's list stands.

    Attributes:
        is_under_way: the list is read right now, or as soon as a worker comes to it.
    """

    row: BilledList | None
    is_under_way: bool


def _reading(row: BilledList | None, now: datetime) -> Reading:
    return Reading(row, is_being_read(row, now))


# --- the list ---


def _values(request: Request, member: Member, narrowed: Narrowed, after: int | None) -> dict[str, Any]:
    context = context_of(request)
    with context.database.reading() as session:
        organization_id = member.organization_id
        page = list_copies(session, organization_id, narrowed.chosen, limit=ROWS_PER_PAGE, after=after)
        counts = counts_of_copies(session, organization_id)
        sums = sums_of_copies(session, organization_id, narrowed.chosen)
        words = words_of(session, organization_id)
        reading = _reading(current_list(session, member.organization_id), context.clock.now())
    return {
        "reading": reading,
        "rows": page.rows,
        "tabs": [(tab, TAB_NAMES[tab], sum(counts[state] for state in TAB_STATES[tab])) for tab in Tab],
        "sums": sums,
        "matching": sum(one.count for one in sums),
        "narrowed": narrowed,
        "actions": actions_on(narrowed.tab),
        "empty_text": EMPTY_TABS[narrowed.tab],
        "on_page": ",".join(str(row.id) for row in page.rows),
        "is_first": after is None,
        "older_query": narrowed.as_query(after=page.next_after) if page.next_after is not None else None,
        "live_query": narrowed.as_query(after=after or ""),
        "words": words,
        "CopyAction": CopyAction,
        "is_first_opening": _is_first_opening(member, counts),
    }


def _is_first_opening(member: Member, counts: dict[CopyState, int]) -> bool:
    """Nothing has been decided about old invoices: no start date, and nothing was ever copied or marked."""
    handled = (CopyState.COPIED, CopyState.PRESENT, CopyState.CHANGED, CopyState.QUEUED, CopyState.CREATING)
    return member.organization.copy_terms.start_on is None and not any(counts[state] for state in handled)


def _page(
    request: Request,
    member: Member,
    narrowed: Narrowed,
    after: int | None,
    *,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    context = context_of(request)
    values = _values(request, member, narrowed, after)
    with context.database.reading() as session:
        locations = locations_of_copies(session, member.organization_id)
        lists = books_lists(session, member.organization_id)
    rules = lists.known_rules if lists is not None else None
    return render(
        request,
        "sync_list.html",
        status_code,
        viewer=member.viewer,
        notice=notice,
        problem=problem or problem_with_tool(context, member.organization_id),
        locations=locations,
        numbers_by_itself=rules is not None and not rules.custom_numbers,
        kinds=list(InvoiceKind),
        proposed_start=_first_of_month(context.clock.now().date()),
        **values,
    )


def _first_of_month(day: date) -> date:
    return day.replace(day=1)
