"""One notice of an endpoint's log: what it says, every try with its answer, and sending it again."""

import simplejson
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from models.notices import Notice
from usecases.notices import detail_of, send_again
from usecases.results import Rejected
from web.endpoint_pages import Family, Id
from web.pages import render
from web.signed_in import InOrganization, ManagersForm, Member, context_of

_DONE = {
    "again": "It is being sent again.",
    "test": "The test was sent once. The answer is below.",
}


def pages_of_log(family: Family) -> APIRouter:
    """Below the page of each endpoint of the family."""
    router = APIRouter(prefix=family.page + "/{endpoint_id}/notices", include_in_schema=False)

    @router.get("/{notice_id}")
    def notice_page(
        request: Request, endpoint_id: Id, notice_id: Id, member: InOrganization, done: str = ""
    ) -> Response:
        return _page(request, member, family, endpoint_id, notice_id, notice=_DONE.get(done))

    @router.post("/{notice_id}/resend")
    def resend(request: Request, endpoint_id: Id, notice_id: Id, member: ManagersForm) -> Response:
        sent = send_again(context_of(request), member.organization_id, endpoint_id, notice_id, family.channels)
        match sent:
            case None:
                raise HTTPException(404)
            case Rejected(message):
                return _page(request, member, family, endpoint_id, notice_id, problem=message, status_code=409)
            case Notice():
                return RedirectResponse(f"{family.page}/{endpoint_id}/notices/{notice_id}?done=again", 303)

    return router


def _page(
    request: Request,
    member: Member,
    family: Family,
    endpoint_id: int,
    notice_id: int,
    *,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    detail = detail_of(context_of(request), member.organization_id, endpoint_id, notice_id, family.channels)
    if detail is None:
        raise HTTPException(404)
    return render(
        request,
        "endpoint_notice.html",
        status_code,
        viewer=member.viewer,
        page=family.page,
        detail=detail,
        body=simplejson.dumps(detail.body, indent=2, ensure_ascii=False),
        notice=notice,
        problem=problem,
    )
