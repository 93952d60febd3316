"""What is held in any organization: in doubt, given up, or waiting; with what an operator can do about one or many."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.payment_actions import PaymentAction
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.held_payments import HeldFilter
from models.organizations import organization_by_slug
from models.payments import HELD_STATUSES
from models.retries import chosen_payments
from models.views.all_organizations import held_by_reason
from models.views.held_list import list_held
from usecases.acting_on_payments import act_on_payments
from usecases.replaying import ask_replay
from usecases.results import Rejected
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import Operator, OperatorsForm, Viewer, context_of, form_token
from web.typed_text import day_in, plain
from web.writing import EVERYBODY

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
SLUG_CHARACTERS_MAX = 64
ADDRESS = "/operator/payments"
STATUSES = [PaymentStatus(status) for status in HELD_STATUSES]
# What an operator does from the list; the rest stands on the payment's own page.
ACTIONS = (PaymentAction.RETRY, PaymentAction.DISMISS)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The list's filter; what cannot be read filters nothing, but an organization that is not there has no payments."""

    org: str
    status: PaymentStatus | None
    reason: Reason | None
    since: date | None
    until: date | None

    def as_fields(self) -> dict[str, str]:
        """As a form or an address has it, without what is empty."""
        values = {
            "org": self.org,
            "status": self.status.value if self.status else "",
            "reason": self.reason.value if self.reason else "",
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {name: value for name, value in values.items() if value}

    def as_query(self, **more: int) -> str:
        return urlencode(self.as_fields() | more)

    def as_filter(self, request: Request) -> HeldFilter:
        organization_id: int | None = None
        if self.org:
            with context_of(request).database.reading() as session:
                found = organization_by_slug(session, self.org)
            organization_id = found.id if found else 0
        return HeldFilter(organization_id, self.org, self.status, self.reason, self.since, self.until)


Slug = Annotated[str, Query(max_length=SLUG_CHARACTERS_MAX)]


def _chosen(org: Slug = "", status: str = "", reason: str = "", since: str = "", until: str = "") -> Chosen:
    return read_filter(org, status, reason, since, until)


def _chosen_in_form(
    org: Annotated[str, Form(max_length=SLUG_CHARACTERS_MAX)] = "",
    status: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    since: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
) -> Chosen:
    return read_filter(org, status, reason, since, until)


def read_filter(org: str, status: str, reason: str, since: str, until: str) -> Chosen:
    return Chosen(
        org=plain(org),
        status=PaymentStatus(status) if status in HELD_STATUSES else None,
        reason=Reason(reason) if reason in list(Reason) else None,
        since=day_in(since),
        until=day_in(until),
    )


InAddress = Annotated[Chosen, Depends(_chosen)]
InForm = Annotated[Chosen, Depends(_chosen_in_form)]


@router.get(ADDRESS)
def held_page(
    request: Request,
    viewer: Operator,
    chosen: InAddress,
    after: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    done: str = "",
) -> Response:
    notice = {"retry": "The payment is being checked again.", "dismiss": "The payment is dismissed."}.get(done)
    return _page(request, viewer, chosen, after, notice=notice)


@router.post("/operator/payments/act")
def act(
    request: Request,
    viewer: OperatorsForm,
    chosen: InForm,
    organization_id: Annotated[int, Form(ge=1, le=ID_MAX)],
    payment: Annotated[str, Form()],
    what: Annotated[str, Form()],
    why: Annotated[str, Form()] = "",
) -> Response:
    """Retries or dismisses one payment of any organization."""
    if what not in ACTIONS:
        raise HTTPException(422)
    context, action = context_of(request), PaymentAction(what)
    with context.database.reading() as session:
        if not chosen_payments(session, organization_id, [payment]):
            raise HTTPException(404)
    done = act_on_payments(context, organization_id, action, [payment], plain(why))
    problem = done.message if isinstance(done, Rejected) else next((text for text, _ in done.refusals), None)
    if problem is not None:
        return _page(request, viewer, chosen, None, problem=problem, typed={payment: plain(why)})
    return RedirectResponse(f"{ADDRESS}?{urlencode(chosen.as_fields() | {'done': action.value})}", 303)


@router.post("/operator/replays")
def ask(request: Request, viewer: OperatorsForm, chosen: InForm, name: Annotated[str, Form()] = "") -> Response:
    """Begins the preview of retrying what the filter finds; retries nothing."""
    asked = ask_replay(context_of(request), plain(name), chosen.as_filter(request))
    if isinstance(asked, Rejected):
        return _page(request, viewer, chosen, None, problem=asked.message, name=plain(name))
    return RedirectResponse(f"/operator/replays/{asked}", 303)


def _page(
    request: Request,
    viewer: Viewer,
    chosen: Chosen,
    after: int | None,
    *,
    notice: str | None = None,
    problem: str | None = None,
    typed: dict[str, str] | None = None,
    name: str = "",
) -> Response:
    context, wanted = context_of(request), chosen.as_filter(request)
    with context.database.reading() as session:
        page = list_held(session, wanted, limit=ROWS_PER_PAGE, after_id=after)
        reasons = held_by_reason(session)
    return render(
        request,
        "operator_payments.html",
        200 if problem is None else 409,
        viewer=viewer,
        writing=EVERYBODY,
        token=form_token(request, None),
        notice=notice,
        problem=problem,
        chosen=chosen,
        statuses=STATUSES,
        reasons=reasons,
        rows=page.rows,
        next_query=chosen.as_query(after=page.next_after_id) if page.next_after_id else "",
        first_query=chosen.as_query(),
        is_first=after is None,
        typed=typed or {},
        name=name,
        words=context.platform.words(context.platform.vendors),
    )
