"""The file that shows that a process is alive: `STATE_DIR/heartbeat-NAME`, touched every few seconds.

For whoever supervises the process on its own host (Kubernetes, Compose, systemd) and must not ask the broker: while
that is away, a restart helps nobody. `deploy/alive` looks at it.
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
