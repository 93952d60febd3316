"""Who may use the dashboard and the API: users, their sessions, one-time links and API tokens.

The rest of what lets people in is in `models/second_factors.py` and `models/invitations.py`.

Keys that people or programs carry (a session, a link, a token) are stored as SHA-256: they are long and random, so a
fast hash is enough, and a reader of the database cannot use them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import TypeAlias, cast

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Delete,
    ForeignKey,
    Select,
    String,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.clocks import CLOCKS_APART_MAX
from domain.users import UserRole
from models.base import AT, Base, BigId, UtcTime, insert_one, lock_in_order, rows_in_order
from models.organizations import Organization

EndsByItself: TypeAlias = "DashboardSession | HalfLogin | LoginLink"
# A token in constant use must not cost a write each time.
LAST_USED_PRECISION = timedelta(minutes=1)


class User(Base):
    __tablename__ = "dashboard_user"
    __table_args__ = (
        CheckConstraint("(role = 'operator') = (organization_id IS NULL)", name="ck_dashboard_user_organization"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # Case-folded: people do not remember how they typed it the first time.
    email: Mapped[str] = mapped_column(String(254), unique=True)
    role: Mapped[str] = mapped_column(String(10))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    # None: the user can log in by a one-time link only.
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    # From then on this user cannot log in by any means.
    disabled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcTime)

    @property
    def is_operator(self) -> bool:
        return self.role == UserRole.OPERATOR


class DashboardSession(Base):
    """One logged-in browser. The row, not the cookie, decides whether it still is."""

    __tablename__ = "dashboard_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("dashboard_user.id"), index=True)
    # The organization an operator has chosen to work in.
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    # Its family and system, such as "Firefox on Windows", by which people know their own browsers; "" if it says none.
    browser: Mapped[str] = mapped_column(String(60), default="", server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class HalfLogin(Base):
    """A browser that gave the right password, or a link, and still owes the code of the second factor."""

    __tablename__ = "half_login"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("dashboard_user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class LoginLink(Base):
    """A link that logs its user in once."""

    __tablename__ = "login_link"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    nonce_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("dashboard_user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ApiToken(Base):
    """Lets a program read, or read and write, within its organization's rights, until it ends or is revoked."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[str] = mapped_column(String(10))
    # As activities name people; "" where that is not known.
    made_by: Mapped[str] = mapped_column(String(254), default="", server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)


def user_by_email(session: Session, email: str, *, locked: bool = False) -> User | None:
    """The user with this address; `locked` until the transaction ends, for a change to how they log in."""
    if "\0" in email:
        # PostgreSQL stores no NUL in a text and refuses to search for one.
        return None
    return session.scalar(_by_email(locked=locked), {"of_email": email.strip().casefold()})


@cache
def _by_email(*, locked: bool) -> Select[User]:
    statement = select(User).where(User.email == bindparam("of_email"))
    return statement.with_for_update() if locked else statement


def insert_user(
    session: Session,
    *,
    email: str,
    role: str,
    organization_id: int | None,
    password_hash: str | None,
    created_at: datetime,
) -> User | None:
    """The new user; None if the address is taken, in whatever organization."""
    row = {
        "email": email,
        "role": role,
        "organization_id": organization_id,
        "password_hash": password_hash,
        "created_at": created_at,
    }
    return insert_one(session, User, row)


def locked_user(session: Session, user_id: int) -> User | None:
    """The user as it is now, locked until the transaction ends."""
    return session.get(User, user_id, with_for_update=True, populate_existing=True)


def person_of(session: Session, organization_id: int, user_id: int) -> User | None:
    """This user, locked, if it is one of the organization's."""
    statement = select(User).where(User.id == user_id, User.organization_id == organization_id)
    return session.scalar(statement.with_for_update())


def people_of(session: Session, organization_id: int) -> Sequence[User]:
    return session.scalars(select(User).where(User.organization_id == organization_id).order_by(User.email)).all()


def users_with_organizations(session: Session) -> list[tuple[User, Organization | None]]:
    statement = select(User, Organization).outerjoin(Organization, Organization.id == User.organization_id)
    return [(user, organization) for user, organization in session.execute(statement.order_by(User.email))]


def signed_in(session: Session, key_hash: str, now: datetime) -> tuple[DashboardSession, User] | None:
    """The session with this key and its user, unless it has ended."""
    asked = {"of_key": key_hash, "at": now, "begun_by": now + CLOCKS_APART_MAX}
    found = session.execute(_signed_in(), asked).first()
    return (found[0], found[1]) if found else None


@cache
def _signed_in() -> Select[DashboardSession, User]:
    """Made once: every page begins with it."""
    return (
        select(DashboardSession, User)
        .join(User, User.id == DashboardSession.user_id)
        .where(DashboardSession.key_hash == bindparam("of_key"), DashboardSession.expires_at > AT)
        .where(User.disabled_at.is_(None))
        # A session that a wrong clock began in the future would last too long.
        .where(DashboardSession.created_at <= bindparam("begun_by", type_=UtcTime()))
    )


def choose_organization(session: Session, session_id: int, organization_id: int) -> None:
    session.execute(
        update(DashboardSession).where(DashboardSession.id == session_id).values(organization_id=organization_id)
    )


def half_logged_in(session: Session, key_hash: str, now: datetime) -> User | None:
    """Whose code is owed; None if the time for it is over."""
    statement = (
        select(User)
        .join(HalfLogin, HalfLogin.user_id == User.id)
        .where(HalfLogin.key_hash == key_hash, HalfLogin.expires_at > now, User.disabled_at.is_(None))
        .where(HalfLogin.created_at <= now + CLOCKS_APART_MAX)
    )
    return session.scalar(statement)


def take_half_login(session: Session, key_hash: str) -> bool:
    """False if it is no longer there: a code is worth one session."""
    taken = session.execute(delete(HalfLogin).where(HalfLogin.key_hash == key_hash).returning(HalfLogin.id))
    return taken.first() is not None


def sessions_of(session: Session, user_id: int, now: datetime) -> Sequence[DashboardSession]:
    """Those that have not ended, the newest first."""
    statement = select(DashboardSession).where(DashboardSession.user_id == user_id, DashboardSession.expires_at > now)
    return session.scalars(statement.order_by(DashboardSession.id.desc())).all()


def end_session(session: Session, key_hash: str) -> None:
    session.execute(delete(DashboardSession).where(DashboardSession.key_hash == key_hash))


def end_sessions_of(session: Session, user_id: int, *, but: int | None = None) -> None:
    """Ends them everywhere at once, but this one, together with what would begin new ones."""
    others = DashboardSession.user_id == user_id
    _forget(session, DashboardSession, others if but is None else and_(others, DashboardSession.id != but))
    _forget(session, HalfLogin, HalfLogin.user_id == user_id)
    _forget(session, LoginLink, LoginLink.user_id == user_id)


def forget_expired(session: Session, now: datetime) -> None:
    """Deletes what can no longer be used."""
    for table in (DashboardSession, HalfLogin, LoginLink):
        lock, forget = _expired(table)
        # Mostly nothing has expired since the last login.
        if session.execute(lock, {"at": now}).first() is not None:
            session.execute(forget, {"at": now})


@cache
def _expired(table: type[EndsByItself]) -> tuple[Select[int], Delete]:
    """The statements that lock and delete them; made once, because every login begins with these."""
    rows = cast("Table", table.__table__)
    expired = rows.c.expires_at <= AT
    return rows_in_order(table, expired), delete(rows).where(expired)


def end_the_oldest(session: Session, table: type[EndsByItself], user_id: int, keep: int) -> None:
    """Leaves this many of the user's rows: beginning more of them ends the user's own oldest ones."""
    ids = session.scalars(_oldest(table, keep), {"of_user": user_id}).all()
    if ids:
        _forget(session, table, table.id.in_(ids))


@cache
def _oldest(table: type[EndsByItself], keep: int) -> Select[int]:
    return select(table.id).where(table.user_id == bindparam("of_user")).order_by(table.id.desc()).offset(keep)


def _forget(session: Session, table: type[EndsByItself], condition: ColumnElement[bool]) -> None:
    lock_in_order(session, table, condition)
    session.execute(delete(table).where(condition))


def use_login_link(session: Session, nonce_hash: str, now: datetime) -> int | None:
    """The user whose link this is, the first time; None after that. Compare-and-set: two browsers cannot both win."""
    used: int | None = session.scalar(
        update(LoginLink)
        .where(LoginLink.nonce_hash == nonce_hash, LoginLink.used_at.is_(None), LoginLink.expires_at > now)
        .where(LoginLink.created_at <= now + CLOCKS_APART_MAX)
        .values(used_at=now)
        .returning(LoginLink.user_id)
    )
    return used


def organization_of_token(session: Session, token_hash: str) -> tuple[ApiToken, Organization] | None:
    found = session.execute(_of_token(), {"of_token": token_hash}).first()
    return (found[0], found[1]) if found else None


@cache
def _of_token() -> Select[ApiToken, Organization]:
    """Made once: every call of the API begins with it."""
    return (
        select(ApiToken, Organization)
        .join(Organization, Organization.id == ApiToken.organization_id)
        .where(ApiToken.token_hash == bindparam("of_token"), ApiToken.revoked_at.is_(None))
    )


def live_token(session: Session, organization_id: int, token_id: int) -> ApiToken | None:
    """The organization's token, unless it is revoked."""
    live = select(ApiToken).where(ApiToken.organization_id == organization_id, ApiToken.revoked_at.is_(None))
    return session.scalar(live.where(ApiToken.id == token_id))


def note_token_use(session: Session, token_id: int, now: datetime) -> None:
    session.execute(_note_use(), {"of_token": token_id, "at": now, "stale_since": now - LAST_USED_PRECISION})


@cache
def _note_use() -> Update:
    tokens = cast("Table", ApiToken.__table__)
    stale = or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at <= bindparam("stale_since", type_=UtcTime()))
    return update(tokens).where(tokens.c.id == bindparam("of_token"), stale).values(last_used_at=AT)


def tokens_of(session: Session, organization_id: int) -> Sequence[ApiToken]:
    statement = select(ApiToken).where(ApiToken.organization_id == organization_id).order_by(ApiToken.id)
    return session.scalars(statement).all()


def revoke_tokens(
    session: Session, organization_id: int, now: datetime, *, name: str | None = None, token_id: int | None = None
) -> int:
    """Revokes the token with this id, or all live ones with this name; returns how many there were."""
    which = ApiToken.name == name if token_id is None else ApiToken.id == token_id
    revoked = session.scalars(
        update(ApiToken)
        .where(ApiToken.organization_id == organization_id, which, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiToken.id)
    )
    return len(revoked.all())
