"""API tokens: what programs of an organization get in with.

Called by: the command line, which names the organization by its short name, and Settings > API tokens on the dashboard.
Not by the API: a token must not make tokens, or one that leaked could outlive its end.
A token exists only once, with the person who asked for it; the database keeps its hash.
"""

import secrets
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from domain.activity import PLATFORM, ActivityKind, Change
from domain.users import API_TOKEN_DAYS, API_TOKEN_DAYS_MAX, TokenScope
from models.organizations import organization_by_slug
from models.users import ApiToken, live_token, revoke_tokens
from tasks.context import Context
from usecases.activity import note
from usecases.results import Rejected
from usecases.users import hashed

log = structlog.get_logger()

TOKEN_NAME_CHARACTERS_MAX = 100
# Shows people, and scanners for leaked secrets, what kind of secret this is.
API_TOKEN_PREFIX = "eps_"  # noqa: S105


def make_api_token(
    context: Context,
    organization_id: int,
    name: str,
    scope: TokenScope = TokenScope.WRITE,
    days: int = API_TOKEN_DAYS,
) -> str | Rejected:
    """A new token for this organization; it is shown now and never again."""
    name = name.strip()
    if not name:
        return Rejected("A token needs a name that says what it is used for.")
    if len(name) > TOKEN_NAME_CHARACTERS_MAX or not name.isprintable():
        return Rejected(
            f"The name of a token may have at most {TOKEN_NAME_CHARACTERS_MAX} characters, all of them printable."
        )
    if not 1 <= days <= API_TOKEN_DAYS_MAX:
        return Rejected(f"A token can be valid for 1 to {API_TOKEN_DAYS_MAX} days.")
    token = API_TOKEN_PREFIX + secrets.token_urlsafe(32)
    now = context.clock.now()
    with context.database.writing() as session:
        session.add(
            ApiToken(
                organization_id=organization_id,
                name=name,
                token_hash=hashed(token),
                scope=scope.value,
                made_by=context.actor or PLATFORM,
                created_at=now,
                expires_at=now + timedelta(days=days),
            )
        )
        rights = [Change("Scope", "", scope.value), Change("Days", "", str(days))]
        note(context, session, organization_id, ActivityKind.TOKEN_CREATED, about=name, changes=rights)
    return token


def create_api_token(
    context: Context,
    organization_slug: str,
    name: str,
    scope: TokenScope = TokenScope.WRITE,
    days: int = API_TOKEN_DAYS,
) -> str | Rejected:
    """The same for the organization with this short name."""
    organization_id = _id_of(context, organization_slug)
    if isinstance(organization_id, Rejected):
        return organization_id
    return make_api_token(context, organization_id, name, scope, days)


def revoke_api_token(context: Context, organization_id: int, token_id: int) -> str | None:
    """The token no longer works. Returns its name; None if there is no such token, or no longer."""
    with context.database.writing() as session:
        token = live_token(session, organization_id, token_id)
        if token is None:
            return None
        name = token.name
        _revoke(context, session, organization_id, about=name, token_id=token_id)
    return name


def revoke_api_tokens(
    context: Context, organization_slug: str, name: str | None = None, *, token_id: int | None = None
) -> int | Rejected:
    """Returns how many live tokens had this name or id; they no longer work."""
    if (name is None) == (token_id is None):
        return Rejected("Give either the name of the tokens or the id of one.")
    organization_id = _id_of(context, organization_slug)
    if isinstance(organization_id, Rejected):
        return organization_id
    if token_id is not None:
        return int(revoke_api_token(context, organization_id, token_id) is not None)
    with context.database.writing() as session:
        return _revoke(context, session, organization_id, about=name or "", name=name)


def _revoke(
    context: Context,
    session: Session,
    organization_id: int,
    *,
    about: str,
    name: str | None = None,
    token_id: int | None = None,
) -> int:
    revoked = revoke_tokens(session, organization_id, context.clock.now(), name=name, token_id=token_id)
    if revoked:
        note(context, session, organization_id, ActivityKind.TOKENS_REVOKED, about=about)
        log.warning("api_token.revoked", organization_id=organization_id, name=about, token_id=token_id, count=revoked)
    return revoked


def _id_of(context: Context, slug: str) -> int | Rejected:
    with context.database.reading() as session:
        organization = organization_by_slug(session, slug)
    return organization.id if organization is not None else Rejected(f"There is no organization '{slug}'.")
