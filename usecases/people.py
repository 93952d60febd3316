"""The people of an organization, as one of its admins or an operator manages them.

Called by: the page Settings > People.
Whoever calls has checked the right. An organization always keeps an admin, unless an operator decides otherwise.
None stands for a person, or an invitation, that the organization does not have.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from domain.activity import ActivityKind
from domain.users import ROLE_LABELS, ROLES_OF_AN_ORGANIZATION, UserRole
from models.database import Session
from models.invitations import Invitation, invitations_of
from models.locks import lock_organization
from models.second_factors import forget_second_factor, remove_user, second_factor_of, with_second_factor
from models.users import User, end_sessions_of, people_of, person_of
from tasks.context import Context
from usecases.activity import note_about
from usecases.results import Rejected
from usecases.users import role_change

log = structlog.get_logger()

_LAST_ADMIN = (
    "{email} is the only admin of this organization. Make somebody else an admin first; then nobody is locked out."
)


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the organization.

    Attributes:
        has_second_factor: the login asks for a code as well.
        is_last_admin: nobody else manages the organization's people.
    """

    user: User
    has_second_factor: bool
    is_last_admin: bool


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of an organization, and whoever is invited."""

    persons: tuple[Person, ...]
    invitations: tuple[Invitation, ...]


def list_people(context: Context, organization_id: int) -> People:
    with context.database.reading() as session:
        users = people_of(session, organization_id)
        protected = with_second_factor(session, [user.id for user in users])
        invitations = tuple(invitations_of(session, organization_id))
    last = _last_admin(users)
    return People(tuple(Person(user, user.id in protected, user is last) for user in users), invitations)


def change_role(
    context: Context, organization_id: int, by: User, user_id: int, role: UserRole
) -> User | Rejected | None:
    """Every session of the person ends: what is open was made for the earlier role."""
    if role not in ROLES_OF_AN_ORGANIZATION:
        return Rejected("Choose one of the roles.")

    def change(session: Session, user: User) -> Rejected | None:
        if user.role == role:
            return Rejected(f"{user.email} has the role {ROLE_LABELS[role]} already.")
        note_about(context, session, user, ActivityKind.ROLE_CHANGED, changes=[role_change(user, role)])
        user.role = role.value
        end_sessions_of(session, user.id)
        return None

    return _changed(context, organization_id, by, user_id, change, "user.role_changed")


def disable_person(context: Context, organization_id: int, by: User, user_id: int) -> User | Rejected | None:
    """Lets the person in no more; every session and every link ends at once."""

    def change(session: Session, user: User) -> Rejected | None:
        if user.disabled_at is None:
            user.disabled_at = context.clock.now()
            note_about(context, session, user, ActivityKind.USER_DISABLED)
        end_sessions_of(session, user.id)
        return None

    return _changed(context, organization_id, by, user_id, change, "user.disabled")


def enable_person(context: Context, organization_id: int, by: User, user_id: int) -> User | Rejected | None:
    """Lets the person in again, with the password and the role from before."""

    def change(session: Session, user: User) -> Rejected | None:
        if user.disabled_at is not None:
            user.disabled_at = None
            note_about(context, session, user, ActivityKind.USER_ENABLED)
        return None

    return _changed(context, organization_id, by, user_id, change, "user.enabled", keeps_an_admin=True)


def remove_person(context: Context, organization_id: int, by: User, user_id: int) -> User | Rejected | None:
    """The person with every session; what the person did stays on record."""

    def change(session: Session, user: User) -> Rejected | None:
        note_about(context, session, user, ActivityKind.USER_REMOVED)
        remove_user(session, user)
        return None

    return _changed(context, organization_id, by, user_id, change, "user.removed")


def reset_second_factor_of(context: Context, organization_id: int, by: User, user_id: int) -> User | Rejected | None:
    """For a person whose app and recovery codes are lost; nobody gets to see anything of it."""

    def change(session: Session, user: User) -> Rejected | None:
        if second_factor_of(session, user.id) is None:
            return Rejected(f"{user.email} has no second factor.")
        forget_second_factor(session, user.id)
        end_sessions_of(session, user.id)
        note_about(context, session, user, ActivityKind.SECOND_FACTOR_RESET)
        return None

    return _changed(context, organization_id, by, user_id, change, "user.second_factor_reset", keeps_an_admin=True)


def _changed(
    context: Context,
    organization_id: int,
    by: User,
    user_id: int,
    change: Callable[[Session, User], Rejected | None],
    event: str,
    *,
    keeps_an_admin: bool = False,
) -> User | Rejected | None:
    with context.database.writing() as session:
        # One at a time: two admins who remove each other at the same moment must not both succeed.
        lock_organization(session, organization_id)
        user = person_of(session, organization_id, user_id)
        if user is None:
            return None
        is_last = _last_admin(people_of(session, organization_id)) is user
        if is_last and not keeps_an_admin and not by.is_operator:
            return Rejected(_LAST_ADMIN.format(email=user.email))
        rejected = change(session, user)
        if rejected is not None:
            return rejected
    log.warning(event, user_id=user_id, email=user.email, role=user.role, organization_id=organization_id, by=by.email)
    return user


def _last_admin(users: Sequence[User]) -> User | None:
    """The admin without whom there would be none who can log in."""
    admins = [user for user in users if user.role == UserRole.ADMIN and user.disabled_at is None]
    return admins[0] if len(admins) == 1 else None
