"""Logging in and out: by password or by a one-time link, and by a code where a second factor is on.

Called by: the dashboard's login pages and the command line.
A key that we hand out here (for a session, for a login that owes its code, in a link) exists only once, with the person
who asked for it; the database keeps its hash.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

import structlog
from itsdangerous import BadSignature, URLSafeTimedSerializer

from domain.activity import ActivityKind
from models.database import Session
from models.second_factors import active_second_factor
from models.users import (
    DashboardSession,
    HalfLogin,
    LoginLink,
    User,
    end_session,
    end_sessions_of,
    end_the_oldest,
    forget_expired,
    half_logged_in,
    locked_user,
    take_half_login,
    use_login_link,
    user_by_email,
)
from tasks.context import Context
from usecases.activity import note_about
from usecases.passwords import is_password
from usecases.results import Rejected
from usecases.second_factor import takes_code
from usecases.users import hashed

log = structlog.get_logger()

# A working day; after that the user logs in again.
SESSION_LASTS = timedelta(hours=12)
LOGIN_LINK_LASTS = timedelta(minutes=5)
# Long enough to find the phone.
HALF_LOGIN_LASTS = timedelta(minutes=10)
# More browsers than a person has; if there are more sessions, the oldest end.
SESSIONS_MAX = 20
LOGIN_LINKS_MAX = 5
HALF_LOGINS_MAX = 5
_LINK_SALT = "login-link"


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A session has begun; `key` is for its browser."""

    key: str


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password or the link was right; with this key the browser can bring the code."""

    key: str


@dataclass(frozen=True, slots=True)
class WrongCode:
    """No code of about now, or one that was used before."""


def log_in(context: Context, email: str, password: str, browser: str = "") -> LoggedIn | CodeNeeded | None:
    """None if the user or the password is wrong; it does not reveal which.

    Raises:
        TooBusy: too many people are logging in at this moment.
    """
    with context.database.reading() as session:
        user = user_by_email(session, email)
    password_hash = user.password_hash if user else None
    if not is_password(password_hash, password) or user is None or user.disabled_at is not None:
        return None
    return _begin(context, user.id, password_hash, browser)


def log_in_with_code(context: Context, key: str, code: str, browser: str = "") -> LoggedIn | WrongCode | None:
    """The second step; None if there was no first one, or it was too long ago."""
    now = context.clock.now()
    with context.database.writing() as session:
        user = half_logged_in(session, hashed(key), now)
        user = user and locked_user(session, user.id)
        if user is None:
            return None
        if not takes_code(context, session, user, code):
            return WrongCode()
        # Taken last: a wrong code leaves it for the next one.
        if not take_half_login(session, hashed(key)):
            return None
        return LoggedIn(begin_session(context, session, user, browser))


def owes_code(context: Context, key: str) -> User | None:
    """Whose login waits for its code."""
    with context.database.reading() as session:
        return half_logged_in(session, hashed(key), context.clock.now())


def log_out(context: Context, key: str) -> None:
    with context.database.writing() as session:
        end_session(session, hashed(key))


def log_out_everywhere(context: Context, user: User) -> None:
    """Ends every session and every link, this one's too."""
    with context.database.writing() as session:
        locked_user(session, user.id)
        end_sessions_of(session, user.id)
        note_about(context, session, user, ActivityKind.LOGGED_OUT_EVERYWHERE)
    log.warning("user.logged_out_everywhere", user_id=user.id, email=user.email)


def create_login_link(context: Context, secret_key: str, email: str) -> str | Rejected:
    """The token of a link that stands for this user's password, once, within five minutes."""
    now = context.clock.now()
    nonce = secrets.token_urlsafe(24)
    context.database.write(lambda session: forget_expired(session, now))
    with context.database.writing() as session:
        user = user_by_email(session, email, locked=True)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        if user.disabled_at is not None:
            return Rejected(f"The user '{email}' is disabled; see: python -m cli user enable --help")
        end_the_oldest(session, LoginLink, user.id, LOGIN_LINKS_MAX - 1)
        session.add(
            LoginLink(nonce_hash=hashed(nonce), user_id=user.id, created_at=now, expires_at=now + LOGIN_LINK_LASTS)
        )
    return _link_signer(secret_key).dumps(nonce)


def redeem_login_link(context: Context, secret_key: str, token: str, browser: str = "") -> LoggedIn | CodeNeeded | None:
    """None if the link is not ours, was used, or is too old."""
    try:
        nonce = _link_signer(secret_key).loads(token, max_age=int(LOGIN_LINK_LASTS.total_seconds()))
    except BadSignature:
        # Refused before we ask the database; a signature that is too old is a BadSignature as well.
        return None
    with context.database.writing() as session:
        user_id = use_login_link(session, hashed(str(nonce)), context.clock.now())
        user = None if user_id is None else session.get(User, user_id)
    return None if user is None else _begin(context, user.id, user.password_hash, browser)


def begin_session(context: Context, session: Session, user: User, browser: str) -> str:
    """The key of a new session. The caller has locked the user, and knows that it is this person."""
    key, now = secrets.token_urlsafe(32), context.clock.now()
    end_the_oldest(session, DashboardSession, user.id, SESSIONS_MAX - 1)
    session.add(
        DashboardSession(
            key_hash=hashed(key), user_id=user.id, browser=browser, created_at=now, expires_at=now + SESSION_LASTS
        )
    )
    user.last_login_at = now
    return key


def _begin(context: Context, user_id: int, password_hash: str | None, browser: str) -> LoggedIn | CodeNeeded | None:
    """None if the password changed, or the user was disabled, since we looked: that has just ended all sessions."""
    now = context.clock.now()
    # In a transaction of its own: a password change locks the user first and then such rows.
    context.database.write(lambda session: forget_expired(session, now))
    with context.database.writing() as session:
        user = locked_user(session, user_id)
        if user is None or user.disabled_at is not None or user.password_hash != password_hash:
            return None
        if active_second_factor(session, user_id) is None:
            return LoggedIn(begin_session(context, session, user, browser))
        key = secrets.token_urlsafe(32)
        end_the_oldest(session, HalfLogin, user_id, HALF_LOGINS_MAX - 1)
        session.add(HalfLogin(key_hash=hashed(key), user_id=user_id, created_at=now, expires_at=now + HALF_LOGIN_LASTS))
        return CodeNeeded(key)


def _link_signer(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt=_LINK_SALT)
