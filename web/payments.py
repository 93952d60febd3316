"""Payments: the list, the story of one, and the retry."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.explanations import explain
from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.status import PaymentStatus
from domain.words import Words
from models.views.payment_list import count_by_status, list_payments
from models.views.story import PaymentStory, payment_story
from usecases.linking import link_payment
from usecases.results import Rejected
from usecases.retry import retry_payment
from usecases.words import words_of
from web.call_semaphores import call_slot, come_back_later
from web.pages import render
from web.signed_in import FormInOrganization, InOrganization, Member, context_of
from web.typed_text import plain

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
SEARCH_CHARACTERS_MAX = 200
# The largest row id that both databases know.
ID_MAX = 2**63 - 1
RETRIED = "The payment is being checked again; this page shows the result."
RETRIABLE = frozenset({PaymentStatus.NEEDS_ATTENTION, PaymentStatus.WAITING, PaymentStatus.SKIPPED})


@dataclass(frozen=True, slots=True)
class Filter:
    """The list's filter; unreadable values filter nothing."""

    status: PaymentStatus | None
    search: str

    def as_query(self, **more: str | int) -> str:
        chosen = {"status": self.status.value if self.status else "", "search": self.search, **more}
        return urlencode({name: value for name, value in chosen.items() if value != ""})


def _filter(status: str = "", search: Annotated[str, Query(max_length=SEARCH_CHARACTERS_MAX)] = "") -> Filter:
    known = status in list(PaymentStatus)
    return Filter(PaymentStatus(status) if known else None, plain(search))


Filtered = Annotated[Filter, Depends(_filter)]
BeforeId = Annotated[int | None, Query(ge=1, le=ID_MAX)]


@router.get("/payments")
def payments_page(request: Request, member: InOrganization, narrowed: Filtered, before: BeforeId = None) -> Response:
    return render(request, "payments.html", viewer=member.viewer, **_list(request, member, narrowed, before))


@router.get("/live/payments")
def payments_fragment(
    request: Request, member: InOrganization, narrowed: Filtered, before: BeforeId = None
) -> Response:
    return render(request, "payments_live.html", viewer=member.viewer, **_list(request, member, narrowed, before))


def _list(request: Request, member: Member, narrowed: Filter, before: int | None) -> dict[str, Any]:
    with context_of(request).database.reading() as session:
        page = list_payments(
            session,
            member.organization_id,
            status=narrowed.status,
            search=narrowed.search,
            limit=ROWS_PER_PAGE,
            before_id=before,
        )
        counts = count_by_status(session, member.organization_id)
        words = words_of(session, member.organization_id)
    older = page.next_before_id
    return {
        "rows": page.rows,
        "words": words,
        "counts": counts,
        "narrowed": narrowed,
        "is_first": before is None,
        "older_query": narrowed.as_query(before=older) if older is not None else None,
        "newest_query": narrowed.as_query(),
        "live_query": narrowed.as_query(before=before or ""),
    }


@router.get("/payments/{external_id}")
def payment_page(request: Request, external_id: str, member: InOrganization, retried: bool = False) -> Response:
    return _story_page(request, member, external_id, notice=RETRIED if retried else None)


@router.get("/live/payments/{external_id}")
def payment_fragment(request: Request, external_id: str, member: InOrganization) -> Response:
    values = _story_values(*_story(request, member, external_id))
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
    return RedirectResponse(f"/payments/{quote(external_id, safe='')}?retried=true", 303)


@router.post("/payments/{external_id}/link")
def link(request: Request, external_id: str, member: FormInOrganization, to: Annotated[str, Form()] = "") -> Response:
    _story(request, member, external_id)
    report = link_payment(context_of(request), member.organization_id, external_id, to)
    if isinstance(report, Rejected):
        return _story_page(request, member, external_id, problem=report.message, status_code=409)
    return RedirectResponse(f"/payments/{quote(external_id, safe='')}?retried=true", 303)


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
        "may_retry": story.payment.status in RETRIABLE,
        "may_create_anyway": held_for_twin,
    }


def _story_page(
    request: Request,
    member: Member,
    external_id: str,
    *,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    values = _story_values(*_story(request, member, external_id))
    return render(request, "payment.html", status_code, viewer=member.viewer, notice=notice, problem=problem, **values)
