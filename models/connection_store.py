"""Writes connections: created once, connected again, disconnected; the row and its history stay."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session

from models.base import insert_one
from models.breakers import close_breakers
from models.connections import Connection, ConnectionStatus, Role, connection_by_id
from models.payments import Payment


def insert_connection(
    session: Session,
    *,
    organization_id: int,
    role: Role,
    vendor: str,
    account_id: str,
    settings: dict[str, Any],
    sealed_secrets: str,
    now: datetime,
) -> Connection | None:
    """The new connection, or None if this role or this account is already taken."""
    row = {
        "organization_id": organization_id,
        "role": role.value,
        "vendor": vendor,
        "account_id": account_id,
        "status": ConnectionStatus.ACTIVE.value,
        "settings": settings,
        "sealed_secrets": sealed_secrets,
        "next_catch_up_at": now,
        "pause_reason": "",
        "secrets_version": 0,
        "connected_at": now,
    }
    return insert_one(session, Connection, row)


def connection_for_change(session: Session, connection_id: int) -> Connection:
    """The connection, locked against other changes until this transaction ends.

    Its key stays free: a transaction that holds allocations we want next may add a row that references this connection.
    """
    connection = connection_by_id(session, connection_id)
    session.refresh(connection, with_for_update={"key_share": True})
    return connection


def connect_again(
    session: Session, connection: Connection, settings: dict[str, Any], sealed_secrets: str, now: datetime
) -> None:
    """Stores new secrets for the same account. `connected_at` and the cursor stay: catch-up closes the time between."""
    connection.status = ConnectionStatus.ACTIVE.value
    connection.settings = settings
    connection.sealed_secrets, connection.secrets_version = sealed_secrets, connection.secrets_version + 1
    connection.disconnected_at = connection.tested_at = None
    make_callable(session, connection, now)


def make_callable(session: Session, connection: Connection, now: datetime) -> None:
    """Clears pauses and failures: after the secrets were proved or replaced, no pause should have to run out first."""
    close_breakers(session, connection.id)
    connection.not_before, connection.pause_reason = None, ""
    connection.status_detail = ""
    connection.next_catch_up_at = now


def note_tested(session: Session, connection_id: int, secrets_version: int, tested_at: datetime | None) -> None:
    """Records a test with these secrets; it says nothing about others that were entered meanwhile.

    Args:
        tested_at: None if it has failed.
    """
    session.execute(
        update(Connection)
        .where(Connection.id == connection_id, Connection.secrets_version == secrets_version)
        .values(tested_at=tested_at)
    )


def fill_missing_currency(session: Session, connection_id: int, currency: str) -> int:
    """Gives payments without a currency the account's home currency, which is now known."""
    filled = session.execute(
        update(Payment)
        .where(Payment.connection_id == connection_id, Payment.currency.is_(None))
        .values(currency=currency)
        .returning(Payment.id)
    )
    return len(filled.all())


def sealed_secrets(session: Session) -> dict[int, str]:
    """The sealed secrets of every connection, by its id."""
    return {one.id: one.sealed_secrets for one in session.scalars(select(Connection).order_by(Connection.id))}


def replace_sealed(session: Session, connection_id: int, before: str, after: str) -> bool:
    """Compare-and-set; False if the secrets were replaced meanwhile: the newer ones stay."""
    replaced = session.execute(
        update(Connection)
        .where(Connection.id == connection_id, Connection.sealed_secrets == before)
        .values(sealed_secrets=after)
        .returning(Connection.id)
    ).first()
    return replaced is not None


def ask_for_catch_up(session: Session, connection_id: int, now: datetime) -> None:
    """Makes it due now, so that the sweep starts it even if the nudge is lost."""
    session.execute(update(Connection).where(Connection.id == connection_id).values(next_catch_up_at=now))


def ask_for_early_catch_up(session: Session, connection_ids: Collection[int], now: datetime, apart: timedelta) -> None:
    """Due now, or this long after the last one: however often we are asked, it costs few reads."""
    long_ago = or_(Connection.caught_up_at.is_(None), Connection.caught_up_at <= now - apart)
    soon = case((long_ago, now), else_=now + apart)
    session.execute(
        update(Connection)
        .where(Connection.id.in_(connection_ids), Connection.next_catch_up_at > soon)
        .values(next_catch_up_at=soon)
    )
