"""Inviting a colleague by a link, and accepting it.

Called by: Settings > People, the page behind the link, and the command line.
There is no mail server: whoever invites passes the link on. It is shown once, works once and for seven days, and the
database keeps its hash.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from domain.activity import ActivityKind, Change
from domain.users import ROLE_LABELS, ROLES_OF_AN_ORGANIZATION, UserRole
from models.invitations import (
    Invitation,
    count_invitations,
    open_invitation,
    store_invitation,
    take_invitation,
    withdraw_invitation,
)
from models.locks import lock_organization
from models.organizations import Organization
from models.users import User, insert_user, people_of
from tasks.context import Context
from usecases.account import NOT_THE_SAME
from usecases.activity import note, note_about
from usecases.logins import begin_session
from usecases.passwords import hash_password, what_is_wrong_with
from usecases.results import Rejected
from usecases.users import address_in, hashed

log = structlog.get_logger()

INVITATION_LASTS = timedelta(days=7)
# Far more than anybody invites at a time; a limit on what one organization can store.
INVITATIONS_MAX = 100
NOT_VALID = (
    "This invitation was used or withdrawn, was replaced by a newer one, or is older than seven days. "
    "Ask the colleague who invited you for another link."
)
_HAS_ACCOUNT = (
    "There is already an account with the address {email}, and a person belongs to one organization. "
    "Log in with it, or ask to be invited with another address."
)


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation whose link can be passed on; `token` is shown now and never again."""

    email: str
    role: UserRole
    token: str


def invite(context: Context, organization_id: int, by: str, email: str, role: UserRole) -> Invited | Rejected:
    """In place of an earlier invitation of this address, whose link then ends.

    Says nothing about accounts elsewhere: an admin must not learn who works for other organizations.

    Args:
        by: the address of who invites.
    """
    address = address_in(email)
    if isinstance(address, Rejected):
        return address
    if role not in ROLES_OF_AN_ORGANIZATION:
        return Rejected("Choose one of the roles.")
    token, now = secrets.token_urlsafe(32), context.clock.now()
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        if any(user.email == address for user in people_of(session, organization_id)):
            return Rejected(f"{address} is one of this organization's people already.")
        if count_invitations(session, organization_id) >= INVITATIONS_MAX:
            return Rejected(f"There are {INVITATIONS_MAX} invitations already; withdraw some that nobody needs.")
        store_invitation(
            session,
            Invitation(
                organization_id=organization_id,
                email=address,
                role=role.value,
                token_hash=hashed(token),
                invited_by=by,
                created_at=now,
                expires_at=now + INVITATION_LASTS,
            ),
        )
        as_what = [Change("Role", "", ROLE_LABELS[role])]
        note(context, session, organization_id, ActivityKind.USER_INVITED, about=address, changes=as_what)
    log.warning("user.invited", email=address, role=role, organization_id=organization_id, by=by)
    return Invited(address, role, token)


def withdraw(context: Context, organization_id: int, by: User, invitation_id: int) -> Invitation | None:
    """Its link no longer works; None if the organization has no such invitation."""
    with context.database.writing() as session:
        invitation = withdraw_invitation(session, organization_id, invitation_id)
        if invitation is not None:
            about = invitation.email
            note(context, session, organization_id, ActivityKind.INVITATION_WITHDRAWN, about=about)
    if invitation is not None:
        log.warning("user.invitation_withdrawn", email=invitation.email, organization_id=organization_id, by=by.email)
    return invitation


def look_at_invitation(context: Context, token: str) -> tuple[Invitation, Organization] | None:
    """The invitation behind the link; None if it no longer works."""
    with context.database.reading() as session:
        return open_invitation(session, hashed(token), context.clock.now())


def accept_invitation(
    context: Context, token: str, password: str, repeated: str, browser: str = ""
) -> str | Rejected | None:
    """Makes the invited person a user and logs them in; the key of the session. None if the link no longer works.

    Raises:
        TooBusy: too many passwords are being worked on at this moment.
    """
    found = look_at_invitation(context, token)
    if found is None:
        return None
    if wrong := what_is_wrong_with(password):
        return Rejected(wrong)
    if password != repeated:
        return Rejected(NOT_THE_SAME)
    invitation, organization = found
    password_hash = hash_password(password)
    now = context.clock.now()
    with context.database.writing() as session:
        lock_organization(session, organization.id)
        user = insert_user(
            session,
            email=invitation.email,
            role=invitation.role,
            organization_id=organization.id,
            password_hash=password_hash,
            created_at=now,
        )
        if user is None:
            return Rejected(_HAS_ACCOUNT.format(email=invitation.email))
        if not take_invitation(session, hashed(token)):
            session.delete(user)
            return None
        # Until now nobody was known to make this request.
        person = replace(context, actor=user.email)
        as_what = [Change("Role", "", ROLE_LABELS[UserRole(user.role)])]
        note_about(person, session, user, ActivityKind.USER_JOINED, changes=as_what)
        key = begin_session(context, session, user, browser)
    log.warning("user.joined", user_id=user.id, email=user.email, role=user.role, organization_id=organization.id)
    return key
