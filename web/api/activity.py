"""GET /api/activity: who changed what, for programs that keep an audit trail of their own."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from domain.activity import ActivityKind
from domain.clocks import in_utc
from models.activity import ActivityFilter, list_activity
from models.views.activity_documents import ActivityOut
from web.api.access import Authorized
from web.api.pages import Limit, PlaceInActivity, link_to_next
from web.api.values import MomentIn
from web.signed_in import context_of

router = APIRouter(tags=["activity"])


@router.get("/activity", summary="List activity")
def get_activity(
    request: Request,
    response: Response,
    caller: Authorized,
    place: PlaceInActivity,
    kind: Annotated[ActivityKind | None, Query(description="Only this")] = None,
    since: Annotated[MomentIn | None, Query(description="From this moment on; without a zone it is UTC")] = None,
    until: Annotated[MomentIn | None, Query(description="Before this moment; without a zone it is UTC")] = None,
    limit: Limit = 50,
) -> ActivityOut:
    """Everything that people and programs changed in the organization, the latest first."""
    chosen = ActivityFilter(kind=kind, since=since and in_utc(since), until=until and in_utc(until))
    with context_of(request).database.reading() as session:
        found = list_activity(session, caller.organization_id, chosen, limit + 1, place)
    page = ActivityOut.of(found, limit)
    link_to_next(request, response, page.next_cursor)
    return page
