"""Settings > Notifications: who is told by e-mail, in a chat or by a pager when something is wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from connectors.channel import Channel
from domain.alarms.hours import DIGEST_HOURS_FIRST, DIGEST_HOURS_MAX
from domain.notices.channels import PEOPLE
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from domain.notices.trying import NoticeState
from models.endpoints import Endpoint
from models.notices import NoticeFilter
from tasks.context import Context
from usecases import endpoints as managing
from usecases.endpoints import Wanted, hours_from
from usecases.notices import log_of, send_all_failed_again
from usecases.results import Rejected
from web.call_semaphores import call_slot, come_back_later
from web.endpoint_log import NOTIFICATIONS, ROWS_PER_PAGE, TOO_BUSY, BeforeId, query_of
from web.endpoints import EndpointAction
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import InOrganization, ManagersForm, Member, context_of
from web.typed_text import plain

router = APIRouter(include_in_schema=False)

PAGE = NOTIFICATIONS
Id = Annotated[int, Path(ge=1, le=ID_MAX)]
_NO_CHANNEL = "Choose how it is sent."
_NO_NUMBER = f"Write a number of hours between 1 and {DIGEST_HOURS_MAX}."

_DO: Mapping[EndpointAction, Callable[[Context, int, int], Endpoint | None]] = {
    EndpointAction.ON: lambda context, organization, one: managing.switch_endpoint(
        context, organization, one, PEOPLE, on=True
    ),
    EndpointAction.OFF: lambda context, organization, one: managing.switch_endpoint(
        context, organization, one, PEOPLE, on=False
    ),
    EndpointAction.REMOVE: lambda context, organization, one: managing.remove_endpoint(
        context, organization, one, PEOPLE
    ),
}
# The sentences are not taken from the address, because a stranger could write one there.
DONE = {
    "added": "It is added. Send a test to see whether anything arrives.",
    "changed": "It is changed.",
    "again": "They are being sent again.",
    "nothing": "There was nothing to send again.",
    EndpointAction.ON: "It is on. What is wrong now is told in a moment.",
    EndpointAction.OFF: "It is off, and nothing is sent any more.",
    EndpointAction.REMOVE: "It is removed with its log.",
}


@dataclass(frozen=True, slots=True)
class Entered:
    """What is in the form, whether or not it can be used."""

    channel: str = PEOPLE[0]
    name: str = ""
    address: str = ""
    kinds: Sequence[NoticeKind] = ALARM_KINDS
    quiet_from: str = ""
    quiet_until: str = ""
    urgent_anyway: bool = True
    digest_hours: str = str(DIGEST_HOURS_FIRST)

    def as_wanted(self) -> Wanted | Rejected:
        if self.channel not in PEOPLE:
            return Rejected(_NO_CHANNEL)
        digest_hours = self.digest_hours.strip()
        if not (digest_hours.isascii() and digest_hours.isdigit() and len(digest_hours) <= len(str(DIGEST_HOURS_MAX))):
            return Rejected(_NO_NUMBER)
        hours = hours_from(
            plain(self.quiet_from), plain(self.quiet_until), int(digest_hours), urgent_anyway=self.urgent_anyway
        )
        if isinstance(hours, Rejected):
            return hours
        return Wanted(plain(self.name), plain(self.address).strip(), self.kinds, hours, self.channel)


def _entered(
    channel: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    address: Annotated[str, Form()] = "",
    kinds: Annotated[Sequence[NoticeKind], Form()] = (),
    quiet_from: Annotated[str, Form()] = "",
    quiet_until: Annotated[str, Form()] = "",
    urgent_anyway: Annotated[str, Form()] = "",
    digest_hours: Annotated[str, Form()] = "",
) -> Entered:
    return Entered(channel, name, address, kinds, quiet_from, quiet_until, bool(urgent_anyway), digest_hours)


@router.get(PAGE)
def notifications_page(request: Request, member: InOrganization, done: str = "") -> Response:
    return _list(request, member, Entered(), notice=DONE.get(done))


@router.post(PAGE)
def add_notification(
    request: Request, member: ManagersForm, entered: Annotated[Entered, Depends(_entered)]
) -> Response:
    wanted = entered.as_wanted()
    if isinstance(wanted, Rejected):
        return _list(request, member, entered, problem=wanted.message, status_code=422)
    with call_slot(request, member.organization_id) as free:
        if not free:
            return come_back_later(_list(request, member, entered, problem=TOO_BUSY, status_code=503))
        added = managing.add_endpoint(context_of(request), member.organization_id, wanted)
    if isinstance(added, Rejected):
        return _list(request, member, entered, problem=added.message, status_code=422)
    return _back(added.endpoint.id, "added")


@router.get(PAGE + "/{endpoint_id}")
def one_notification_page(
    request: Request,
    endpoint_id: Id,
    member: InOrganization,
    done: str = "",
    state: str = "",
    before: BeforeId = None,
) -> Response:
    chosen = NoticeFilter(NoticeState(state) if state in list(NoticeState) else None)
    return _one(request, member, endpoint_id, chosen=chosen, before=before, notice=DONE.get(done))


@router.post(PAGE + "/{endpoint_id}/change")
def change_notification(
    request: Request, endpoint_id: Id, member: ManagersForm, entered: Annotated[Entered, Depends(_entered)]
) -> Response:
    wanted = entered.as_wanted()
    if isinstance(wanted, Rejected):
        return _one(request, member, endpoint_id, entered=entered, problem=wanted.message, status_code=422)
    with call_slot(request, member.organization_id) as free:
        if not free:
            busy = _one(request, member, endpoint_id, entered=entered, problem=TOO_BUSY, status_code=503)
            return come_back_later(busy)
        changed = managing.change_endpoint(context_of(request), member.organization_id, endpoint_id, wanted)
    match changed:
        case None:
            raise HTTPException(404)
        case Rejected(message):
            return _one(request, member, endpoint_id, entered=entered, problem=message, status_code=422)
        case Endpoint():
            return _back(endpoint_id, "changed")


@router.post(PAGE + "/{endpoint_id}/test")
def try_notification(request: Request, endpoint_id: Id, member: ManagersForm) -> Response:
    """Sends a test and leads to its place in the log, where the answer is."""
    with call_slot(request, member.organization_id) as free:
        if not free:
            return come_back_later(_one(request, member, endpoint_id, problem=TOO_BUSY, status_code=503))
        tested = managing.send_test(context_of(request), member.organization_id, endpoint_id, PEOPLE)
    if tested is None:
        raise HTTPException(404)
    return RedirectResponse(f"{PAGE}/{endpoint_id}/notices/{tested.notice_id}?done=test", 303)


@router.post(PAGE + "/{endpoint_id}/resend")
def resend_failed_notifications(request: Request, endpoint_id: Id, member: ManagersForm) -> Response:
    sent = send_all_failed_again(context_of(request), member.organization_id, endpoint_id, PEOPLE)
    match sent:
        case None:
            raise HTTPException(404)
        case Rejected(message):
            return _one(request, member, endpoint_id, problem=message, status_code=409)
        case _:
            return _back(endpoint_id, "again" if sent else "nothing")


@router.post(PAGE + "/{endpoint_id}/{what}")
def switch_notification(request: Request, endpoint_id: Id, what: EndpointAction, member: ManagersForm) -> Response:
    if _DO[what](context_of(request), member.organization_id, endpoint_id) is None:
        raise HTTPException(404)
    if what is EndpointAction.REMOVE:
        return RedirectResponse(f"{PAGE}?done={what.value}", 303)
    return _back(endpoint_id, what.value)


def _back(endpoint_id: int, done: str) -> Response:
    return RedirectResponse(f"{PAGE}/{endpoint_id}?done={done}", 303)


def _channels(context: Context) -> Mapping[str, Channel]:
    return {name: context.channel(name) for name in PEOPLE}


def _list(
    request: Request,
    member: Member,
    entered: Entered,
    *,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    context, organization_id = context_of(request), member.organization_id
    return render(
        request,
        "notifications.html",
        status_code,
        viewer=member.viewer,
        told=managing.list_endpoints(context, organization_id, PEOPLE),
        webhooks=managing.list_endpoints(context, organization_id, hearing_alarms=True),
        channels=_channels(context),
        entered=entered,
        notice=notice,
        problem=problem,
    )


def _one(
    request: Request,
    member: Member,
    endpoint_id: int,
    *,
    entered: Entered | None = None,
    chosen: NoticeFilter | None = None,
    before: int | None = None,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    context, chosen = context_of(request), chosen or NoticeFilter()
    log = log_of(context, member.organization_id, endpoint_id, chosen, ROWS_PER_PAGE, before, PEOPLE)
    told = {one.endpoint.id: one for one in managing.list_endpoints(context, member.organization_id, PEOPLE)}
    if log is None or endpoint_id not in told:
        raise HTTPException(404)
    endpoint = log.endpoint
    return render(
        request,
        "notification.html",
        status_code,
        viewer=member.viewer,
        page=PAGE,
        channel=context.channel(endpoint.channel),
        channels=_channels(context),
        told=told[endpoint_id],
        endpoint=endpoint,
        entered=entered or _as_entered(context, endpoint),
        log=log,
        chosen=chosen,
        is_first=before is None,
        newest_query=query_of(chosen),
        older_query=query_of(chosen, before=log.next_before) if log.next_before else None,
        notice=notice,
        problem=problem,
    )


def _as_entered(context: Context, endpoint: Endpoint) -> Entered:
    """The form as the endpoint is; an address that is secret is not shown again."""
    hours = endpoint.hours
    return Entered(
        channel=endpoint.channel,
        name=endpoint.name,
        address="" if context.channel(endpoint.channel).is_address_secret else endpoint.address,
        kinds=endpoint.wanted,
        quiet_from=f"{hours.quiet_from:%H:%M}" if hours.quiet_from is not None else "",
        quiet_until=f"{hours.quiet_until:%H:%M}" if hours.quiet_until is not None else "",
        urgent_anyway=hours.urgent_anyway,
        digest_hours=str(hours.digest_hours),
    )
