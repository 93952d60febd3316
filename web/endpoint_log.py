"""One notice of an endpoint's log: what it says, every try with its answer, and sending it again.

The same for webhooks and for notifications of people; each has it below its own page.
"""

from typing import Annotated
from urllib.parse import urlencode

import simplejson
from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.notices.channels import PEOPLE, PROGRAMS
from models.notices import Notice, NoticeFilter
from usecases.notices import detail_of, send_again
from usecases.results import Rejected
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import InOrganization, ManagersForm, Member, context_of

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
TOO_BUSY = "Too many calls are under way for your organization. Try again in half a minute."
Id = Annotated[int, Path(ge=1, le=ID_MAX)]
BeforeId = Annotated[int | None, Query(ge=1, le=ID_MAX)]
DONE = {
    "again": "It is being sent again.",
    "test": "The test was sent once. The answer is below.",
}


WEBHOOKS, NOTIFICATIONS = "/settings/webhooks", "/settings/notifications"
_CHANNELS = {WEBHOOKS: PROGRAMS, NOTIFICATIONS: PEOPLE}


@router.get(WEBHOOKS + "/{endpoint_id}/notices/{notice_id}")
def notice_page(request: Request, endpoint_id: Id, notice_id: Id, member: InOrganization, done: str = "") -> Response:
    return _page(request, member, WEBHOOKS, endpoint_id, notice_id, notice=DONE.get(done))


@router.get(NOTIFICATIONS + "/{endpoint_id}/notices/{notice_id}")
def notification_page(
    request: Request, endpoint_id: Id, notice_id: Id, member: InOrganization, done: str = ""
) -> Response:
    return _page(request, member, NOTIFICATIONS, endpoint_id, notice_id, notice=DONE.get(done))


@router.post(WEBHOOKS + "/{endpoint_id}/notices/{notice_id}/resend")
def resend(request: Request, endpoint_id: Id, notice_id: Id, member: ManagersForm) -> Response:
    return _resend(request, member, WEBHOOKS, endpoint_id, notice_id)


@router.post(NOTIFICATIONS + "/{endpoint_id}/notices/{notice_id}/resend")
def resend_notification(request: Request, endpoint_id: Id, notice_id: Id, member: ManagersForm) -> Response:
    return _resend(request, member, NOTIFICATIONS, endpoint_id, notice_id)


def query_of(chosen: NoticeFilter, **more: int) -> str:
    """The filter as the address has it."""
    values = {"state": chosen.state.value if chosen.state else "", "payment": chosen.payment_id, **more}
    return urlencode({name: value for name, value in values.items() if value != ""})


def _resend(request: Request, member: Member, page: str, endpoint_id: int, notice_id: int) -> Response:
    sent = send_again(context_of(request), member.organization_id, endpoint_id, notice_id, _CHANNELS[page])
    match sent:
        case None:
            raise HTTPException(404)
        case Rejected(message):
            return _page(request, member, page, endpoint_id, notice_id, problem=message, status_code=409)
        case Notice():
            return RedirectResponse(f"{page}/{endpoint_id}/notices/{notice_id}?done=again", 303)


def _page(
    request: Request,
    member: Member,
    page: str,
    endpoint_id: int,
    notice_id: int,
    *,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    detail = detail_of(context_of(request), member.organization_id, endpoint_id, notice_id, _CHANNELS[page])
    if detail is None:
        raise HTTPException(404)
    return render(
        request,
        "endpoint_notice.html",
        status_code,
        viewer=member.viewer,
        page=page,
        detail=detail,
        body=simplejson.dumps(detail.body, indent=2, ensure_ascii=False),
        notice=notice,
        problem=problem,
    )
