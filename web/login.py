"""Coming in and going out: by password or by a one-time link, then by a code; and the operators' choice."""

from typing import Annotated
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from models.organizations import all_organizations, is_organization
from models.users import choose_organization
from usecases.logins import (
    CodeNeeded,
    LoggedIn,
    WrongCode,
    log_in,
    log_in_with_code,
    log_out,
    owes_code,
    redeem_login_link,
)
from usecases.second_factor import WRONG_CODE
from usecases.users import hashed
from web.browser_names import browser_of
from web.guesses import NotNow, address_of, guess, was_right
from web.pages import render
from web.signed_in import (
    Operator,
    OperatorsForm,
    check_form_token,
    context_of,
    forget,
    form_token,
    half_login_of,
    has_session,
    remember,
    remember_half,
)

log = structlog.get_logger()
router = APIRouter(include_in_schema=False)

_WRONG = "The e-mail address or the password is wrong."
_OUT = "You are logged out everywhere: every session and every login link has ended."


@router.get("/")
async def home(request: Request) -> Response:
    """Asks no database, so that it answers whatever else is away."""
    return RedirectResponse("/overview" if has_session(request) else "/login", 303)


@router.get("/login")
def login_page(
    request: Request,
    next: str = "",  # noqa: A002 - the name of the parameter in the address
    out: bool = False,
) -> Response:
    return _login_page(request, next, notice=_OUT if out else None)


@router.post("/login")
def login(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    csrf_token: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002 - as above
) -> Response:
    check_form_token(request, None, csrf_token)
    # The hash, because the text comes from any caller and becomes a key in Redis.
    account = hashed(email.strip().casefold())
    found = guess(request, account, lambda: log_in(context_of(request), email, password, browser_of(request)))
    match found:
        case NotNow():
            return found.told_by(_login_page(request, next, email, found.sentence, found.status))
        case None:
            log.warning("login.refused", address=address_of(request))
            return _login_page(request, next, email, _WRONG, 401)
        case _:
            was_right(request, account)
            return _let_in(request, found, next)


@router.get("/login/once")
def login_once(request: Request, token: str = "") -> Response:
    secret_key = request.app.state.settings.secret_key.get_secret_value()
    found = redeem_login_link(context_of(request), secret_key, token, browser_of(request))
    if found is None:
        expired = (
            "This link has been used or is older than five minutes. Log in with your password or ask for a new link."
        )
        return _login_page(request, "", "", expired, 403)
    return _let_in(request, found, "")


@router.get("/login/code")
def code_page(request: Request, next: str = "") -> Response:  # noqa: A002 - as above
    return _code_page(request, next)


@router.post("/login/code")
def code(
    request: Request,
    code: Annotated[str, Form()] = "",
    csrf_token: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002 - as above
) -> Response:
    """The second step of a login; without a first one it begins anew."""
    check_form_token(request, None, csrf_token)
    context, key = context_of(request), half_login_of(request)
    user = owes_code(context, key) if key else None
    if key is None or user is None:
        return _too_late(request, next)
    # Counted by account: whoever knows the password could begin any number of logins.
    account = f"code:{user.id}"
    found = guess(request, account, lambda: log_in_with_code(context, key, code, browser_of(request)))
    match found:
        case NotNow():
            return found.told_by(_code_page(request, next, found.sentence, found.status))
        case None:
            return _too_late(request, next)
        case WrongCode():
            log.warning("login.code_refused", address=address_of(request), user_id=user.id)
            return _code_page(request, next, WRONG_CODE, 401)
        case LoggedIn():
            was_right(request, account)
            return _let_in(request, found, next)


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
def organizations_page(request: Request, viewer: Operator) -> Response:
    with context_of(request).database.reading() as session:
        organizations = all_organizations(session)
    token = form_token(request, None)
    return render(request, "organizations.html", viewer=viewer, organizations=organizations, choice_token=token)


@router.post("/organizations")
def choose(
    request: Request,
    viewer: OperatorsForm,
    organization_id: Annotated[int, Form()],
) -> Response:
    with context_of(request).database.writing() as session:
        if not is_organization(session, organization_id):
            raise HTTPException(404)
        choose_organization(session, viewer.session_id, organization_id)
    return RedirectResponse("/overview", 303)


def replace_session(request: Request, key: str) -> None:
    """Ends the session that this browser had, and begins the other one in it."""
    before = forget(request)
    if before is not None:
        log_out(context_of(request), before)
    remember(request, key)


def _let_in(request: Request, found: LoggedIn | CodeNeeded, wanted: str) -> Response:
    match found:
        case LoggedIn():
            replace_session(request, found.key)
            return RedirectResponse(_inside(wanted), 303)
        case CodeNeeded():
            before = forget(request)
            if before is not None:
                log_out(context_of(request), before)
            remember_half(request, found.key)
            return RedirectResponse("/login/code?" + urlencode({"next": _inside(wanted, "")}), 303)


def _too_late(request: Request, wanted: str) -> Response:
    late = "That took longer than ten minutes, or was finished in another tab. Begin again."
    return _login_page(request, wanted, "", late, 403)


def _code_page(request: Request, wanted: str, problem: str | None = None, status: int = 200) -> Response:
    key = half_login_of(request)
    if key is None or owes_code(context_of(request), key) is None:
        return RedirectResponse("/login", 303)
    token = form_token(request, None)
    return render(request, "login_code.html", status, csrf_token=token, next=_inside(wanted, ""), problem=problem)


def _login_page(
    request: Request,
    wanted: str,
    email: str = "",
    problem: str | None = None,
    status: int = 200,
    *,
    notice: str | None = None,
) -> Response:
    return render(
        request,
        "login.html",
        status,
        csrf_token=form_token(request, None),
        email=email,
        next=_inside(wanted, ""),
        problem=problem,
        notice=notice,
    )


def _inside(wanted: str, otherwise: str = "/overview") -> str:
    """Returns only pages of ours: no other host, no scheme, nothing that a browser would read as one."""
    ours = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if ours else otherwise
