"""`python -m workers.alive NAME --within 60`: exit code 0 if the process of this name on this host is alive, else 1.

For probes of Kubernetes, Compose and systemd. It looks at the process's file (`workers/heartbeat_file.py`) and asks
nobody: no database, no broker, none of the libraries, so that it ends at once. NAME is a line of the Procfile, such as
`push`, or `push.2` where there are several.
"""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from workers.heartbeat_file import age_seconds, heartbeat_file

WITHIN_SECONDS = 60.0


def told(name: str, within: float, state_dir: Path, now: float) -> tuple[int, str]:
    """The exit code, and one line for whoever reads it."""
    file = heartbeat_file(state_dir, name)
    age = age_seconds(file, now)
    if age is None:
        return 1, f"{name} is not alive: there is no {file}. It is starting, has ended, or has another STATE_DIR."
    # A file from the future was touched before the clock went back; a dead process must not look alive until then.
    if abs(age) > within:
        return 1, f"{name} is not alive: its last sign of life was {abs(age):.0f} s ago, and {within:g} s are allowed."
    return 0, f"{name} is alive: its last sign of life was {max(age, 0):.0f} s ago."


def state_dir_of(environment: Mapping[str, str], file: Path = Path(".env")) -> Path:
    """Where the processes keep their files, as they read it themselves: the environment, else `.env`."""
    from_file = ""
    if not environment.get("STATE_DIR") and file.is_file():
        lines = (line.partition("=") for line in file.read_text("utf-8").splitlines())
        from_file = next((value.strip().strip("\"'") for name, _, value in lines if name.strip() == "STATE_DIR"), "")
    return Path(environment.get("STATE_DIR") or from_file or ".state")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m workers.alive", description="Whether a process here is alive.")
    parser.add_argument("name", help="a line of the Procfile, such as push, or push.2 where there are several")
    parser.add_argument("--within", type=float, default=WITHIN_SECONDS, metavar="SECONDS", help="default: 60")
    asked = parser.parse_args(arguments)
    code, line = told(asked.name, asked.within, state_dir_of(os.environ), time.time())
    print(line, file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
