"""The one order in which rows are locked, so that no two transactions ever wait for each other.

1. Lanes: match before ingest before tokens; a step's own lane is the only one that it locks. The Sync Tool's lane comes
   last where its step links a copy, which holds match and ingest as well; so does that of taking back a span.
2. The organization. A transaction that changes more than one row of an organization locks it before any of them, and
   then changes its rows in any order: no other transaction is at work there. On SQLite one transaction writes at a
   time; here it is one for each organization. What holds for all of them (a pause) locks all, in the order of their
   ids.
3. Changes without that lock: one row alone, or several rows of one table in the order of their ids (`lock_in_order` in
   `models/base.py`).

Inserts also wait, for a transaction that has just inserted the same key: `insert_new` sorts its rows by their keys.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto
from functools import cache

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, literal, select
from sqlalchemy.orm import Session

from models.base import AT, lock_in_order
from models.connections import Connection
from models.endpoints import Endpoint
from models.lanes import GIVE_BACK_UNLESS_MARKED, Lane, LeaseLost
from models.organizations import Organization


class Owner(Enum):
    """Whose a lane is: the organization's itself, or a part's of it."""

    ORGANIZATION = auto()
    CONNECTION = auto()
    ENDPOINT = auto()


_PARTS: Mapping[Owner, type[Connection | Endpoint]] = {Owner.CONNECTION: Connection, Owner.ENDPOINT: Endpoint}


def lock_organization(session: Session, organization_id: int) -> None:
    """Until this transaction ends, no other transaction changes more than one row of this organization.

    Its key stays free: the webhook endpoint, which serves many organizations at once, adds rows that reference it.
    """
    _lock(session, select(Organization).where(Organization.id == organization_id))


def lock_every_organization(session: Session) -> None:
    """Like `lock_organization`, for what holds for all of them; in their order, so that two of these do not collide."""
    lock_in_order(session, Organization)


def lock_organization_of(session: Session, owner: Owner, owner_id: int) -> None:
    """Like `lock_organization`, for work on whatever part of the organization owns the lane."""
    _lock(session, select(Organization).where(Organization.id == _organization_of(owner, literal(owner_id))))


def lock_under_lease(session: Session, step: str, owner: Owner, owner_id: int, fencing: int, now: datetime) -> None:
    """Proves that the lease is in force and locks the organization, in one statement. The lease ends when it ended.

    The lane is locked too: until this transaction ends, nobody takes it.

    Raises:
        LeaseLost: it ran out, or another holder has taken the lane.
    """
    lease = {"of_step": step, "of_owner": owner_id, "of_lease": fencing, "at": now}
    session.info["locked"] = session.scalars(_under_lease(owner), lease).all()
    if not session.info["locked"]:
        raise LeaseLost(f"{step} of {owner_id}, lease {fencing}")


def lock_and_give_back(session: Session, step: str, owner: Owner, owner_id: int, fencing: int, now: datetime) -> bool:
    """Like `lock_under_lease`, in the transaction with which a slice ends: committed, it also gives the lane back.

    Until then the lane is locked, so nobody takes it before what this transaction writes can be seen.

    Returns:
        False if somebody has left a mark: there is more to look at, and the lane stays with its holder.

    Raises:
        LeaseLost: as `lock_under_lease` does.
    """
    lease = {"of_step": step, "of_owner": owner_id, "of_lease": fencing, "at": now}
    marked: bool | None
    if session.get_bind().dialect.name == "sqlite":
        # It writes one transaction at a time: there are no rows to lock, and it can only return those that it changes.
        marked = session.scalar(GIVE_BACK_UNLESS_MARKED, lease)
    else:
        found = session.execute(_giving_back(owner), lease).all()
        session.info["locked"] = [organization for organization, _ in found]
        marked = found[0][1] if found else None
    if marked is None:
        raise LeaseLost(f"{step} of {owner_id}, lease {fencing}")
    return not marked


@cache
def _giving_back(owner: Owner) -> Select[Organization, bool]:
    """The lane is changed, and thereby locked, before the organization is: that comes from a join with the change."""
    given = GIVE_BACK_UNLESS_MARKED.cte("given")
    owner_id = bindparam("of_owner", type_=BigInteger)
    return (
        select(Organization, given.c.marked)
        .join(given, Organization.id == _organization_of(owner, owner_id))
        .with_for_update(key_share=True, of=Organization)
    )


@cache
def _under_lease(owner: Owner) -> Select[Organization]:
    """Made once: nearly every transaction of a step begins with it."""
    owner_id = bindparam("of_owner", type_=BigInteger)
    return (
        select(Organization)
        .join_from(Lane, Organization, Organization.id == _organization_of(owner, owner_id))
        .where(Lane.step == bindparam("of_step"), Lane.owner_id == owner_id)
        .where(Lane.fencing == bindparam("of_lease"), Lane.lease_until > AT)
        # In this order: lanes come before organizations.
        .with_for_update(key_share=True, of=[Lane, Organization])
    )


def _organization_of(owner: Owner, owner_id: ColumnElement[int]) -> ColumnElement[int]:
    part = _PARTS.get(owner)
    return owner_id if part is None else select(part.organization_id).where(part.id == owner_id).scalar_subquery()


def _lock(session: Session, organization: Select[Organization]) -> None:
    # The session keeps the row while something holds on to it; whoever needs it next then costs no statement.
    session.info["locked"] = session.scalars(organization.with_for_update(key_share=True)).all()
