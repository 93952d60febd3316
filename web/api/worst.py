"""GET /api/operator/organizations: the organizations that most need somebody, for those who run the platform.

No metric names a tenant, so an alarm leads here. It asks for an operator's session: API tokens belong to one
organization each, and for everybody else there is nothing at this address. It is no part of the partners' API.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from models.views.worst_organizations import InNeed, waits_since, worst_organizations
from web.problems import Problem, Refused
from web.signed_in import context_of, viewer

router = APIRouter(include_in_schema=False)
SHOWN = 10
SHOWN_MAX = 100


class OrganizationInNeed(BaseModel):
    organization: str
    name: str
    needs_attention: int
    waiting: int
    on_its_way: int
    broken_connections: int
    oldest_waits_since: datetime | None

    @classmethod
    def of(cls, one: InNeed) -> "OrganizationInNeed":
        return cls(
            organization=one.slug,
            name=one.name,
            needs_attention=one.needs_attention,
            waiting=one.waiting,
            on_its_way=one.on_its_way,
            broken_connections=one.broken,
            oldest_waits_since=waits_since(one),
        )


class OrganizationsInNeed(BaseModel):
    organizations: list[OrganizationInNeed]


@router.get("/operator/organizations")
def list_organizations_in_need(
    request: Request, limit: Annotated[int, Query(ge=1, le=SHOWN_MAX)] = SHOWN
) -> OrganizationsInNeed:
    if "Authorization" in request.headers:
        raise Refused(
            Problem.NO_ACCESS, "An API token belongs to one organization; this asks for an operator's session."
        )
    if not viewer(request).user.is_operator:
        raise Refused(Problem.NOT_FOUND)
    with context_of(request).database.reading() as session:
        found = worst_organizations(session, limit)
    return OrganizationsInNeed(organizations=[OrganizationInNeed.of(one) for one in found])
