"""The API's callers: a program with a token of its organization, or a dashboard page with its session."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from domain.users import Right, TokenScope
from models.organizations import Organization
from models.users import LAST_USED_PRECISION, note_token_use, organization_of_token
from usecases.users import hashed
from web.signed_in import act_for, check_form_token, check_right, context_of, member, viewer

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105 - the name of a header

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="API token",
    description="A token of one organization, made with `python -m cli user api-token`.",
)
_cookie = APIKeyCookie(
    name="session",
    auto_error=False,
    scheme_name="Dashboard session",
    description=f"The dashboard's cookie. Changes also need a form's token in the {FORM_TOKEN_HEADER} header.",
)


class Problem(BaseModel):
    """The answer to every refused call."""

    detail: str


REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No token or session, or one that is invalid or expired"},
    403: {"model": Problem, "description": "A session without a form's token or the right, or a read-only token"},
    409: {"model": Problem, "description": "The organization is not ready for this"},
    503: {"model": Problem, "description": "The database is not available; try again later"},
}
NOT_THERE: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "Does not exist, or belongs to another organization"}
}


@dataclass(frozen=True, slots=True)
class Caller:
    organization: Organization

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
        return Caller(person.organization)

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
        raise HTTPException(401, "This API token is not valid.", {"WWW-Authenticate": "Bearer"})
    token, organization = found
    if token.expires_at <= now:
        raise HTTPException(401, "This API token has expired; ask for a new one.", {"WWW-Authenticate": "Bearer"})
    if request.method not in _SAFE_METHODS and token.scope != TokenScope.WRITE:
        raise HTTPException(403, "This API token is read-only.")
    act_for(request, f"API token '{token.name}'")
    if token.last_used_at is None or now - token.last_used_at >= LAST_USED_PRECISION:
        with context.database.writing() as session:
            note_token_use(session, token.id, now)
    return Caller(organization)


Authorized = Annotated[Caller, Depends(_caller(Right.WORK))]
AuthorizedToManage = Annotated[Caller, Depends(_caller(Right.MANAGE))]
