"""The API's callers: a program with a token of its organization, or a dashboard page with its session.

A call says by the type of its caller what it asks for: to look, to work, or to manage. Whoever changes something may
send an idempotency key with it (`web/api/repeated.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from domain.users import Right, TokenScope
from models.organizations import Organization
from models.users import LAST_USED_PRECISION, note_token_use, organization_of_token
from usecases.users import hashed
from web.api.repeated import RepeatedCall, claim_the_key
from web.problems import Problem, Refused
from web.signed_in import act_for, check_form_token, check_right, context_of, member, viewer

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105 - the name of a header

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="ApiToken",
    description="A token of one organization, made under Settings > API tokens or with `python -m cli user api-token`.",
)
_cookie = APIKeyCookie(
    name="session",
    auto_error=False,
    scheme_name="DashboardSession",
    description=f"The dashboard's cookie. Changes also need a form's token in the {FORM_TOKEN_HEADER} header.",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and for which organization.

    Attributes:
        name: as activities and runs name whoever did something.
    """

    organization: Organization
    name: str

    @property
    def organization_id(self) -> int:
        return self.organization.id


def _caller(right: Right) -> Callable[..., Caller]:
    """A caller whose changes need this right; a program has the rights of its token, a person those of the role."""

    def caller(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
        _: Annotated[str | None, Security(_cookie)],
    ) -> Caller:
        if "Authorization" in request.headers:
            return _with_token(request, bearer)
        person = member(viewer(request))
        if request.method not in _SAFE_METHODS:
            check_form_token(request, person.organization_id, request.headers.get(FORM_TOKEN_HEADER, ""))
            check_right(person, right)
        return Caller(person.organization, person.viewer.user.email)

    return caller


def _with_token(request: Request, bearer: HTTPAuthorizationCredentials | None) -> Caller:
    """A session never makes up for a wrong token: the caller chose to send the token."""
    context = context_of(request)
    now = context.clock.now()
    found = None
    if bearer is not None:
        with context.database.reading() as session:
            found = organization_of_token(session, hashed(bearer.credentials))
    if found is None:
        raise _no_access("This API token is not valid.")
    token, organization = found
    if token.expires_at <= now:
        raise _no_access("This API token has expired; ask for a new one.")
    if request.method not in _SAFE_METHODS and token.scope != TokenScope.WRITE:
        raise Refused(Problem.NOT_ALLOWED, "This API token is read-only.")
    name = f"API token '{token.name}'"
    act_for(request, name)
    if token.last_used_at is None or now - token.last_used_at >= LAST_USED_PRECISION:
        with context.database.writing() as session:
            note_token_use(session, token.id, now)
    return Caller(organization, name)


def _no_access(detail: str) -> Refused:
    return Refused(Problem.NO_ACCESS, detail, headers={"WWW-Authenticate": "Bearer"})


# For calls that change nothing.
Authorized = Annotated[Caller, Depends(_caller(Right.WORK))]


def _writer(right: Right) -> Callable[..., Caller]:
    def writer(request: Request, caller: Annotated[Caller, Depends(_caller(right))], repeated: RepeatedCall) -> Caller:
        claim_the_key(request, caller.organization_id, repeated)
        return caller

    return writer


AuthorizedToWork = Annotated[Caller, Depends(_writer(Right.WORK))]
AuthorizedToManage = Annotated[Caller, Depends(_writer(Right.MANAGE))]


def _with_sync_tool(caller: Caller) -> Caller:
    if not caller.organization.sync_tool_enabled:
        raise Refused(Problem.NOT_FOUND, "The Sync Tool is switched off for this organization.")
    return caller


def _reader_of_sync_tool(caller: Authorized) -> Caller:
    return _with_sync_tool(caller)


def _worker_in_sync_tool(caller: AuthorizedToWork) -> Caller:
    return _with_sync_tool(caller)


# The Sync Tool is there only where it is switched on.
WithSyncTool = Annotated[Caller, Depends(_reader_of_sync_tool)]
WorkingWithSyncTool = Annotated[Caller, Depends(_worker_in_sync_tool)]
