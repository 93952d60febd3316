"""The same for many payments: chosen in the list, shown with count and sum, and done when a person confirms it."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from domain.payment_actions import PaymentAction
from models.views.payment_list import ids_of_payments
from usecases.acting_on_payments import PAYMENTS_PER_ACTION_MAX, act_on_payments, preview_action
from usecases.results import Rejected
from usecases.words import words_of
from web.pages import render
from web.payment_filters import Narrowed, NarrowedPayments
from web.payments import ROWS_PER_PAGE, list_values
from web.signed_in import FormInOrganization, Member, context_of

router = APIRouter(include_in_schema=False)

NOTHING_CHOSEN = "Tick at least one payment, or choose all on this page or all that match."


@router.post("/payments/choose")
def choose(
    request: Request,
    member: FormInOrganization,
    narrowed: Narrowed,
    what: Annotated[PaymentAction, Form()],
    which: Annotated[str, Form()] = "ticked",
    payment: Annotated[list[str] | None, Form()] = None,
    on_page: Annotated[str, Form()] = "",
) -> Response:
    """Shows what would be done; changes nothing."""
    match which:
        case "all":
            with context_of(request).database.reading() as session:
                ids = ids_of_payments(session, member.organization_id, narrowed.wanted, PAYMENTS_PER_ACTION_MAX + 1)
        case "page":
            ids = _ids_in(on_page)[:ROWS_PER_PAGE]
        case _:
            ids = [one for one in payment or [] if "\0" not in one]
    if not ids:
        return _list(request, member, narrowed, NOTHING_CHOSEN)
    return _preview(request, member, narrowed, what, ids)


@router.post("/payments/act")
def act(
    request: Request,
    member: FormInOrganization,
    narrowed: Narrowed,
    what: Annotated[PaymentAction, Form()],
    payments: Annotated[str, Form()] = "",
    why: Annotated[str, Form()] = "",
) -> Response:
    """Does what was shown, with each payment for which it is still possible."""
    ids = _ids_in(payments)
    done = act_on_payments(context_of(request), member.organization_id, what, ids, why)
    if isinstance(done, Rejected):
        return _preview(request, member, narrowed, what, ids, why=why, problem=done.message)
    query = narrowed.as_query(done=what.value, count=len(done.possible), refused=len(done.refused))
    return RedirectResponse(f"/payments?{query}", 303)


def _ids_in(text: str) -> list[str]:
    return [one for one in text.replace("\0", "").split(",") if one]


def _preview(
    request: Request,
    member: Member,
    narrowed: NarrowedPayments,
    what: PaymentAction,
    ids: list[str],
    *,
    why: str = "",
    problem: str | None = None,
) -> Response:
    stakes = preview_action(context_of(request), member.organization_id, what, ids)
    if isinstance(stakes, Rejected):
        return _list(request, member, narrowed, stakes.message)
    with context_of(request).database.reading() as session:
        words = words_of(session, member.organization_id)
    return render(
        request,
        "payment_actions.html",
        200 if problem is None else 422,
        viewer=member.viewer,
        stakes=stakes,
        words=words,
        what=what,
        ids=",".join(one.external_id for one in stakes.possible),
        query=narrowed.as_query(),
        why=why,
        problem=problem,
    )


def _list(request: Request, member: Member, narrowed: NarrowedPayments, problem: str) -> Response:
    values = list_values(request, member, narrowed)
    return render(request, "payments.html", 422, viewer=member.viewer, problem=problem, **values)
