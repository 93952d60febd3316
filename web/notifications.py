"""Settings > Notifications: who is told by e-mail, in a chat or by a pager when something is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from domain.alarms.hours import DIGEST_HOURS_FIRST, DIGEST_HOURS_MAX
from domain.notices.channels import PEOPLE, PROGRAMS
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from models.endpoints import Endpoint
from tasks.context import Context
from usecases import endpoints as managing
from usecases.endpoints import Wanted, hours_from
from usecases.results import Rejected
from web.call_semaphores import call_slot, come_back_later
from web.endpoint_log import pages_of_log
from web.endpoint_pages import TOO_BUSY, EndpointAction, Family, Id, back_to_one, change_one, pages_of_one
from web.pages import render
from web.signed_in import InOrganization, ManagersForm, Member, context_of
from web.typed_text import plain

_NO_CHANNEL = "Choose how it is sent."
_NO_NUMBER = f"Write a number of hours between 1 and {DIGEST_HOURS_MAX}."


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


def _as_entered(context: Context, endpoint: Endpoint) -> Entered:
    """The form as the endpoint is; an address that is secret is not shown again."""
    hours = endpoint.hours
    quiet_from, quiet_until = hours.quiet_written
    return Entered(
        channel=endpoint.channel,
        name=endpoint.name,
        address="" if context.channel(endpoint.channel).is_address_secret else endpoint.address,
        kinds=endpoint.wanted,
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        urgent_anyway=hours.urgent_anyway,
        digest_hours=str(hours.digest_hours),
    )


PAGE = "/settings/notifications"
_FAMILY = Family(
    PAGE,
    PEOPLE,
    template="notification.html",
    form_of=_as_entered,
    done={
        "added": "It is added. Send a test to see whether anything arrives.",
        "changed": "It is changed.",
        EndpointAction.ON: "It is on. What is wrong now is told in a moment.",
        EndpointAction.OFF: "It is off, and nothing is sent any more.",
        EndpointAction.REMOVE: "It is removed with its log.",
    },
)
router = APIRouter(include_in_schema=False)


@router.get(PAGE)
def notifications_page(request: Request, member: InOrganization, done: str = "") -> Response:
    return _list(request, member, Entered(), notice=_FAMILY.told_after(done))


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
    return back_to_one(_FAMILY, added.endpoint.id, "added")


@router.post(PAGE + "/{endpoint_id}/change")
def change_notification(
    request: Request, endpoint_id: Id, member: ManagersForm, entered: Annotated[Entered, Depends(_entered)]
) -> Response:
    return change_one(request, member, _FAMILY, endpoint_id, entered)


router.include_router(pages_of_log(_FAMILY))
router.include_router(pages_of_one(_FAMILY))


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
        page=PAGE,
        told=managing.list_endpoints(context, organization_id, PEOPLE),
        webhooks=managing.list_endpoints(context, organization_id, PROGRAMS, hearing_alarms=True),
        channels={name: context.channel(name) for name in PEOPLE},
        entered=entered,
        notice=notice,
        problem=problem,
    )
