"""What a probe on the process's own host is told: by a file's age, at once, and without any library."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workers.alive import main, state_dir_of, told
from workers.heartbeat_file import heartbeat_file, remove, touch

ROOT = Path(__file__).parents[2]
NOW = 1_800_000_000.0


def touched(folder: Path, name: str, age: float) -> None:
    file = heartbeat_file(folder, name)
    assert touch(file)
    os.utime(file, (NOW - age, NOW - age))


@pytest.mark.parametrize(("age", "code"), [(0, 0), (59, 0), (61, 1), (-59, 0), (-3600, 1)])
def test_a_process_is_alive_within_its_time(tmp_path: Path, age: float, code: int) -> None:
    """Also while the clock was set back a little; not because it was once ahead."""
    touched(tmp_path, "push.2", age)
    assert told("push.2", 60, tmp_path, NOW)[0] == code


def test_a_process_that_never_was_or_has_ended_is_not_alive(tmp_path: Path) -> None:
    assert told("push", 60, tmp_path, NOW)[0] == 1
    touched(tmp_path, "push", 0)
    remove(heartbeat_file(tmp_path, "push"))
    code, line = told("push", 60, tmp_path, NOW)
    assert (code, "heartbeat-push" in line) == (1, True)


def test_a_directory_that_cannot_be_written_is_told_and_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not touch(heartbeat_file(tmp_path / "file", "push"))


def test_only_its_user_may_read_the_file(tmp_path: Path) -> None:
    touch(heartbeat_file(tmp_path / "state", "push"))
    assert (tmp_path / "state" / "heartbeat-push").stat().st_mode & 0o077 == 0


def test_it_looks_where_the_processes_write(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('# STATE_DIR=/no\nSTATE_DIR="/var/lib/payments"\n')
    assert state_dir_of({}, file) == Path("/var/lib/payments")
    assert state_dir_of({"STATE_DIR": "/else"}, file) == Path("/else")
    assert state_dir_of({}, tmp_path / "none") == Path(".state")


def test_the_command_ends_with_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    assert main(["push"]) == 1
    assert "push is not alive" in capsys.readouterr().err
    touch(heartbeat_file(tmp_path, "push"))
    assert main(["push", "--within", "60"]) == 0
    assert "push is alive" in capsys.readouterr().out


def test_it_imports_none_of_the_libraries(tmp_path: Path) -> None:
    """A probe runs every few seconds beside the process that it asks about."""
    touched(tmp_path, "push", NOW - time.time())
    code = "import sys; from workers.alive import main; main(['push']); print(sorted(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"STATE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    for library in ("celery", "sqlalchemy", "pydantic", "redis", "typer", "structlog"):
        assert f"'{library}'" not in ran.stdout
