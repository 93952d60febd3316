"""The one order in which rows are locked, so that no two transactions ever wait for each other.

1. Lanes: match before ingest before tokens; a step's own lane is the only one that it locks. The Sync Tool's lane comes
   last where its step links a copy, which holds match and ingest as well.
2. The organization. A transaction that changes more than one row of an organization locks it before any of them, and
   then changes its rows in any order: no other transaction is at work there. On SQLite one transaction writes at a
   time; here it is one for each organization.
3. Changes without that lock: one row alone, or several rows of one table in the order of their ids (`lock_in_order` in
   `models/base.py`).

Inserts also wait, for a transaction that has just inserted the same key: `insert_new` sorts its rows by their keys.
"""

from datetime import datetime
from functools import cache

from sqlalchemy import BigInteger, Select, bindparam, select
from sqlalchemy.orm import Session

from models.base import UtcTime
from models.connections import Connection
from models.lanes import Lane, LeaseLost
from models.organizations import Organization


def lock_organization(session: Session, organization_id: int) -> None:
    """Until this transaction ends, no other transaction changes more than one row of this organization.

    Its key stays free: the webhook endpoint, which serves many organizations at once, adds rows that reference it.
    """
    _lock(session, select(Organization).where(Organization.id == organization_id))


def lock_organization_of(session: Session, connection_id: int) -> None:
    """Like `lock_organization`, for work on one of its connections."""
    owner = select(Connection.organization_id).where(Connection.id == connection_id).scalar_subquery()
    _lock(session, select(Organization).where(Organization.id == owner))


def lock_under_lease(
    session: Session, step: str, owner_id: int, fencing: int, now: datetime, *, of_connection: bool
) -> None:
    """Proves that the lease is in force and locks the organization, in one statement. The lease ends when it ended.

    The lane is locked too: until this transaction ends, nobody takes it.

    Args:
        of_connection: the lane belongs to a connection of the organization, and not to the organization itself.

    Raises:
        LeaseLost: it ran out, or another holder has taken the lane.
    """
    lease = {"of_step": step, "of_owner": owner_id, "of_lease": fencing, "at": now}
    session.info["locked"] = session.scalars(_under_lease(of_connection), lease).all()
    if not session.info["locked"]:
        raise LeaseLost(f"{step} of {owner_id}, lease {fencing}")


@cache
def _under_lease(of_connection: bool) -> Select[Organization]:
    """Made once: nearly every transaction of a step begins with it."""
    owner = bindparam("of_owner", type_=BigInteger)
    its_organization = select(Connection.organization_id).where(Connection.id == owner).scalar_subquery()
    return (
        select(Organization)
        .join_from(Lane, Organization, Organization.id == (its_organization if of_connection else owner))
        .where(Lane.step == bindparam("of_step"), Lane.owner_id == owner)
        .where(Lane.fencing == bindparam("of_lease"), Lane.lease_until > bindparam("at", type_=UtcTime))
        # In this order: lanes come before organizations.
        .with_for_update(key_share=True, of=[Lane, Organization])
    )


def _lock(session: Session, organization: Select[Organization]) -> None:
    # The session keeps the row while something holds on to it; whoever needs it next then costs no statement.
    session.info["locked"] = session.scalars(organization.with_for_update(key_share=True)).all()
