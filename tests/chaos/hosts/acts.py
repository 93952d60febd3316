"""What happens to the hosts, one thing after the other, each while payments are made."""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from models.database import Database
from sandbox.endings import CannotGoOn
from tests.chaos.hosts.network import Network
from tests.chaos.hosts.site import DATABASE, OUTSIDE, REDIS, Site
from tests.chaos.hosts.work import delivered, lanes_not_taken_over, left_open, not_settled, on_the_wire, silent

T = TypeVar("T")
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Act:
    """One thing that happens.

    Attributes:
        trouble: what is done to the host, from the beginning to the end of the context.
        seconds: how long it lasts; None where it lasts until the work of the host has been done elsewhere.
        short: also part of the short form.
    """

    name: str
    trouble: Callable[[Site, str], AbstractContextManager[None]]
    seconds: float | None = None
    short: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of an act; times in seconds, None where there was nothing to wait for.

    Attributes:
        locked: transactions that the host left open, with their locks.
        taken_over: until others had all the lanes that the host held.
        settled: until all that it had on the wire was settled.
        meanwhile: effects that arrived during the trouble.
        back: from the end of the trouble until all processes of the host gave a sign of life.
    """

    act: str
    host: str
    on_the_wire: int
    locked: int
    taken_over: float | None
    settled: float | None
    meanwhile: int
    back: float


def play(act: Act, site: Site, database: Database, patience_seconds: float) -> Outcome:
    """Lets it happen to a host that is in the middle of a push.

    Raises:
        CannotGoOn: something that has to come did not.
    """
    was = _waited(lambda: on_the_wire(database, site.pushing), patience_seconds, f"anything is sent: {act.name}")
    before, locked, taken_over, settled = delivered(database), 0, None, None
    with act.trouble(site, was.host):
        began = time.monotonic()
        if act.seconds is None:
            locked = left_open(database, site.machines[was.host].place.address)
            what = f"of {was.host} is done elsewhere: {act.name}"
            _waited(lambda: not lanes_not_taken_over(database, was), patience_seconds, f"no lane {what}")
            taken_over = time.monotonic() - began
            _waited(lambda: not not_settled(database, was.effects), patience_seconds, f"the work {what}")
            settled = time.monotonic() - began
        else:
            time.sleep(act.seconds)
        meanwhile = delivered(database) - before
    ended, ended_at = time.monotonic(), datetime.now(UTC)
    lines = site.machines[was.host].plan.lines
    _waited(lambda: not silent(database, was.host, lines, ended_at), patience_seconds, f"{was.host} works again")
    back = time.monotonic() - ended
    return Outcome(act.name, was.host, len(was.effects), locked, taken_over, settled, meanwhile, back)


def _waited(look: Callable[[], T | None], seconds: float, what: str) -> T:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise CannotGoOn(f"for {seconds:.0f} s nothing came of it that {what}")
        time.sleep(_LOOK_SECONDS)
    return found


@contextlib.contextmanager
def _cut_off(site: Site, host: str) -> Iterator[None]:
    with _mended(site.network):
        site.network.cut(host)
        yield


@contextlib.contextmanager
def _frozen(site: Site, host: str) -> Iterator[None]:
    site.machines[host].freeze()
    try:
        yield
    finally:
        site.machines[host].thaw()


@contextlib.contextmanager
def _slow(site: Site, host: str) -> Iterator[None]:
    site.network.slow(host)
    try:
        yield
    finally:
        site.network.quicken(host)


def _cut_from(other: str) -> Callable[[Site, str], AbstractContextManager[None]]:
    @contextlib.contextmanager
    def cut(site: Site, host: str) -> Iterator[None]:
        with _mended(site.network):
            site.network.cut(host, other)
            yield

    return cut


def _hears_nothing_of(*others: str) -> Callable[[Site, str], AbstractContextManager[None]]:
    """What the host sends arrives, and no answer comes back."""

    @contextlib.contextmanager
    def lose(site: Site, host: str) -> Iterator[None]:
        with _mended(site.network):
            for other in others:
                site.network.lose(other, host)
            yield

    return lose


def _is_not_heard_by(*others: str) -> Callable[[Site, str], AbstractContextManager[None]]:
    @contextlib.contextmanager
    def lose(site: Site, host: str) -> Iterator[None]:
        with _mended(site.network):
            for other in others:
                site.network.lose(host, other)
            yield

    return lose


@contextlib.contextmanager
def _mended(network: Network) -> Iterator[None]:
    try:
        yield
    finally:
        network.mend()


# Longer than any time limit on a connection: the 25 s of PostgreSQL (models/silent_peers.py), the 10 s of the broker.
LONG, ENOUGH = 35.0, 15.0
ACTS = (
    Act("is cut off from everything", _cut_off, short=True),
    Act("stands still, and wakes later", _frozen, short=True),
    # The system repeats what it could not deliver after 13 and 26 s: if it still did, it would land after the mending.
    Act("is cut off from the outside systems", _cut_from(OUTSIDE), seconds=ENOUGH, short=True),
    Act("hears nothing of the outside systems", _hears_nothing_of(OUTSIDE), seconds=ENOUGH),
    Act("is cut off from Redis", _cut_from(REDIS), seconds=ENOUGH),
    Act("is cut off from PostgreSQL", _cut_from(DATABASE), seconds=LONG),
    Act("hears nothing of PostgreSQL", _hears_nothing_of(DATABASE), seconds=LONG),
    Act("is not heard by Redis and PostgreSQL", _is_not_heard_by(REDIS, DATABASE), seconds=LONG),
    Act("has a slow and lossy link", _slow, seconds=ENOUGH),
)
