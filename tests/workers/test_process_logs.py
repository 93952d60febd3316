from pathlib import Path

import pytest

from workers import process_logs
from workers.process_logs import ProcessLog

TRACEBACK = ["Traceback (most recent call last):", '  File "x.py", line 1, in <module>', "ValueError: no"]


@pytest.mark.parametrize(
    ("line", "is_seen"),
    [
        ("2026-11-28T12:00:00Z [info     ] push.delivered  effect=1", False),
        ("2026-11-28T12:00:00Z [warning  ] connection.paused  seconds=30", True),
        ("2026-11-28T12:00:00Z [error    ] push.failed", True),
        ('{"event": "push.delivered", "level": "info"}', False),
        ('{"event": "push.failed", "level": "error"}', True),
        ("[2026-11-28 12:00:00,000: INFO/MainProcess] Connected to redis", False),
        ("[2026-11-28 12:00:00,000: ERROR/MainProcess] consumer: Cannot connect to redis", True),
        ("2026-11-28 12:00:00,000 WARNING urllib3 a retry", True),
        ("INFO:     Application startup complete.", False),
        ("ERROR:    [Errno 98] Address already in use", True),
        (" -------------- push@host v5.7.0", False),
        ("Traceback (most recent call last):", True),
    ],
)
def test_everything_is_kept_and_what_is_wrong_is_seen(tmp_path: Path, line: str, is_seen: bool) -> None:
    log = ProcessLog(tmp_path / "logs/push.log")
    assert log.write(line) is is_seen
    log.close()
    assert (tmp_path / "logs/push.log").read_text() == f"{line}\n"


def test_a_traceback_is_seen_whole_and_the_next_record_is_not(tmp_path: Path) -> None:
    log = ProcessLog(tmp_path / "push.log")
    error = "[2026-11-28 12:00:00,000: ERROR/MainProcess] Task failed"
    assert [log.write(line) for line in [error, *TRACEBACK]] == [True] * 4
    assert not log.write("[2026-11-28 12:00:01,000: INFO/MainProcess] Task succeeded")
    assert not log.write("  a line that belongs to it")
    log.close()


def test_a_long_file_is_put_aside_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_logs, "FILE_BYTES_MAX", 100)
    log = ProcessLog(tmp_path / "push.log")
    for number in range(40):
        log.write(f"line {number}")
    log.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["push.log", "push.log.1"]
    assert all(file.stat().st_size < 120 for file in tmp_path.iterdir())
    assert "line 39" in (tmp_path / "push.log").read_text()
