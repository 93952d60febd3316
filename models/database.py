"""The engine, and three ways to use it: `reading`, `writing` and `write`, all of them short.

SQLite is the embedded default, PostgreSQL the production choice; the same statements run on both. Any reason why
either cannot be used is a `DatabaseUnavailable` (`models/unavailable.py`).
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Engine, create_engine, event, make_url, orm, text
from sqlalchemy.sql.compiler import InsertmanyvaluesSentinelOpts

from models.private_files import make_private_directory, make_private_file
from models.resting_connections import ask_who_has_rested
from models.silent_peers import CONNECT_ARGUMENTS, tell_server
from models.unavailable import (
    DatabaseBusy,
    told_as_unavailable,
)

if TYPE_CHECKING:
    from alembic.config import Config


T = TypeVar("T")

# A writer waits this long for another writer's lock before it gives up (SQLite allows one writer at a time).
PATIENCE = timedelta(seconds=30)
# What PostgreSQL is told who we are. The migration `ledger_changes` knows this name.
PROGRAM = "payments"
# How long to wait for one of the process's own connections when all are in use.
_POOL_SECONDS = 10
_RESERVED = 9
# How long `write_unless_locked` waits for a row on PostgreSQL: longer than a transaction takes on a busy day.
_MOMENT = timedelta(seconds=1)
_WRITES = "external_payments_writes"
_PATIENCE = "external_payments_patience"
_BEGIN = "external_payments_begin"
# A transaction that had to give way is repeated so often, after a pause that doubles.
_TRIES_MAX = 5
_PAUSE_SECONDS = 0.02


class Session(orm.Session):
    """Returned by a `Database`. Code that passes it on to queries names this class, and nothing else of SQLAlchemy."""


class Database:
    """Hands out sessions. One per process; threads share it, sessions are never shared."""

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.url = url
        self.engine = _make_engine(url, pool_size)
        self._sessions = _sessions(self.engine)
        self._writing_sessions = _sessions(self.engine.execution_options(**{_WRITES: True}))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with told_as_unavailable(), self._sessions() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back by any exception. Never held open during a wire call."""
        with told_as_unavailable(), self._writing_sessions.begin() as session:
            yield session

    def write(self, work: Callable[[Session], T], patience: timedelta = PATIENCE) -> T:
        """Runs one transaction like `writing`, and repeats it if it conflicted with another one and had to give way.

        Args:
            work: everything that the transaction does; anything it leaves in memory must survive a second run.
            patience: for all tries together. After that, `DatabaseBusy`.
        """
        ends = time.monotonic() + patience.total_seconds()

        def once() -> T:
            with told_as_unavailable(), self._patient(patience, ends).begin() as session:
                return work(session)

        return again_when_busy(once, patience)

    def write_unless_locked(self, work: Callable[[Session], T]) -> T:
        """Like `write`, once, for what others may do as well: on a row that another transaction keeps it gives up soon.

        SQLite has no locks of rows. There it waits as long as any writer.
        """
        with told_as_unavailable(), self._hasty_sessions.begin() as session:
            return work(session)

    @cached_property
    def _hasty_sessions(self) -> orm.sessionmaker[Session]:
        if self.engine.dialect.name == "sqlite":
            return self._writing_sessions
        return _sessions(self.engine.execution_options(**{_WRITES: True, _PATIENCE: _MOMENT.total_seconds()}))

    def _patient(self, patience: timedelta, ends: float) -> orm.sessionmaker[Session]:
        if patience == PATIENCE:
            return self._writing_sessions
        options = {_WRITES: True, _PATIENCE: max(ends - time.monotonic(), _PAUSE_SECONDS)}
        return _sessions(self.engine.execution_options(**options))

    @cached_property
    def reserved(self) -> "Database":
        """The same database through a few connections of its own, for work that must not wait for those in use."""
        return Database(self.url, _RESERVED)

    def ping(self) -> None:
        """Raises DatabaseUnavailable if the database does not answer."""
        with told_as_unavailable(), self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def get_ready(self) -> None:
        """Does what the first transaction would take a second for; raises as `ping` does."""
        orm.configure_mappers()
        self.ping()

    def close(self) -> None:
        self.engine.dispose()
        if "reserved" in self.__dict__:
            self.reserved.close()


def _sessions(engine: Engine) -> orm.sessionmaker[Session]:
    return orm.sessionmaker(engine, class_=Session, expire_on_commit=False)


def again_when_busy(work: Callable[[], T], patience: timedelta = PATIENCE) -> T:
    """Does the work, and repeats it if it conflicted with another transaction and had to give way.

    For work that may be repeated from its beginning, even if it has several transactions.
    """
    ends = time.monotonic() + patience.total_seconds()
    for tried in count(1):
        try:
            return work()
        except DatabaseBusy:
            pause = _pause_after(tried)
            if tried >= _TRIES_MAX or time.monotonic() + pause >= ends:
                raise
        time.sleep(pause)
    raise AssertionError("every try ends somehow")


def _pause_after(tries: int) -> float:
    """Varies the pause: two transactions that met would meet again."""
    return _PAUSE_SECONDS * (1 << tries) * random.uniform(0.5, 1.5)  # noqa: S311 - no secret


def upgrade(url: str, to: str = "head") -> None:
    """Brings the schema of the database at this address up to date, while others work with it.

    Args:
        to: the revision at which it ends; tests begin with that of a release.

    Raises:
        SchemaTooOld: this program cannot upgrade from that schema.
    """
    # Imported here: it takes a third of a second, which most commands would wait for in vain.
    from alembic import command

    file = _sqlite_file(url)
    if file is not None:
        make_private_directory(file.parent)
        make_private_file(file)
    with told_as_unavailable():
        command.upgrade(_alembic_config(url), to)


def _alembic_config(url: str) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config


def _sqlite_file(url: str) -> Path | None:
    address = make_url(url)
    name = address.database or ""
    if not address.drivername.startswith("sqlite") or name in ("", ":memory:") or name.startswith("file:"):
        return None
    return Path(name)


# An error that repeats the values of its statement would show customers, amounts and hashes to whoever reads the log.
_SAYS_NO_VALUES: dict[str, Any] = {"hide_parameters": True}
# A connection keeps the largest statement that it ever sent, for as long as it lives. That of a thousand changes, each
# with its payment, takes megabytes.
_ROWS_IN_A_STATEMENT: dict[str, Any] = {"insertmanyvalues_page_size": 200}


def _make_engine(url: str, pool_size: int) -> Engine:
    pool = {"pool_size": pool_size, "max_overflow": 20, "pool_timeout": _POOL_SECONDS}
    options = {**_SAYS_NO_VALUES, **_ROWS_IN_A_STATEMENT, **pool}
    if make_url(url).drivername.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": PATIENCE.total_seconds()}, **options)
        file = _sqlite_file(url)
        if file is not None:
            # Before SQLite creates the file, with whatever permissions the process has by default.
            event.listen(engine, "do_connect", lambda *_: make_private_file(file))
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _say_how_to_begin)
        engine.dialect.do_begin = _begin_sqlite  # type: ignore[method-assign, assignment]
        # Many new rows in one statement, as on PostgreSQL: SQLite gives the rows of one INSERT ascending ids, in the
        # order in which they stand there. SQLAlchemy sorts what comes back by them.
        engine.dialect.insertmanyvalues_implicit_sentinel = InsertmanyvaluesSentinelOpts.ANY_AUTOINCREMENT
        return engine
    # Under this name an operator finds us in pg_stat_activity, and a trigger tells us from older releases.
    # Nothing is prepared: the driver forgets all of it at each rollback, as which every reading transaction ends, and
    # until then keeps a hundred statements, some of them with the places of a thousand rows.
    arguments = {"application_name": PROGRAM, "prepare_threshold": None, **CONNECT_ARGUMENTS}
    engine = create_engine(url, connect_args=arguments, **options)
    ask_who_has_rested(engine)
    # Without a limit, one forgotten session with a lock would hold every worker's thread for ever.
    tell_server(engine, {"lock_timeout": _patience_milliseconds({})})
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _configure_sqlite(connection: SQLiteConnection, _record: Any) -> None:
    # The driver's own transaction handling is off; `_begin_sqlite` begins.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL and not NORMAL: after a power cut, a lost intent to pay could be sent twice.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _say_how_to_begin(connection: Any) -> None:
    options = connection.get_execution_options()
    patience = _patience_milliseconds(options)
    # It stays with the connection, and is nearly always the same.
    if connection.info.get(_PATIENCE) != patience:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={patience}")
        connection.info[_PATIENCE] = patience
    # A transaction that reads first and writes later fails with "database is locked" when another one wrote in
    # between. Taking the write lock at once makes compare-and-set work here as on PostgreSQL.
    connection.info[_BEGIN] = "BEGIN IMMEDIATE" if options.get(_WRITES, False) else "BEGIN"


def _begin_sqlite(connection: Any) -> None:
    """Where SQLAlchemy begins, and by the driver itself: as a statement of SQLAlchemy's it takes ten times as long."""
    connection.execute(connection.info[_BEGIN])


def _begin_postgresql(connection: Any) -> None:
    options = connection.get_execution_options()
    if _PATIENCE in options:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_patience_milliseconds(options)}")


def _patience_milliseconds(options: Any) -> int:
    return int(options.get(_PATIENCE, PATIENCE.total_seconds()) * 1000)
