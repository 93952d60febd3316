"""What the processes of a run have used by now: processor time and memory, read from the kernel."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Process:
    """A living process of this run.

    Attributes:
        name: the line of the Procfile with its instance, such as `push.1`; "" for all others (PostgreSQL, Redis).
        cpu_seconds: used since it began, by itself and in the kernel.
        resident_megabytes: its memory that is not swapped out, shared pages included.
    """

    pid: int
    name: str
    is_sandbox: bool
    cpu_seconds: float
    resident_megabytes: float


def running() -> Sequence[Process]:
    """This process and all its living descendants."""
    parents: dict[int, int] = {}
    found: list[Process] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            # It has just ended.
            continue
        pid = int(folder.name)
        parents[pid] = int(fields[1])
        ticks, pages = int(fields[11]) + int(fields[12]), int(fields[21])
        megabytes = pages * _PAGE_BYTES / _MEGABYTE
        found.append(Process(pid, _name(environment), b"sandbox" in command, ticks / _TICKS_PER_SECOND, megabytes))
    return [one for one in found if _descends(one.pid, parents)]


def cpu_seconds(*, of_sandboxes: bool = False) -> float:
    """What the run has used: the two sandboxes alone, or all the rest."""
    return sum(one.cpu_seconds for one in running() if one.is_sandbox is of_sandboxes)


def megabytes_by_name() -> Mapping[str, float]:
    """The memory of the processes of the Procfile."""
    return {one.name: one.resident_megabytes for one in running() if one.name and not one.is_sandbox}


def _name(environment: bytes) -> str:
    values = (one.partition(b"=") for one in environment.split(b"\0"))
    return next((value.decode() for name, _, value in values if name == b"PROCESS_NAME"), "")


def _descends(pid: int, parents: Mapping[int, int]) -> bool:
    while pid not in (0, 1, os.getpid()):
        pid = parents.get(pid, 0)
    return pid == os.getpid()
