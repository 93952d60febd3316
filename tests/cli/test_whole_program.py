"""The program itself, as a process: exit codes, a hidden prompt, nothing secret in the list of processes."""

import contextlib
import os
import pty
import select
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
import typer.main

from cli.__main__ import app
from models.connections import Role, connection_in_role
from models.database import Database
from models.organizations import organization_by_slug
from models.secrets import Keyring
from settings.environment import DEVELOPMENT_ENCRYPTION_KEY
from tests.terminal import run_command
from workers.redis_server import find_or_start, free_port

ROOT = Path(__file__).parents[2]
SECRET = "RT1-a-secret-that-nobody-may-see"
ADD = ["connection", "add", "quickbooks", "northwind", "--realm-id", "4711", "--no-test"]


@pytest.fixture
def surroundings(database_url: str, tmp_path: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "DATABASE_URL": database_url, "STATE_DIR": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli", *arguments]


@pytest.fixture
def ran(surroundings: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command in a process that has everything imported already."""

    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return run_command(arguments, surroundings, tmp_path, stdin=stdin)

    return run


def stored_secrets(database_url: str) -> dict[str, Any]:
    database = Database(database_url)
    try:
        with database.reading() as session:
            organization = organization_by_slug(session, "northwind")
            assert organization is not None
            connection = connection_in_role(session, organization.id, Role.SOURCE)
        assert connection is not None
        return Keyring([DEVELOPMENT_ENCRYPTION_KEY]).open(connection.sealed_secrets)
    finally:
        database.close()


def test_exit_codes_are_those_of_a_well_behaved_program(
    ran: Callable[..., Any], surroundings: dict[str, str], tmp_path: Path
) -> None:
    assert ran("org", "create", "northwind", "--name", "Northwind").returncode == 0
    # Started as an operator starts it; the others only skip the imports.
    refused = subprocess.run(
        command("org", "create", "northwind", "--name", "Northwind"),
        env=surroundings,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "error: There is already an organization 'northwind'.\n"
    assert ran("--help").returncode == 0
    assert ran("invoices", "import", "northwind", "-", stdin="number\n").returncode == 1


def test_a_reader_that_leaves_early_is_no_error(surroundings: dict[str, str], tmp_path: Path) -> None:
    line = f"{sys.executable} -m cli --help | head -1"
    ended = subprocess.run(
        line, shell=True, env=surroundings, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.stderr == ""


@pytest.mark.proof
def test_a_secret_from_a_pipe_is_not_in_the_list_of_processes(
    surroundings: dict[str, str], tmp_path: Path, ran: Callable[..., Any], database_url: str
) -> None:
    ran("org", "create", "northwind", "--name", "Northwind")
    with subprocess.Popen(
        command(*ADD, "--secrets-file", "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=surroundings,
        cwd=tmp_path,
        text=True,
    ) as process:
        assert process.stdin is not None
        # It waits for the rest of its input: the best moment to look.
        process.stdin.write('{"refresh_token": "' + SECRET)
        process.stdin.flush()
        listed = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert "connection add quickbooks northwind" in listed
        assert SECRET not in listed
        process.stdin.write('"}')
        process.stdin.close()
        assert process.wait(200) == 0
    assert stored_secrets(database_url)["refresh_token"] == SECRET


@pytest.mark.proof
def test_a_person_is_asked_for_the_secrets_and_they_are_not_shown(
    surroundings: dict[str, str], tmp_path: Path, ran: Callable[..., Any], database_url: str
) -> None:
    ran("org", "create", "northwind", "--name", "Northwind")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(*ADD),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=surroundings,
        cwd=tmp_path,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        shown = read_until(ours, "Refresh token:")
        os.write(ours, f"{SECRET}\n".encode())
        shown += read_until(ours, "Access token (Enter for none):")
        os.write(ours, b"\n")
        shown += read_until(ours, "active")
        assert process.wait(200) == 0
    finally:
        process.kill()
        process.wait()
    os.close(ours)
    assert SECRET not in shown
    assert stored_secrets(database_url) == {"refresh_token": SECRET}


def read_until(descriptor: int, words: str, seconds: float = 200) -> str:
    text, deadline = "", time.monotonic() + seconds
    while words not in text:
        assert time.monotonic() < deadline, text
        if select.select([descriptor], [], [], 0.1)[0]:
            text += os.read(descriptor, 4096).decode()
    return text


def test_a_worker_is_nudged_through_the_embedded_redis_while_it_runs(
    surroundings: dict[str, str], ran: Callable[..., Any]
) -> None:
    ran("org", "create", "northwind", "--name", "Northwind")
    ran(*ADD, "--secrets-file", "-", stdin='{"refresh_token": "r"}')
    server = find_or_start(None, Path(surroundings["STATE_DIR"]))
    try:
        with contextlib.closing(redis.Redis.from_url(server.url)) as client:
            nudged = ran("catch-up", "run", "northwind")
            assert (nudged.returncode, nudged.stderr) == (0, "")
            (message,) = client.lrange("payments:routine", 0, -1)
            assert b"payments.catch_up" in message
    finally:
        server.stop()
    # The address it had is still in its file.
    alone = ran("catch-up", "run", "northwind")
    assert (alone.returncode, alone.stderr) == (0, "")


def commands_of(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands_of(one, f"{path}{name} ")
        else:
            yield f"{path}{name}", one


GROUP = typer.main.get_command(app)
for name in GROUP.modules:
    GROUP.load(name)
ALL_COMMANDS = dict(commands_of(GROUP))


def test_no_command_takes_a_secret_as_an_option() -> None:
    words = ("secret", "token", "password", "key")
    options = {option for one in ALL_COMMANDS.values() for parameter in one.params for option in parameter.opts}
    suspicious = {option for option in options if any(word in option for word in words)}
    assert all(option.endswith("-file") or option.startswith("--no-") for option in suspicious), suspicious


@pytest.mark.parametrize("name", sorted(ALL_COMMANDS))
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    one = ALL_COMMANDS[name]
    assert one.help
    assert one.epilog, "no example"
    assert f"python -m cli {name}" in one.epilog


@pytest.mark.slow
@pytest.mark.proof
def test_up_runs_everything_until_it_is_interrupted(tmp_path: Path) -> None:
    port, flower_port = free_port(), free_port()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    state = tmp_path / "state"
    environment = {**kept, "STATE_DIR": str(state), "PORT": str(port), "FLOWER_PORT": str(flower_port)}
    log = tmp_path / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command("up"), env=environment, cwd=ROOT, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 240
        while "Ctrl-C stops everything." not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=120) as answer:
            assert answer.status == 200
        shown = log.read_text()
        assert len(shown.splitlines()) < 30, "the addresses are the last of a few lines"
        for place in ("/webhooks/quickbooks", "/healthz", "/metrics"):
            assert f"http://127.0.0.1:{port}{place}\n" in shown
        user, _, password = (state / "flower-login").read_text().partition(":")
        flower = f"http://127.0.0.1:{flower_port}"
        assert f"Flower             {flower} (user {user}, password {password})\n" in shown
        assert requests.get(f"{flower}/tasks", timeout=60).status_code == 401
        assert requests.get(f"{flower}/tasks", auth=(user, password), timeout=60).status_code == 200
        while not list(state.glob("beat-schedule*")):
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        kept = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir() if path.is_file()}
        assert {"flower-login", "payments.sqlite", "redis.lock"} <= kept.keys()
        assert {name for name, mode in kept.items() if mode & 0o077} == set()
        assert "ready" in (state / "logs/push.log").read_text()
        second = subprocess.run(command("up"), env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert second.returncode == 2
        assert f"port {port} on 127.0.0.1 is in use" in second.stderr
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(200) == 0
    left = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(state) not in left
    assert str(port) not in left
