"""Shared by all tables: exact money, UTC time, and an insert that skips rows that already exist."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    bindparam,
    event,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from domain.money import AMOUNT_DIGITS_MAX, is_storable


class Base(DeclarativeBase):
    # Named constraints, so that a migration can drop one that an earlier migration made.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# SQLite increments rowids by itself only in a column whose type is exactly INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")
# No value is no value in the database either, and not the text "null".
Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


T = TypeVar("T", bound=Base)


# As it is stored.
_A_CENT = 10 ** (AMOUNT_DIGITS_MAX - 2)
_ONE_CENT = Decimal("0.01")


class ExactAmount(TypeDecorator[Decimal]):
    """A decimal as a whole number of 1/100,000: exact on both databases, and SQL can still add it up.

    SQLite has no decimal type (it would turn them into floats); QuickBooks writes at most five digits.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        if value is None:
            return None
        if not is_storable(value):
            raise ValueError(f"the amount {value} cannot be kept exactly")
        return int(value.scaleb(AMOUNT_DIGITS_MAX))

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else _plain(value)


def _plain(value: int) -> Decimal:
    """Keeps two digits where they are enough, so that 12.50 reads back as 12.50 and not as 12.50000."""
    cents, rest = divmod(value, _A_CENT)
    return Decimal(value).scaleb(-AMOUNT_DIGITS_MAX).normalize() if rest else _ONE_CENT * cents


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC, aware on both sides; SQLite stores no zone, so we add it when reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# The moment at which a statement that is made once is executed.
AT = bindparam("at", type_=UtcTime())


def say_as_the_row(session: Session, kept: Base, values: Mapping[str, Any]) -> None:
    """Makes the object agree with the row that this transaction has written; a rollback restores its old values.

    The object may belong to another session that is closed by now.
    """
    before = {name: getattr(kept, name) for name in values}
    _say(kept, values)
    # Undoes the last change first.
    event.listen(session, "after_rollback", lambda _session: _say(kept, before), once=True, insert=True)


def _say(kept: Base, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        set_committed_value(kept, name, value)


def with_id(session: Session, table: type[T], row_id: int) -> T | None:
    """The same as `session.get`, which makes its statement anew for each row that the session does not have yet."""
    if identity_key(table, row_id) in session.identity_map:
        return session.get(table, row_id)
    found: T | None = session.scalar(_with_id(table), {"of_id": row_id})
    return found


@cache
def _with_id(table: type[T]) -> Select[T]:
    return select(table).where(table.__table__.c.id == bindparam("of_id"))


def lock_in_order(session: Session, table: type[Base], *conditions: ColumnElement[bool]) -> None:
    """Locks these rows in the order of their ids, before an UPDATE or DELETE of all of them by the same conditions.

    Needs a statement of its own: one that locks and changes at once sees rows as they were when it began. If a row has
    changed since, it locks the old version once more, which can deadlock with a transaction waiting for the new one.
    The rows' keys stay free, as with any UPDATE: a new row elsewhere that references one of them locks its key, and two
    transactions that have both added such rows would otherwise wait for each other here.
    """
    session.execute(rows_in_order(table, *conditions)).all()


def rows_in_order(table: type[Base], *conditions: ColumnElement[bool]) -> Select[int]:
    """What `lock_in_order` executes, for a statement that is made once."""
    key = table.__table__.c.id
    return select(key).where(*conditions).order_by(key).with_for_update(key_share=True)


def of_one_or_all(column: ColumnElement[int] | Any, organization_id: int | None) -> list[ColumnElement[bool]]:
    """The rows of one organization, by the column that names it; without one, those of all."""
    return [] if organization_id is None else [column == organization_id]


class _Many(TypeDecorator[Sequence[Any]]):
    """Many values in one parameter: an array on PostgreSQL, and on SQLite, which has none, JSON."""

    impl = Text
    cache_ok = True

    def __init__(self, of: type[TypeEngine[Any]]) -> None:
        self.of = of
        super().__init__()

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(postgresql.ARRAY(self.of()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        return value if dialect.name == "postgresql" or value is None else json.dumps(value)


class one_of(FunctionElement[bool]):  # noqa: N801 - used like a function of the database
    """The same as `column.in_(values)`, for a thousand texts or ids: one parameter instead of one for each value.

    The drivers and SQLAlchemy take longer to write out a thousand parameters than the database takes to answer.

    Args:
        named: for a statement that is made once: the parameter that will have the values, as a list.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(
        self, column: InstrumentedAttribute[Any], values: Collection[Any] | None = None, *, named: str | None = None
    ) -> None:
        of = BigInteger if isinstance(column.type, Integer | BigInteger) else String
        given = None if values is None else list(values)
        super().__init__(column, bindparam(named, given, type_=_Many(of), required=named is not None))

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002
        # A comparison as it is. Else SQLite, which has no booleans, would be asked "... = 1", and use no index.
        return self


@compiles(one_of, "postgresql")
def _one_of_an_array(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY ({values})"


@compiles(one_of, "sqlite")
def _one_of_json(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - compiled pieces, no text of anybody


def insert_new(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Inserts the rows that do not clash with a unique constraint; returns how many it inserted.

    All rows name the same columns: what the first one does not name is not written for any.

    Inserts in the order of their values: if two transactions insert the same rows, one waits at the first shared row,
    and they never wait for each other.
    """
    if not rows:
        return 0
    # What the session has gathered is written first, as before any statement over a class.
    session.flush()
    statement = _insert_new(session.get_bind().dialect.name, table)
    return len(session.execute(statement, sorted(rows, key=_order_of(table))).all())


@cache
def _insert_new(dialect: str, table: type[Base]) -> Any:
    """Over the table: over the class, SQLAlchemy writes an INSERT out anew each time."""
    rows = cast("Table", table.__table__)
    return insert_for(dialect)(rows).on_conflict_do_nothing().returning(rows.c.id)


def insert_one(session: Session, table: type[T], row: Mapping[str, Any]) -> T | None:
    """Inserts the row and returns it; None if it clashes with a unique constraint."""
    statement = _insert(session)(table).values(**row).on_conflict_do_nothing().returning(table)
    inserted: T | None = session.scalars(statement).first()
    return inserted


def add_or_change(
    session: Session, table: type[T], row: Mapping[str, Any], *, unique: Sequence[str], change: Mapping[str, Any]
) -> T:
    """Inserts the row, or changes the one that clashes with it; returns the resulting row, locked.

    Uses one statement: between two of them another transaction could delete the row.
    """
    statement = _insert(session)(table).values(**row).on_conflict_do_update(index_elements=list(unique), set_=change)
    kept: T = session.scalars(statement.returning(table), execution_options={"populate_existing": True}).one()
    return kept


def insert_for(dialect: str) -> Any:
    """The database's own INSERT, which says what to do where a row is there already."""
    return sqlite.insert if dialect == "sqlite" else postgresql.insert


def _insert(session: Session) -> Any:
    return insert_for(session.get_bind().dialect.name)


@cache
def _order_of(table: type[Base]) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    """Sorts by the row's unique keys, in the same order in every process."""
    rows = cast("Table", table.__table__)
    unique = [one.columns.keys() for one in rows.constraints if isinstance(one, UniqueConstraint)]
    unique += [one.columns.keys() for one in rows.indexes if one.unique]
    keys = [name for names in sorted(unique) for name in names]
    return lambda row: tuple(str(row.get(key, "")) for key in keys)
