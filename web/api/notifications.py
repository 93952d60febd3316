"""/api/notifications: who is told by e-mail, in a chat or by a pager when something is wrong, and what was sent."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.alarms.hours import DIGEST_HOURS_FIRST, DIGEST_HOURS_MAX
from domain.notices.channels import PEOPLE, PeopleChannel
from domain.notices.kinds import ALARM_KINDS, NoticeKind
from domain.notices.trying import NoticeState
from models.endpoints import ADDRESS_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from models.notices import NoticeFilter
from usecases import endpoints as managing
from usecases.endpoints import Wanted, hours_from
from usecases.endpoints_out import (
    NoticeDetailOut,
    NoticesOut,
    NotificationOut,
    NotificationsOut,
    SentAgainOut,
    TestOut,
)
from usecases.notices import detail_of, log_of, send_again, send_all_failed_again
from usecases.results import Rejected
from web.api.access import Authorized, AuthorizedToManage
from web.api.endpoints import Id, SwitchIn, Text, call_slot_or_refused, page_of, there
from web.api.pages import Limit, PlaceInNotices
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.problems import Problem, Refused
from web.signed_in import context_of

router = APIRouter(tags=["notifications"], route_class=WithKeptAnswers)

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
        return Wanted(self.name, self.address, self.kinds, hours, self.channel.value)


@router.get("/notifications", summary="List the notification channels")
def get_notifications(request: Request, caller: Authorized) -> NotificationsOut:
    """Every channel by which people are told, without what is secret in its address."""
    found = managing.list_endpoints(context_of(request), caller.organization_id, PEOPLE)
    return NotificationsOut.of(found)


@router.post("/notifications", summary="Add a notification channel")
def post_notification(request: Request, caller: AuthorizedToManage, given: NotificationIn) -> NotificationOut:
    """Adds a channel. It is told at once what is wrong now."""
    wanted = given.as_wanted()
    with call_slot_or_refused(request, caller.organization_id):
        added = managing.add_endpoint(context_of(request), caller.organization_id, wanted)
    return NotificationOut.of(_there(added, refused=Problem.NOT_VALID).endpoint)


@router.put("/notifications/{endpoint_id}", openapi_extra=REPEATABLE, summary="Change a notification channel")
def put_notification(
    request: Request, caller: AuthorizedToManage, endpoint_id: Id, given: NotificationIn
) -> NotificationOut:
    """Replaces everything but the kind of channel. An empty address keeps one that is secret."""
    wanted = given.as_wanted()
    with call_slot_or_refused(request, caller.organization_id):
        changed = managing.change_endpoint(context_of(request), caller.organization_id, endpoint_id, wanted)
    return NotificationOut.of(_there(changed, refused=Problem.NOT_VALID))


@router.put(
    "/notifications/{endpoint_id}/switch", openapi_extra=REPEATABLE, summary="Switch a notification channel on or off"
)
def put_notification_switch(
    request: Request, caller: AuthorizedToManage, endpoint_id: Id, given: SwitchIn
) -> NotificationOut:
    """Switches it on or off. Off gives up what waits; it can be sent again later."""
    switched = managing.switch_endpoint(
        context_of(request), caller.organization_id, endpoint_id, PEOPLE, on=given.is_on
    )
    return NotificationOut.of(_there(switched))


@router.post("/notifications/{endpoint_id}/test", summary="Send a test to a notification channel")
def post_notification_test(request: Request, caller: AuthorizedToManage, endpoint_id: Id) -> TestOut:
    """Sends a test once and answers what came of it; `delivered` says whether it was taken."""
    with call_slot_or_refused(request, caller.organization_id):
        tested = managing.send_test(context_of(request), caller.organization_id, endpoint_id, PEOPLE)
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
    log = log_of(context_of(request), caller.organization_id, endpoint_id, NoticeFilter(state), limit, place, PEOPLE)
    return page_of(request, response, _there(log))


@router.get("/notifications/{endpoint_id}/notices/{notice_id}", summary="Read a notice of a notification channel")
def get_notification_notice(request: Request, caller: Authorized, endpoint_id: Id, notice_id: Id) -> NoticeDetailOut:
    """One notice with what is sent, as a program would read it."""
    detail = detail_of(context_of(request), caller.organization_id, endpoint_id, notice_id, PEOPLE)
    return NoticeDetailOut.of(_there(detail))


@router.post(
    "/notifications/{endpoint_id}/notices/{notice_id}/resend", summary="Send a notice to a notification channel again"
)
def post_notification_resend(
    request: Request, caller: AuthorizedToManage, endpoint_id: Id, notice_id: Id
) -> SentAgainOut:
    """Sends a notice again, with the same id."""
    _there(send_again(context_of(request), caller.organization_id, endpoint_id, notice_id, PEOPLE))
    return SentAgainOut(notices=1)


@router.post("/notifications/{endpoint_id}/resend", summary="Send again what a notification channel was not told")
def post_notification_resend_failed(request: Request, caller: AuthorizedToManage, endpoint_id: Id) -> SentAgainOut:
    """Sends again everything that was given up."""
    sent = send_all_failed_again(context_of(request), caller.organization_id, endpoint_id, PEOPLE)
    return SentAgainOut(notices=_there(sent))


@router.delete("/notifications/{endpoint_id}", summary="Remove a notification channel")
def delete_notification(request: Request, caller: AuthorizedToManage, endpoint_id: Id) -> NotificationOut:
    """Removes it with its log; answers what it was."""
    removed = managing.remove_endpoint(context_of(request), caller.organization_id, endpoint_id, PEOPLE)
    return NotificationOut.of(_there(removed))


def _there(found: T | Rejected | None, refused: Problem = Problem.NOT_POSSIBLE) -> T:
    return there(found, "channel", refused)
