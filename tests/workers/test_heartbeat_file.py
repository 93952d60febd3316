"""The file by which a process is seen to be alive; tests/deploy/test_scripts.py has what looks at it."""

from pathlib import Path

from workers.heartbeat_file import heartbeat_file, touch


def test_a_directory_that_cannot_be_written_is_told_and_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not touch(heartbeat_file(tmp_path / "file", "push"))


def test_only_its_user_may_read_the_file(tmp_path: Path) -> None:
    touch(heartbeat_file(tmp_path / "state", "push"))
    assert (tmp_path / "state" / "heartbeat-push").stat().st_mode & 0o077 == 0
