"""The network between the hosts: a router that joins them, and that loses packets silently where it is told to.

Every host has its network namespace, with one link to the namespace of the run itself, which is the router. A rule of the
router without a way out swallows a packet and tells nobody, as a cable that was pulled out somewhere on the way: open
connections hang, and none is refused.
"""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.endings import CannotGoOn

TOOLS = ("ip", "tc", "mount", "nsenter", "unshare")
_BEHIND = ("/usr/sbin", "/sbin")
# Before the rules that lead anywhere, behind the one for the router's own addresses.
_PRIORITY = "100"
# So little at a time that packets wait, and so short a queue that some are dropped: a second for a page of answers.
_SLOW = ("rate", "400kbit", "burst", "3kb", "limit", "9kb")
_ESTABLISHED = "01"


@dataclass(frozen=True)
class Place:
    """A host on the network.

    Attributes:
        process_id: of a process that lives there and holds its namespaces.
    """

    name: str
    number: int
    process_id: int

    @property
    def address(self) -> str:
        return address_of(self.number)

    @property
    def link(self) -> str:
        """The router's end of the link."""
        return f"to-{self.name}"

    def connected_to(self) -> set[str]:
        """The addresses to which connections are open from here."""
        lines = Path(f"/proc/{self.process_id}/net/tcp").read_text().splitlines()[1:]
        return {_address(line.split()[2]) for line in lines if line.split()[3] == _ESTABLISHED}


def address_of(number: int) -> str:
    return f"10.77.{number}.2"


@dataclass
class Network:
    places: dict[str, Place] = field(default_factory=dict)

    def open(self) -> None:
        """Makes the namespace of this process the router."""
        _ip("link", "set", "lo", "up")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")

    def join(self, place: Place) -> None:
        """Links a host's namespace with the router."""
        router = f"10.77.{place.number}.1"
        inside = ("nsenter", "-t", str(place.process_id), "-n")
        _ip("link", "add", place.link, "type", "veth", "peer", "name", "eth0", "netns", str(place.process_id))
        _ip("addr", "add", f"{router}/30", "dev", place.link)
        _ip("link", "set", place.link, "up")
        _run(*inside, "ip", "addr", "add", f"{place.address}/30", "dev", "eth0")
        for device in ("lo", "eth0"):
            _run(*inside, "ip", "link", "set", device, "up")
        _run(*inside, "ip", "route", "add", "default", "via", router)
        self.places[place.name] = place

    def lose(self, source: str | None = None, target: str | None = None) -> None:
        """From now on no packet arrives that goes from one host to another; None is any host."""
        way = [*(["from", self.places[source].address] if source else [])]
        way += ["to", self.places[target].address] if target else []
        _ip("rule", "add", "priority", _PRIORITY, *way, "blackhole")

    def cut(self, one: str, other: str | None = None) -> None:
        """Loses what goes between two hosts, or between one and all others."""
        self.lose(one, other)
        self.lose(other, one)

    def mend(self) -> None:
        """All packets arrive again, and as fast as ever."""
        while (
            subprocess.run(
                found("ip", "rule", "del", "priority", _PRIORITY), capture_output=True, check=False
            ).returncode
            == 0
        ):
            pass

    def slow(self, name: str) -> None:
        """Its link carries little and drops what is too much, both ways."""
        for command in self._both_ends(name, "add"):
            _run(*command, "tbf", *_SLOW)

    def quicken(self, name: str) -> None:
        for command in self._both_ends(name, "del"):
            _run(*command)

    def _both_ends(self, name: str, act: str) -> list[tuple[str, ...]]:
        place = self.places[name]
        inside = ("nsenter", "-t", str(place.process_id), "-n")
        return [
            ("tc", "qdisc", act, "dev", place.link, "root"),
            (*inside, "tc", "qdisc", act, "dev", "eth0", "root"),
        ]


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> None:
    done = subprocess.run(found(*command), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotGoOn(f"`{' '.join(command)}` says: {done.stderr.strip()}")


def found(*command: str) -> list[str]:
    """Administrators' programs are often not on the PATH of others."""
    return ["/usr/bin/env", f"PATH={':'.join(['/usr/bin', '/bin', *_BEHIND])}", *command]


def _address(told: str) -> str:
    """The kernel writes 10.77.3.2:5432 as 02034D0A:1538."""
    number = bytes.fromhex(told.partition(":")[0])
    return ".".join(str(byte) for byte in reversed(number))
