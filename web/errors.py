"""The answers to errors: a finished page (or plain JSON for programs) that reveals no internals."""

import json
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from models.unavailable import DatabaseUnavailable
from web.pages import render
from web.security import add_security_headers
from web.signed_in import NoOrganization, NotSignedIn

log = structlog.get_logger()

# live.js names itself, so that a fragment is never answered with the login page.
LIVE_HEADER = "X-Live"
_FOR_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/metrics", "/openapi.json", "/static/")

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
    return request.url.path.startswith(_FOR_PROGRAMS)


def _not_signed_in(request: Request, _: Exception) -> Response:
    if _is_for_a_program(request):
        return JSONResponse({"detail": "Log in, or send an API token."}, 401, {"WWW-Authenticate": "Bearer"})
    if LIVE_HEADER in request.headers:
        return Response(status_code=401)
    if request.method != "GET":
        return RedirectResponse("/login", 303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse("/login?" + urlencode({"next": wanted}), 303)


def _no_organization(request: Request, _: Exception) -> Response:
    if _is_for_a_program(request):
        return JSONResponse({"detail": "Choose an organization in the dashboard first."}, 409)
    return RedirectResponse("/organizations", 303)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if _is_for_a_program(request):
        return await http_exception_handler(request, error)
    if error.status_code < 400:  # noqa: PLR2004 - a redirect that travels as an exception is no error
        return await http_exception_handler(request, error)
    return _page(request, error.status_code, error.detail if error.status_code == 403 else None)  # noqa: PLR2004


def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if not _is_for_a_program(request):
        return _page(request, 400)
    # Without the values: they may be half a character, which JSON cannot carry, and the caller knows them.
    told = [{name: one[name] for name in ("loc", "msg", "type")} for one in error.errors()]
    return Response(json.dumps({"detail": told}), 422, media_type="application/json")


def _database_unavailable(request: Request, error: Exception) -> Response:
    assert isinstance(error, DatabaseUnavailable)
    log.error("web.database_unavailable", what=error.fate, path=request.url.path, error=str(error))
    if _is_for_a_program(request):
        return JSONResponse({"detail": _TEXTS[503]}, 503, {"Retry-After": "30"})
    return _page(request, 503)


def _bug(request: Request, _: Exception) -> Response:
    """Starlette calls this outside of our middleware and lets the server log the traceback."""
    program = _is_for_a_program(request)
    response: Response = JSONResponse({"detail": _TITLES[500]}, 500) if program else _page(request, 500)
    https_only: bool = request.app.state.https_only
    add_security_headers(response.headers, request.url.path, https_only=https_only)
    return response


def _page(request: Request, status: int, text: str | None = None) -> Response:
    title = _TITLES.get(status, _TITLES[400])
    shown = text or _TEXTS.get(status, _TEXTS[400])
    return render(request, "error.html", status, title=title, text=shown, status=status)
