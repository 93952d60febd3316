"""Everything a step needs: handles, clock and numbers. Composed once per process in `workers/composition.py`."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from connectors.base import Source, Target
from connectors.channel import Channel
from connectors.channels import open_channels
from connectors.copying import Biller, Books
from connectors.options import Options
from connectors.reconciling import ReconciledSource, ReconciledTarget
from connectors.registry import (
    Platform,
    open_biller,
    open_books,
    open_reconciled_source,
    open_reconciled_target,
    open_source,
    open_target,
    options_of,
)
from connectors.vendor import Account
from domain.clocks import Moment
from domain.words import Words
from models.connections import Connection
from models.database import Database
from models.locks import Owner
from models.secrets import Keyring
from tasks.keeper import DatabaseReadMeter, DatabaseSecretsKeeper
from tasks.points import Point
from tasks.turns import Turns


class Step(StrEnum):
    """The steps that drain a lane, and the owner of each lane."""

    INGEST = "ingest"  # of a source connection
    MATCH = "match"  # of an organization
    PUSH = "push"  # of a target connection
    CATCH_UP = "catch_up"  # of a source connection
    LOOK_AGAIN = "look_again"  # of a target connection
    COPY = "copy"  # of an organization
    PREVIEW = "preview"  # of an organization
    RECONCILE = "reconcile"  # of an organization
    UNDO = "undo"  # of an organization
    WATCH = "watch"  # of an organization
    REPLAY = "replay"  # of an organization
    NOTIFY = "notify"  # of an endpoint

    @property
    def owner(self) -> Owner:
        return _OWNERS[self]


_OWNERS = {
    Step.INGEST: Owner.CONNECTION,
    Step.MATCH: Owner.ORGANIZATION,
    Step.PUSH: Owner.CONNECTION,
    Step.CATCH_UP: Owner.CONNECTION,
    Step.LOOK_AGAIN: Owner.CONNECTION,
    Step.COPY: Owner.ORGANIZATION,
    Step.PREVIEW: Owner.ORGANIZATION,
    Step.RECONCILE: Owner.ORGANIZATION,
    Step.UNDO: Owner.ORGANIZATION,
    Step.WATCH: Owner.ORGANIZATION,
    Step.REPLAY: Owner.ORGANIZATION,
    Step.NOTIFY: Owner.ENDPOINT,
}


def lane_owners() -> Mapping[str, Owner]:
    """Whose the lane of each step is, by the step's name in the table of lanes."""
    return {step.value: owner for step, owner in _OWNERS.items()}


class Clock(Protocol):
    def now(self) -> datetime:
        """The current time, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump and keep running while the machine sleeps; only differences mean anything."""

    @property
    def machine(self) -> str:
        """The run of the machine, or of whatever else `monotonic` is the clock of; "" if it cannot be told."""

    def sleep(self, duration: timedelta) -> None:
        """Waits. Only for moments: a waiting worker does no other work."""


_COUNTS_SLEEP: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        # Linux's monotonic clock stands still while the machine is suspended, and a lease does not.
        return time.monotonic() if _COUNTS_SLEEP is None else time.clock_gettime(_COUNTS_SLEEP)

    @cached_property
    def machine(self) -> str:
        # Linux draws it at each start of the machine; the processes of a host share it, as they share the clock.
        with suppress(OSError):
            return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return ""

    def sleep(self, duration: timedelta) -> None:
        time.sleep(duration.total_seconds())


class Nudge(Protocol):
    def __call__(self, step: Step, owner_id: int) -> None:
        """Asks a worker to look at this lane soon. Best effort: never raises, may be lost; the sweep asks again."""

    def arrived(self, step: Step, owner_id: int) -> None:
        """A worker is about to look at the lane. From now on another nudge for it is sent again."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Every duration a step knows; `settings` says what each one means."""

    lease: timedelta
    slice: timedelta
    settle: timedelta
    recheck_min: timedelta
    recheck_max: timedelta
    backoff_min: timedelta
    backoff_max: timedelta
    breaker_failures: int
    breaker: timedelta
    breaker_max: timedelta
    push_parallel: int
    catch_up: timedelta
    catch_up_overlap: timedelta
    catch_up_silent: timedelta = timedelta(minutes=5)
    read_distance: timedelta = timedelta(seconds=1)
    reconcile: timedelta = timedelta(hours=24)
    retain_payloads: timedelta = timedelta(days=90)
    retain_attempts: timedelta = timedelta(days=730)


T = TypeVar("T")


class Opened(Generic[T]):
    """Open connectors, one per connection, kept for their pooled sockets and for what they have discovered.

    A connection whose settings or secrets have changed is opened anew; threads still using the old one end with it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: dict[int, tuple[str, T]] = {}

    def get(self, connection_id: int, key: str, make: Callable[[], T]) -> T:
        with self._lock:
            known = self._opened.get(connection_id)
            if known is not None and known[0] == key:
                return known[1]
        made = make()
        with self._lock:
            self._opened[connection_id] = (key, made)
        return made


class Signal:
    """Counts what has happened, so that who remembers the count sees that more has happened since."""

    def __init__(self) -> None:
        self._counter = itertools.count(1)
        self.count = 0

    def give(self) -> None:
        self.count = next(self._counter)


class Paces:
    """How long the last writes to each connection took, on the wire: whoever sends next knows what to expect."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}

    def last(self, connection_id: int) -> float | None:
        return self._seconds.get(connection_id)

    def note(self, connection_id: int, seconds: float) -> None:
        self._seconds[connection_id] = seconds


# Threads start on demand. At most this many calls run at once, over all lanes.
_WIRE_THREADS_MAX = 64


def _wire_threads() -> Executor:
    return ThreadPoolExecutor(_WIRE_THREADS_MAX, thread_name_prefix="wire")


def _pass(_point: Point) -> None:
    """In production: does nothing."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a step may use.

    Attributes:
        holder: who we are in a lane's row: host, process.
        reached: called at every named point between two steps of I/O; crash tests end the process there.
        stopping: set when this process is told to end: it finishes its current work and begins nothing new.
        wire: the threads that make outside calls, for all lanes of the process (`tasks/wire.py`).
        turns: which of the process's lanes work at the moment.
        told_to_wait: given when this process pauses a connection or counts a failed call (`tasks/permits.py`).
        actor: for whom this context acts: a person's address, a token's name, or the command line; "" for a worker.
        paces: how long the last writes to each connection took.
        address: of the dashboard, for links in what we send; "" if the installation does not say it.
    """

    database: Database
    keyring: Keyring
    clock: Clock
    platform: Platform
    nudge: Nudge
    timing: Timing
    holder: str
    jitter: random.Random = field(default_factory=random.Random)
    reached: Callable[[Point], None] = _pass
    stopping: threading.Event = field(default_factory=threading.Event)
    wire: Executor = field(default_factory=_wire_threads, repr=False)
    turns: Turns = field(default_factory=Turns, repr=False)
    told_to_wait: Signal = field(default_factory=Signal, repr=False)
    actor: str = ""
    paces: Paces = field(default_factory=Paces, repr=False)
    address: str = ""
    _sources: "Opened[Source]" = field(default_factory=Opened, repr=False)
    _targets: "Opened[Target]" = field(default_factory=Opened, repr=False)
    _books: "Opened[Books | None]" = field(default_factory=Opened, repr=False)
    _billers: "Opened[Biller | None]" = field(default_factory=Opened, repr=False)
    _reconciled_sources: "Opened[ReconciledSource | None]" = field(default_factory=Opened, repr=False)
    _reconciled_targets: "Opened[ReconciledTarget | None]" = field(default_factory=Opened, repr=False)

    def moment(self) -> Moment:
        return Moment(self.clock.now(), self.clock.monotonic(), self.clock.machine)

    def source(self, connection: Connection) -> Source:
        # Its tokens change about every hour and are read again with every call, so they are not part of the key.
        return self._sources.get(
            connection.id, repr(connection.settings), lambda: open_source(self.platform, self._account(connection))
        )

    def target(self, connection: Connection) -> Target:
        key = repr((connection.settings, connection.sealed_secrets))
        return self._targets.get(connection.id, key, lambda: open_target(self.platform, self._account(connection)))

    def books(self, connection: Connection) -> Books | None:
        """The source as the books of the Sync Tool; None if it cannot write to them."""
        return self._books.get(
            connection.id, repr(connection.settings), lambda: open_books(self.platform, self._account(connection))
        )

    def biller(self, connection: Connection) -> Biller | None:
        """The target as the biller of the Sync Tool; None if it cannot read its invoices."""
        key = repr((connection.settings, connection.sealed_secrets))
        return self._billers.get(connection.id, key, lambda: open_biller(self.platform, self._account(connection)))

    def reconciled_source(self, connection: Connection) -> ReconciledSource | None:
        """The source as the reconciliation reads it; None if this vendor cannot be read as a whole."""
        return self._reconciled_sources.get(
            connection.id,
            repr(connection.settings),
            lambda: open_reconciled_source(self.platform, self._account(connection)),
        )

    def reconciled_target(self, connection: Connection) -> ReconciledTarget | None:
        """The target as the reconciliation reads it; None if this vendor cannot be read as a whole."""
        key = repr((connection.settings, connection.sealed_secrets))
        return self._reconciled_targets.get(
            connection.id, key, lambda: open_reconciled_target(self.platform, self._account(connection))
        )

    def channel(self, name: str) -> Channel:
        return open_channels(self.platform)[name]

    def options(self, connection: Connection) -> Options:
        """The options chosen for this connection."""
        return options_of(self.platform, connection.vendor, connection.settings)

    def words(self, connections: Iterable[Connection | None]) -> Words:
        """How an organization with these connections calls its two systems."""
        return self.platform.words({one.vendor for one in connections if one is not None})

    def keeper(self, connection_id: int) -> DatabaseSecretsKeeper:
        return DatabaseSecretsKeeper(
            database=self.database,
            keyring=self.keyring,
            now=self.clock.now,
            holder=self.holder,
            connection_id=connection_id,
            reached=self.reached,
            lease=self.timing.lease,
        )

    def _account(self, connection: Connection) -> Account:
        return Account(
            connection_id=connection.id,
            vendor=connection.vendor,
            account_id=connection.account_id,
            settings=connection.settings,
            keeper=self.keeper(connection.id),
            meter=self.meter(connection),
        )

    def meter(self, connection: Connection) -> DatabaseReadMeter:
        return DatabaseReadMeter(
            database=self.database,
            now=self.clock.now,
            connection_id=connection.id,
            vendor=connection.vendor,
            reached=self.reached,
            monthly_reads_max=self.platform.vendors[connection.vendor].monthly_reads_max,
        )
