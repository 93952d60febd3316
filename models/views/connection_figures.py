"""Figures over all connections, for operators: lags, webhooks, breakers, reads, what ends soon; tells no names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from domain.breaker import Admission
from domain.expiry import SOON, URGENT
from models.breakers import Breaker
from models.connections import Connection, ConnectionStatus, Role
from models.metered_reads import MeteredReads, month_of
from models.users import ApiToken


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """About all active sources together.

    Attributes:
        caught_up_to: the moment up to which every change of every source is stored; None without a source.
        heard_at: the last signed webhook of any of them.
        silent: how many whose webhooks fail to reach us (`domain/webhook_health.py`).
    """

    caught_up_to: datetime | None
    heard_at: datetime | None
    silent: int


def source_figures(session: Session) -> SourceFigures:
    missed = and_(
        Connection.missed_at.is_not(None),
        or_(Connection.heard_at.is_(None), Connection.heard_at <= Connection.missed_at),
    )
    # One that has never been caught up is as far behind as it is old.
    up_to = func.min(func.coalesce(Connection.cursor_at, Connection.connected_at), type_=Connection.cursor_at.type)
    statement = select(up_to, func.max(Connection.heard_at), func.sum(case((missed, 1), else_=0))).where(
        Connection.role == Role.SOURCE.value, Connection.status == ConnectionStatus.ACTIVE.value
    )
    caught_up_to, heard_at, silent = session.execute(statement).one()
    return SourceFigures(caught_up_to, heard_at, silent or 0)


def breakers_by_state(session: Session, now: datetime) -> Mapping[tuple[str, str, str], int]:
    """How many connections, by vendor, kind of call and state: open (rests), half_open (tries), failing (not yet)."""
    statement = select(Connection.vendor, Breaker).join(Connection, Connection.id == Breaker.connection_id)
    counts: dict[tuple[str, str, str], int] = {}
    for vendor, breaker in session.execute(statement):
        state = {Admission.NONE: "open", Admission.ONE: "half_open", Admission.ALL: "failing"}[breaker.admits(now)]
        place = vendor, breaker.kind, state
        counts[place] = counts.get(place, 0) + 1
    return counts


def metered_reads_by_vendor(session: Session, now: datetime) -> Mapping[str, int]:
    """How many reads were used in this month."""
    statement = (
        select(Connection.vendor, func.sum(MeteredReads.reads))
        .join(Connection, Connection.id == MeteredReads.connection_id)
        .where(MeteredReads.month == month_of(now))
        .group_by(Connection.vendor)
    )
    return {vendor: int(reads) for vendor, reads in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class Endings:
    """How many end within 7 and within 30 days, those of the first included; what has ended already counts too."""

    within_7_days: int
    within_30_days: int


def consents_ending(session: Session, now: datetime) -> Endings:
    active = Connection.status == ConnectionStatus.ACTIVE.value
    return _endings(session, select(*_counts_until(Connection.reconnect_by, now)).where(active))


def api_tokens_ending(session: Session, now: datetime) -> Endings:
    """Of those in force; one that has ended is of no use to anybody, and is not counted."""
    is_live = and_(ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    return _endings(session, select(*_counts_until(ApiToken.expires_at, now)).where(is_live))


def _counts_until(ends_at: Any, now: datetime) -> list[Any]:
    return [func.sum(case((ends_at <= now + within, 1), else_=0)) for within in (URGENT, SOON)]


def _endings(session: Session, statement: Select[Any]) -> Endings:
    urgent, soon = session.execute(statement).one()
    return Endings(urgent or 0, soon or 0)
