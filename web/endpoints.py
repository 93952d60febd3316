"""Settings > Webhooks: where the organization wants to be told what becomes of its payments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from domain.notices.kinds import CHOSEN_AT_FIRST, NoticeKind
from domain.notices.trying import NoticeState
from models.endpoints import Endpoint
from models.notices import NoticeFilter
from tasks.context import Context
from usecases import endpoints as managing
from usecases.endpoints import Wanted, WithSecret
from usecases.notices import log_of, send_all_failed_again
from usecases.results import Rejected
from web.call_semaphores import call_slot, come_back_later
from web.endpoint_log import ROWS_PER_PAGE, TOO_BUSY, WEBHOOKS, BeforeId, query_of
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import InOrganization, ManagersForm, Member, context_of
from web.typed_text import plain

router = APIRouter(include_in_schema=False)

PAGE = WEBHOOKS
Id = Annotated[int, Path(ge=1, le=ID_MAX)]


class EndpointAction(StrEnum):
    """What can be done with one click, after a question."""

    ON = "on"
    OFF = "off"
    REMOVE = "remove"


_DO: Mapping[EndpointAction, Callable[[Context, int, int], Endpoint | None]] = {
    EndpointAction.ON: lambda context, organization, one: managing.switch_endpoint(context, organization, one, on=True),
    EndpointAction.OFF: lambda context, organization, one: managing.switch_endpoint(
        context, organization, one, on=False
    ),
    EndpointAction.REMOVE: managing.remove_endpoint,
}
# The sentences are not taken from the address, because a stranger could write one there.
DONE = {
    "changed": "The webhook is changed.",
    "again": "They are being sent again.",
    "nothing": "There was nothing to send again.",
    EndpointAction.ON: "The webhook is on. It is told what happens from now on.",
    EndpointAction.OFF: "The webhook is off, and nothing is sent any more.",
    EndpointAction.REMOVE: "The webhook is removed with its log.",
}


@dataclass(frozen=True, slots=True)
class Entered:
    """What is in the form, whether or not it can be used."""

    name: str = ""
    address: str = ""
    kinds: Sequence[NoticeKind] = CHOSEN_AT_FIRST

    def as_wanted(self) -> Wanted:
        return Wanted(plain(self.name), plain(self.address), self.kinds)


@router.get(PAGE)
def webhooks_page(request: Request, member: InOrganization, done: str = "") -> Response:
    return _list(request, member, Entered(), notice=DONE.get(done))


@router.post(PAGE)
def add_webhook(
    request: Request,
    member: ManagersForm,
    name: Annotated[str, Form()] = "",
    address: Annotated[str, Form()] = "",
    kinds: Annotated[Sequence[NoticeKind], Form()] = (),
) -> Response:
    """Shows the signing secret in its answer, once; it has no address to come back to."""
    entered = Entered(name, address, kinds)
    with call_slot(request, member.organization_id) as free:
        if not free:
            return come_back_later(_list(request, member, entered, problem=TOO_BUSY, status_code=503))
        added = managing.add_endpoint(context_of(request), member.organization_id, entered.as_wanted())
    if isinstance(added, Rejected):
        return _list(request, member, entered, problem=added.message, status_code=422)
    return _list(request, member, Entered(), added=added)


@router.get(PAGE + "/{endpoint_id}")
def webhook_page(
    request: Request,
    endpoint_id: Id,
    member: InOrganization,
    done: str = "",
    state: str = "",
    payment: str = "",
    before: BeforeId = None,
) -> Response:
    chosen = NoticeFilter(NoticeState(state) if state in list(NoticeState) else None, plain(payment))
    return _one(request, member, endpoint_id, chosen=chosen, before=before, notice=DONE.get(done))


@router.post(PAGE + "/{endpoint_id}/change")
def change_webhook(
    request: Request,
    endpoint_id: Id,
    member: ManagersForm,
    name: Annotated[str, Form()] = "",
    address: Annotated[str, Form()] = "",
    kinds: Annotated[Sequence[NoticeKind], Form()] = (),
) -> Response:
    entered = Entered(name, address, kinds)
    with call_slot(request, member.organization_id) as free:
        if not free:
            busy = _one(request, member, endpoint_id, entered=entered, problem=TOO_BUSY, status_code=503)
            return come_back_later(busy)
        changed = managing.change_endpoint(
            context_of(request), member.organization_id, endpoint_id, entered.as_wanted()
        )
    match changed:
        case None:
            raise HTTPException(404)
        case Rejected(message):
            return _one(request, member, endpoint_id, entered=entered, problem=message, status_code=422)
        case Endpoint():
            return _back(endpoint_id, "changed")


@router.post(PAGE + "/{endpoint_id}/new-secret")
def make_new_secret(request: Request, endpoint_id: Id, member: ManagersForm) -> Response:
    """Shows the secret in its answer, once."""
    changed = managing.new_secret_for(context_of(request), member.organization_id, endpoint_id)
    if changed is None:
        raise HTTPException(404)
    return _one(request, member, endpoint_id, changed=changed)


@router.post(PAGE + "/{endpoint_id}/test")
def try_webhook(request: Request, endpoint_id: Id, member: ManagersForm) -> Response:
    """Sends a test and leads to its place in the log, where the answer is."""
    with call_slot(request, member.organization_id) as free:
        if not free:
            return come_back_later(_one(request, member, endpoint_id, problem=TOO_BUSY, status_code=503))
        tested = managing.send_test(context_of(request), member.organization_id, endpoint_id)
    if tested is None:
        raise HTTPException(404)
    return RedirectResponse(f"{PAGE}/{endpoint_id}/notices/{tested.notice_id}?done=test", 303)


@router.post(PAGE + "/{endpoint_id}/resend")
def resend_failed(request: Request, endpoint_id: Id, member: ManagersForm) -> Response:
    sent = send_all_failed_again(context_of(request), member.organization_id, endpoint_id)
    match sent:
        case None:
            raise HTTPException(404)
        case Rejected(message):
            return _one(request, member, endpoint_id, problem=message, status_code=409)
        case _:
            return _back(endpoint_id, "again" if sent else "nothing")


@router.post(PAGE + "/{endpoint_id}/{what}")
def switch_webhook(request: Request, endpoint_id: Id, what: EndpointAction, member: ManagersForm) -> Response:
    if _DO[what](context_of(request), member.organization_id, endpoint_id) is None:
        raise HTTPException(404)
    if what is EndpointAction.REMOVE:
        return RedirectResponse(f"{PAGE}?done={what.value}", 303)
    return _back(endpoint_id, what.value)


def _back(endpoint_id: int, done: str) -> Response:
    return RedirectResponse(f"{PAGE}/{endpoint_id}?done={done}", 303)


def _list(
    request: Request,
    member: Member,
    entered: Entered,
    *,
    added: WithSecret | None = None,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    return render(
        request,
        "webhooks.html",
        status_code,
        viewer=member.viewer,
        told=managing.list_endpoints(context_of(request), member.organization_id),
        entered=entered,
        added=added,
        notice=notice,
        problem=problem,
    )


def _one(
    request: Request,
    member: Member,
    endpoint_id: int,
    *,
    entered: Entered | None = None,
    changed: WithSecret | None = None,
    chosen: NoticeFilter | None = None,
    before: int | None = None,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    context, chosen = context_of(request), chosen or NoticeFilter()
    log = log_of(context, member.organization_id, endpoint_id, chosen, ROWS_PER_PAGE, before)
    told = {one.endpoint.id: one for one in managing.list_endpoints(context, member.organization_id)}
    if log is None or endpoint_id not in told:
        raise HTTPException(404)
    endpoint = log.endpoint
    return render(
        request,
        "webhook.html",
        status_code,
        viewer=member.viewer,
        page=PAGE,
        channel=context.channel(endpoint.channel),
        told=told[endpoint_id],
        endpoint=endpoint,
        entered=entered or Entered(endpoint.name, endpoint.address, endpoint.wanted),
        changed=changed,
        log=log,
        chosen=chosen,
        is_first=before is None,
        newest_query=query_of(chosen),
        older_query=query_of(chosen, before=log.next_before) if log.next_before else None,
        notice=notice,
        problem=problem,
    )
