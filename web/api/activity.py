"""GET /api/activity: who changed what, for programs that keep an audit trail of their own."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request

from domain.activity import ActivityKind
from domain.clocks import in_utc
from models.activity import ActivityFilter, list_activity
from models.views.documents import ActivityOut
from web.api.access import REFUSALS, Authorized
from web.payments import ID_MAX
from web.signed_in import context_of

router = APIRouter(tags=["activity"], responses=REFUSALS)

LIMIT_MAX = 200


@router.get("/activity")
def get_activity(
    request: Request,
    caller: Authorized,
    kind: ActivityKind | None = None,
    since: Annotated[datetime | None, Query(description="From this moment on; without a zone it is UTC")] = None,
    until: Annotated[datetime | None, Query(description="Before this moment; without a zone it is UTC")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 50,
    before: Annotated[int | None, Query(ge=1, le=ID_MAX, description="`next_before` of the previous page")] = None,
) -> ActivityOut:
    """Everything that people and programs changed in the organization, the latest first."""
    chosen = ActivityFilter(kind=kind, since=since and in_utc(since), until=until and in_utc(until))
    with context_of(request).database.reading() as session:
        found = list_activity(session, caller.organization_id, chosen, limit + 1, before)
    return ActivityOut.of(found, limit)
