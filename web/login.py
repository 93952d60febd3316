"""Coming in and going out: by password, by a one-time link, and the operators' choice of an organization."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from models.organizations import all_organizations
from models.users import choose_organization
from usecases.passwords import TooBusy
from usecases.users import hashed, log_in, log_out, redeem_login_link
from web.call_semaphores import PartnerSemaphore, come_back_later
from web.pages import render
from web.signed_in import (
    SignedIn,
    check_form_token,
    context_of,
    forget,
    form_token,
    has_session,
    remember,
)
from web.throttling import LoginThrottle

log = structlog.get_logger()
router = APIRouter(include_in_schema=False)

_WRONG = "The e-mail address or the password is wrong."
_TOO_OFTEN = "There were too many attempts. Wait five minutes and try again."
_BUSY = "Many people are logging in right now. Try again in a few seconds."


@router.get("/")
async def home(request: Request) -> Response:
    """Asks no database, so that it answers whatever else is away."""
    return RedirectResponse("/overview" if has_session(request) else "/login", 303)


@router.get("/login")
def login_page(request: Request, next: str = "") -> Response:  # noqa: A002 - the name of the parameter in the address
    return _login_page(request, next)


@router.post("/login")
def login(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    csrf_token: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002 - as above
) -> Response:
    check_form_token(request, None, csrf_token)
    throttle: LoginThrottle = request.app.state.login_throttle
    # The hash, because the text comes from any caller and becomes a key in Redis.
    account, address = hashed(email.strip().casefold()), request.client.host if request.client else ""
    semaphore: PartnerSemaphore = request.app.state.login_semaphore
    with semaphore.slot(address) as free:
        if not free:
            return come_back_later(_login_page(request, next, email, _BUSY, 503))
        if not throttle.permits(account, address):
            log.warning("login.throttled", address=address)
            return _login_page(request, next, email, _TOO_OFTEN, 429)
        try:
            key = log_in(context_of(request), email, password)
        except TooBusy:
            return come_back_later(_login_page(request, next, email, _BUSY, 503))
    if key is None:
        log.warning("login.refused", address=address)
        return _login_page(request, next, email, _WRONG, 401)
    throttle.forget(account, address)
    _replace_session(request, key)
    return RedirectResponse(_inside(next), 303)


@router.get("/login/once")
def login_once(request: Request, token: str = "") -> Response:
    secret_key = request.app.state.settings.secret_key.get_secret_value()
    key = redeem_login_link(context_of(request), secret_key, token)
    if key is None:
        expired = (
            "This link has been used or is older than five minutes. Log in with your password or ask for a new link."
        )
        return _login_page(request, "", "", expired, 403)
    _replace_session(request, key)
    return RedirectResponse("/overview", 303)


@router.post("/logout")
def logout(
    request: Request, csrf_token: Annotated[str, Form()] = "", organization: Annotated[int, Form()] = 0
) -> Response:
    """Works with the form of any page of this session, whichever organization was chosen since."""
    check_form_token(request, organization, csrf_token)
    key = forget(request)
    if key is not None:
        log_out(context_of(request), key)
    return RedirectResponse("/login", 303)


@router.get("/organizations")
def organizations_page(request: Request, viewer: SignedIn) -> Response:
    if not viewer.user.is_operator:
        raise HTTPException(404)
    with context_of(request).database.reading() as session:
        organizations = all_organizations(session)
    token = form_token(request, None)
    return render(request, "organizations.html", viewer=viewer, organizations=organizations, choice_token=token)


@router.post("/organizations")
def choose(
    request: Request,
    viewer: SignedIn,
    organization_id: Annotated[int, Form()],
    csrf_token: Annotated[str, Form()] = "",
) -> Response:
    if not viewer.user.is_operator:
        raise HTTPException(404)
    check_form_token(request, None, csrf_token)
    with context_of(request).database.writing() as session:
        if organization_id not in {organization.id for organization in all_organizations(session)}:
            raise HTTPException(404)
        choose_organization(session, viewer.session_id, organization_id)
    return RedirectResponse("/overview", 303)


def _replace_session(request: Request, key: str) -> None:
    before = forget(request)
    if before is not None:
        log_out(context_of(request), before)
    remember(request, key)


def _login_page(
    request: Request, wanted: str, email: str = "", problem: str | None = None, status: int = 200
) -> Response:
    token = form_token(request, None)
    return render(
        request, "login.html", status, csrf_token=token, email=email, next=_inside(wanted, ""), problem=problem
    )


def _inside(wanted: str, otherwise: str = "/overview") -> str:
    """Returns only pages of ours: no other host, no scheme, nothing that a browser would read as one."""
    ours = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if ours else otherwise
