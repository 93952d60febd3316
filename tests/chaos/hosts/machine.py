"""A host that workers run on: namespaces of its own of every kind, a disk of its own, a clock of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.endings import CannotGoOn
from tests.chaos.hosts.agent import DISK, ROOT
from tests.chaos.hosts.network import Place
from workers.redis_server import has_ended, spawn

NAMESPACES = ("net", "uts", "ipc", "mnt", "pid", "time")
_START_SECONDS = 60.0
_DIED = re.compile(r"(\S+) died with exit code ")


@dataclass(frozen=True)
class Plan:
    """A host as it is wished for.

    Attributes:
        lines: of the Procfile, which run there.
        clock_ahead_seconds: of its time of day.
        up_for_seconds: how much longer than this machine it has been up; clocks that never jump differ by it.
    """

    name: str
    number: int
    lines: tuple[str, ...]
    clock_ahead_seconds: float
    up_for_seconds: int


@dataclass(frozen=True)
class Machine:
    plan: Plan
    place: Place
    folder: Path
    agent: "subprocess.Popen[bytes]"

    @property
    def name(self) -> str:
        return self.plan.name

    def begin(self, environment: Mapping[str, str], hidden: Path) -> None:
        """Lets it become a host and start its processes; it has to be on the network."""
        own = {
            **environment,
            "HOME": str(DISK),
            "TMPDIR": str(DISK / "tmp"),
            "STATE_DIR": str(DISK / "state"),
            "HOST": "0.0.0.0",
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent / "clock"), str(ROOT)]),
            "CLOCK_AHEAD_SECONDS": str(self.plan.clock_ahead_seconds),
        }
        told = {
            "name": self.name,
            "disk": str(self.folder / "disks" / self.name),
            "hidden": str(hidden),
            "lines": self.plan.lines,
            "environment": own,
        }
        assert self.agent.stdin is not None
        self.agent.stdin.write(json.dumps(told).encode() + b"\n")
        self.agent.stdin.flush()

    def freeze(self) -> None:
        """It stands still with all that runs on it; its connections stay open, and time goes by."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def deaths(self) -> Counter[str]:
        """Processes that ended although nobody had ended them, by name."""
        told = (self.folder / f"{self.name}.log").read_text("utf-8", "replace")
        if has_ended(self.agent):
            raise CannotGoOn(f"the host {self.name} has ended; its last lines:\n{told[-2000:]}")
        return Counter(f"{found[1]} on {self.name}" for found in _DIED.finditer(told))

    def shares(self) -> list[str]:
        """What it has in common with this process, and where it can write beside its own disk."""
        alike = [
            kind for kind in NAMESPACES if _namespace(self.place.process_id, kind) == _namespace(os.getpid(), kind)
        ]
        lines = [line.split() for line in Path(f"/proc/{self.place.process_id}/mountinfo").read_text().splitlines()]
        # Of several mounts at one place the last one is seen.
        seen = {line[4]: line[5].split(",") for line in lines}
        open_to_it = {place for place, options in seen.items() if "rw" in options} - {str(DISK)}
        return alike + sorted(place for place in open_to_it if not place.startswith(("/proc", "/sys")))

    def _signal(self, number: signal.Signals) -> None:
        inside = _namespace(self.place.process_id, "pid")
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if _namespace(int(process.name), "pid") == inside:
                    os.kill(int(process.name), number)
            except (FileNotFoundError, ProcessLookupError):
                continue


def boot(plan: Plan, folder: Path) -> Machine:
    """Makes its namespaces, with a process in them that waits for the network."""
    (folder / "disks" / plan.name).mkdir(parents=True)
    ahead = ["--time", "--boottime", str(plan.up_for_seconds), "--monotonic", str(plan.up_for_seconds)]
    unshare = ["unshare", "--net", "--uts", "--ipc", "--mount", "--pid", *ahead, "--fork", "--kill-child"]
    with (folder / f"{plan.name}.log").open("ab") as log:
        agent = spawn(
            [*unshare, sys.executable, "-m", "tests.chaos.hosts.agent"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    return Machine(plan, Place(plan.name, plan.number, _child_of(agent)), folder, agent)


def set_apart(name: str, number: int) -> Place:
    """A host of which only the network is its own: for a server that keeps no files with others anyway."""
    holder = spawn(["unshare", "--net", "sleep", "infinity"])
    _wait_for(lambda: _namespace(holder.pid, "net") != _namespace(os.getpid(), "net"), holder, f"the host {name}")
    return Place(name, number, holder.pid)


def joining(place: Place) -> str:
    """What a child runs before it becomes a server on that host (`spawn`)."""
    return f"import ctypes, os\nctypes.CDLL(None).setns(os.open('/proc/{place.process_id}/ns/net', os.O_RDONLY), 0)\n"


def isolated(machines: Sequence[Machine]) -> list[str]:
    """Sentences about what hosts share that they should not."""
    wrong = [f"{one.name} shares {', '.join(shared)}" for one in machines if (shared := one.shares())]
    return wrong + [
        f"two hosts are in the same namespace ({kind})"
        for kind in NAMESPACES
        if len({_namespace(one.place.process_id, kind) for one in machines}) < len(machines)
    ]


def _child_of(agent: "subprocess.Popen[bytes]") -> int:
    """The process that `unshare` has made in the new namespaces."""
    children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children")
    found: list[str] = []

    def is_there() -> bool:
        found[:] = children.read_text().split()
        return bool(found)

    _wait_for(is_there, agent, "a host")
    return int(found[0])


def _wait_for(is_so: Callable[[], bool], process: "subprocess.Popen[bytes]", what: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_so():
        if has_ended(process) or time.monotonic() > deadline:
            raise CannotGoOn(f"{what} could not be made")
        time.sleep(0.02)


def _namespace(process_id: int, kind: str) -> int:
    return Path(f"/proc/{process_id}/ns/{kind}").stat().st_ino
