"""The first process of a host: makes the namespaces that it was started in a host of their own, and runs its processes.

It reads what to be from its input, one line of JSON, once the host is on the network (`machine.py` writes it). It starts
processes again that have died, as systemd would, and prints about it. When it is killed, the kernel ends the whole host.
"""

import json
import socket
import subprocess
import sys
from pathlib import Path

from workers.processes import Processes

ROOT = Path(__file__).parents[3]
# Its only disk. Everything else that it sees is for reading.
DISK = Path("/mnt")
_FROM_THE_KERNEL = ("/proc", "/sys")


def main() -> None:
    told = json.loads(sys.stdin.readline())
    _be_a_host(told["name"], Path(told["disk"]), Path(told["hidden"]))
    for folder in ("tmp", "logs", "state"):
        (DISK / folder).mkdir(exist_ok=True)
    procfile = ROOT / "Procfile"
    others = dict.fromkeys(set(_lines(procfile)) - set(told["lines"]), 0)
    Processes(procfile, told["environment"], DISK / "logs", concurrency=others).run_forever()


def _be_a_host(name: str, disk: Path, hidden: Path) -> None:
    """Its own name, disk and process table; of everything else nothing can be written, and the run's files are gone."""
    socket.sethostname(name)
    _mount("--make-rprivate", "/")
    for place, options in _mounts():
        if not place.startswith(_FROM_THE_KERNEL):
            # What it was mounted with stays; a user who is not root may not take it away.
            _mount("-o", ",".join(["remount,bind,ro", *(set(options) - {"rw", "ro"})]), place)
    _mount("--bind", str(disk), str(DISK))
    _mount("-o", "remount,bind,rw", str(DISK))
    _mount("-t", "tmpfs", "-o", "ro,size=4k", "none", str(hidden))
    _mount("-t", "proc", "proc", "/proc")


def _mounts() -> list[tuple[str, list[str]]]:
    lines = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [(line[4].replace("\\040", " "), line[5].split(",")) for line in lines]


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _lines(procfile: Path) -> list[str]:
    return Processes(procfile, {}).names


if __name__ == "__main__":
    main()
