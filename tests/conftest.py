"""Real servers for every test, and no way out of this machine."""

import gc
import ipaddress
import os
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
import structlog

from tests import servers
from tests.compiling import share_compiled_statements
from tests.databases import DATABASES, About, databases_for
from workers.redis_server import RedisServer, find_or_start

# Images for containers often forbid Python to keep what it has compiled. Dozens of processes import the same files here.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# An example may be slow on a busy machine, and is not wrong for that.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

share_compiled_statements()

# Whole folders with one subject. Elsewhere a test or a module says it with a marker.
FOLDERS = {
    About.THE_DATABASE: [Path(__file__).parent / folder for folder in ("crash", "models", "overlap", "tasks")],
    About.STATEMENTS: [Path(__file__).parent / "usecases"],
}
MARKERS = {"sqlite_decides": About.NEITHER, "both_databases": About.THE_DATABASE, "both_in_the_build": About.STATEMENTS}

# A test's own database, the one that the tests of a module look at together, and one without any table.
OWN, SHARED, EMPTY = "database_url", "shared_database_url", "empty_url"
ADDRESSES = {OWN, SHARED, EMPTY}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--databases",
        choices=[*DATABASES, "both", "as-marked", "left-out"],
        default="as-marked",
        help="where everything runs; by default on SQLite, and on PostgreSQL where the database decides; left-out: what "
        "the default leaves out, which is the marked ones on the other database",
    )
    parser.addoption(
        "--proofs", action="store_true", help="only what plays whole installations, or all pages in a browser"
    )
    parser.addoption("--crash", action="store_true", help="also kill a worker at every point (make crash)")
    parser.addoption("--crash-short", action="store_true", help="with --crash: the first time of each point only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The crash matrix and the proofs have their own targets; `make test` leaves them out by name, not by skipping.

    What takes long begins first: at the end of a run in several processes one would work alone, and the others wait.
    """
    wanted, left_out = [], []
    for item in items:
        is_proof, is_crash = (item.get_closest_marker(name) is not None for name in ("proof", "crash"))
        # What is left out of the proofs is left out as well: nothing else would bring it to the other database.
        is_asked_for = is_proof is config.getoption("--proofs")
        if config.getoption("--databases") == "left-out":
            is_asked_for = _is_left_out(item)
        is_wanted = is_asked_for and (not is_crash or config.getoption("--crash"))
        (wanted if is_wanted else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = wanted
    items.sort(key=lambda item: (item.get_closest_marker("slow") is None, -_seconds_at_most(item)))


def pytest_collection() -> None:
    """Nothing that is read now becomes garbage: to look for some meanwhile costs every process a second."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Whatever is there by now stays until the end; otherwise all of it is looked through for garbage all the time."""
    gc.freeze()
    gc.enable()


def _seconds_at_most(item: pytest.Item) -> int:
    """The time limit of its own, if it has one: what needs one takes longest."""
    limit = item.get_closest_marker("timeout")
    return limit.args[0] if limit is not None else 0


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A command that ran in a test logs to that test's stream, which is closed by the time of the next one.

    Hardly anybody reads these lines. Drawn in columns and colors, as by default, each would take four times as long: of
    what a payment costs here, one part in thirty.
    """
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.format_exc_info, _plain_line]
    )
    yield
    structlog.reset_defaults()


def _plain_line(_logger: object, level: str, event: structlog.typing.EventDict) -> str:
    exception = event.pop("exception", "")
    line = " ".join([f"[{level}]", str(event.pop("event", "")), *(f"{name}={value}" for name, value in event.items())])
    return f"{line}\n{exception}" if exception else line


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = databases_for(metafunc.config.getoption("--databases"), _about(metafunc.definition))
    if asked := [name for name in ADDRESSES if name in metafunc.fixturenames]:
        # All of one kind, where a test has several.
        values = [[one] * len(asked) for one in chosen]
        metafunc.parametrize(asked, values, indirect=True, scope="module" if SHARED in asked else "function")


def _about(item: pytest.Item) -> About:
    for name, about in MARKERS.items():
        if item.get_closest_marker(name) is not None:
            return about
    return next((about for about, folders in FOLDERS.items() if _is_below(item.path, folders)), About.NEITHER)


def _is_left_out(item: pytest.Item) -> bool:
    """Whether it has another database to run on than the one of the default."""
    return not ADDRESSES.isdisjoint(getattr(item, "fixturenames", ())) and _about(item) is not About.NEITHER


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """A test that reaches for the internet fails at once, with the address it wanted."""
    allowed = {urlsplit(os.environ.get(name, "")).hostname for name in ("TEST_REDIS_URL", "TEST_DATABASE_URL")}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name), allowed - {None}))
        yield


def _guarded(connect: Any, allowed: set[Any]) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            known = {info[4][0] for host in allowed for info in socket.getaddrinfo(host, None)}
            if address[0] not in allowed | known:
                raise PermissionError(f"a test may only connect to this machine, not to {address!r}")
        return connect(self, address)

    return guarded


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real server, one per test process. The developer's own REDIS_URL is never touched."""
    server = find_or_start(os.environ.get("TEST_REDIS_URL"), tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The URL of an empty Redis."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server: TEST_DATABASE_URL, else the one from the wheel. Without either the tests fail."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    with (
        servers.temporary_directory() as otherwise,
        servers.fast_directory(otherwise, servers.MEMORY_OF_A_SERVER_BYTES_MIN) as directory,
        servers.postgresql_server(directory) as url,
    ):
        yield url


@pytest.fixture
def empty_postgresql_url(postgresql_url: str) -> Iterator[str]:
    """A database without any table."""
    databases = servers.PostgresqlDatabases(postgresql_url, lambda _url: None)
    with databases.fresh() as url:
        yield url
    databases.close()


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_url: str) -> Iterator[servers.PostgresqlDatabases]:
    databases = servers.PostgresqlDatabases(postgresql_url, servers.MIGRATE)
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.SqliteDatabases]:
    with servers.fast_directory(otherwise=tmp_path_factory.mktemp("sqlite")) as directory:
        yield servers.SqliteDatabases(directory, servers.MIGRATE)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh, migrated, empty database, once on each kind of database; for all tests at the same address."""
    if request.param == "sqlite":
        databases = request.getfixturevalue("sqlite_databases")
        yield databases.fresh(databases.directory)
    else:
        with request.getfixturevalue("postgresql_databases").fresh() as url:
            yield url


@pytest.fixture(scope="module")
def shared_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database for all tests of a module that change nothing in it; whoever changes something has one of its own."""
    if request.param == "sqlite":
        databases = request.getfixturevalue("sqlite_databases")
        directory = databases.directory / "shared"
        directory.mkdir(exist_ok=True)
        yield databases.fresh(directory)
    else:
        with request.getfixturevalue("postgresql_databases").fresh() as url:
            yield url
