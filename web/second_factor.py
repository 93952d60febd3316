"""Settings > My account > Second factor: setting it up with an app, its recovery codes, turning it off."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from usecases.results import Rejected
from usecases.second_factor import (
    RecoveryCodes,
    begin_second_factor,
    being_set_up,
    confirm_second_factor,
    renew_recovery_codes,
    turn_off_second_factor,
)
from web.account import show_account
from web.guesses import NotNow, guess, was_right
from web.pages import render
from web.qr import qr_code
from web.signed_in import OwnForm, SignedIn, Viewer, context_of, form_token

router = APIRouter(include_in_schema=False)

TURNED_ON = "Your second factor is on. Every other session has ended."
RENEWED = "You have new recovery codes. The earlier ones no longer work."


@router.post("/settings/account/second-factor")
def begin(request: Request, viewer: OwnForm) -> Response:
    begun = begin_second_factor(context_of(request), viewer.user)
    if isinstance(begun, Rejected):
        return show_account(request, viewer, problem=begun.message, status_code=409)
    return RedirectResponse("/settings/account/second-factor", 303)


@router.get("/settings/account/second-factor")
def set_up_page(request: Request, viewer: SignedIn) -> Response:
    return _set_up_page(request, viewer)


@router.post("/settings/account/second-factor/confirm")
def confirm(request: Request, viewer: OwnForm, code: Annotated[str, Form()] = "") -> Response:
    context, account = context_of(request), _account(viewer)
    confirmed = guess(
        request,
        account,
        lambda: confirm_second_factor(context, viewer.user, code, session_id=viewer.session_id),
    )
    match confirmed:
        case NotNow():
            return confirmed.told_by(_set_up_page(request, viewer, confirmed.sentence, confirmed.status))
        case Rejected(message):
            return _set_up_page(request, viewer, message, 422)
        case RecoveryCodes():
            was_right(request, account)
            return _codes_page(request, viewer, confirmed, TURNED_ON)


@router.post("/settings/account/second-factor/recovery-codes")
def renew(request: Request, viewer: OwnForm, code: Annotated[str, Form()] = "") -> Response:
    account = _account(viewer)
    renewed = guess(request, account, lambda: renew_recovery_codes(context_of(request), viewer.user, code))
    match renewed:
        case NotNow():
            return renewed.told_by(show_account(request, viewer, problem=renewed.sentence, status_code=renewed.status))
        case Rejected(message):
            return show_account(request, viewer, problem=message, status_code=422)
        case RecoveryCodes():
            was_right(request, account)
            return _codes_page(request, viewer, renewed, RENEWED)


@router.post("/settings/account/second-factor/off")
def turn_off(
    request: Request, viewer: OwnForm, password: Annotated[str, Form()] = "", code: Annotated[str, Form()] = ""
) -> Response:
    account = _account(viewer)
    off = guess(request, account, lambda: turn_off_second_factor(context_of(request), viewer.user, password, code))
    match off:
        case NotNow():
            return off.told_by(show_account(request, viewer, problem=off.sentence, status_code=off.status))
        case Rejected(message):
            return show_account(request, viewer, problem=message, status_code=422)
        case None:
            was_right(request, account)
            return RedirectResponse("/settings/account?done=second-factor-off", 303)


def _account(viewer: Viewer) -> str:
    """The same as at the login: a code is guessed here as well as there."""
    return f"code:{viewer.user.id}"


def _set_up_page(request: Request, viewer: Viewer, problem: str | None = None, status_code: int = 200) -> Response:
    set_up = being_set_up(context_of(request), viewer.user)
    if set_up is None:
        return RedirectResponse("/settings/account", 303)
    return render(
        request,
        "second_factor.html",
        status_code,
        viewer=viewer,
        own_token=form_token(request, None),
        secret=set_up.secret,
        app_link=set_up.link,
        picture=qr_code(set_up.link),
        problem=problem,
    )


def _codes_page(request: Request, viewer: Viewer, codes: RecoveryCodes, notice: str) -> Response:
    """An answer and not an address of its own: nobody finds the codes by going back to it."""
    return render(request, "recovery_codes.html", viewer=viewer, codes=codes.codes, notice=notice)
