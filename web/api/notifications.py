"""/api/notifications: who is told by e-mail, in a chat or by a pager when something is wrong, and what was sent."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.alarms.hours import DIGEST_HOURS_FIRST, DIGEST_HOURS_MAX
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from domain.notices.trying import NoticeState
from models.endpoints import ADDRESS_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from models.notices import NoticeFilter
from tasks.context import Context
from usecases import endpoints as managing
from usecases.endpoints import PEOPLE, Wanted, hours_from
from usecases.endpoints_out import (
    NoticeDetailOut,
    NoticesOut,
    NotificationOut,
    NotificationsOut,
    PeopleChannel,
    SentAgainOut,
    TestOut,
)
from usecases.notices import detail_of, log_of, send_again, send_all_failed_again
from usecases.results import Rejected
from web.api.access import Authorized, AuthorizedToManage
from web.api.pages import Limit, PlaceInNotices, link_to_next
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.call_semaphores import COME_BACK_SECONDS, call_slot
from web.payments import ID_MAX
from web.problems import Problem, Refused
from web.signed_in import context_of

router = APIRouter(tags=["notifications"], route_class=WithKeptAnswers)

_BUSY = "Other calls are running right now. Try again in a minute."
_NOT_THERE = "There is no such channel, or no such notice in its log."
Id = Annotated[int, Path(ge=1, le=ID_MAX, description="as the list has it")]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$", examples=["22:00"])]
T = TypeVar("T")


class NotificationIn(BaseModel):
    """A channel. Quiet hours are by the organization's clocks; both empty for none."""

    model_config = ConfigDict(extra="forbid")

    channel: PeopleChannel
    name: Annotated[Text, Field(max_length=NAME_CHARACTERS_MAX)]
    address: Annotated[Text, Field(max_length=ADDRESS_CHARACTERS_MAX, examples=["books@example.com"])]
    kinds: list[NoticeKind] = list(ALARM_KINDS)
    quiet_from: Clock = ""
    quiet_until: Clock = ""
    urgent_anyway: bool = True
    digest_hours: Annotated[int, Field(ge=1, le=DIGEST_HOURS_MAX)] = DIGEST_HOURS_FIRST

    def as_wanted(self) -> Wanted:
        hours = hours_from(self.quiet_from, self.quiet_until, self.digest_hours, urgent_anyway=self.urgent_anyway)
        if isinstance(hours, Rejected):
            raise Refused(Problem.NOT_VALID, hours.message)
        return Wanted(self.name, self.address, self.kinds, hours, self.channel)


class OnIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_on: bool


@router.get("/notifications", summary="List the notification channels")
def get_notifications(request: Request, caller: Authorized) -> NotificationsOut:
    """Every channel by which people are told, without what is secret in its address."""
    found = managing.list_endpoints(context_of(request), caller.organization_id, PEOPLE)
    return NotificationsOut.of(found)


@router.post("/notifications", summary="Add a notification channel")
def post_notification(request: Request, caller: AuthorizedToManage, given: NotificationIn) -> NotificationOut:
    """Adds a channel. It is told at once what is wrong now."""
    wanted = given.as_wanted()
    with call_slot(request, caller.organization_id) as free:
        _check(free=free)
        added = managing.add_endpoint(context_of(request), caller.organization_id, wanted)
    return NotificationOut.of(_there(added, refused=Problem.NOT_VALID).endpoint)


@router.put("/notifications/{endpoint_id}", openapi_extra=REPEATABLE, summary="Change a notification channel")
def put_notification(
    request: Request, caller: AuthorizedToManage, endpoint_id: Id, given: NotificationIn
) -> NotificationOut:
    """Replaces everything but the kind of channel. An empty address keeps one that is secret."""
    wanted = given.as_wanted()
    with call_slot(request, caller.organization_id) as free:
        _check(free=free)
        changed = managing.change_endpoint(context_of(request), caller.organization_id, endpoint_id, wanted)
    return NotificationOut.of(_there(changed, refused=Problem.NOT_VALID))


@router.put(
    "/notifications/{endpoint_id}/switch", openapi_extra=REPEATABLE, summary="Switch a notification channel on or off"
)
def put_notification_switch(
    request: Request, caller: AuthorizedToManage, endpoint_id: Id, given: OnIn
) -> NotificationOut:
    """Switches it on or off. Off gives up what waits; it can be sent again later."""
    context = _context(request, caller.organization_id, endpoint_id)
    switched = managing.switch_endpoint(context, caller.organization_id, endpoint_id, on=given.is_on)
    return NotificationOut.of(_there(switched))


@router.post("/notifications/{endpoint_id}/test", summary="Send a test to a notification channel")
def post_notification_test(request: Request, caller: AuthorizedToManage, endpoint_id: Id) -> TestOut:
    """Sends a test once and answers what came of it; `delivered` says whether it was taken."""
    context = _context(request, caller.organization_id, endpoint_id)
    with call_slot(request, caller.organization_id) as free:
        _check(free=free)
        tested = managing.send_test(context, caller.organization_id, endpoint_id)
    return TestOut.of(_there(tested))


@router.get("/notifications/{endpoint_id}/notices", summary="List what a notification channel was sent")
def get_notification_notices(
    request: Request,
    response: Response,
    caller: Authorized,
    endpoint_id: Id,
    place: PlaceInNotices,
    state: NoticeState | None = None,
    limit: Limit = 50,
) -> NoticesOut:
    """What was sent there and what came of each try, the latest first. Kept for 30 days."""
    context = _context(request, caller.organization_id, endpoint_id)
    log = _there(log_of(context, caller.organization_id, endpoint_id, NoticeFilter(state), limit, place))
    document = NoticesOut.of(log)
    link_to_next(request, response, document.next_cursor)
    return document


@router.get("/notifications/{endpoint_id}/notices/{notice_id}", summary="Read a notice of a notification channel")
def get_notification_notice(request: Request, caller: Authorized, endpoint_id: Id, notice_id: Id) -> NoticeDetailOut:
    """One notice with what is sent, as a program would read it."""
    context = _context(request, caller.organization_id, endpoint_id)
    return NoticeDetailOut.of(_there(detail_of(context, caller.organization_id, endpoint_id, notice_id)))


@router.post(
    "/notifications/{endpoint_id}/notices/{notice_id}/resend", summary="Send a notice to a notification channel again"
)
def post_notification_resend(
    request: Request, caller: AuthorizedToManage, endpoint_id: Id, notice_id: Id
) -> SentAgainOut:
    """Sends a notice again, with the same id."""
    context = _context(request, caller.organization_id, endpoint_id)
    _there(send_again(context, caller.organization_id, endpoint_id, notice_id))
    return SentAgainOut(notices=1)


@router.post("/notifications/{endpoint_id}/resend", summary="Send again what a notification channel was not told")
def post_notification_resend_failed(request: Request, caller: AuthorizedToManage, endpoint_id: Id) -> SentAgainOut:
    """Sends again everything that was given up."""
    context = _context(request, caller.organization_id, endpoint_id)
    return SentAgainOut(notices=_there(send_all_failed_again(context, caller.organization_id, endpoint_id)))


@router.delete("/notifications/{endpoint_id}", summary="Remove a notification channel")
def delete_notification(request: Request, caller: AuthorizedToManage, endpoint_id: Id) -> NotificationOut:
    """Removes it with its log; answers what it was."""
    context = _context(request, caller.organization_id, endpoint_id)
    return NotificationOut.of(_there(managing.remove_endpoint(context, caller.organization_id, endpoint_id)))


def _context(request: Request, organization_id: int, endpoint_id: int) -> Context:
    """For work on a channel of people; a webhook is not changed under this name."""
    context = context_of(request)
    if not managing.is_for_people(context, organization_id, endpoint_id):
        raise Refused(Problem.NOT_FOUND, _NOT_THERE)
    return context


def _check(*, free: bool) -> None:
    if not free:
        raise Refused(Problem.BUSY, _BUSY, headers={"Retry-After": str(COME_BACK_SECONDS)})


def _there(found: T | Rejected | None, refused: Problem = Problem.NOT_POSSIBLE) -> T:
    match found:
        case None:
            raise Refused(Problem.NOT_FOUND, _NOT_THERE)
        case Rejected(message):
            raise Refused(refused, message)
        case _:
            return found
