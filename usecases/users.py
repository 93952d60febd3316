"""Dashboard users: creating them, and logging them in and out.

Called by: the dashboard's login pages and the command line.
A key that we hand out here (for a session, in a link, as an API token) exists only once, with the person who asked for
it; the database keeps its hash.
"""

import hashlib
import re
import secrets
from datetime import timedelta

import structlog
from itsdangerous import BadSignature, URLSafeTimedSerializer

from domain.users import API_TOKEN_DAYS, API_TOKEN_DAYS_MAX, TokenScope, UserRole
from models.organizations import organization_by_slug
from models.users import (
    ApiToken,
    DashboardSession,
    LoginLink,
    User,
    end_session,
    end_sessions_of,
    end_the_oldest,
    forget_expired,
    remove_user,
    revoke_tokens,
    use_login_link,
    user_by_email,
)
from tasks.context import Context
from usecases.passwords import hash_password, is_password, what_is_wrong_with
from usecases.results import Rejected

log = structlog.get_logger()

# A working day; after that the user logs in again.
SESSION_LASTS = timedelta(hours=12)
LOGIN_LINK_LASTS = timedelta(minutes=5)
# More browsers than a person has; if there are more sessions, the oldest end.
SESSIONS_MAX = 20
LOGIN_LINKS_MAX = 5
_TOKEN_NAME_CHARACTERS_MAX = 100
# Shows people, and scanners for leaked secrets, what kind of secret this is.
API_TOKEN_PREFIX = "eps_"  # noqa: S105
_LINK_SALT = "login-link"
# One @, text on both sides, and nothing that could end a header or a cell; only a mail could prove more.
_EMAIL = re.compile(r"[^@\s\"<>,;]+@[^@\s\"<>,;]+")
_EMAIL_CHARACTERS_MAX = 254


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def create_user(context: Context, email: str, password: str | None, organization_slug: str | None) -> User | Rejected:
    """Creates a partner of this organization, or an operator if none is named. Without a password only links work."""
    email = email.strip().casefold()
    if not _EMAIL.fullmatch(email) or not email.isprintable() or len(email) > _EMAIL_CHARACTERS_MAX:
        return Rejected(f"'{email}' is not an e-mail address.")
    if password is not None and (wrong := what_is_wrong_with(password)):
        return Rejected(wrong)
    password_hash = None if password is None else hash_password(password)
    with context.database.writing() as session:
        organization = None
        if organization_slug is not None:
            organization = organization_by_slug(session, organization_slug)
            if organization is None:
                return Rejected(f"There is no organization '{organization_slug}'.")
        if user_by_email(session, email):
            return Rejected(f"There is already a user '{email}'; set another password with `user set-password`.")
        user = User(
            email=email,
            role=(UserRole.PARTNER if organization else UserRole.OPERATOR).value,
            organization_id=organization.id if organization else None,
            password_hash=password_hash,
            created_at=context.clock.now(),
        )
        session.add(user)
        session.flush()
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
    return user


def disable_user(context: Context, email: str) -> User | Rejected:
    """Stops all logins of this user; every session and every link ends in the same transaction."""
    with context.database.writing() as session:
        user = user_by_email(session, email, locked=True)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        if user.disabled_at is None:
            user.disabled_at = context.clock.now()
        end_sessions_of(session, user.id)
    _log_change("user.disabled", user)
    return user


def enable_user(context: Context, email: str) -> User | Rejected:
    """Lets this user log in again, as before; ended sessions and links stay ended."""
    with context.database.writing() as session:
        user = user_by_email(session, email, locked=True)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        user.disabled_at = None
    _log_change("user.enabled", user)
    return user


def forget_user(context: Context, email: str) -> User | Rejected:
    """Removes this user with every session and every link."""
    with context.database.writing() as session:
        user = user_by_email(session, email, locked=True)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        remove_user(session, user)
    _log_change("user.removed", user)
    return user


def _log_change(event: str, user: User) -> None:
    # A warning, so that the command line's log has it too: changes to access must be traceable later.
    log.warning(event, user_id=user.id, email=user.email, role=user.role, organization_id=user.organization_id)


def log_in(context: Context, email: str, password: str) -> str | None:
    """The key of a new session, or None. It does not reveal whether the user or the password was wrong.

    Raises:
        TooBusy: too many people are logging in at this moment.
    """
    with context.database.reading() as session:
        user = user_by_email(session, email)
    password_hash = user.password_hash if user else None
    if not is_password(password_hash, password) or user is None or user.disabled_at is not None:
        return None
    return _begin_session(context, user.id, password_hash)


def log_out(context: Context, key: str) -> None:
    with context.database.writing() as session:
        end_session(session, hashed(key))


def create_login_link(context: Context, secret_key: str, email: str) -> str | Rejected:
    """The token of a link that logs this user in, once, within five minutes."""
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


def redeem_login_link(context: Context, secret_key: str, token: str) -> str | None:
    """The key of a new session; None if the link is not ours, was used, or is too old."""
    try:
        nonce = _link_signer(secret_key).loads(token, max_age=int(LOGIN_LINK_LASTS.total_seconds()))
    except BadSignature:
        # Refused before we ask the database; a signature that is too old is a BadSignature as well.
        return None
    with context.database.writing() as session:
        user_id = use_login_link(session, hashed(str(nonce)), context.clock.now())
        user = None if user_id is None else session.get(User, user_id)
    return None if user is None else _begin_session(context, user.id, user.password_hash)


def create_api_token(
    context: Context,
    organization_slug: str,
    name: str,
    scope: TokenScope = TokenScope.WRITE,
    days: int = API_TOKEN_DAYS,
) -> str | Rejected:
    """A new token for this organization; it is shown now and never again."""
    name = name.strip()
    if not name:
        return Rejected("A token needs a name that says what it is used for.")
    if len(name) > _TOKEN_NAME_CHARACTERS_MAX or not name.isprintable():
        return Rejected(
            f"The name of a token may have at most {_TOKEN_NAME_CHARACTERS_MAX} characters, all of them printable."
        )
    if not 1 <= days <= API_TOKEN_DAYS_MAX:
        return Rejected(f"A token can be valid for 1 to {API_TOKEN_DAYS_MAX} days.")
    token = API_TOKEN_PREFIX + secrets.token_urlsafe(32)
    now = context.clock.now()
    with context.database.writing() as session:
        organization = organization_by_slug(session, organization_slug)
        if organization is None:
            return Rejected(f"There is no organization '{organization_slug}'.")
        session.add(
            ApiToken(
                organization_id=organization.id,
                name=name,
                token_hash=hashed(token),
                scope=scope.value,
                created_at=now,
                expires_at=now + timedelta(days=days),
            )
        )
    return token


def revoke_api_tokens(
    context: Context, organization_slug: str, name: str | None = None, *, token_id: int | None = None
) -> int | Rejected:
    """Returns how many live tokens had this name or id; they no longer work."""
    if (name is None) == (token_id is None):
        return Rejected("Give either the name of the tokens or the id of one.")
    with context.database.writing() as session:
        organization = organization_by_slug(session, organization_slug)
        if organization is None:
            return Rejected(f"There is no organization '{organization_slug}'.")
        revoked = revoke_tokens(session, organization.id, context.clock.now(), name=name, token_id=token_id)
    if revoked:
        log.warning("api_token.revoked", organization_id=organization.id, name=name, token_id=token_id, count=revoked)
    return revoked


def _begin_session(context: Context, user_id: int, password_hash: str | None) -> str | None:
    """None if the password changed, or the user was disabled, since we looked: that has just ended all sessions."""
    key = secrets.token_urlsafe(32)
    now = context.clock.now()
    # In a transaction of its own: a password change locks the user first and then such rows.
    context.database.write(lambda session: forget_expired(session, now))
    with context.database.writing() as session:
        user = session.get(User, user_id, with_for_update=True)
        if user is None or user.disabled_at is not None or user.password_hash != password_hash:
            return None
        end_the_oldest(session, DashboardSession, user_id, SESSIONS_MAX - 1)
        session.add(
            DashboardSession(key_hash=hashed(key), user_id=user_id, created_at=now, expires_at=now + SESSION_LASTS)
        )
    return key


def _link_signer(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt=_LINK_SALT)
