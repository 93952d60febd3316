"""A connection to PostgreSQL whose other end has fallen silent ends in half a minute, and so do the locks behind it."""

import contextlib
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from models import silent_peers
from models.database import Database, upgrade
from models.lanes import Lane
from models.unavailable import DatabaseAway
from tests.servers import PostgresqlDatabases

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="TCP_USER_TIMEOUT is an option of Linux")


@pytest.fixture
def url(postgresql_databases: PostgresqlDatabases) -> Iterator[str]:
    with postgresql_databases.fresh() as opened:
        yield opened


def test_our_end_and_the_server_s_notice_within_the_same_time(url: str) -> None:
    with contextlib.closing(Database(url)) as database, database.writing() as session:
        driver = session.connection().connection.driver_connection
        with socket.socket(fileno=socket.dup(driver.fileno())) as ours:
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 25_000
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
        wanted = {
            "tcp_user_timeout": "25000",
            "tcp_keepalives_idle": "10",
            "idle_in_transaction_session_timeout": "25s",
        }
        for name, value in wanted.items():
            # Of the socket itself, where the server reports what the system says.
            assert session.scalar(text(f"SHOW {name}")) == value, name


def test_migrations_are_as_careful_with_their_locks(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A setting that no server has: the first connection of whoever sets them all is refused.
    monkeypatch.setattr(silent_peers, "OF_SESSION", {"no_such_setting": 1})
    with pytest.raises(Exception, match="no_such_setting"):
        upgrade(url)


def test_the_locks_of_a_host_that_stands_still_in_a_transaction_are_let_go(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(silent_peers.OF_SESSION, "idle_in_transaction_session_timeout", 500)
    with contextlib.closing(Database(url)) as frozen, contextlib.closing(Database(url)) as other:
        other.write(lambda session: session.add(Lane(step="push", owner_id=1)))

        def stands_still(session: Any) -> None:
            session.execute(text("UPDATE lane SET fencing = 1"))
            # It waits for the lock, and gets it while the first transaction is still open.
            other.write(lambda writer: writer.execute(text("UPDATE lane SET fencing = 2")))
            session.execute(text("UPDATE lane SET fencing = 3"))

        with pytest.raises(DatabaseAway):
            frozen.write(stands_still)
        with other.reading() as reader:
            assert reader.scalar(text("SELECT fencing FROM lane")) == 2
