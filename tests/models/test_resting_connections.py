"""A connection that the server has ended meanwhile is noticed before work begins on it, unless it was at work just now."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event, text

from models import resting_connections
from models.database import Database
from tests.servers import PostgresqlDatabases


@pytest.fixture
def url(postgresql_databases: PostgresqlDatabases) -> Iterator[str]:
    with postgresql_databases.fresh() as opened:
        yield opened


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url, pool_size=1)
    yield opened
    opened.close()


def process_of(database: Database) -> int:
    """The server's process for the connection that is used."""
    with database.reading() as session:
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def end(url: str, process_id: int) -> None:
    other = Database(url)
    with other.writing() as session:
        session.execute(text("SELECT pg_terminate_backend(:process_id, 10000)"), {"process_id": process_id})
    other.close()


def test_one_that_died_while_it_rested_is_replaced_unseen(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resting_connections, "RESTED_SECONDS", 0.0)
    before = process_of(database)
    end(url, before)
    assert process_of(database) != before


def test_one_that_comes_and_goes_is_not_asked_each_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resting_connections, "RESTED_SECONDS", 3600.0)
    process_of(database)
    asked: list[str] = []
    monkeypatch.setattr(database.engine.dialect, "do_ping", lambda connection: asked.append("asked"))
    sent: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *what: sent.append(what[2]))
    for _ in range(5):
        process_of(database)
    assert (len(sent), asked) == (5, [])
