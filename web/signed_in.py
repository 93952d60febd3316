"""The caller of a page: who it is, for which organization, and whether the form came from one of our pages."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Form, HTTPException, Request

from models.organizations import Organization, all_organizations, organization_by_id
from models.users import User, signed_in
from tasks.context import Context
from usecases.users import hashed

# The cookie carries the key of the session's row, which says whether it is still valid, and the secret of its forms.
_KEY, _FORM_SECRET = "key", "forms"


class NotSignedIn(Exception):
    """The caller is not logged in; pages redirect to the login."""


class NoOrganization(Exception):
    """An operator has not chosen an organization yet; pages redirect to the choice."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person who is logged in.

    Attributes:
        organization: the one they work in now; None for an operator who has not chosen.
        csrf_token: for forms on pages about that organization.
    """

    session_id: int
    user: User
    organization: Organization | None
    csrf_token: str


def context_of(request: Request) -> Context:
    """The context that acts for whoever makes the request, once that is known."""
    context: Context = request.app.state.context
    actor: str = getattr(request.state, "actor", "")
    return replace(context, actor=actor) if actor else context


def act_for(request: Request, actor: str) -> None:
    """From now on, what this request changes is written down as done by them."""
    request.state.actor = actor


def form_token(request: Request, organization_id: int | None) -> str:
    """A token bound to the organization: a form in a forgotten tab must not change an organization chosen since."""
    secret = request.session.get(_FORM_SECRET)
    if secret is None:
        secret = request.session[_FORM_SECRET] = secrets.token_urlsafe(32)
    return hmac.new(secret.encode(), str(organization_id or 0).encode(), hashlib.sha256).hexdigest()


def check_form_token(request: Request, organization_id: int | None, given: str) -> None:
    """Raises 403 unless the token is the one we wrote into this browser's form; compares in constant time."""
    if not hmac.compare_digest(form_token(request, organization_id).encode(), given.encode()):
        raise HTTPException(403, "This form is out of date. Go back, reload the page and repeat the step.")


def remember(request: Request, key: str) -> None:
    """Starts with an empty cookie: values from before the login are not trusted after it."""
    request.session.clear()
    request.session.update({_KEY: key, _FORM_SECRET: secrets.token_urlsafe(32)})


def forget(request: Request) -> str | None:
    """Empties the cookie; returns the session that it named."""
    key: str | None = request.session.get(_KEY)
    request.session.clear()
    return key


def has_session(request: Request) -> bool:
    """Whether the cookie names a session; does not ask the database."""
    return _KEY in request.session


def viewer(request: Request) -> Viewer:
    """The person who makes the request.

    Raises:
        NotSignedIn: the person is not logged in.
    """
    key = request.session.get(_KEY)
    if not key:
        raise NotSignedIn
    context = context_of(request)
    with context.database.reading() as session:
        found = signed_in(session, hashed(key), context.clock.now())
        if found is None:
            raise NotSignedIn
        row, user = found
        organization_id = row.organization_id if user.is_operator else user.organization_id
        organization = None if organization_id is None else organization_by_id(session, organization_id)
        if organization is None:
            organization = _the_only_one(all_organizations(session))
    token = form_token(request, organization.id if organization else None)
    act_for(request, user.email)
    return Viewer(row.id, user, organization, token)


def _the_only_one(organizations: Sequence[Organization]) -> Organization | None:
    """The organization, if there is only one to choose from."""
    return organizations[0] if len(organizations) == 1 else None


SignedIn = Annotated[Viewer, Depends(viewer)]


@dataclass(frozen=True, slots=True)
class Member:
    """A person who is logged in and works in this organization; every page about money asks for one."""

    viewer: Viewer
    organization: Organization

    @property
    def organization_id(self) -> int:
        return self.organization.id


def member(person: SignedIn) -> Member:
    if person.organization is None:
        raise NoOrganization
    return Member(person, person.organization)


InOrganization = Annotated[Member, Depends(member)]


def member_with_form(request: Request, person: InOrganization, csrf_token: Annotated[str, Form()] = "") -> Member:
    """For every change: the form must be ours and about this organization."""
    check_form_token(request, person.organization_id, csrf_token)
    return person


FormInOrganization = Annotated[Member, Depends(member_with_form)]


def _with_sync_tool(person: InOrganization) -> Member:
    if not person.organization.sync_tool_enabled:
        raise HTTPException(404)
    return person


# For the pages of the Sync Tool, which are there only where it is switched on.
WithSyncTool = Annotated[Member, Depends(_with_sync_tool)]


def _form_with_sync_tool(person: FormInOrganization) -> Member:
    return _with_sync_tool(person)


FormWithSyncTool = Annotated[Member, Depends(_form_with_sync_tool)]
