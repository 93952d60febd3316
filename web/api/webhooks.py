"""/api/webhooks: where the organization is told what becomes of its payments, and what was sent there."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.notices.kinds import CHOSEN_AT_FIRST, NoticeKind
from domain.notices.trying import NoticeState
from models.endpoints import ADDRESS_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from models.notices import NoticeFilter
from usecases import endpoints as managing
from usecases.endpoints import Wanted
from usecases.endpoints_out import (
    NoticeDetailOut,
    NoticesOut,
    SentAgainOut,
    TestOut,
    WebhookOut,
    WebhookSecretOut,
    WebhooksOut,
)
from usecases.notices import detail_of, log_of, send_again, send_all_failed_again
from usecases.results import Rejected
from web.api.access import Authorized, AuthorizedToManage
from web.api.endpoints import Id, SwitchIn, Text, call_slot_or_refused, page_of, there
from web.api.pages import Limit, PlaceInNotices
from web.api.repeated import REPEATABLE, SHOWS_A_SECRET, WithKeptAnswers
from web.problems import Problem
from web.signed_in import context_of

router = APIRouter(tags=["webhooks"], route_class=WithKeptAnswers)

T = TypeVar("T")


class WebhookIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(max_length=NAME_CHARACTERS_MAX)]
    address: Annotated[Text, Field(max_length=ADDRESS_CHARACTERS_MAX, examples=["https://example.com/payments"])]
    kinds: list[NoticeKind] = list(CHOSEN_AT_FIRST)

    def as_wanted(self) -> Wanted:
        return Wanted(self.name, self.address, self.kinds)


@router.get("/webhooks", summary="List the webhooks")
def get_webhooks(request: Request, caller: Authorized) -> WebhooksOut:
    """Every webhook of the organization, without its secret."""
    return WebhooksOut.of(managing.list_endpoints(context_of(request), caller.organization_id))


@router.post("/webhooks", openapi_extra=SHOWS_A_SECRET, summary="Add a webhook")
def post_webhook(request: Request, caller: AuthorizedToManage, given: WebhookIn) -> WebhookSecretOut:
    """Adds a webhook. Its signing secret is in this answer and never again."""
    with call_slot_or_refused(request, caller.organization_id):
        added = managing.add_endpoint(context_of(request), caller.organization_id, given.as_wanted())
    return WebhookSecretOut.of_secret(_there(added, refused=Problem.NOT_VALID))


@router.put("/webhooks/{endpoint_id}", openapi_extra=REPEATABLE, summary="Change a webhook")
def put_webhook(request: Request, caller: AuthorizedToManage, endpoint_id: Id, given: WebhookIn) -> WebhookOut:
    """Replaces name, address and kinds of news; what waits goes to the new address."""
    with call_slot_or_refused(request, caller.organization_id):
        changed = managing.change_endpoint(context_of(request), caller.organization_id, endpoint_id, given.as_wanted())
    return WebhookOut.of(_there(changed, refused=Problem.NOT_VALID))


@router.put("/webhooks/{endpoint_id}/switch", openapi_extra=REPEATABLE, summary="Switch a webhook on or off")
def put_switch(request: Request, caller: AuthorizedToManage, endpoint_id: Id, given: SwitchIn) -> WebhookOut:
    """Switches it on or off. Off gives up what waits; it can be sent again later."""
    switched = managing.switch_endpoint(context_of(request), caller.organization_id, endpoint_id, on=given.is_on)
    return WebhookOut.of(_there(switched))


@router.post("/webhooks/{endpoint_id}/new-secret", openapi_extra=SHOWS_A_SECRET, summary="Make a new signing secret")
def post_new_secret(request: Request, caller: AuthorizedToManage, endpoint_id: Id) -> WebhookSecretOut:
    """A new signing secret, in this answer and never again; for a day the one before signs as well."""
    made = managing.new_secret_for(context_of(request), caller.organization_id, endpoint_id)
    return WebhookSecretOut.of_secret(_there(made))


@router.post("/webhooks/{endpoint_id}/test", summary="Test a webhook")
def post_test(request: Request, caller: AuthorizedToManage, endpoint_id: Id) -> TestOut:
    """Sends `test.ping` once, and answers what came of it; takes ten seconds at most."""
    with call_slot_or_refused(request, caller.organization_id):
        tested = managing.send_test(context_of(request), caller.organization_id, endpoint_id)
    return TestOut.of(_there(tested))


@router.get("/webhooks/{endpoint_id}/notices", summary="List what was sent")
def get_notices(
    request: Request,
    response: Response,
    caller: Authorized,
    endpoint_id: Id,
    place: PlaceInNotices,
    state: NoticeState | None = None,
    payment: Annotated[Text, Query(max_length=50, description="the payment's id in the source")] = "",
    limit: Limit = 50,
) -> NoticesOut:
    """What was sent there and what came of each try, the latest first. Kept for 30 days."""
    chosen = NoticeFilter(state, payment)
    log = _there(log_of(context_of(request), caller.organization_id, endpoint_id, chosen, limit, place))
    return page_of(request, response, log)


@router.get("/webhooks/{endpoint_id}/notices/{notice_id}", summary="Read a notice")
def get_notice(request: Request, caller: Authorized, endpoint_id: Id, notice_id: Id) -> NoticeDetailOut:
    """One notice with what is sent."""
    return NoticeDetailOut.of(_there(detail_of(context_of(request), caller.organization_id, endpoint_id, notice_id)))


@router.post("/webhooks/{endpoint_id}/notices/{notice_id}/resend", summary="Send a notice again")
def post_resend(request: Request, caller: AuthorizedToManage, endpoint_id: Id, notice_id: Id) -> SentAgainOut:
    """Sends a notice again, with the same id."""
    _there(send_again(context_of(request), caller.organization_id, endpoint_id, notice_id))
    return SentAgainOut(notices=1)


@router.post("/webhooks/{endpoint_id}/resend", summary="Send again what was given up")
def post_resend_failed(request: Request, caller: AuthorizedToManage, endpoint_id: Id) -> SentAgainOut:
    """Sends again everything that was given up."""
    sent = _there(send_all_failed_again(context_of(request), caller.organization_id, endpoint_id))
    return SentAgainOut(notices=sent)


@router.delete("/webhooks/{endpoint_id}", summary="Remove a webhook")
def delete_webhook(request: Request, caller: AuthorizedToManage, endpoint_id: Id) -> WebhookOut:
    """Removes it with its log; answers what it was."""
    return WebhookOut.of(_there(managing.remove_endpoint(context_of(request), caller.organization_id, endpoint_id)))


def _there(found: T | Rejected | None, refused: Problem = Problem.NOT_POSSIBLE) -> T:
    return there(found, "webhook", refused)
