"""What the pages about webhooks and about notifications of people have in common: one endpoint, and what is done to it.

Each of the two is a family; `web/endpoints.py` and `web/notifications.py` have its list and its form.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Protocol
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.notices.trying import NoticeState
from models.endpoints import Endpoint
from models.notices import NoticeFilter
from tasks.context import Context
from usecases import endpoints as managing
from usecases.endpoints import Wanted
from usecases.notices import log_of, send_all_failed_again
from usecases.results import Rejected
from web.call_semaphores import call_slot, come_back_later
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import InOrganization, ManagersForm, Member, context_of
from web.typed_text import plain

TOO_BUSY = "Too many calls are under way for your organization. Try again in half a minute."
Id = Annotated[int, Path(ge=1, le=ID_MAX)]
BeforeId = Annotated[int | None, Query(ge=1, le=ID_MAX)]
_ROWS_PER_PAGE = 50
_DONE = {"again": "They are being sent again.", "nothing": "There was nothing to send again."}


class EndpointAction(StrEnum):
    """What can be done with one click, after a question."""

    ON = "on"
    OFF = "off"
    REMOVE = "remove"


class Entered(Protocol):
    """What is in a form, whether or not it can be used."""

    def as_wanted(self) -> Wanted | Rejected:
        """What was meant."""


@dataclass(frozen=True, slots=True)
class Family:
    """Endpoints that have pages of their own.

    Attributes:
        page: the address of the list.
        template: of the page of one endpoint.
        form_of: the form as the endpoint is.
        done: what a page says after something was done. The sentences are not taken from the address, because a
            stranger could write one there.
    """

    page: str
    channels: Collection[str]
    template: str
    form_of: Callable[[Context, Endpoint], Entered]
    done: Mapping[str, str]

    def told_after(self, done: str) -> str | None:
        return self.done.get(done) or _DONE.get(done)


def pages_of_one(family: Family) -> APIRouter:
    """The page of one endpoint, and what is done there without a form of its own."""
    router = APIRouter(prefix=family.page, include_in_schema=False)

    @router.get("/{endpoint_id}")
    def endpoint_page(
        request: Request,
        endpoint_id: Id,
        member: InOrganization,
        done: str = "",
        state: str = "",
        payment: str = "",
        before: BeforeId = None,
    ) -> Response:
        chosen = NoticeFilter(NoticeState(state) if state in list(NoticeState) else None, plain(payment))
        notice = family.told_after(done)
        return show_one(request, member, family, endpoint_id, chosen=chosen, before=before, notice=notice)

    @router.post("/{endpoint_id}/test")
    def try_endpoint(request: Request, endpoint_id: Id, member: ManagersForm) -> Response:
        return _test_one(request, member, family, endpoint_id)

    @router.post("/{endpoint_id}/resend")
    def resend_failed(request: Request, endpoint_id: Id, member: ManagersForm) -> Response:
        return _resend_failed(request, member, family, endpoint_id)

    @router.post("/{endpoint_id}/{what}")
    def switch_or_remove(request: Request, endpoint_id: Id, what: EndpointAction, member: ManagersForm) -> Response:
        return _switch_or_remove(request, member, family, endpoint_id, what)

    return router


def change_one(request: Request, member: Member, family: Family, endpoint_id: int, entered: Entered) -> Response:
    """Stores what was entered; a form that is refused is shown again as it was."""
    wanted = entered.as_wanted()
    if isinstance(wanted, Rejected):
        return show_one(request, member, family, endpoint_id, entered=entered, problem=wanted.message, status_code=422)
    with call_slot(request, member.organization_id) as free:
        if not free:
            busy = show_one(request, member, family, endpoint_id, entered=entered, problem=TOO_BUSY, status_code=503)
            return come_back_later(busy)
        changed = managing.change_endpoint(context_of(request), member.organization_id, endpoint_id, wanted)
    match changed:
        case None:
            raise HTTPException(404)
        case Rejected(message):
            return show_one(request, member, family, endpoint_id, entered=entered, problem=message, status_code=422)
        case Endpoint():
            return back_to_one(family, endpoint_id, "changed")


def _test_one(request: Request, member: Member, family: Family, endpoint_id: int) -> Response:
    """Sends a test and leads to its place in the log, where the answer is."""
    with call_slot(request, member.organization_id) as free:
        if not free:
            busy = show_one(request, member, family, endpoint_id, problem=TOO_BUSY, status_code=503)
            return come_back_later(busy)
        tested = managing.send_test(context_of(request), member.organization_id, endpoint_id, family.channels)
    if tested is None:
        raise HTTPException(404)
    return RedirectResponse(f"{family.page}/{endpoint_id}/notices/{tested.notice_id}?done=test", 303)


def _resend_failed(request: Request, member: Member, family: Family, endpoint_id: int) -> Response:
    sent = send_all_failed_again(context_of(request), member.organization_id, endpoint_id, family.channels)
    match sent:
        case None:
            raise HTTPException(404)
        case Rejected(message):
            return show_one(request, member, family, endpoint_id, problem=message, status_code=409)
        case _:
            return back_to_one(family, endpoint_id, "again" if sent else "nothing")


def _switch_or_remove(
    request: Request, member: Member, family: Family, endpoint_id: int, what: EndpointAction
) -> Response:
    whose = context_of(request), member.organization_id, endpoint_id, family.channels
    is_removal = what is EndpointAction.REMOVE
    if is_removal:
        found = managing.remove_endpoint(*whose)
    else:
        found = managing.switch_endpoint(*whose, on=what is EndpointAction.ON)
    if found is None:
        raise HTTPException(404)
    if is_removal:
        return RedirectResponse(f"{family.page}?done={what.value}", 303)
    return back_to_one(family, endpoint_id, what.value)


def back_to_one(family: Family, endpoint_id: int, done: str) -> Response:
    return RedirectResponse(f"{family.page}/{endpoint_id}?done={done}", 303)


def show_one(
    request: Request,
    member: Member,
    family: Family,
    endpoint_id: int,
    *,
    entered: Entered | None = None,
    chosen: NoticeFilter | None = None,
    before: int | None = None,
    notice: str | None = None,
    problem: str | None = None,
    new_secret: str | None = None,
    status_code: int = 200,
) -> Response:
    context, chosen = context_of(request), chosen or NoticeFilter()
    log = log_of(context, member.organization_id, endpoint_id, chosen, _ROWS_PER_PAGE, before, family.channels)
    every = managing.list_endpoints(context, member.organization_id, family.channels)
    told = next((one for one in every if one.endpoint.id == endpoint_id), None)
    if log is None or told is None:
        raise HTTPException(404)
    endpoint = log.endpoint
    return render(
        request,
        family.template,
        status_code,
        viewer=member.viewer,
        page=family.page,
        channel=context.channel(endpoint.channel),
        told=told,
        endpoint=endpoint,
        entered=entered or family.form_of(context, endpoint),
        new_secret=new_secret,
        log=log,
        chosen=chosen,
        is_first=before is None,
        newest_query=_query_of(chosen),
        older_query=_query_of(chosen, before=log.next_before) if log.next_before else None,
        notice=notice,
        problem=problem,
    )


def _query_of(chosen: NoticeFilter, **more: int) -> str:
    """The filter as the address has it."""
    values = {"state": chosen.state.value if chosen.state else "", "payment": chosen.payment_id, **more}
    return urlencode({name: value for name, value in values.items() if value != ""})
