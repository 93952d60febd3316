"""Counts the statements of a stretch of work, and shows the database's plans for them."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, text

from domain.push.effect import EffectState
from models.database import Database
from models.effects import Effect
from models.payments import Allocation, Payment
from tasks.context import Context


@dataclass
class Statements:
    """The statements sent to the database within a `counted` block."""

    seen: list[tuple[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        return len(self.seen)


@contextmanager
def counted(database: Database) -> Iterator[Statements]:
    """Counts every statement, but not those that begin or end transactions."""
    statements = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if not statement.startswith("BEGIN"):
            statements.seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    started = time.perf_counter()
    try:
        yield statements
    finally:
        statements.seconds = time.perf_counter() - started
        event.remove(database.engine, "before_cursor_execute", note)


def plan_of(database: Database, statement: str, parameters: Any) -> list[str]:
    """The steps in which the database carries out a statement, in its own words."""
    sqlite = database.engine.dialect.name == "sqlite"
    with database.engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
        rows = connection.exec_driver_sql(explain + statement, parameters).all()
    return [str(row[-1]).strip() for row in rows]


def refresh_statistics(database: Database) -> None:
    """Clears dead rows and updates statistics, as autovacuum does soon after such a large change; SQLite has none."""
    if database.engine.dialect.name == "sqlite":
        return
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


def database_bytes(database: Database) -> int:
    """How much room the database takes, with its indexes."""
    sqlite = database.engine.dialect.name == "sqlite"
    pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    with database.engine.connect() as connection:
        return int(connection.scalar(text(pages if sqlite else "SELECT pg_database_size(current_database())")) or 0)


def delivered(context: Context, *target_ids: int) -> int:
    """How many effects of these target connections have arrived; asked all the time, so in one statement."""
    with context.database.reading() as session:
        arrived = session.query(Effect).filter_by(state=EffectState.DELIVERED.value)
        return arrived.filter(Effect.connection_id.in_(target_ids)).count()


def delivered_of(context: Context, source_id: int, payment_ids: Sequence[str]) -> int:
    """How many effects of these payments have arrived. All of a long history would take longer to count."""
    with context.database.reading() as session:
        arrived = session.query(Effect).filter_by(state=EffectState.DELIVERED.value)
        arrived = arrived.join(Allocation, Allocation.id == Effect.allocation_id).join(Allocation.payment)
        return arrived.filter(Payment.connection_id == source_id, Payment.external_id.in_(payment_ids)).count()
