"""Whatever is wrong around a command, it ends with one line and exit code 2."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from settings.environment import DEVELOPMENT_ENCRYPTION_KEY
from tests.cli.conftest import Run
from tests.world import World


def one_line(run: Run, *arguments: str) -> str:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    return line


# --- the database ---


@pytest.fixture
def without_tables(environment: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "elsewhere" / "new.sqlite"
    environment.setenv("DATABASE_URL", f"sqlite:///{file}")
    return file


def test_a_database_without_tables_says_which_command_makes_them(run: Run, without_tables: Path) -> None:
    told = "error: the database has no tables yet; run: python -m cli database upgrade"
    assert one_line(run, "org", "list") == told
    assert one_line(run, "database", "check").endswith("run: python -m cli database upgrade")
    upgraded = run("database", "upgrade", "--json").json
    checked = run("database", "check", "--json").json
    assert (checked["revision"], checked["ok"]) == (upgraded["revision"], True)
    assert run("org", "list").code == 0


def test_an_empty_file_is_a_database_without_tables(run: Run, without_tables: Path) -> None:
    without_tables.parent.mkdir()
    without_tables.touch()
    assert "has no tables yet" in one_line(run, "org", "create", "northwind", "--name", "N")


def test_a_database_that_is_away_is_one_line_without_its_password(run: Run, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "postgresql+psycopg://someone:geheim@127.0.0.1:9/payments")
    line = one_line(run, "org", "list")
    assert line.startswith("error: the database cannot be reached: ")
    assert "geheim" not in line


@pytest.mark.parametrize("url", ["nonsense", "mysql://h/x", "postgresql+psycopg://u:geheim@h:port/x"])
def test_an_address_that_cannot_be_one_is_not_repeated(run: Run, environment: pytest.MonkeyPatch, url: str) -> None:
    environment.setenv("DATABASE_URL", url)
    line = one_line(run, "org", "list")
    assert line.startswith("error: the settings cannot be used: DATABASE_URL: ")
    assert "geheim" not in line


# --- settings ---


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "web", "PORT: Input should be a valid integer"),
        ("ENCRYPTION_KEYS", "abc", "ENCRYPTION_KEYS: it is no Fernet key"),
        ("ENVIRONMENT", "production", "SECRET_KEY must be set in production"),
    ],
)
def test_settings_that_cannot_be_used_are_named(
    run: Run, environment: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    environment.setenv(name, value)
    assert words in one_line(run, "sweep", "run")


# --- keys ---


def test_secrets_move_to_the_newest_key(run: Run, world: World, environment: pytest.MonkeyPatch) -> None:
    newest = Fernet.generate_key().decode()
    environment.setenv("ENCRYPTION_KEYS", f"{newest},{DEVELOPMENT_ENCRYPTION_KEY}")
    nobody = {"second_factors": 0, "unreadable_users": [], "endpoints": 0, "unreadable_endpoints": []}
    assert run("keys", "rotate", "--json").json == {"rotated": 2, "unreadable": [], **nobody}
    environment.setenv("ENCRYPTION_KEYS", newest)
    assert run("connection", "test", "northwind", "connectwise").code == 0


def test_secrets_under_a_lost_key_are_named_and_left_alone(
    run: Run, world: World, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ENCRYPTION_KEYS", Fernet.generate_key().decode())
    ended = run("keys", "rotate")
    assert ended.code == 2
    assert "no key in ENCRYPTION_KEYS opens the secrets of connection" in ended.err
    environment.setenv("ENCRYPTION_KEYS", DEVELOPMENT_ENCRYPTION_KEY)
    assert run("connection", "test", "northwind", "connectwise").code == 0


# --- Redis ---


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_without_redis_the_command_says_so_and_goes_on(run: Run, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    ended = run("org", "create", "northwind", "--name", "Northwind")
    assert ended.code == 0
    assert ended.err == (
        "note: the Redis of REDIS_URL does not answer; workers notice the change with the next sweep\n"
    )


def test_a_redis_that_hangs_does_not_hang_the_command(
    run: Run, environment: pytest.MonkeyPatch, deaf_port: int
) -> None:
    environment.setenv("REDIS_URL", f"redis://127.0.0.1:{deaf_port}/0")
    started = time.monotonic()
    assert run("sweep", "run").code == 0
    assert time.monotonic() - started < 60
