"""The second factor: an app's codes beside the password. Set up, confirmed by a first code, turned off, reset.

Called by: the login pages, the pages of one's own account, and the command line.
The secret is on disk encrypted, and shown only until its first code was right. Recovery codes are shown once.
"""

from dataclasses import dataclass

import structlog

from domain.activity import ActivityKind
from models.database import Session
from models.second_factors import (
    SecondFactor,
    active_second_factor,
    forget_second_factor,
    recovery_codes_left,
    replace_recovery_codes,
    second_factor_of,
    take_recovery_code,
    take_step,
)
from models.secrets import SecretsUnreadable
from models.users import User, end_sessions_of, locked_user, user_by_email
from tasks.context import Context
from usecases.activity import note_about
from usecases.one_time_codes import app_link, hashed_recovery_code, new_recovery_codes, new_secret, step_of_code
from usecases.passwords import is_password
from usecases.results import Rejected

log = structlog.get_logger()

_SECRET = "totp"  # noqa: S105 - the name of the sealed value
WRONG_CODE = (
    "This code is wrong, or was used before. Wait for the next one in your app; if it is refused too, check that the "
    "phone's clock is set automatically."
)
WRONG_PASSWORD = "The current password is wrong."  # noqa: S105 - a sentence
_ALREADY_ON = "Your second factor is on already."
_NOT_BEGUN = "Begin again: no second factor is being set up."
_NOT_ON = "Your second factor is off already."
_GONE = "This user has just been removed."


@dataclass(frozen=True, slots=True)
class SetUp:
    """What an app needs: the picture's address, and the same secret for typing."""

    secret: str
    link: str


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """Shown now and never again."""

    codes: tuple[str, ...]


def begin_second_factor(context: Context, user: User) -> Rejected | None:
    """A new secret, which asks for nothing until a code of it was right."""
    sealed = context.keyring.seal({_SECRET: new_secret()})
    with context.database.writing() as session:
        if locked_user(session, user.id) is None:
            return Rejected(_GONE)
        if active_second_factor(session, user.id) is not None:
            return Rejected(_ALREADY_ON)
        forget_second_factor(session, user.id)
        session.add(
            SecondFactor(user_id=user.id, sealed_secret=sealed, created_at=context.clock.now(), last_step=0),
        )
    return None


def being_set_up(context: Context, user: User) -> SetUp | None:
    """None if nothing is being set up: the secret of a second factor that is on is never shown."""
    with context.database.reading() as session:
        found = second_factor_of(session, user.id)
    if found is None or found.confirmed_at is not None:
        return None
    try:
        secret = _secret(context, found)
    except SecretsUnreadable:
        return None
    return SetUp(secret, app_link(secret, user.email))


def confirm_second_factor(context: Context, user: User, code: str, *, session_id: int) -> RecoveryCodes | Rejected:
    """On from now on. Other sessions end: they began without a code."""
    with context.database.writing() as session:
        locked_user(session, user.id)
        found = second_factor_of(session, user.id)
        if found is None:
            return Rejected(_NOT_BEGUN)
        if found.confirmed_at is not None:
            return Rejected(_ALREADY_ON)
        if not _is_code_of_app(context, session, found, code):
            return Rejected(WRONG_CODE)
        found.confirmed_at = context.clock.now()
        codes = _new_codes(session, user.id)
        end_sessions_of(session, user.id, but=session_id)
        note_about(context, session, user, ActivityKind.SECOND_FACTOR_ON)
    log.warning("user.second_factor_on", user_id=user.id, email=user.email)
    return codes


def renew_recovery_codes(context: Context, user: User, code: str) -> RecoveryCodes | Rejected:
    """Ten new ones; the older ones no longer work."""
    with context.database.writing() as session:
        locked_user(session, user.id)
        if active_second_factor(session, user.id) is None:
            return Rejected(_NOT_ON)
        if not takes_code(context, session, user, code):
            return Rejected(WRONG_CODE)
        codes = _new_codes(session, user.id)
        note_about(context, session, user, ActivityKind.RECOVERY_CODES_RENEWED)
    log.warning("user.recovery_codes_renewed", user_id=user.id, email=user.email)
    return codes


def turn_off_second_factor(context: Context, user: User, password: str, code: str) -> Rejected | None:
    """Asks for what a login asks for: whoever finds an open browser cannot turn it off.

    Raises:
        TooBusy: too many passwords are being compared at this moment.
    """
    if user.password_hash is not None and not is_password(user.password_hash, password):
        return Rejected(WRONG_PASSWORD)
    with context.database.writing() as session:
        locked_user(session, user.id)
        if active_second_factor(session, user.id) is None:
            return Rejected(_NOT_ON)
        if not takes_code(context, session, user, code):
            return Rejected(WRONG_CODE)
        forget_second_factor(session, user.id)
        note_about(context, session, user, ActivityKind.SECOND_FACTOR_OFF)
    log.warning("user.second_factor_off", user_id=user.id, email=user.email)
    return None


def reset_second_factor(context: Context, email: str) -> User | Rejected:
    """For a person whose app and recovery codes are lost. Ends every session: it may not have been that person's."""
    with context.database.writing() as session:
        user = user_by_email(session, email, locked=True)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        if second_factor_of(session, user.id) is None:
            return Rejected(f"{user.email} has no second factor.")
        forget_second_factor(session, user.id)
        end_sessions_of(session, user.id)
        note_about(context, session, user, ActivityKind.SECOND_FACTOR_RESET)
    log.warning("user.second_factor_reset", user_id=user.id, email=user.email)
    return user


def codes_left(context: Context, user: User) -> int | None:
    """How many recovery codes the user still has; None while the second factor is off."""
    with context.database.reading() as session:
        if active_second_factor(session, user.id) is None:
            return None
        return recovery_codes_left(session, user.id)


def takes_code(context: Context, session: Session, user: User, code: str) -> bool:
    """Whether it is a code of about now or a recovery code; either works once. The caller has locked the user."""
    found = active_second_factor(session, user.id)
    if found is None:
        return False
    if _is_code_of_app(context, session, found, code):
        return True
    if take_recovery_code(session, user.id, hashed_recovery_code(code)):
        log.warning("user.recovery_code_used", user_id=user.id, email=user.email)
        return True
    return False


def _is_code_of_app(context: Context, session: Session, found: SecondFactor, code: str) -> bool:
    try:
        step = step_of_code(_secret(context, found), code, context.clock.now())
    except SecretsUnreadable:
        # A recovery code still lets the person in, and an operator can reset it.
        log.error("user.second_factor_unreadable", user_id=found.user_id)
        return False
    return step is not None and take_step(session, found.user_id, step)


def _secret(context: Context, found: SecondFactor) -> str:
    return str(context.keyring.open(found.sealed_secret)[_SECRET])


def _new_codes(session: Session, user_id: int) -> RecoveryCodes:
    codes = new_recovery_codes()
    replace_recovery_codes(session, user_id, [hashed_recovery_code(one) for one in codes])
    return RecoveryCodes(codes)
