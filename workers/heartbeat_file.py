"""The file that shows that a process is alive: `STATE_DIR/heartbeat-NAME`, touched every few seconds.

For whoever supervises the process on its own host (Kubernetes, Compose, systemd) and must not ask the broker: while
that is away, a restart helps nobody. `python -m workers.alive NAME` looks at it. Imports nothing that is slow.
"""

import contextlib
from pathlib import Path


def heartbeat_file(state_dir: Path, name: str) -> Path:
    """The file of the process with this name: a line of the Procfile, with its number where there are several."""
    return state_dir / f"heartbeat-{name}"


def touch(file: Path) -> bool:
    """False if the file cannot be written."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError:
        return False
    return True


def remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink()


def age_seconds(file: Path, now: float) -> float | None:
    """How long ago it was touched, by a clock like `time.time`; None if it is not there."""
    try:
        return now - file.stat().st_mtime
    except OSError:
        return None
