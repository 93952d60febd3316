"""GET /api/overview: the numbers of the overview, for programs."""

from fastapi import APIRouter, Request

from models.organizations import organization_by_id
from usecases.overview import overview_of
from usecases.overview_out import OverviewOut
from usecases.words import words_of
from web.api.access import Authorized
from web.signed_in import context_of

router = APIRouter(tags=["overview"])


@router.get("/overview", summary="Read the overview")
def get_overview(request: Request, caller: Authorized) -> OverviewOut:
    """What needs a person, what was synced today and in the last 7 days, each of the last 14 days, the connections.

    Days are those of UTC.
    """
    context = context_of(request)
    with context.database.reading() as session:
        overview = overview_of(context, session, organization_by_id(session, caller.organization_id))
        words = words_of(session, caller.organization_id)
    return OverviewOut.of(overview, words)
