"""GET /api/payments and /api/payments/{id}: the dashboard's data, for programs."""

from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
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
from tasks.letting_go import RetryReport
from usecases.acting_on_payments import (
    NOTE_CHARACTERS_MAX,
    PAYMENTS_PER_ACTION_MAX,
    act_on_payments,
    preview_action,
)
from usecases.explained_out import ExplanationOut
from usecases.explaining import explain_payment
from usecases.linking import LinkReport, link_payment
from usecases.results import Rejected
from usecases.retry import retry_payment
from usecases.stakes_out import StakesOut
from usecases.words import words_of
from web.api.access import Authorized, AuthorizedToWork, Caller
from web.api.pages import Limit, PlaceInPayments, link_to_next
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.api.values import ID_CHARACTERS_MAX, ID_IN_ADDRESS, Day, MomentWithOffset
from web.call_semaphores import COME_BACK_SECONDS, call_slot
from web.payment_filters import TEXT_CHARACTERS_MAX
from web.problems import Problem, Refused
from web.signed_in import context_of

router = APIRouter(tags=["payments"], route_class=WithKeptAnswers)

# Printable and without blanks, as all ids of QuickBooks are; a NUL would be refused by PostgreSQL.
ID_PATTERN = r"^[!-~]{1,50}$"
WITHOUT_NUL = r"^[^\x00]*$"


Text = Annotated[str, Query(max_length=TEXT_CHARACTERS_MAX, pattern=WITHOUT_NUL)]
PaymentId = Annotated[
    str, Path(pattern=ID_IN_ADDRESS, max_length=ID_CHARACTERS_MAX, description="The payment's id in QuickBooks")
]
_NO_PAYMENT = "There is no such payment."


@router.get("/payments", summary="List payments")
def get_payments(
    request: Request,
    response: Response,
    caller: Authorized,
    place: PlaceInPayments,
    status: Annotated[PaymentStatus | None, Query(description="Only payments that stand so")] = None,
    reason: Annotated[Reason | None, Query(description="Only payments that stand so because of this")] = None,
    search: Annotated[Text, Query(description="In customer, reference and invoice number; an id; an amount")] = "",
    customer: Annotated[Text, Query(description="Part of the customer's name")] = "",
    invoice: Annotated[Text, Query(description="Part of an invoice's number")] = "",
    amount: Annotated[str, Query(pattern=r"^(\d{1,12}(\.\d{1,5})?)?$", description="Exactly this much")] = "",
    since: Annotated[Day | None, Query(description="Dated this day or later")] = None,
    until: Annotated[Day | None, Query(description="Dated this day or earlier")] = None,
    order: Annotated[PaymentOrder, Query(description="What comes first")] = PaymentOrder.NEWEST,
    limit: Limit = 50,
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
        page = list_payments(session, caller.organization_id, wanted, order=order, limit=limit, before_id=place)
        words = words_of(session, caller.organization_id)
    document = PaymentsOut.of(page, words)
    link_to_next(request, response, document.next_cursor)
    return document


@router.get("/payments/{payment_id}", summary="Read a payment")
def get_payment(request: Request, caller: Authorized, payment_id: PaymentId) -> PaymentStoryOut:
    """One payment's full history: what we heard, decided and tried, and what happens next."""
    context = context_of(request)
    with context.database.reading() as session:
        words = words_of(session, caller.organization_id)
        story = payment_story(session, caller.organization_id, payment_id, words, context.clock.now())
    if story is None:
        raise Refused(Problem.NOT_FOUND, _NO_PAYMENT)
    return PaymentStoryOut.of(story, words)


@router.get("/payments/{payment_id}/explanation", summary="Explain a payment as of a moment")
def get_explanation(
    request: Request, caller: Authorized, payment_id: PaymentId, at: MomentWithOffset
) -> ExplanationOut:
    """What was known about the payment at this moment, and what would be decided about it today.

    The decision in force then and what it was taken on, the preferences, what was sent, and the ledger as it was. The
    moment needs its offset from UTC. Nothing is changed, and nobody outside is asked.
    """
    context = context_of(request)
    with context.database.reading() as session:
        if payment_of(session, caller.organization_id, payment_id) is None:
            raise Refused(Problem.NOT_FOUND, _NO_PAYMENT)
    found = explain_payment(context, caller.organization_id, payment_id, at.astimezone(UTC))
    if isinstance(found, Rejected):
        raise Refused(Problem.NOT_POSSIBLE, found.message)
    return ExplanationOut.of(found)


class RetryIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    create_anyway: bool = False


class LinkIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    target_payment_id: Annotated[str, Field(pattern=ID_PATTERN)]


class AnswerOut(BaseModel):
    """What was done, as a sentence; the payment's history shows the result a moment later."""

    message: str


@router.post("/payments/{payment_id}/retry", openapi_extra=REPEATABLE, summary="Retry a payment")
def post_retry(request: Request, caller: AuthorizedToWork, payment_id: PaymentId, given: RetryIn) -> AnswerOut:
    """Retries a held payment. Set `create_anyway` if the similar payment in ConnectWise is other money."""
    with call_slot(request, caller.organization_id) as free:
        if not free:
            busy = "Other retries are running right now. Try again in a minute."
            raise Refused(Problem.BUSY, busy, headers={"Retry-After": str(COME_BACK_SECONDS)})
        report = retry_payment(context_of(request), caller.organization_id, payment_id, given.create_anyway)
    return _answer(request, caller, payment_id, report)


@router.post("/payments/{payment_id}/link", openapi_extra=REPEATABLE, summary="Link a payment as the same money")
def post_link(request: Request, caller: AuthorizedToWork, payment_id: PaymentId, given: LinkIn) -> AnswerOut:
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


@router.post("/payment-actions", summary="Act on payments")
def post_action(request: Request, caller: AuthorizedToWork, given: ActionIn) -> StakesOut:
    """Retries, dismisses, takes back, marks as own, or lets be synced after all: one payment or many.

    Whatever cannot be done with a payment is refused for that payment alone, with the reason.
    """
    context, organization_id = context_of(request), caller.organization_id
    if given.preview:
        done = preview_action(context, organization_id, given.action, given.payments)
    else:
        done = act_on_payments(context, organization_id, given.action, given.payments, given.why)
    if isinstance(done, Rejected):
        raise Refused(Problem.NOT_POSSIBLE, done.message)
    return StakesOut.of(done)


def _answer(
    request: Request, caller: Caller, payment_id: str, report: RetryReport | LinkReport | Rejected
) -> AnswerOut:
    if not isinstance(report, Rejected):
        return AnswerOut(message=report.message)
    with context_of(request).database.reading() as session:
        if payment_of(session, caller.organization_id, payment_id) is None:
            raise Refused(Problem.NOT_FOUND, _NO_PAYMENT)
    raise Refused(Problem.NOT_POSSIBLE, report.message)
