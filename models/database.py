"""The engine, and the two ways of using it: `reading` and `writing`, both short.

SQLite is the embedded default, PostgreSQL the production choice; the same statements run on both.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

# A writer waits this long for another one before it gives up (SQLite allows one writer at a time).
BUSY_SECONDS = 30
_WRITES = "external_payments_writes"

DatabaseAway = (OperationalError, DBAPIError)


class Database:
    """Hands out sessions. One per process; threads share it, sessions are never shared."""

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.url = url
        self.engine = _make_engine(url, pool_size)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._writing_sessions = sessionmaker(self.engine.execution_options(**{_WRITES: True}), expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with self._sessions() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back by any exception. Never keep it over a wire call."""
        with self._writing_sessions.begin() as session:
            yield session

    def ping(self) -> None:
        """Raises what the driver raises when the database is away."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()


def upgrade(url: str, revision: str = "head") -> None:
    """Brings the schema of the database at this address up to date, or up to an older revision."""
    if make_url(url).drivername.startswith("sqlite"):
        Path(make_url(url).database or ".").parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(_alembic_config(url), revision)


def _alembic_config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config


def _make_engine(url: str, pool_size: int) -> Engine:
    if make_url(url).drivername.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=pool_size, max_overflow=20)
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=20,
        pool_pre_ping=True,
        # A dead server is noticed in seconds, not after the operating system's two hours.
        connect_args={"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3},
    )


def _configure_sqlite(connection: SQLiteConnection, _record: Any) -> None:
    # The driver's own transaction handling is off; `_begin_sqlite` begins.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL and not NORMAL: an intent to pay that a power cut forgets could be sent twice.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # A transaction that reads first and writes later fails with "database is locked" when another one wrote in
    # between; taking the write lock at once is what makes compare-and-set work here as on PostgreSQL.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
