"""How a database is upgraded while the last release goes on working with it. Read docs/upgrading.md before a migration.

Each migration is a transaction of its own, so that no lock is held for longer than one of them takes. A change of a
table waits for everybody who is at work in it, and everybody who comes later waits behind it: after two seconds it
gives way, lets the others go on, and tries again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import structlog
from alembic import op
from sqlalchemy import Connection, Engine, TextClause, text

from models.schema import drop_broken_index
from models.unavailable import DatabaseBusy, told_as_unavailable

log = structlog.get_logger()

# So long, a worker of the last release may have to wait for us, and we for it.
GIVE_WAY_MILLISECONDS = 2_000
# A table that is busy without a pause for so long has another trouble than us.
PATIENCE = timedelta(minutes=15)
_PAUSE_SECONDS = 0.5
# Any number that nobody else in this database uses for the same purpose.
_UPGRADING = 7_236_301


def again_after_giving_way(work: Callable[[], None]) -> None:
    """Does the work, and does it again from its beginning whenever others had to be let go first.

    Raises:
        DatabaseBusy: others were at work in the table for a quarter of an hour.
    """
    ends = time.monotonic() + PATIENCE.total_seconds()
    while True:
        try:
            with told_as_unavailable():
                return work()
        except DatabaseBusy as error:
            if time.monotonic() > ends:
                raise
            log.info("migration.gives_way", error=str(error).strip().partition("\n")[0])
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """While nobody else upgrades this database; waits for whoever does. On SQLite the file's own lock is enough."""
    if engine.dialect.name == "sqlite":
        yield
        return
    # Without a transaction: an index that is built while others write waits for every transaction older than itself.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _UPGRADING}):
            time.sleep(_PAUSE_SECONDS)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _UPGRADING})


def create_index_online(name: str, table: str, columns: Sequence[str], where: TextClause | None = None) -> None:
    """Makes an index while others write to its table; leaves alone one that is there.

    What it has done stays when the migration fails after it: such a migration makes indexes and nothing else.
    """
    if op.get_context().dialect.name == "sqlite":
        op.create_index(name, table, columns, sqlite_where=where, if_not_exists=True)
        return
    with _without_transaction() as connection:
        drop_broken_index(connection, name)
        op.create_index(name, table, columns, postgresql_where=where, postgresql_concurrently=True, if_not_exists=True)


def replace_index_online(name: str, table: str, columns: Sequence[str]) -> None:
    """Like `create_index_online`, in the place of an index of the same name, which serves until the new one is there."""
    if op.get_context().dialect.name == "sqlite":
        op.drop_index(name, table)
        op.create_index(name, table, columns)
        return
    coming = f"{name}_new"
    create_index_online(coming, table, columns)
    with _without_transaction() as connection:
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
        connection.exec_driver_sql(f"ALTER INDEX {coming} RENAME TO {name}")


@contextmanager
def _without_transaction() -> Iterator[Connection]:
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        # It waits for transactions that began before it, holding up nobody; broken off, it would leave a broken index.
        connection.exec_driver_sql("SET lock_timeout = 0")
        try:
            yield connection
        finally:
            connection.exec_driver_sql(f"SET lock_timeout = {GIVE_WAY_MILLISECONDS}")
