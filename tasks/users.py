"""Who may use the dashboard: making users, and letting them in and out.

Called by: the dashboard's login pages and the command line.
A key that is handed out here (for a session, in a link, as an API token) exists only once, with whoever asked for it;
the database keeps its hash.
"""

import hashlib
import re
import secrets
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer

from models.organizations import organization_by_slug
from models.users import (
    ApiToken,
    DashboardSession,
    LoginLink,
    User,
    UserRole,
    end_session,
    end_sessions_of,
    forget_expired,
    revoke_tokens,
    use_login_link,
    user_by_email,
)
from tasks.context import Context
from tasks.passwords import hash_password, is_password, what_is_wrong_with
from tasks.results import Rejected

# A working day; after it one logs in again.
SESSION_LASTS = timedelta(hours=12)
LOGIN_LINK_LASTS = timedelta(minutes=5)
# Names the kind of secret to people and to scanners that look for leaked ones.
API_TOKEN_PREFIX = "eps_"  # noqa: S105
_LINK_SALT = "login-link"
# One @, something on both sides, nothing that could end a header or a cell: more than that only a mail would prove.
_EMAIL = re.compile(r"[^@\s\"<>,;]+@[^@\s\"<>,;]+")
_EMAIL_CHARACTERS_MAX = 254


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def create_user(context: Context, email: str, password: str | None, organization_slug: str | None) -> User | Rejected:
    """A partner of this organization, or an operator where none is named. Without a password only links let them in."""
    email = email.strip().casefold()
    if not _EMAIL.fullmatch(email) or len(email) > _EMAIL_CHARACTERS_MAX:
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
            return Rejected(f"There is a user '{email}' already; set another password with `user set-password`.")
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
    """Whoever is logged in as this user is logged out: a password is often changed because somebody else knows it."""
    if wrong := what_is_wrong_with(password):
        return Rejected(wrong)
    password_hash = hash_password(password)
    with context.database.writing() as session:
        user = user_by_email(session, email)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        user.password_hash = password_hash
        end_sessions_of(session, user.id)
    return user


def log_in(context: Context, email: str, password: str) -> str | None:
    """The key of a new session, or None: whether the user or the password was wrong is nobody's business.

    Raises:
        TooBusy: too many people are logging in at this moment.
    """
    with context.database.reading() as session:
        user = user_by_email(session, email)
    password_hash = user.password_hash if user else None
    if not is_password(password_hash, password) or user is None:
        return None
    return _begin_session(context, user.id, password_hash)


def log_out(context: Context, key: str) -> None:
    with context.database.writing() as session:
        end_session(session, hashed(key))


def create_login_link(context: Context, secret_key: str, email: str) -> str | Rejected:
    """The token of a link that logs this user in, once, within five minutes."""
    now = context.clock.now()
    nonce = secrets.token_urlsafe(24)
    with context.database.writing() as session:
        user = user_by_email(session, email)
        if user is None:
            return Rejected(f"There is no user '{email}'.")
        session.add(
            LoginLink(nonce_hash=hashed(nonce), user_id=user.id, created_at=now, expires_at=now + LOGIN_LINK_LASTS)
        )
    return _link_signer(secret_key).dumps(nonce)


def redeem_login_link(context: Context, secret_key: str, token: str) -> str | None:
    """The key of a new session; None if the link is not ours, was used, or is too old."""
    try:
        nonce = _link_signer(secret_key).loads(token, max_age=int(LOGIN_LINK_LASTS.total_seconds()))
    except BadSignature:
        # Refused before the database is asked; a signature that is too old is a BadSignature as well.
        return None
    with context.database.writing() as session:
        user_id = use_login_link(session, hashed(str(nonce)), context.clock.now())
        user = None if user_id is None else session.get(User, user_id)
    return None if user is None else _begin_session(context, user.id, user.password_hash)


def create_api_token(context: Context, organization_slug: str, name: str) -> str | Rejected:
    """A new token for this organization; it is shown now and never again."""
    if not name.strip():
        return Rejected("A token needs a name that says what uses it.")
    token = API_TOKEN_PREFIX + secrets.token_urlsafe(32)
    with context.database.writing() as session:
        organization = organization_by_slug(session, organization_slug)
        if organization is None:
            return Rejected(f"There is no organization '{organization_slug}'.")
        session.add(
            ApiToken(
                organization_id=organization.id,
                name=name.strip()[:100],
                token_hash=hashed(token),
                created_at=context.clock.now(),
            )
        )
    return token


def revoke_api_tokens(context: Context, organization_slug: str, name: str) -> int | Rejected:
    """Says how many live tokens had this name; they let nobody in any more."""
    with context.database.writing() as session:
        organization = organization_by_slug(session, organization_slug)
        if organization is None:
            return Rejected(f"There is no organization '{organization_slug}'.")
        return revoke_tokens(session, organization.id, name, context.clock.now())


def _begin_session(context: Context, user_id: int, password_hash: str | None) -> str | None:
    """None if the password changed since it was compared: that change has just ended all sessions of this user."""
    key = secrets.token_urlsafe(32)
    now = context.clock.now()
    # By itself: whoever changes a password locks the user first and then such rows.
    context.database.write(lambda session: forget_expired(session, now))
    with context.database.writing() as session:
        user = session.get(User, user_id, with_for_update=True)
        if user is None or user.password_hash != password_hash:
            return None
        session.add(
            DashboardSession(key_hash=hashed(key), user_id=user_id, created_at=now, expires_at=now + SESSION_LASTS)
        )
    return key


def _link_signer(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt=_LINK_SALT)
