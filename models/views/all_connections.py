"""The connections of all organizations, for the operator: which of them need somebody."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from domain.expiry import SOON
from models.connections import Connection, ConnectionStatus
from models.organizations import Organization


def connections_in_trouble(session: Session, now: datetime, limit: int) -> Sequence[tuple[Organization, Connection]]:
    """Those that are not active, that must wait, or whose consent ends soon; the refused and stopped ones first."""
    active = Connection.status == ConnectionStatus.ACTIVE.value
    waits = and_(active, or_(Connection.not_before > now, Connection.reconnect_by <= now + SOON))
    statement = (
        select(Organization, Connection)
        .join(Connection, Connection.organization_id == Organization.id)
        .where(or_(~active, waits))
        .order_by(active, Organization.slug, Connection.role)
        .limit(limit)
    )
    return [(organization, connection) for organization, connection in session.execute(statement)]


def count_active_connections(session: Session) -> int:
    statement = select(func.count()).where(Connection.status == ConnectionStatus.ACTIVE.value)
    return session.scalar(statement) or 0
