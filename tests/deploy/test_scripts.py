"""The scripts of deploy/: secrets that the program takes, a backup that comes back, a silent worker that is noticed."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from models.database import Database
from models.secrets import Keyring
from tests.deploy.installations import DEPLOY, ROOT
from tests.deploy.scripts import make_secrets
from tests.servers import PostgresqlDatabases, binaries_of_postgresql
from workers.processes import parse_procfile

MINUTE = 60


def ran(name: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(DEPLOY / name), *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


# --- a process ---


def test_a_process_is_the_line_of_its_name_and_no_shell_stands_before_it(tmp_path: Path) -> None:
    """The image and the units start it so; here a `celery` of our own says what it was called with."""
    stand_in = tmp_path / "celery"
    stand_in.write_text('#!/bin/sh\necho "$PROCESS_NAME $$ $*"\n')
    stand_in.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for name in parse_procfile((ROOT / "Procfile").read_text()).processes:
        if name == "web":
            continue
        command = [str(DEPLOY / "process"), name]
        started = subprocess.Popen(
            command, env=environment | {"STATE_DIR": str(tmp_path)}, stdout=subprocess.PIPE, text=True
        )
        said, _ = started.communicate(timeout=60)
        assert said.startswith(f"{name} {started.pid} -A workers.app "), said


def test_a_process_that_is_not_in_the_procfile_is_refused() -> None:
    ended = ran("process", "pull")
    assert (ended.returncode, ended.stderr) == (2, "the Procfile has no line pull\n")


# --- secrets ---


def test_secrets_are_made_once_and_the_program_takes_them(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make_secrets(folder)
    made = {path.name: path.read_text() for path in folder.iterdir()}
    Keyring([made["encryption_keys"].strip()])
    assert make_url(made["database_url"].strip()).password == made["postgres_password"].strip()
    assert len(made["secret_key"].strip()) > 60
    assert made["quickbooks_client_secret"].strip() == ""
    assert len(set(made.values())) == len(made) - 1, "the two of QuickBooks are empty, the others are all different"

    (folder / "secret_key").chmod(0o644)
    (folder / "secret_key").write_text("chosen by hand\n")
    make_secrets(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {**made, "secret_key": "chosen by hand\n"}


def test_nobody_else_on_the_host_can_look_into_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    make_secrets(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


# --- backups ---


@pytest.fixture
def database(postgresql_databases: PostgresqlDatabases) -> Iterator[Database]:
    with postgresql_databases.fresh() as url:
        opened = Database(url)
        yield opened
        opened.close()


@pytest.fixture
def surroundings(database: Database, tmp_path: Path) -> dict[str, str]:
    url = make_url(database.url)
    for name, secret in (("password", url.password or "x"), ("passphrase", "of the test")):
        (tmp_path / name).write_text(f"{secret}\n")
    (tmp_path / "backups").mkdir()
    return {
        "PATH": f"{binaries_of_postgresql()}:{os.environ['PATH']}",
        "PGHOST": str(url.host),
        "PGPORT": str(url.port),
        "PGUSER": str(url.username),
        "PGDATABASE": str(url.database),
        "PGPASSWORD_FILE": str(tmp_path / "password"),
        "BACKUP_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
        "BACKUP_KEEP_DAYS": "30",
    }


def organizations(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.execute(text("SELECT slug FROM organization ORDER BY slug")).scalars())


def add(database: Database, slug: str) -> None:
    columns = "slug, name, sync_enabled, sync_tool_enabled, sync_mode, correction_policy, twin_policy, created_at"
    with database.writing() as session:
        session.execute(
            text(
                f"INSERT INTO organization ({columns}) VALUES (:slug, :slug, true, false, 'all_invoices', 'automatic', 'adopt', now())"
            ),
            {"slug": slug},
        )


needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None and not os.environ.get("CI"), reason="gpg is not here")


@needs_gpg
def test_what_was_backed_up_comes_back_and_nobody_else_can_read_it(
    database: Database, surroundings: dict[str, str], tmp_path: Path
) -> None:
    add(database, "before")
    outdated = tmp_path / "backups/payments-20200101T000000Z.dump.gpg"
    outdated.write_text("old")
    long_ago = time.time() - 40 * 86400
    os.utime(outdated, (long_ago, long_ago))

    ended = ran("backups/backup", str(tmp_path / "backups"), **surroundings)
    assert ended.returncode == 0, ended.stderr
    [made] = (tmp_path / "backups").iterdir()
    assert made.name.endswith(".dump.gpg")
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert b"before" not in made.read_bytes()

    add(database, "after")
    ended = ran("backups/restore", str(made), **surroundings)
    assert ended.returncode == 0, ended.stderr
    assert organizations(database) == ["before"]


@needs_gpg
def test_a_damaged_backup_changes_nothing(database: Database, surroundings: dict[str, str], tmp_path: Path) -> None:
    add(database, "northwind")
    assert ran("backups/backup", str(tmp_path / "backups"), **surroundings).returncode == 0
    [made] = (tmp_path / "backups").iterdir()
    whole = made.read_bytes()
    made.write_bytes(whole[: len(whole) // 2])
    add(database, "later")
    assert ran("backups/restore", str(made), **surroundings).returncode != 0
    assert organizations(database) == ["later", "northwind"]


@needs_gpg
def test_a_database_that_is_away_leaves_no_half_a_backup(surroundings: dict[str, str], tmp_path: Path) -> None:
    ended = ran("backups/backup", str(tmp_path / "backups"), **surroundings | {"PGPORT": "1"})
    assert ended.returncode != 0
    assert list((tmp_path / "backups").iterdir()) == []


# --- a silent worker ---


def heartbeat(state: Path, minutes_ago: float) -> None:
    file = state / "heartbeat-push"
    file.touch()
    then = time.time() - minutes_ago * MINUTE
    os.utime(file, (then, then))


@pytest.mark.parametrize(("minutes_ago", "code"), [(0, 0), (0.5, 0), (2.5, 1), (5, 1), (-0.5, 0), (-60, 1)])
def test_a_worker_is_well_while_its_heartbeat_is_not_older_than_a_minute(
    tmp_path: Path, minutes_ago: float, code: int
) -> None:
    """Also while the clock was set back a little; not because it was once ahead."""
    heartbeat(tmp_path, minutes_ago)
    assert ran("alive", STATE_DIR=str(tmp_path)).returncode == code


def test_of_several_in_one_place_the_one_that_is_meant_is_looked_at(tmp_path: Path) -> None:
    heartbeat(tmp_path, 0)
    codes = {name: ran("alive", STATE_DIR=str(tmp_path), PROCESS_NAME=name).returncode for name in ("push", "match")}
    assert codes == {"push": 0, "match": 1}


def test_a_worker_that_is_still_starting_is_not_well_yet_and_is_left_alone(tmp_path: Path) -> None:
    with sleeping() as worker:
        assert ran("alive", "restart", str(worker.pid), STATE_DIR=str(tmp_path)).returncode == 1
        assert worker.poll() is None


def test_one_that_has_been_silent_for_three_minutes_is_told_to_stop(tmp_path: Path) -> None:
    with sleeping() as worker:
        heartbeat(tmp_path, 2.5)
        ran("alive", "restart", str(worker.pid), STATE_DIR=str(tmp_path))
        assert worker.poll() is None, "a minute or two may be a slow machine"
        heartbeat(tmp_path, 4)
        assert ran("alive", "restart", str(worker.pid), STATE_DIR=str(tmp_path)).returncode == 1
        assert worker.wait(60) == -signal.SIGTERM


def sleeping() -> "subprocess.Popen[bytes]":
    return Sleeping([sys.executable, "-c", "import time; time.sleep(600)"])


class Sleeping(subprocess.Popen):  # type: ignore[type-arg]
    def __exit__(self, *about: object) -> None:
        self.kill()
        super().__exit__(*about)  # type: ignore[arg-type]


def test_systemd_restarts_the_silent_one_alone(tmp_path: Path) -> None:
    states = tmp_path / "payments"
    for name, minutes_ago in (("push", 5.0), ("match", 0.0), ("stopped", 5.0)):
        (states / name).mkdir(parents=True)
        heartbeat(states / name, minutes_ago)
    (states / "web").mkdir()
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/called\n! echo "$*" | grep -q "is-active.*stopped"\n')
    systemctl.chmod(0o755)
    ended = ran("restart-silent", str(states), PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert ended.returncode == 0, ended.stderr
    called = (tmp_path / "called").read_text().splitlines()
    assert [line for line in called if line.startswith("restart")] == ["restart --no-block payments@push.service"]
    assert not list((states / "push").iterdir()), "its successor has time for a first one"
