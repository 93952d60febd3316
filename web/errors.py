"""The answers to errors: a finished page, or a problem document for programs; neither reveals internals."""

from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from models.unavailable import DatabaseUnavailable
from web.pages import render
from web.problems import Problem, Refused, Told, problem_of
from web.security import add_security_headers
from web.signed_in import NoOrganization, NotSignedIn
from web.value_errors import field_errors
from workers.exports import Exports

log = structlog.get_logger()

# live.js names itself, so that a fragment is never answered with the login page.
LIVE_HEADER = "X-Live"
_SECONDS_WITHOUT_DATABASE = "30"
_FOR_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/static/")

_TITLES = {
    400: "That did not work",
    403: "This is not allowed",
    404: "This page does not exist",
    405: "That did not work",
    408: "That took too long",
    413: "That was too much data",
    429: "Too many attempts",
    500: "Something went wrong on our side",
    503: "We will be right back",
}
_TEXTS = {
    400: "Something in the form or in the address could not be read. Go back and check it.",
    403: "You are not allowed to do this, or the page was out of date. Go back, reload it and repeat the step.",
    404: "The address is wrong, the page no longer exists, or it belongs to another organization.",
    405: "This address cannot be used in this way. Start again from the overview.",
    408: "Your data did not arrive in time. Go back and send it again.",
    413: "The data you sent is larger than anything that belongs here. Go back and check it.",
    500: "The error was recorded. No payment is lost: everything is stored before anything is done with it.",
    503: "Our database cannot be reached, or is too busy. No payment is lost; reload the page in a minute.",
}


def add_error_pages(app: FastAPI) -> None:
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(NoOrganization, _no_organization)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(DatabaseUnavailable, _database_unavailable)
    app.add_exception_handler(Exception, _bug)


def _is_for_a_program(request: Request) -> bool:
    path = request.url.path
    return path == "/api" or path.startswith(_FOR_PROGRAMS)


def told_by(request: Request, error: Exception) -> Told | None:
    """The problem that this error is for a program; None for what is no refusal."""
    match error:
        case Refused():
            return error.told
        case NotSignedIn():
            return Told(Problem.NO_ACCESS, headers={"WWW-Authenticate": "Bearer"})
        case NoOrganization():
            return Told(Problem.NOT_READY, "Choose an organization in the dashboard first.")
        case RequestValidationError():
            return Told(Problem.NOT_VALID, errors=field_errors(error.errors()))
        case DatabaseUnavailable():
            return Told(Problem.DATABASE_AWAY, headers={"Retry-After": _SECONDS_WITHOUT_DATABASE})
        case HTTPException() if error.status_code >= 400:  # noqa: PLR2004 - a redirect travels as an exception, too
            return _told_by_status(request, error)
        case _:
            return None


def _told_by_status(request: Request, error: HTTPException) -> Told:
    problem, headers = problem_of(error.status_code), dict(error.headers or {})
    if problem is Problem.WRONG_METHOD:
        headers["Allow"] = ", ".join(_allowed(request)) or headers.get("Allow", "")
    # The framework's own words are the name of the status.
    is_ours = error.status_code not in (400, 404, 405, 413)
    return Told(problem, str(error.detail) if is_ours and error.detail else "", headers=headers)


def _allowed(request: Request) -> list[str]:
    """Every method of this address; the framework names those of the first route that fits it."""
    paths: dict[str, dict[str, object]] = request.app.openapi()["paths"]
    fitting = [methods for path, methods in paths.items() if compile_path(path)[0].match(request.url.path)]
    return sorted({method.upper() for methods in fitting for method in methods})


def _not_signed_in(request: Request, error: Exception) -> Response:
    if _is_for_a_program(request):
        return _problem(request, error)
    if LIVE_HEADER in request.headers:
        return Response(status_code=401)
    if request.method != "GET":
        return RedirectResponse("/login", 303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse("/login?" + urlencode({"next": wanted}), 303)


def _no_organization(request: Request, error: Exception) -> Response:
    if _is_for_a_program(request):
        return _problem(request, error)
    return RedirectResponse("/organizations", 303)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code < 400:  # noqa: PLR2004 - a redirect that travels as an exception is no error
        return await http_exception_handler(request, error)
    if _is_for_a_program(request):
        return _problem(request, error)
    return _page(request, error.status_code, error.detail if error.status_code == 403 else None)  # noqa: PLR2004


def _unreadable(request: Request, error: Exception) -> Response:
    return _problem(request, error) if _is_for_a_program(request) else _page(request, 400)


def _database_unavailable(request: Request, error: Exception) -> Response:
    assert isinstance(error, DatabaseUnavailable)
    log.error("web.database_unavailable", what=error.fate, path=request.url.path, error=str(error))
    return _problem(request, error) if _is_for_a_program(request) else _page(request, 503)


def _bug(request: Request, error: Exception) -> Response:
    """Starlette calls this outside of our middleware and lets the server log the traceback."""
    response = _problem(request, error) if _is_for_a_program(request) else _page(request, 500)
    exports: Exports = request.app.state.exports
    exports.report(error)
    https_only: bool = request.app.state.https_only
    add_security_headers(response.headers, request.url.path, https_only=https_only)
    return response


def _problem(request: Request, error: Exception) -> Response:
    return (told_by(request, error) or Told(Problem.OUR_FAULT)).response(request.url.path)


def _page(request: Request, status: int, text: str | None = None) -> Response:
    title = _TITLES.get(status, _TITLES[400])
    shown = text or _TEXTS.get(status, _TEXTS[400])
    return render(request, "error.html", status, title=title, text=shown, status=status)
