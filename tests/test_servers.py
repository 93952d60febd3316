import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import redis

from tests import servers
from tests.databases import About, databases_for
from tests.servers import (
    OUTLIVES_ITS_SERVER,
    PostgresqlDatabases,
    SqliteDatabases,
    psycopg_url,
    running_postgresql,
    temporary_directory,
)
from tests.world import open_world

ROOT = Path(__file__).parents[1]


def migrate(url: str) -> None:
    """Stands in for the product's migrations, so that these tests are about the copies alone."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE payments (id INTEGER)")
            connection.commit()
    else:
        with psycopg.connect(psycopg_url(url)) as connection:
            connection.execute("CREATE TABLE payments (id INTEGER)")
            connection.execute("CREATE TABLE history (id INTEGER)")
            connection.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql"
                " AS $$ BEGIN RAISE EXCEPTION 'history is only ever added to'; END $$"
            )
            connection.execute("CREATE TRIGGER kept BEFORE DELETE ON history EXECUTE FUNCTION refuse()")


@pytest.fixture(scope="module")
def databases(postgresql_url: str) -> Iterator[PostgresqlDatabases]:
    databases = PostgresqlDatabases(postgresql_url, migrate)
    yield databases
    databases.close()


def test_every_fresh_postgresql_database_is_migrated_and_empty(databases: PostgresqlDatabases) -> None:
    for _ in range(2):
        with databases.fresh() as url, psycopg.connect(psycopg_url(url)) as connection:
            assert url.startswith("postgresql+psycopg://")
            assert connection.execute("SELECT count(*) FROM payments").fetchone() == (0,)
            connection.execute("INSERT INTO payments VALUES (1)")


def test_a_postgresql_database_is_emptied_for_the_next_test_even_with_a_forgotten_connection(
    databases: PostgresqlDatabases,
) -> None:
    with databases.fresh() as url:
        forgotten = psycopg.connect(psycopg_url(url))
        forgotten.execute("INSERT INTO payments VALUES (1)")
    forgotten.close()
    with databases.fresh() as again, psycopg.connect(psycopg_url(again)) as connection:
        assert again == url
        assert connection.execute("SELECT count(*) FROM payments").fetchone() == (0,)


def test_a_postgresql_database_whose_history_nobody_may_delete_is_emptied_all_the_same(
    databases: PostgresqlDatabases,
) -> None:
    with databases.fresh() as url, psycopg.connect(psycopg_url(url)) as connection:
        connection.execute("INSERT INTO history VALUES (1)")
    with databases.fresh() as again, psycopg.connect(psycopg_url(again)) as connection:
        assert again == url
        assert connection.execute("SELECT count(*) FROM history").fetchone() == (0,)
        connection.execute("INSERT INTO history VALUES (1)")
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("DELETE FROM history")


def test_what_the_product_has_written_is_emptied_and_no_database_is_made_anew(
    postgresql_databases: PostgresqlDatabases,
) -> None:
    with postgresql_databases.fresh() as url, open_world(url) as world:
        world.learn_our_name()
    with postgresql_databases.fresh() as again:
        assert again == url


def test_a_postgresql_database_with_another_schema_is_not_used_again(databases: PostgresqlDatabases) -> None:
    with databases.fresh() as url, psycopg.connect(psycopg_url(url)) as connection:
        connection.execute("ALTER TABLE payments ADD COLUMN more integer")
    with databases.fresh() as another:
        assert another != url


def test_the_template_goes_with_its_last_test_and_after_a_failed_migration(postgresql_url: str) -> None:
    def fail(url: str) -> None:
        raise ZeroDivisionError

    working, failing = PostgresqlDatabases(postgresql_url, migrate), PostgresqlDatabases(postgresql_url, fail)
    with working.fresh():
        pass
    working.close()
    with pytest.raises(ZeroDivisionError), failing.fresh():
        pass
    with psycopg.connect(psycopg_url(postgresql_url)) as connection:
        names = [row[0] for row in connection.execute("SELECT datname FROM pg_database")]
    assert not [name for name in names if name.startswith((working._prefix, failing._prefix))]


def test_every_fresh_sqlite_database_is_migrated_and_empty(tmp_path: Path) -> None:
    databases = SqliteDatabases(tmp_path, migrate)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        url = databases.fresh(tmp_path / name)
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            assert connection.execute("SELECT count(*) FROM payments").fetchone() == (0,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            connection.execute("INSERT INTO payments VALUES (1)")
            connection.commit()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_postgresql_that_was_stopped_goes_on_with_what_was_committed(how: signal.Signals) -> None:
    with temporary_directory() as directory, running_postgresql(directory, OUTLIVES_ITS_SERVER) as server:
        with psycopg.connect(psycopg_url(server.url), autocommit=True) as connection:
            connection.execute("CREATE TABLE payments (id INTEGER)")
            connection.execute("INSERT INTO payments VALUES (1)")
        server.stop(how)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(psycopg_url(server.url), connect_timeout=5)
        server.start()
        with psycopg.connect(psycopg_url(server.url)) as connection:
            assert connection.execute("SELECT count(*) FROM payments").fetchone() == (1,)


def test_every_test_gets_an_empty_redis(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_every_test_gets_an_empty_redis_again(redis_url: str) -> None:
    test_every_test_gets_an_empty_redis(redis_url)


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "example.com"])
def test_a_test_cannot_leave_this_machine(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as outbound, pytest.raises(PermissionError, match="only connect to this machine"):
        outbound.connect((address, 443))


def test_a_test_can_use_unix_sockets_and_loopback(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "socket"))
        server.listen()
        client.connect(str(tmp_path / "socket"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()


ONE_TEST = """
import pytest
from tests import servers

@pytest.fixture(scope="session", autouse=True)
def no_migrations():
    servers.MIGRATE = lambda url: None if "sqlite" not in url else (
        __import__("sqlite3").connect(url.removeprefix("sqlite:///")).close()
    )

{marked}
def test_it(database_url):
    assert database_url
"""


def run_pytest(tmp_path: Path, *options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A run of its own, in a copy of this directory's fixtures with a test that names its database.

    It stands there as it is, with each of two markers, and in one folder of each subject.
    """
    tests = tmp_path / "tests"
    for folder in ("models", "usecases"):
        (tests / folder).mkdir(parents=True)
    for name in ("compiling.py", "conftest.py", "databases.py", "servers.py"):
        (tests / name).write_text((ROOT / "tests" / name).read_text())
    (tests / "test_plain.py").write_text(ONE_TEST.format(marked=""))
    (tests / "test_marked.py").write_text(ONE_TEST.format(marked="@pytest.mark.both_databases"))
    (tests / "test_statements.py").write_text(ONE_TEST.format(marked="@pytest.mark.both_in_the_build"))
    for folder in ("models", "usecases"):
        (tests / folder / "test_folder.py").write_text(ONE_TEST.format(marked=""))
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--import-mode=importlib"]
    command += ["--rootdir", str(tmp_path), "-c", os.devnull, *options]
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    return subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": paths} | environment,
    )


@pytest.mark.proof
def test_a_test_says_which_database_it_runs_on(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "--databases=both", "tests/test_plain.py")
    assert "2 passed" in done.stdout, done.stdout
    assert "test_it[sqlite] PASSED" in done.stdout
    assert "test_it[postgresql] PASSED" in done.stdout


@pytest.mark.parametrize(
    ("asked", "plain", "with_statements", "where_the_database_decides"),
    [
        ("as-marked", ("sqlite",), ("sqlite",), ("postgresql",)),
        ("left-out", (), ("postgresql",), ("sqlite",)),
        ("sqlite", ("sqlite",), ("sqlite",), ("sqlite",)),
        ("postgresql", ("postgresql",), ("postgresql",), ("postgresql",)),
        ("both", ("sqlite", "postgresql"), ("sqlite", "postgresql"), ("sqlite", "postgresql")),
    ],
)
def test_everything_runs_on_the_databases_that_are_asked_for(
    asked: str,
    plain: tuple[str, ...],
    with_statements: tuple[str, ...],
    where_the_database_decides: tuple[str, ...],
) -> None:
    assert databases_for(asked, About.NEITHER) == plain
    assert databases_for(asked, About.STATEMENTS) == with_statements
    assert databases_for(asked, About.THE_DATABASE) == where_the_database_decides


@pytest.mark.proof
def test_the_database_decides_where_a_test_is_marked_so_or_stands_in_a_folder_that_is_about_it(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "--collect-only", "-q", "-q", "tests")
    assert sorted(line for line in done.stdout.splitlines() if "::" in line) == [
        "tests/models/test_folder.py::test_it[postgresql]",
        "tests/test_marked.py::test_it[postgresql]",
        "tests/test_plain.py::test_it[sqlite]",
        "tests/test_statements.py::test_it[sqlite]",
        "tests/usecases/test_folder.py::test_it[sqlite]",
    ]


@pytest.mark.proof
def test_what_runs_on_one_of_them_can_be_had_on_the_other_as_well(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "--databases=left-out", "--collect-only", "-q", "-q", "tests")
    assert sorted(line for line in done.stdout.splitlines() if "::" in line) == [
        "tests/models/test_folder.py::test_it[sqlite]",
        "tests/test_marked.py::test_it[sqlite]",
        "tests/test_statements.py::test_it[postgresql]",
        "tests/usecases/test_folder.py::test_it[postgresql]",
    ]


@pytest.mark.proof
def test_a_postgresql_that_cannot_be_had_is_a_failure_and_not_a_skip(tmp_path: Path) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    done = run_pytest(tmp_path, "--databases=postgresql", "tests/test_plain.py", TEST_DATABASE_URL=url)
    assert done.returncode == 1, done.stdout
    assert "1 error" in done.stdout
    assert "skipped" not in done.stdout


def test_files_in_memory_are_gone_afterwards_and_those_of_a_killed_run_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, otherwise = tmp_path / "memory", tmp_path / "otherwise"
    monkeypatch.setattr(servers, "MEMORY", memory)
    with subprocess.Popen(["true"]) as ended:
        pass
    of_the_dead, of_the_living = (f"payments-tests-{one}-abc" for one in (ended.pid, os.getppid()))
    for name in (of_the_dead, of_the_living, "somebody-elses"):
        (memory / name).mkdir(parents=True)
    with servers.fast_directory(otherwise, 0) as directory:
        (directory / "database.sqlite3").touch()
        assert sorted(memory.iterdir()) == sorted([directory, memory / of_the_living, memory / "somebody-elses"])
    assert sorted(memory.iterdir()) == sorted([memory / of_the_living, memory / "somebody-elses"])


def test_where_there_is_no_memory_for_files_they_are_where_they_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "MEMORY", tmp_path / "nothing")
    with servers.fast_directory(tmp_path) as directory:
        assert directory == tmp_path
    monkeypatch.setattr(servers, "MEMORY", tmp_path)
    with servers.fast_directory(tmp_path, 1 << 60) as directory:
        assert directory == tmp_path


@pytest.mark.proof
def test_a_killed_test_run_leaves_no_server_behind(tmp_path: Path) -> None:
    script = """
import sys, time
from tests import servers
with servers.temporary_directory() as directory, servers.postgresql_server(directory) as url:
    print(directory, url, flush=True)
    time.sleep(300)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        directory, url = run.stdout.readline().split()
        run.kill()
    deadline = time.monotonic() + 200
    while True:
        try:
            psycopg.connect(psycopg_url(url), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "Connection refused" in str(error):
                break
        assert time.monotonic() < deadline, "the server still runs"
        time.sleep(0.05)
    subprocess.run(["rm", "-rf", directory], check=True)
