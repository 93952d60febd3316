"""GET /api/payments and /api/payments/{id}: the dashboard's data, for programs."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from domain.money import amount_in
from domain.payment_actions import PaymentAction
from domain.payment_order import PaymentOrder
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.retries import payment_of
from models.views.documents import PaymentsOut, PaymentStoryOut
from models.views.payment_filter import PaymentFilter
from models.views.payment_list import list_payments
from models.views.story import payment_story
from usecases.acting_on_payments import (
    NOTE_CHARACTERS_MAX,
    PAYMENTS_PER_ACTION_MAX,
    act_on_payments,
    preview_action,
)
from usecases.linking import LinkReport, link_payment
from usecases.results import Rejected
from usecases.retry import RetryReport, retry_payment
from usecases.stakes_out import StakesOut
from usecases.words import words_of
from web.api.access import NOT_THERE, REFUSALS, Authorized, Caller
from web.call_semaphores import COME_BACK_SECONDS, call_slot
from web.payment_filters import TEXT_CHARACTERS_MAX
from web.payments import ID_MAX
from web.signed_in import context_of

router = APIRouter(tags=["payments"], responses=REFUSALS)

LIMIT_MAX = 200
# Printable and without blanks, as all ids of QuickBooks are; a NUL would be refused by PostgreSQL.
ID_PATTERN = r"^[!-~]{1,50}$"
WITHOUT_NUL = r"^[^\x00]*$"


Text = Annotated[str, Query(max_length=TEXT_CHARACTERS_MAX, pattern=WITHOUT_NUL)]


@router.get("/payments")
def get_payments(
    request: Request,
    caller: Authorized,
    status: PaymentStatus | None = None,
    reason: Reason | None = None,
    search: Text = "",
    customer: Text = "",
    invoice: Text = "",
    amount: Annotated[str, Query(pattern=r"^(\d{1,12}(\.\d{1,5})?)?$", description="Exactly this much")] = "",
    since: Annotated[date | None, Query(description="Dated this day or later")] = None,
    until: Annotated[date | None, Query(description="Dated this day or earlier")] = None,
    order: PaymentOrder = PaymentOrder.NEWEST,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 50,
    before: Annotated[int | None, Query(ge=1, le=ID_MAX, description="`next_before` of the previous page")] = None,
) -> PaymentsOut:
    """The organization's payments that fit everything asked for.

    The latest payment date comes first, on the same date the last received; or the other way round, or by amount.
    """
    with context_of(request).database.reading() as session:
        wanted = PaymentFilter(
            status=status,
            reason=reason,
            since=since,
            until=until,
            amount=amount_in(amount),
            customer=customer.strip(),
            invoice=invoice.strip(),
            search=search.strip(),
        )
        page = list_payments(session, caller.organization_id, wanted, order=order, limit=limit, before_id=before)
        words = words_of(session, caller.organization_id)
    return PaymentsOut.of(page, words)


@router.get("/payments/{payment_id}", responses=NOT_THERE)
def get_payment(
    request: Request,
    caller: Authorized,
    payment_id: Annotated[str, Path(pattern=ID_PATTERN, description="The payment's id in QuickBooks")],
) -> PaymentStoryOut:
    """One payment's full history."""
    context = context_of(request)
    with context.database.reading() as session:
        words = words_of(session, caller.organization_id)
        story = payment_story(session, caller.organization_id, payment_id, words, context.clock.now())
    if story is None:
        raise HTTPException(404, "There is no such payment.")
    return PaymentStoryOut.of(story, words)


class RetryIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    create_anyway: bool = False


class LinkIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    target_payment_id: Annotated[str, Field(pattern=ID_PATTERN)]


class AnswerOut(BaseModel):
    """What was done, as a sentence; the payment's history shows the result a moment later."""

    message: str


PaymentId = Annotated[str, Path(pattern=ID_PATTERN, description="The payment's id in QuickBooks")]


@router.post("/payments/{payment_id}/retry", responses=NOT_THERE)
def post_retry(request: Request, caller: Authorized, payment_id: PaymentId, given: RetryIn) -> AnswerOut:
    """Retries a held payment. Set `create_anyway` if the similar payment in ConnectWise is other money."""
    with call_slot(request, caller.organization_id) as free:
        if not free:
            busy = "Other retries are running right now. Try again in a minute."
            raise HTTPException(503, busy, {"Retry-After": str(COME_BACK_SECONDS)})
        report = retry_payment(context_of(request), caller.organization_id, payment_id, given.create_anyway)
    return _answer(request, caller, payment_id, report)


@router.post("/payments/{payment_id}/link", responses=NOT_THERE)
def post_link(request: Request, caller: Authorized, payment_id: PaymentId, given: LinkIn) -> AnswerOut:
    """Links one of the payments `seen` in ConnectWise as the same money and creates none; the amounts must be equal."""
    report = link_payment(context_of(request), caller.organization_id, payment_id, given.target_payment_id)
    return _answer(request, caller, payment_id, report)


class ActionIn(BaseModel):
    """What to do with which payments.

    Attributes:
        preview: tell what it would mean, and change nothing.
    """

    model_config = ConfigDict(extra="forbid")

    action: PaymentAction
    payments: Annotated[
        list[Annotated[str, Field(pattern=ID_PATTERN)]], Field(min_length=1, max_length=PAYMENTS_PER_ACTION_MAX)
    ]
    why: Annotated[str, Field(max_length=NOTE_CHARACTERS_MAX, pattern=WITHOUT_NUL)] = ""
    preview: bool = False


@router.post("/payments/actions")
def post_action(request: Request, caller: Authorized, given: ActionIn) -> StakesOut:
    """Retries, dismisses, takes back, marks as own, or lets be synced after all: one payment or many.

    Whatever cannot be done with a payment is refused for that payment alone, with the reason.
    """
    context, organization_id = context_of(request), caller.organization_id
    if given.preview:
        done = preview_action(context, organization_id, given.action, given.payments)
    else:
        done = act_on_payments(context, organization_id, given.action, given.payments, given.why)
    if isinstance(done, Rejected):
        raise HTTPException(409, done.message)
    return StakesOut.of(done)


def _answer(
    request: Request, caller: Caller, payment_id: str, report: RetryReport | LinkReport | Rejected
) -> AnswerOut:
    if not isinstance(report, Rejected):
        return AnswerOut(message=report.message)
    with context_of(request).database.reading() as session:
        if payment_of(session, caller.organization_id, payment_id) is None:
            raise HTTPException(404, "There is no such payment.")
    raise HTTPException(409, report.message)
