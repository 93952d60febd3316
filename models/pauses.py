"""Whether sending to a connection is paused, and by what: a condition for statements, and words for people."""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from models.connections import Connection
from models.organizations import Organization, organization_by_id
from models.pausable import everything_is_paused, pause_of_everything


def sending_is_paused(connection_id: BindParameter[Any]) -> ColumnElement[bool]:
    """Whether sending to this one connection is paused; answered once for the statement, not once for each row."""
    itself = (
        select(Connection.id)
        .join(Organization, Organization.id == Connection.organization_id)
        .where(Connection.id == connection_id)
        .where(or_(Connection.paused_at.is_not(None), Organization.paused_at.is_not(None)))
        .correlate(None)
        .exists()
    )
    return or_(everything_is_paused(), itself)


def sending_is_on() -> ColumnElement[bool]:
    """Whether new sends may begin, as far as people decide it, for a statement with connection and organization."""
    return and_(
        Organization.sync_enabled,
        Organization.writes_stopped_at.is_(None),
        Organization.paused_at.is_(None),
        Connection.paused_at.is_(None),
        ~everything_is_paused(),
    )


def pause_in_words(session: Session, organization_id: int, target: Connection | None) -> str:
    """Who has paused it, since when and why, the widest pause first; "" if nothing is paused."""
    for one in (pause_of_everything(session), organization_by_id(session, organization_id), target):
        if one is not None and one.paused_at is not None:
            return one.pause_in_words
    return ""
