"""Settings > My account: one's own password, sessions, and the state of the second factor."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from models.users import sessions_of
from usecases.account import change_password
from usecases.logins import log_out_everywhere
from usecases.results import Rejected
from usecases.second_factor import WRONG_PASSWORD, codes_left
from web.browser_names import browser_of
from web.guesses import NotNow, guess, was_right
from web.pages import render
from web.signed_in import OwnForm, SignedIn, Viewer, context_of, forget, form_token, remember

router = APIRouter(include_in_schema=False)

DONE = {
    "password": "Your password is changed. You are logged out in every other browser.",
    "second-factor-off": "Your second factor is off. The password alone lets you in again.",
}


@router.get("/settings/account")
def account_page(request: Request, viewer: SignedIn, done: str = "") -> Response:
    return show_account(request, viewer, notice=DONE.get(done))


@router.post("/settings/account/password")
def save_password(
    request: Request,
    viewer: OwnForm,
    current: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    repeated: Annotated[str, Form()] = "",
) -> Response:
    context, account = context_of(request), f"password:{viewer.user.id}"
    changed = guess(
        request, account, lambda: change_password(context, viewer.user, current, new, repeated, browser_of(request))
    )
    match changed:
        case NotNow():
            return changed.told_by(show_account(request, viewer, problem=changed.sentence, status_code=changed.status))
        case Rejected(message):
            if message != WRONG_PASSWORD:
                was_right(request, account)
            return show_account(request, viewer, problem=message, status_code=422)
        case key:
            was_right(request, account)
            remember(request, key)
            return RedirectResponse("/settings/account?done=password", 303)


@router.post("/settings/account/log-out-everywhere")
def everywhere(request: Request, viewer: OwnForm) -> Response:
    log_out_everywhere(context_of(request), viewer.user)
    forget(request)
    return RedirectResponse("/login?out=true", 303)


def show_account(
    request: Request,
    viewer: Viewer,
    *,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    """The page with what was refused on top; a typed password is not written back."""
    context = context_of(request)
    with context.database.reading() as session:
        sessions = sessions_of(session, viewer.user.id, context.clock.now())
    return render(
        request,
        "account.html",
        status_code,
        viewer=viewer,
        own_token=form_token(request, None),
        sessions=sessions,
        codes_left=codes_left(context, viewer.user),
        notice=notice,
        problem=problem,
    )
