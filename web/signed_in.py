"""The caller of a page: who it is, for which organization, with which right, and whether the form came from our page.

A route says by the type of its `member` what it asks for: to look, to work on payments and invoices, or to manage
connections, preferences and people. tests/web/routes.py holds each route to a row of its own.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Form, HTTPException, Request

from domain.users import Right, UserRole, may, why_not
from models.organizations import Organization, organization_by_id, the_only_organization
from models.users import User, signed_in
from tasks.context import Context
from usecases.users import hashed

# The cookie carries the key of the session's row, which says whether it is still valid, and the secret of its forms;
# between the two steps of a login it carries the key of the first one.
_KEY, _FORM_SECRET, _HALF = "key", "forms", "half"


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

    @property
    def role(self) -> UserRole:
        return UserRole(self.user.role)

    @property
    def may_work(self) -> bool:
        return may(self.role, Right.WORK)

    @property
    def may_manage(self) -> bool:
        return may(self.role, Right.MANAGE)


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


def remember_half(request: Request, key: str) -> None:
    """The password was right; the browser comes back with a code."""
    request.session.clear()
    request.session.update({_HALF: key, _FORM_SECRET: secrets.token_urlsafe(32)})


def half_login_of(request: Request) -> str | None:
    key: str | None = request.session.get(_HALF)
    return key


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
            organization = the_only_organization(session)
    token = form_token(request, organization.id if organization else None)
    act_for(request, user.email)
    return Viewer(row.id, user, organization, token)


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


def check_right(person: Member, right: Right) -> None:
    """Raises 403, with the sentences that say who can help, if the person's role lacks the right."""
    if not may(person.viewer.role, right):
        raise HTTPException(403, why_not(person.viewer.role, right, person.organization.name))


def _manager(person: InOrganization) -> Member:
    check_right(person, Right.MANAGE)
    return person


# For the few addresses that manage something without a form, or that are for managers' eyes.
ManagerInOrganization = Annotated[Member, Depends(_manager)]


def _with_our_form(request: Request, person: InOrganization, csrf_token: Annotated[str, Form()] = "") -> Member:
    """For every change: the form must be ours and about this organization."""
    check_form_token(request, person.organization_id, csrf_token)
    return person


_OurForm = Annotated[Member, Depends(_with_our_form)]


def _workers_form(person: _OurForm) -> Member:
    check_right(person, Right.WORK)
    return person


def _managers_form(person: _OurForm) -> Member:
    check_right(person, Right.MANAGE)
    return person


# Changes are made by people who work here; what only an admin may change asks for `ManagersForm`.
FormInOrganization = Annotated[Member, Depends(_workers_form)]
ManagersForm = Annotated[Member, Depends(_managers_form)]


def _with_sync_tool(person: InOrganization) -> Member:
    if not person.organization.sync_tool_enabled:
        raise HTTPException(404)
    return person


# For the pages of the Sync Tool, which are there only where it is switched on.
WithSyncTool = Annotated[Member, Depends(_with_sync_tool)]


def _form_with_sync_tool(person: FormInOrganization) -> Member:
    return _with_sync_tool(person)


def _managers_form_with_sync_tool(person: ManagersForm) -> Member:
    return _with_sync_tool(person)


FormWithSyncTool = Annotated[Member, Depends(_form_with_sync_tool)]
ManagersFormWithSyncTool = Annotated[Member, Depends(_managers_form_with_sync_tool)]


def _own_form(request: Request, person: SignedIn, csrf_token: Annotated[str, Form()] = "") -> Viewer:
    """For one's own account, which is the same whichever organization an operator has chosen."""
    check_form_token(request, None, csrf_token)
    return person


OwnForm = Annotated[Viewer, Depends(_own_form)]


def _operator(person: SignedIn) -> Viewer:
    """For everybody else the page is not there: nobody learns from it that there are other organizations."""
    if not person.user.is_operator:
        raise HTTPException(404)
    return person


Operator = Annotated[Viewer, Depends(_operator)]


def _operators_form(request: Request, person: Operator, csrf_token: Annotated[str, Form()] = "") -> Viewer:
    """It is about all organizations, whichever one the operator has chosen."""
    check_form_token(request, None, csrf_token)
    return person


OperatorsForm = Annotated[Viewer, Depends(_operators_form)]
