"""A real process of Celery, whose log is the file `log` in its folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.redis_server import signal_group, spawn

ROOT = Path(__file__).parents[2]


@contextmanager
def running(
    command: list[str], redis_url: str, database_url: str, folder: Path, app: str = "workers.app"
) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, "REDIS_URL": redis_url, "DATABASE_URL": database_url, "STATE_DIR": str(folder)}
    celery = [str(Path(sys.executable).with_name("celery")), "-A", app]
    with (folder / "log").open("wb") as log:
        process = spawn(
            [*celery, *command], env=environment | {"PYTHONPATH": str(ROOT)}, stdout=log, stderr=log, cwd=ROOT
        )
        try:
            yield process
        finally:
            signal_group(process, signal.SIGKILL)
            process.wait(timeout=60)
