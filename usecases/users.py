"""Dashboard users, by their address.

Called by: the command line; a person of an organization manages its people by `usecases/people.py`.
"""

import hashlib
import re

import structlog

from domain.activity import ActivityKind, Change
from domain.users import (
    ROLE_LABELS,
    ROLES_OF_AN_ORGANIZATION,
    UserRole,
)
from models.organizations import organization_by_slug
from models.second_factors import remove_user
from models.users import User, end_sessions_of, insert_user, user_by_email
from tasks.context import Context
from usecases.activity import note_about
from usecases.passwords import hash_password, what_is_wrong_with
from usecases.results import Rejected

log = structlog.get_logger()

# One @, text on both sides, and nothing that could end a header or a cell; only a mail could prove more.
_EMAIL = re.compile(r"[^@\s\"<>,;]+@[^@\s\"<>,;]+")
_EMAIL_CHARACTERS_MAX = 254


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def address_in(typed: str) -> str | Rejected:
    """The e-mail address as users are known by it: case-folded, without blanks around it."""
    email = typed.strip().casefold()
    if not _EMAIL.fullmatch(email) or not email.isprintable() or len(email) > _EMAIL_CHARACTERS_MAX:
        return Rejected(f"'{email}' is not an e-mail address.")
    return email


def create_user(
    context: Context,
    email: str,
    password: str | None,
    organization_slug: str | None,
    role: UserRole = UserRole.ADMIN,
) -> User | Rejected:
    """Creates a person of this organization, or an operator if none is named. Without a password only links work."""
    address = address_in(email)
    if isinstance(address, Rejected):
        return address
    if password is not None and (wrong := what_is_wrong_with(password)):
        return Rejected(wrong)
    password_hash = None if password is None else hash_password(password)
    with context.database.writing() as session:
        organization = None
        if organization_slug is not None:
            organization = organization_by_slug(session, organization_slug)
            if organization is None:
                return Rejected(f"There is no organization '{organization_slug}'.")
        user = insert_user(
            session,
            email=address,
            role=(role if organization else UserRole.OPERATOR).value,
            organization_id=organization.id if organization else None,
            password_hash=password_hash,
            created_at=context.clock.now(),
        )
        if user is None:
            return Rejected(f"There is already a user '{address}'; set another password with `user set-password`.")
        added = [Change("Role", "", ROLE_LABELS[UserRole(user.role)])]
        note_about(context, session, user, ActivityKind.USER_CREATED, changes=added)
    return user


def set_password(context: Context, email: str, password: str) -> User | Rejected:
    """Also logs this user out everywhere: passwords are often changed because another person knows them."""
    if wrong := what_is_wrong_with(password):
        return Rejected(wrong)
    password_hash = hash_password(password)
    with context.database.writing() as session:
        user = user_by_email(session, email, locked=True)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        user.password_hash = password_hash
        end_sessions_of(session, user.id)
        note_about(context, session, user, ActivityKind.PASSWORD_CHANGED)
    return user


def disable_user(context: Context, email: str) -> User | Rejected:
    """Stops all logins of this user; every session and every link ends in the same transaction."""
    with context.database.writing() as session:
        user = user_by_email(session, email, locked=True)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        if user.disabled_at is None:
            user.disabled_at = context.clock.now()
            note_about(context, session, user, ActivityKind.USER_DISABLED)
        end_sessions_of(session, user.id)
    _log_change("user.disabled", user)
    return user


def enable_user(context: Context, email: str) -> User | Rejected:
    """Lets this user log in again, as before; ended sessions and links stay ended."""
    with context.database.writing() as session:
        user = user_by_email(session, email, locked=True)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        if user.disabled_at is not None:
            user.disabled_at = None
            note_about(context, session, user, ActivityKind.USER_ENABLED)
    _log_change("user.enabled", user)
    return user


def forget_user(context: Context, email: str) -> User | Rejected:
    """Removes this user with every session and every link."""
    with context.database.writing() as session:
        user = user_by_email(session, email, locked=True)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        note_about(context, session, user, ActivityKind.USER_REMOVED)
        remove_user(session, user)
    _log_change("user.removed", user)
    return user


def set_role(context: Context, email: str, role: UserRole) -> User | Rejected:
    """Another role within the user's organization. Every session ends: what is open was made for the earlier role."""
    with context.database.writing() as session:
        user = user_by_email(session, email, locked=True)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        if user.organization_id is None or role not in ROLES_OF_AN_ORGANIZATION:
            return Rejected("An operator has no role in an organization, and nobody of an organization is an operator.")
        if user.role != role:
            note_about(context, session, user, ActivityKind.ROLE_CHANGED, changes=[role_change(user, role)])
            user.role = role.value
            end_sessions_of(session, user.id)
    _log_change("user.role_changed", user)
    return user


def role_change(user: User, role: UserRole) -> Change:
    return Change("Role", ROLE_LABELS[UserRole(user.role)], ROLE_LABELS[role])


def _log_change(event: str, user: User) -> None:
    # A warning, so that the command line's log has it too: changes to access must be traceable later.
    log.warning(event, user_id=user.id, email=user.email, role=user.role, organization_id=user.organization_id)
