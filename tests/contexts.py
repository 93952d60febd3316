"""A Context for tests: a real database, a clock that the test moves, nudges that are remembered instead of sent."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from connectors.connectwise.settings import ConnectWiseSettings
from connectors.connectwise.vendor import ConnectWise
from connectors.http import TimeLimits
from connectors.limits import Limiter, Rate
from connectors.quickbooks.settings import QuickBooksSettings
from connectors.quickbooks.vendor import QuickBooks
from connectors.registry import Platform
from connectors.vendor import Vendor
from models.database import Database
from models.secrets import Keyring
from settings.environment import DEVELOPMENT_ENCRYPTION_KEY
from tasks.context import Clock, Context, Step, Timing

VERIFIER_TOKEN = "verifier-token-123"
CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
# A single test thread makes more calls in a second than one tenant may.
NO_LIMIT = (Rate(100_000, 1),)


# The same on every day and at every hour: a company's day, its month and ours end at different moments.
START = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


class TestClock:
    """Stands still between steps unless the test moves it; moves with real time underneath when told to."""

    __test__ = False

    def __init__(self, start: datetime | None = None) -> None:
        self.machine = "the only one"
        self._now = start or START
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, duration: timedelta) -> None:
        self.move(seconds=duration.total_seconds())

    def move(self, **duration: float) -> None:
        delta = timedelta(**duration)
        self._now += delta
        self._monotonic += delta.total_seconds()

    def suspend(self, **duration: float) -> None:
        """The machine sleeps: the time of day goes on, and a clock that counts only waking hours stands still."""
        self._now += timedelta(**duration)

    def set_back(self, **duration: float) -> None:
        """Somebody sets the time of day back."""
        self._now -= timedelta(**duration)


class RunningClock(TestClock):
    """Runs with the machine's time, and waits for real, as our own limiter does; the test may still move it."""

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__(start or datetime.now(UTC))
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._began)

    def monotonic(self) -> float:
        return self._monotonic + time.monotonic() - self._began

    def sleep(self, duration: timedelta) -> None:
        time.sleep(duration.total_seconds())


@dataclass
class RecordingNudge:
    """Remembers who was nudged, in order and once, so that a test can play the worker."""

    waiting: deque[tuple[Step, int]] = field(default_factory=deque)

    def __call__(self, step: Step, owner_id: int) -> None:
        if (step, owner_id) not in self.waiting:
            self.waiting.append((step, owner_id))

    def arrived(self, step: Step, owner_id: int) -> None:
        """Each is remembered once anyway."""


NEVER_BY_ITSELF = timedelta(days=36500)


def make_timing(**changes: Any) -> Timing:
    values: dict[str, Any] = {
        "lease": timedelta(seconds=90),
        "slice": timedelta(seconds=10),
        "settle": timedelta(seconds=90),
        "recheck_min": timedelta(seconds=60),
        "recheck_max": timedelta(hours=6),
        "backoff_min": timedelta(seconds=5),
        "backoff_max": timedelta(minutes=30),
        "breaker_failures": 5,
        "breaker": timedelta(seconds=60),
        "breaker_max": timedelta(minutes=30),
        "push_parallel": 4,
        "catch_up": timedelta(minutes=15),
        "catch_up_overlap": timedelta(minutes=5),
        # In most tests days go by, calls are counted, and the daily comparison is what they are not about.
        "reconcile": NEVER_BY_ITSELF,
    }
    return Timing(**(values | changes))


@cache
def _database_of(url: str) -> Database:
    return Database(url)


def database_at(url: str) -> Database:
    """The database of this address, with no connection open yet.

    One for each address: a new one would put every statement of the product into words again, which is most of what a
    short test takes. Test after test has its database at the same address.
    """
    database = _database_of(url)
    database.close()
    return database


def quickbooks_settings(url: str, **changes: object) -> QuickBooksSettings:
    values: dict[str, Any] = {
        "api_url": url,
        "token_url": url + "/oauth2/v1/tokens/bearer",
        "authorize_url": url + "/connect/oauth2",
        "revoke_url": url + "/v2/oauth2/tokens/revoke",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "verifier_tokens": VERIFIER_TOKEN,
        "monthly_reads_max": 0,
    }
    return QuickBooksSettings.model_validate(values | changes)


def with_quickbooks(context: Context, **changes: object) -> Context:
    """As if the processes were started anew with these settings; open sources hold what they were opened with."""
    before = context.platform.vendors["quickbooks"]
    settings = before.settings.model_validate(before.settings.model_dump() | changes)
    vendors = {**context.platform.vendors, "quickbooks": replace(before, settings=settings)}
    platform = replace(context.platform, vendors=vendors)
    return replace(context, platform=platform, _sources=type(context._sources)())


def make_context(
    database_url: str,
    *,
    clock: Clock | None = None,
    quickbooks_url: str = "http://127.0.0.1:9",
    connectwise_client_id: str = "00000000-0000-4000-8000-000000000001",
    read_timeout_seconds: float = 5,
    timing: Timing | None = None,
    quickbooks_rates: Sequence[Rate] = NO_LIMIT,
    more_vendors: Sequence[Vendor] = (),
) -> Context:
    clock = clock or TestClock()
    vendors = [
        QuickBooks(quickbooks_settings(quickbooks_url), rates=quickbooks_rates),
        ConnectWise(ConnectWiseSettings(client_id=connectwise_client_id), rates=NO_LIMIT),
        *more_vendors,
    ]
    platform = Platform(
        vendors={vendor.name: vendor for vendor in vendors},
        time_limits=TimeLimits(connect_seconds=2, read_seconds=read_timeout_seconds),
        # As with a Redis that is there: without one a process keeps to a share of every limit.
        limiter=Limiter(None, processes=1),
        now=clock.now,
    )
    return Context(
        database=database_at(database_url),
        keyring=Keyring([DEVELOPMENT_ENCRYPTION_KEY]),
        clock=clock,
        platform=platform,
        nudge=RecordingNudge(),
        timing=timing or make_timing(),
        holder="test",
    )
