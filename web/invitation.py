"""The page behind an invitation's link, where the invited person chooses a password and comes in."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from usecases.invitations import NOT_VALID, accept_invitation, look_at_invitation
from usecases.results import Rejected
from usecases.users import hashed
from web.browser_names import browser_of
from web.guesses import NotNow, guess
from web.login import replace_session
from web.pages import render
from web.signed_in import check_form_token, context_of, form_token

router = APIRouter(include_in_schema=False)


@router.get("/invitation")
def invitation_page(request: Request, token: str = "") -> Response:
    return _page(request, token)


@router.post("/invitation")
def accept(
    request: Request,
    token: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    repeated: Annotated[str, Form()] = "",
    csrf_token: Annotated[str, Form()] = "",
) -> Response:
    check_form_token(request, None, csrf_token)
    context, browser = context_of(request), browser_of(request)
    accepted = guess(
        request, f"invitation:{hashed(token)}", lambda: accept_invitation(context, token, password, repeated, browser)
    )
    match accepted:
        case NotNow():
            return accepted.told_by(_page(request, token, accepted.sentence, accepted.status))
        case None:
            return _page(request, token, NOT_VALID, 403)
        case Rejected(message):
            return _page(request, token, message, 422)
        case key:
            replace_session(request, key)
            return RedirectResponse("/overview", 303)


def _page(request: Request, token: str, problem: str | None = None, status_code: int = 200) -> Response:
    found = look_at_invitation(context_of(request), token)
    if found is None:
        return render(request, "invitation.html", 403, invitation=None, problem=NOT_VALID)
    invitation, organization = found
    return render(
        request,
        "invitation.html",
        status_code,
        invitation=invitation,
        organization=organization,
        token=token,
        csrf_token=form_token(request, None),
        problem=problem,
    )
