"""Erases an organization: afterwards no row of any table tells of it.

Called by: the command line.
Does: refuses while anything of it could still reach one of its systems. Then ends, in one transaction, everybody's
access, and deletes all rows, some at a time, what refers to others first and the organization itself last.
Leaves behind: nothing but a line in the log.
If it dies here: the organization is still there, without people and in part; erasing it again goes on.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import Table
from sqlalchemy.orm import Session

from models.billed_invoices import copies_under_way
from models.connections import ConnectionStatus
from models.effects_in_force import sends_under_way
from models.lanes import Lane
from models.locks import lock_organization
from models.organizations import organization_by_id, organization_with_connections
from models.ownership import delete_some, let_go, owned_tables, rows_of
from models.users import User
from tasks.context import Context, lane_owners
from usecases.results import Rejected

log = structlog.get_logger()

# Keeps a transaction short: other organizations work on.
ROWS_AT_A_TIME = 1_000


def erase_organization(
    context: Context, organization_id: int, typed: str, tell: Callable[[str], None]
) -> int | Rejected:
    """Deletes everything about it; returns how many rows there were.

    Args:
        typed: the organization's short name, as a person has typed it: nobody erases by a slip of the hand.
        tell: hears how far it has come.
    """
    now = context.clock.now()
    rows = context.database.write(lambda session: _end_access(session, organization_id, typed, now))
    if isinstance(rows, Rejected):
        return rows
    # Lanes are found through the connections, so they go before them.
    for table in (_table(Lane), *reversed(owned_tables())):
        of_table = _delete_all(context, table, organization_id)
        rows += of_table
        if of_table:
            tell(f"{table.name}: {of_table:,} rows deleted")
    log.warning("organization.erased", organization=typed, organization_id=organization_id, rows=rows, by=context.actor)
    return rows


def _end_access(session: Session, organization_id: int, typed: str, now: datetime) -> int | Rejected:
    lock_organization(session, organization_id)
    problem = _why_not(session, organization_id, typed)
    if problem is not None:
        return Rejected(problem)
    # The database lets nobody delete the history of a ledger, except for this.
    organization_by_id(session, organization_id).erasing_since = now
    let_go(session, organization_id)
    return sum(_delete(session, table, organization_id) for table in _of_people())


def _why_not(session: Session, organization_id: int, typed: str) -> str | None:
    organization, source, target = organization_with_connections(session, organization_id)
    if typed != organization.slug:
        return f"Type {organization.slug} to confirm; that is the organization's short name."
    if organization.sync_enabled:
        return f"External payments sync is on. Switch it off first: org set {organization.slug} --sync off"
    for connection in (source, target):
        if connection is not None and connection.status != ConnectionStatus.DISCONNECTED:
            how = f"connection disconnect {organization.slug} {connection.vendor}"
            return f"{connection.vendor} is still connected. Disconnect it first: {how}"
    under_way = sends_under_way(session, organization_id) + copies_under_way(session, organization_id)
    if under_way:
        return (
            f"{under_way:,} changes in the other systems are on their way, or nobody knows yet what became of them. "
            "Connect again and wait until that is settled; else something is left there that nobody can explain."
        )
    return None


def _of_people() -> Sequence[Table]:
    """Users and what belongs to them, the latter first."""
    users = _table(User)
    theirs = [one for one in owned_tables() if any(key.column.table is users for key in one.foreign_keys)]
    return (*theirs, users)


def _delete_all(context: Context, table: Table, organization_id: int) -> int:
    rows = 0
    while deleted := context.database.write(lambda session: _delete(session, table, organization_id)):
        rows += deleted
    return rows


def _delete(session: Session, table: Table, organization_id: int) -> int:
    return delete_some(session, table, rows_of(table, organization_id, lane_owners()), ROWS_AT_A_TIME)


def _table(of_class: type[Lane] | type[User]) -> Table:
    table = of_class.__table__
    assert isinstance(table, Table)
    return table
