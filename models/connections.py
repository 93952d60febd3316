"""Connections: an organization's links to the outside systems."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    Update,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.breaker import CallKind
from domain.push.sums import Sums
from domain.reasons import Reason
from models.base import AT, Base, BigId, Json, UtcTime, lock_in_order, with_id
from models.breakers import Breaker, by_kind, is_resting
from models.pausable import Pausable


class Role(StrEnum):
    """A source reports payments; a target receives them."""

    SOURCE = "source"
    TARGET = "target"


class ConnectionStatus(StrEnum):
    ACTIVE = "active"
    NEEDS_RECONNECT = "needs_reconnect"
    # The target behaved in a way that could harm payments; we write nothing until a person has looked.
    STOPPED = "stopped"
    DISCONNECTED = "disconnected"


class Connection(Pausable, Base):
    __tablename__ = "connection"
    __table_args__ = (
        UniqueConstraint("organization_id", "role"),
        UniqueConstraint("vendor", "account_id"),
        Index("ix_connection_role_status_next_catch_up_at", "role", "status", "next_catch_up_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    role: Mapped[str] = mapped_column(String(10))
    vendor: Mapped[str] = mapped_column(String(30))
    # The vendor's name for the account: QuickBooks' realm id, ConnectWise's site and company.
    account_id: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20), default=ConnectionStatus.ACTIVE.value)
    # Settings that may be shown: addresses, strategy, home currency.
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    # Secrets that may not be shown: tokens and keys, sealed by the Keyring.
    sealed_secrets: Mapped[str] = mapped_column(Text)
    # Goes up by one each time a person connects again. Refreshed tokens and newly sealed secrets belong to the same
    # consent.
    secrets_version: Mapped[int] = mapped_column(default=0)
    # The source's own clock up to which every change is stored (change data capture).
    cursor_at: Mapped[datetime | None] = mapped_column(UtcTime)
    next_catch_up_at: Mapped[datetime | None] = mapped_column(UtcTime)
    caught_up_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # The last signed webhook that named this account.
    heard_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # No calls to this system before then: it throttled us, or our quota is used up.
    not_before: Mapped[datetime | None] = mapped_column(UtcTime)
    pause_reason: Mapped[str] = mapped_column(String(40), default="")
    # What a person must know about a stop.
    status_detail: Mapped[str] = mapped_column(Text, default="")
    # The last change that only catch-up brought although a webhook should have reported it, and how many there were.
    missed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    missed_count: Mapped[int] = mapped_column(default=0)
    # When the consent ends by itself, as far as the outside system tells us.
    reconnect_by: Mapped[datetime | None] = mapped_column(UtcTime)
    # When hinted payments were last read, and how many reads in a row had to wait for each other (a burst).
    read_at: Mapped[datetime | None] = mapped_column(UtcTime)
    read_streak: Mapped[int] = mapped_column(default=0)
    # The name under which the target enters our payments, learned from its answers; empty until then.
    author: Mapped[str] = mapped_column(String(100), default="")
    # Whether an invoice's sums follow its payments at once, as far as this target has shown (`domain/push/sums.py`).
    sums: Mapped[str] = mapped_column(String(10), default=Sums.UNPROVEN.value)
    # When the system was last tested, if it answered and we had every right that we need; None if the test failed, or
    # there was none since the secrets were entered.
    tested_at: Mapped[datetime | None] = mapped_column(UtcTime)
    connected_at: Mapped[datetime] = mapped_column(UtcTime)
    disconnected_at: Mapped[datetime | None] = mapped_column(UtcTime)

    @property
    def is_active(self) -> bool:
        return self.status == ConnectionStatus.ACTIVE

    @property
    def why_paused(self) -> Reason | None:
        """Why calls are paused now; None if no reason is known (a pause without a reason counts too)."""
        try:
            return Reason(self.pause_reason)
        except ValueError:
            return None

    def was_paused_for(self, reason: Reason, since: datetime) -> bool:
        """Whether the last pause was for this reason, and ended after that moment or has not ended yet."""
        return self.why_paused is reason and self.not_before is not None and self.not_before > since


# Statements that most batches send are made once: making them takes longer than the answers.


def note_sums(session: Session, connection_id: int, sums: Sums) -> None:
    """Records the behavior of the sums. We never forget a lag that was seen once."""
    session.execute(_note_sums(), {"of_connection": connection_id, "seen": sums.value})


@cache
def _note_sums() -> Update:
    return (
        update(Connection)
        .where(Connection.id == bindparam("of_connection"), Connection.sums != Sums.LAG.value)
        .values(sums=bindparam("seen"))
        .execution_options(synchronize_session=False)
    )


def connection_by_id(session: Session, connection_id: int) -> Connection:
    found = with_id(session, Connection, connection_id)
    if found is None:
        raise LookupError(f"no connection with id {connection_id}")
    return found


def connection_with_breakers(session: Session, connection_id: int) -> tuple[Connection, Mapping[CallKind, Breaker]]:
    """The connection, and the breakers of its kinds of call that have failed.

    Raises:
        LookupError: there is no such connection.
    """
    found = session.execute(_with_breakers(), {"of_connection": connection_id})
    # The driver's types do not know that an outer join may find no breaker.
    rows: Sequence[tuple[Connection, Breaker | None]] = [(one, breaker) for one, breaker in found]
    if not rows:
        raise LookupError(f"no connection with id {connection_id}")
    return rows[0][0], by_kind(breaker for _, breaker in rows)


@cache
def _with_breakers() -> Select[Connection, Breaker]:
    return (
        select(Connection, Breaker)
        .outerjoin(Breaker, Breaker.connection_id == Connection.id)
        .where(Connection.id == bindparam("of_connection"))
    )


def connection_in_role(session: Session, organization_id: int, role: Role) -> Connection | None:
    return session.scalar(_in_role(), {"of_organization": organization_id, "in_role": role.value})


@cache
def _in_role() -> Select[Connection]:
    return select(Connection).where(
        Connection.organization_id == bindparam("of_organization"), Connection.role == bindparam("in_role")
    )


def change_connection(session: Session, connection_id: int, news: Mapping[str, Any]) -> None:
    """Sets these columns of one connection."""
    if news:
        session.execute(update(Connection).where(Connection.id == connection_id).values(**news))


def connections_of(session: Session, organization_id: int) -> Sequence[Connection]:
    return session.scalars(_of_organization(), {"of_organization": organization_id}).all()


@cache
def _of_organization() -> Select[Connection]:
    """Made once: every page asks this for its words, and some ask it often."""
    of_organization = Connection.organization_id == bindparam("of_organization")
    return select(Connection).where(of_organization).order_by(Connection.role)


def connection_counts(session: Session) -> dict[tuple[str, str], int]:
    """How many connections are in which status, by role and status."""
    statement = select(Connection.role, Connection.status, func.count()).group_by(Connection.role, Connection.status)
    return {(role, status): count for role, status, count in session.execute(statement)}


def pause_counts(session: Session, now: datetime) -> dict[str, int]:
    """How many active connections are paused at the moment, by reason."""
    statement = (
        select(Connection.pause_reason, func.count())
        .where(Connection.status == ConnectionStatus.ACTIVE.value, Connection.not_before > now)
        .group_by(Connection.pause_reason)
    )
    return {reason: count for reason, count in session.execute(statement)}  # noqa: C416 - rows are not pairs


def connections_of_vendor(session: Session, vendor: str) -> Sequence[Connection]:
    return session.scalars(select(Connection).where(Connection.vendor == vendor).order_by(Connection.id)).all()


def connections_by_account(session: Session, vendor: str, account_ids: Collection[str]) -> dict[str, Connection]:
    """The connections for a webhook's accounts, by account; unknown accounts are left out."""
    found = session.scalars(
        select(Connection).where(Connection.vendor == vendor, Connection.account_id.in_(account_ids))
    )
    return {connection.account_id: connection for connection in found}


def heard_from(session: Session, connection_ids: Collection[int], now: datetime) -> None:
    """Records a delivery. Each one names several companies; two of them can name the same ones in different order."""
    heard = Connection.id.in_(connection_ids)
    lock_in_order(session, Connection, heard)
    session.execute(update(Connection).where(heard).values(heard_at=now))


def may_be_called(at: datetime | BindParameter[datetime], *kinds: CallKind) -> ColumnElement[bool]:
    """For a query over connections: whether they may be called then, as far as all of these kinds of call go."""
    return and_(
        Connection.status == ConnectionStatus.ACTIVE.value,
        or_(Connection.not_before.is_(None), Connection.not_before <= at),
        ~is_resting(Connection.id, kinds, at),
    )


def sources_due_for_catch_up() -> Select[int]:
    return select(Connection.id).where(
        Connection.role == Role.SOURCE.value,
        or_(Connection.next_catch_up_at.is_(None), Connection.next_catch_up_at <= AT),
        may_be_called(AT, CallKind.CATCH_UP),
    )


def pause(session: Session, connection_id: int, until: datetime, reason: str) -> None:
    """Stops calls to the system before `until`; a longer pause that is already set stays."""
    session.execute(
        update(Connection)
        .where(Connection.id == connection_id)
        .where(or_(Connection.not_before.is_(None), Connection.not_before < until))
        .values(not_before=until, pause_reason=reason)
    )


def learn_author(session: Session, connection_id: int, author: str) -> None:
    """Remembers the name under which the target enters our payments."""
    session.execute(
        update(Connection).where(Connection.id == connection_id, Connection.author != author).values(author=author)
    )


def stop_connection(session: Session, connection_id: int, reason: str, detail: str) -> None:
    session.execute(
        update(Connection)
        .where(Connection.id == connection_id, Connection.status == ConnectionStatus.ACTIVE.value)
        .values(status=ConnectionStatus.STOPPED.value, pause_reason=reason, status_detail=detail)
    )


def mark_needs_reconnect(
    session: Session,
    connection_id: int,
    secrets_version: int | None = None,
    *,
    again_at: datetime | None = None,
    reason: str = "",
) -> bool:
    """Marks the secrets as refused for good.

    Args:
        secrets_version: the refused ones; False if a person has connected again since, and the new ones stay.
        again_at: when we try them again by ourselves; None where that could never help.
        reason: the reason reported meanwhile.
    """
    same = () if secrets_version is None else (Connection.secrets_version == secrets_version,)
    marked = session.execute(
        update(Connection)
        .where(Connection.id == connection_id, Connection.status == ConnectionStatus.ACTIVE.value, *same)
        .values(status=ConnectionStatus.NEEDS_RECONNECT.value, not_before=again_at, pause_reason=reason)
        .returning(Connection.id)
    ).first()
    return marked is not None


def sources_to_try_again() -> Select[int]:
    """Sources whose refused secrets we must try again now."""
    return _to_try_again(Role.SOURCE)


def targets_to_try_again() -> Select[int]:
    """Targets whose refused secrets we must try again now."""
    return _to_try_again(Role.TARGET)


def _to_try_again(role: Role) -> Select[int]:
    return select(Connection.id).where(
        Connection.role == role.value,
        Connection.status == ConnectionStatus.NEEDS_RECONNECT.value,
        Connection.not_before <= AT,
    )


def postpone_refused(session: Session, connection: Connection, again_at: datetime) -> None:
    """Still refused: leaves these secrets alone for longer."""
    session.execute(
        update(Connection)
        .where(
            Connection.id == connection.id,
            Connection.status == ConnectionStatus.NEEDS_RECONNECT.value,
            Connection.secrets_version == connection.secrets_version,
        )
        .values(not_before=again_at)
    )
