"""One payment: the answer and what can be done about it first, then its whole story."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.explanations import explain
from domain.payment_actions import PaymentAction, why_not
from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.words import Words
from models.views.story import PaymentStory, payment_story
from usecases.acting_on_payments import act_on_payments
from usecases.explaining import Explained, explain_payment
from usecases.linking import link_payment
from usecases.results import Rejected
from usecases.retry import retry_payment
from usecases.words import words_of
from web.call_semaphores import call_slot, come_back_later
from web.pages import render
from web.signed_in import FormInOrganization, InOrganization, Member, context_of
from web.typed_text import moment_in, plain

router = APIRouter(include_in_schema=False)

DONE = {
    PaymentAction.RETRY: "The payment is being checked again; this page shows the result.",
    PaymentAction.DISMISS: "The payment is dismissed: it no longer waits for anybody.",
    PaymentAction.TAKE_BACK: "The payment is being removed from ConnectWise; this page shows the result.",
    PaymentAction.MARK_OWN: "The payment is marked as our own: it is not external.",
    PaymentAction.SYNC_AFTER_ALL: "The payment is being decided again; this page shows the result.",
}


@router.get("/payments/{external_id}")
def payment_page(
    request: Request, external_id: str, member: InOrganization, done: str = "", at: Annotated[str, Query()] = ""
) -> Response:
    """The page; with a moment, also what was known then."""
    notice = DONE[PaymentAction(done)] if done in list(PaymentAction) else None
    return _story_page(request, member, external_id, notice=notice, at=plain(at))


@router.get("/live/payments/{external_id}")
def payment_fragment(request: Request, external_id: str, member: InOrganization) -> Response:
    values = _story_values(*_story(request, member, external_id)) | {"typed_why": ""}
    return render(request, "payment_live.html", viewer=member.viewer, **values)


@router.post("/payments/{external_id}/retry")
def retry(
    request: Request, external_id: str, member: FormInOrganization, create_anyway: Annotated[str, Form()] = ""
) -> Response:
    _story(request, member, external_id)
    with call_slot(request, member.organization_id) as free:
        if not free:
            busy = "Other retries are running right now. Try again in a minute."
            return come_back_later(_story_page(request, member, external_id, problem=busy, status_code=503))
        report = retry_payment(
            context_of(request), member.organization_id, external_id, create_anyway=bool(create_anyway)
        )
    if isinstance(report, Rejected):
        return _story_page(request, member, external_id, problem=report.message, status_code=409)
    return RedirectResponse(f"/payments/{quote(external_id, safe='')}?done=retry", 303)


@router.post("/payments/{external_id}/act")
def act(
    request: Request,
    external_id: str,
    member: FormInOrganization,
    what: Annotated[PaymentAction, Form()],
    why: Annotated[str, Form()] = "",
) -> Response:
    """What the page has asked about once: dismiss it, take it back, mark it as our own, sync it after all."""
    _story(request, member, external_id)
    done = act_on_payments(context_of(request), member.organization_id, what, [external_id], why)
    if isinstance(done, Rejected):
        return _story_page(request, member, external_id, problem=done.message, typed_why=why, status_code=422)
    if done.refused:
        problem = done.refused[0].why_not
        return _story_page(request, member, external_id, problem=problem, typed_why=why, status_code=409)
    return RedirectResponse(f"/payments/{quote(external_id, safe='')}?done={what.value}", 303)


@router.post("/payments/{external_id}/link")
def link(request: Request, external_id: str, member: FormInOrganization, to: Annotated[str, Form()] = "") -> Response:
    _story(request, member, external_id)
    report = link_payment(context_of(request), member.organization_id, external_id, to)
    if isinstance(report, Rejected):
        return _story_page(request, member, external_id, problem=report.message, status_code=409)
    return RedirectResponse(f"/payments/{quote(external_id, safe='')}?done=retry", 303)


def _story(request: Request, member: Member, external_id: str) -> tuple[PaymentStory, Words]:
    context = context_of(request)
    if "\0" in external_id:
        raise HTTPException(404)
    with context.database.reading() as session:
        words = words_of(session, member.organization_id)
        story = payment_story(session, member.organization_id, external_id, words, context.clock.now())
    if story is None:
        raise HTTPException(404)
    return story, words


def _story_values(story: PaymentStory, words: Words) -> dict[str, Any]:
    held_for_twin = any(
        part.row.reason is Reason.TARGET_PAYMENT_DOUBLED
        or (
            part.row.reason is not None
            and explain(part.row.reason).may_create_anyway
            and part.row.effect_state is EffectState.HELD
        )
        for part in story.allocations
    )
    return {
        "story": story,
        "words": words,
        "row": story.payment,
        "may_create_anyway": held_for_twin,
        "actions": [action for action in PaymentAction if why_not(action, story.situation) is None],
        # What taking it back would remove.
        "ours": [part.ledger for part in story.allocations if part.ledger and part.ledger.stands and part.ledger.ours],
    }


def _story_page(
    request: Request,
    member: Member,
    external_id: str,
    *,
    notice: str | None = None,
    problem: str | None = None,
    typed_why: str = "",
    at: str = "",
    status_code: int = 200,
) -> Response:
    values = _story_values(*_story(request, member, external_id)) | {"typed_why": typed_why}
    explained = _explained(request, member, external_id, at) if at else None
    values |= {
        "at": at,
        "explained": explained if isinstance(explained, Explained) else None,
        "not_explained": explained.message if isinstance(explained, Rejected) else "",
    }
    return render(request, "payment.html", status_code, viewer=member.viewer, notice=notice, problem=problem, **values)


def _explained(request: Request, member: Member, external_id: str, at: str) -> Explained | Rejected:
    moment = moment_in(at, member.organization.locality.zone)
    if moment is None:
        return Rejected("Give the moment as a day and a time, like 2026-11-20T09:00.")
    return explain_payment(context_of(request), member.organization_id, external_id, moment)
