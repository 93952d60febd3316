"""/api/sync-tool/invoices: the biller's Closed invoices, what became of each, and having the list read again."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from domain.copying.billed import InvoiceKind
from domain.copying.states import CopyState
from models.views.copies import CopyFilter, list_copies
from usecases.copying import current_list, is_being_read, refresh_list
from usecases.results import Rejected
from usecases.words import words_of
from web.api.access import WithSyncTool, WorkingWithSyncTool
from web.api.copy_documents import CopiesOut, ListingOut
from web.api.pages import Limit, PlaceInCopies, link_to_next
from web.api.payments import Text
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.api.values import Day
from web.problems import Problem, Refused
from web.signed_in import context_of

router = APIRouter(prefix="/sync-tool", tags=["sync tool"], route_class=WithKeptAnswers)


@router.get("/invoices", summary="List invoices of the Sync Tool")
def get_copies(
    request: Request,
    response: Response,
    caller: WithSyncTool,
    place: PlaceInCopies,
    state: Annotated[list[CopyState] | None, Query(description="Any of these; may be given several times")] = None,
    kind: Annotated[InvoiceKind | None, Query(description="What the invoice is for")] = None,
    customer: Annotated[Text, Query(description="Part of the name of who owes it or whom the work was for")] = "",
    location: Annotated[Text, Query(description="The location's whole name")] = "",
    search: Annotated[Text, Query(description="Part of the number, or the whole total")] = "",
    since: Annotated[Day | None, Query(description="Dated this day or later")] = None,
    until: Annotated[Day | None, Query(description="Dated this day or earlier")] = None,
    limit: Limit = 50,
) -> CopiesOut:
    """The Closed invoices of ConnectWise that are known here, the latest date first; calls nothing."""
    context = context_of(request)
    chosen = CopyFilter(
        states=frozenset(state or ()),
        kind=kind,
        customer=customer.strip(),
        location=location.strip(),
        search=search.strip(),
        since=since,
        until=until,
    )
    with context.database.reading() as session:
        page = list_copies(session, caller.organization_id, chosen, limit=limit, after=place)
        listing = current_list(session, caller.organization_id)
        words = words_of(session, caller.organization_id)
    told = ListingOut.of(listing, is_being_read=is_being_read(listing, context.clock.now()))
    document = CopiesOut.of(page, told, words)
    link_to_next(request, response, document.next_cursor)
    return document


@router.post("/refresh", openapi_extra=REPEATABLE, summary="Refresh the list")
def post_refresh(request: Request, caller: WorkingWithSyncTool) -> ListingOut:
    """Has the list read again from ConnectWise by a worker, unless it is being read right now."""
    context = context_of(request)
    problem = refresh_list(context, caller.organization_id)
    if isinstance(problem, Rejected):
        raise Refused(Problem.NOT_READY, problem.message)
    with context.database.reading() as session:
        listing = current_list(session, caller.organization_id)
    return ListingOut.of(listing, is_being_read=is_being_read(listing, context.clock.now()))
