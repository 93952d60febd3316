"""Which rows belong to an organization: for its export, and for its erasure.

Told by the foreign keys, so that a new table belongs to its organization without anybody's doing. Only lanes name their
owner without one.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from models.base import Base
from models.connections import Connection
from models.endpoints import Endpoint
from models.lanes import Lane
from models.locks import Owner
from models.organizations import Organization

# Of what is never given away, not even to the organization itself: keys, and what would let somebody in.
SECRET_COLUMNS: Mapping[str, frozenset[str]] = {
    "connection": frozenset({"sealed_secrets"}),
    "endpoint": frozenset({"sealed_secrets"}),
    "second_factor": frozenset({"sealed_secret"}),
    "recovery_code": frozenset({"code_hash"}),
    "dashboard_user": frozenset({"password_hash"}),
    "dashboard_session": frozenset({"key_hash"}),
    "half_login": frozenset({"key_hash"}),
    "login_link": frozenset({"nonce_hash"}),
    "invitation": frozenset({"token_hash"}),
    "api_token": frozenset({"token_hash"}),
    "connect_request": frozenset({"state_hash"}),
}


@cache
def owned_tables() -> Sequence[Table]:
    """The tables with rows of an organization, its own first: what refers to another row comes after that row."""
    owned: list[Table] = []
    for table in Base.metadata.sorted_tables:
        if table is Organization.__table__ or table is Lane.__table__ or _owner(table, owned) is not None:
            owned.append(table)
    return tuple(owned)


def rows_of(table: Table, organization_id: int, lanes: Mapping[str, Owner]) -> ColumnElement[bool]:
    """The condition under which a row of this table belongs to the organization.

    Args:
        lanes: whose the lane of each step is.
    """
    if table is Organization.__table__:
        return _column(table, "id") == organization_id
    if table is Lane.__table__:
        return _lanes_of(organization_id, lanes)
    owner = _owner(table, owned_tables())
    assert owner is not None, f"{table.name} belongs to nobody"
    column, parent = owner
    if parent is Organization.__table__:
        return column == organization_id
    key = next(iter(parent.primary_key.columns))
    return column.in_(select(key).where(rows_of(parent, organization_id, lanes)))


def read_rows(session: Session, table: Table, condition: ColumnElement[bool], at_a_time: int) -> Iterator[Any]:
    """The rows in the order of their keys, some at a time, so that any number of them fits into the memory."""
    statement = select(table).where(condition).order_by(*table.primary_key.columns)
    yield from session.execute(statement.execution_options(yield_per=at_a_time)).mappings()


def delete_some(session: Session, table: Table, condition: ColumnElement[bool], at_a_time: int) -> int:
    """Deletes so many rows at most; returns how many."""
    key = table.primary_key.columns
    if len(key) > 1:
        # Such tables have a few rows for each organization.
        return len(session.execute(delete(table).where(condition).returning(*key)).all())
    (column,) = key
    some = select(column).where(condition).order_by(column).limit(at_a_time)
    return len(session.execute(delete(table).where(column.in_(some)).returning(column)).all())


def let_go(session: Session, organization_id: int) -> None:
    """Rows of others that only name the organization, such as the one that somebody of the platform looks at."""
    for table in Base.metadata.sorted_tables:
        for column, parent in _references(table):
            if parent is Organization.__table__ and column.nullable and not _is_owner(table, column):
                session.execute(update(table).where(column == organization_id).values({column.name: None}))


def _lanes_of(organization_id: int, lanes: Mapping[str, Owner]) -> ColumnElement[bool]:
    step, owner_id = _column(Lane.__table__, "step"), _column(Lane.__table__, "owner_id")

    def steps(owner: Owner) -> Collection[str]:
        return [name for name, whose in lanes.items() if whose is owner]

    connections = select(Connection.id).where(Connection.organization_id == organization_id)
    endpoints = select(Endpoint.id).where(Endpoint.organization_id == organization_id)
    return or_(
        and_(step.in_(steps(Owner.ORGANIZATION)), owner_id == organization_id),
        and_(step.in_(steps(Owner.CONNECTION)), owner_id.in_(connections)),
        and_(step.in_(steps(Owner.ENDPOINT)), owner_id.in_(endpoints)),
    )


def _owner(table: Table, owned: Collection[Table]) -> tuple[Column[Any], Table] | None:
    """The column that says whose a row is, and the table it leads to: the organization's, if the row must name one."""
    references = [(column, parent) for column, parent in _references(table) if parent in owned]
    ways = (
        [one for one in references if one[1] is Organization.__table__ and not one[0].nullable],
        [one for one in references if not one[0].nullable],
        [one for one in references if one[1] is Organization.__table__],
    )
    return next((found[0] for found in ways if found), None)


def _is_owner(table: Table, column: Column[Any]) -> bool:
    owner = _owner(table, owned_tables())
    return owner is not None and owner[0] is column


def _references(table: Table) -> list[tuple[Column[Any], Table]]:
    return [(key.parent, key.column.table) for key in sorted(table.foreign_keys, key=lambda one: one.parent.name)]


def _column(table: Any, name: str) -> Column[Any]:
    column: Column[Any] = table.c[name]
    return column
