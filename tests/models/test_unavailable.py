"""Every way in which a database can be of no use now is one class; what it refuses stays what it is."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models.connections import heard_from
from models.database import Database
from models.lanes import Lane
from models.unavailable import DatabaseAway, DatabaseBusy, DatabaseUnavailable
from tests.models.races import at_once
from tests.models.rows import NOW, add_books
from tests.servers import PostgresqlDatabases, SqliteDatabases, psycopg_url

MOMENT = timedelta(seconds=0.3)


@pytest.fixture
def postgresql(postgresql_databases: PostgresqlDatabases) -> Iterator[Database]:
    with postgresql_databases.fresh() as url, contextlib.closing(Database(url)) as opened:
        yield opened


@pytest.fixture
def sqlite(sqlite_databases: SqliteDatabases, tmp_path: Path) -> Iterator[Database]:
    with contextlib.closing(Database(sqlite_databases.fresh(tmp_path))) as opened:
        yield opened


def a_lane(session: Any) -> None:
    session.add(Lane(step="push", owner_id=1))


# --- what PostgreSQL says ---

STATES = [
    ("40001", DatabaseBusy),  # serialization failure
    ("40P01", DatabaseBusy),  # deadlock
    ("55P03", DatabaseBusy),  # waited too long for a lock
    ("08006", DatabaseAway),  # connection failure
    ("25006", DatabaseAway),  # read-only: a replica after a failover
    ("28P01", DatabaseAway),  # password
    ("3D000", DatabaseAway),  # no such database
    ("53100", DatabaseAway),  # disk full
    ("53200", DatabaseAway),  # out of memory
    ("53300", DatabaseAway),  # too many connections
    ("57014", DatabaseAway),  # canceled
    ("57P01", DatabaseAway),  # administrator's command
    ("57P02", DatabaseAway),  # crash of another session
    ("57P03", DatabaseAway),  # starting up
    ("57P05", DatabaseAway),  # idle for too long
    ("58030", DatabaseAway),  # input or output
    ("22001", DBAPIError),  # a text that is too long
    ("22021", DBAPIError),  # NUL in a text
    ("23505", DBAPIError),  # a broken constraint
    ("42601", DBAPIError),  # nonsense
    ("42P01", DBAPIError),  # no such table
    ("42703", DBAPIError),  # no such column
    ("42501", DBAPIError),  # not allowed
    ("54001", DBAPIError),  # too complex
]


@pytest.mark.parametrize(("state", "told"), STATES, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("use", ["reading", "writing"])
def test_what_postgresql_says_is_told_apart(postgresql: Database, use: str, state: str, told: type[Exception]) -> None:
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(told), getattr(postgresql, use)() as session:
        session.execute(text(statement))


def test_a_server_that_is_not_there_is_away() -> None:
    with contextlib.closing(Database("postgresql+psycopg://nobody@127.0.0.1:9/none")) as nowhere:
        for use in (nowhere.ping, lambda: nowhere.write(a_lane)):
            with pytest.raises(DatabaseAway):
                use()


def test_a_session_that_is_ended_by_the_administrator_is_away(postgresql: Database) -> None:
    def ended(session: Any) -> None:
        (pid,) = session.execute(text("SELECT pg_backend_pid()")).one()
        with psycopg.connect(psycopg_url(postgresql.url), autocommit=True) as administrator:
            administrator.execute("SELECT pg_terminate_backend(%s)", [pid])
        a_lane(session)

    with pytest.raises(DatabaseAway):
        postgresql.write(ended)
    postgresql.write(a_lane)


def test_a_replica_after_a_failover_is_away_and_comes_back(postgresql: Database) -> None:
    name = postgresql.url.rpartition("/")[2]
    with psycopg.connect(psycopg_url(postgresql.url), autocommit=True) as administrator:
        administrator.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        with pytest.raises(DatabaseAway):
            postgresql.write(a_lane)
        administrator.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    postgresql.close()
    postgresql.write(a_lane)


def test_too_many_connections_are_away(postgresql: Database) -> None:
    with psycopg.connect(psycopg_url(postgresql.url), autocommit=True) as administrator:
        administrator.execute("DROP ROLE IF EXISTS crowded")
        administrator.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
        crowded = Database(postgresql.url.replace("postgres@", "crowded@"))
        with contextlib.closing(crowded), pytest.raises(DatabaseAway):
            crowded.ping()
        administrator.execute("DROP ROLE crowded")


def test_a_lock_that_is_held_for_too_long_is_busy(postgresql: Database) -> None:
    with psycopg.connect(psycopg_url(postgresql.url)) as holder:
        holder.execute("LOCK TABLE lane IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseBusy):
            postgresql.write(a_lane, MOMENT)
    postgresql.write(a_lane, MOMENT)


# --- what SQLite says ---


def test_a_lock_that_is_held_for_too_long_is_busy_on_sqlite_too(sqlite: Database) -> None:
    with contextlib.closing(sqlite3.connect(sqlite.url.removeprefix("sqlite:///"))) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            sqlite.write(a_lane, MOMENT)
        holder.rollback()
    sqlite.write(a_lane, MOMENT)


def test_a_full_disk_is_away_on_sqlite(sqlite: Database) -> None:
    def too_much(session: Any) -> None:
        session.execute(text("PRAGMA max_page_count = 1"))
        session.add_all([Lane(step="x" * 15, owner_id=number, holder="y" * 200) for number in range(500)])

    with pytest.raises(DatabaseAway):
        sqlite.write(too_much)


def test_a_file_that_cannot_be_opened_is_away(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/not/there.sqlite", f"sqlite:///{tmp_path}"):
        with contextlib.closing(Database(url)) as nowhere, pytest.raises(DatabaseAway):
            nowhere.ping()


def test_a_file_that_is_none_is_away(tmp_path: Path) -> None:
    file = tmp_path / "letter.sqlite"
    file.write_text("Dear reader, this is no database at all. " * 50)
    with contextlib.closing(Database(f"sqlite:///{file}")) as letter, pytest.raises(DatabaseAway):
        letter.ping()


# --- on both ---

REFUSED: list[Callable[[Any], object]] = [
    lambda session: session.execute(text("SELECT * FROM no_such_table")),
    lambda session: session.execute(text("SELECT no_such_column FROM lane")),
    lambda session: session.execute(text("this is no SQL")),
    lambda session: (a_lane(session), session.flush(), a_lane(session), session.flush()),
]


@pytest.mark.parametrize("statement", REFUSED)
def test_what_the_database_refuses_is_a_bug_of_ours(database: Database, statement: Callable[[Any], object]) -> None:
    with pytest.raises(DBAPIError), database.writing() as session:
        statement(session)


def test_more_threads_than_connections_are_busy_and_not_a_traceback(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.2)
    with contextlib.ExitStack() as all_in_use:
        for _ in range(30):
            all_in_use.enter_context(database.engine.connect())
        with pytest.raises(DatabaseBusy):
            database.ping()
    database.ping()


@pytest.mark.parametrize("failures", [1, 3])
def test_who_had_to_give_way_does_it_again(database: Database, failures: int) -> None:
    tries = []

    def work(session: Any) -> int:
        a_lane(session)
        session.flush()
        tries.append(1)
        if len(tries) <= failures:
            raise DatabaseBusy("deadlock detected")
        return len(tries)

    assert database.write(work) == failures + 1
    with database.reading() as session:
        assert session.query(Lane).count() == 1


def test_nobody_gives_way_for_ever(database: Database) -> None:
    tries = []

    def work(_session: Any) -> None:
        tries.append(1)
        raise DatabaseBusy("deadlock detected")

    with pytest.raises(DatabaseUnavailable):
        database.write(work)
    assert 2 <= len(tries) <= 10


def test_a_real_deadlock_ends_with_both_having_written(postgresql: Database) -> None:
    """Two who lock crosswise against all rules: one gives way, and does it again."""
    one, other = add_books(postgresql, "northwind"), add_books(postgresql, "southwind")
    both = threading.Barrier(2)
    tries = []

    def work(number: int) -> None:
        first, second = (one, other)[:: 1 if number else -1]

        def cross(session: Any) -> None:
            tries.append(number)
            heard_from(session, [first.source_id], NOW)
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(5 if len(tries) <= 2 else 0.01)
            heard_from(session, [second.source_id], NOW)

        postgresql.write(cross)

    assert at_once(2, work) == [None, None]
    # On a busy machine the two may meet again.
    assert len(tries) >= 3
