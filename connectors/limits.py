"""Rate limits per connection, shared by all workers through Redis.

Each process also remembers its own calls. While there is no shared count (Redis is away, or has just been emptied), it
uses only a part of the limit that is safe whatever the others do: slower, never faster.
"""

import threading
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

log = structlog.get_logger()

# How many processes may call one system at the same time: ingest, match, push, copy and one more. A setting changes it.
PROCESSES = 5
# The moment since which this Redis counts all calls (milliseconds since 1970, by its own clock: the clocks of the hosts
# may differ). If the key is missing, Redis has been emptied.
EPOCH_KEY = "payments-limits-epoch"
_WAIT_SECONDS_MIN = 0.05
# As long as the shortest window of a limit. A send may be late by no more than this, which its lease allows for.
WAITED_FOR_MAX = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit of `calls` in `seconds`.

    Attributes:
        allowed: the vendor's own limit; we may use the difference to `calls` while there is no shared count.
    """

    calls: int
    seconds: int
    allowed: int = 0

    def as_item(self) -> RateLimitItem:
        if self.seconds % 60 == 0:
            return RateLimitItemPerMinute(self.calls, self.seconds // 60)
        return RateLimitItemPerSecond(self.calls, self.seconds)

    def share(self, processes: int) -> int:
        """One process's part if the processes cannot count together; at least one call."""
        return max(1, self.calls // processes)

    def spare(self, processes: int) -> int:
        """One process's part of the calls that the vendor allows beyond our shared limit."""
        return max(0, self.allowed - self.calls) // processes


class Pacer(Protocol):
    def permit(self, key: str, rates: Sequence[Rate]) -> timedelta | None:
        """Takes a place for one call under every rate.

        Returns:
            None if the call may be made, else how long to wait before asking again.
        """


@dataclass(frozen=True, slots=True)
class HalfOf:
    """Half of an account's limit, for work that must leave the other half to whatever else calls the account.

    Moments are waited for here: of a read that needs two calls, only one would ever be made within a second if its
    caller had to begin anew.

    Attributes:
        whole: counts all calls to the account, these included.
        name: tells apart what has a half of its own.
    """

    whole: Pacer
    name: str

    def permit(self, key: str, rates: Sequence[Rate]) -> timedelta | None:
        # The half is a limit of our own: while there is no shared count, a part of the other half is used, for nothing
        # would be copied within a minute after Redis was emptied otherwise. The whole keeps the vendor's limit.
        half = [replace(rate, calls=max(1, rate.calls // 2), allowed=rate.calls) for rate in rates]
        ends = time.monotonic() + WAITED_FOR_MAX.total_seconds()
        for part_key, part in ((f"{key}:{self.name}", half), (key, rates)):
            while (wait := self.whole.permit(part_key, part)) is not None:
                if time.monotonic() + wait.total_seconds() > ends:
                    return wait
                time.sleep(wait.total_seconds())
        return None


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of this process, by the monotonic clock; `spare` if it was made beyond the shared count."""

    at: float
    spare: bool


@dataclass(slots=True)
class Limiter:
    """Says whether a call may be made now. Thread-safe.

    Whatever happens to Redis, no window holds more calls than the vendor allows: one Redis counts `calls` at most, and
    the calls that it has not counted, or not for a whole window, come out of the spare ones.
    """

    shared: RedisStorage | None
    processes: int = PROCESSES
    _own: dict[str, deque[_Call]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_away: bool = False

    def permit(self, key: str, rates: Sequence[Rate]) -> timedelta | None:
        """Takes a place for one call under every rate.

        Returns:
            None if the call may be made, else how long to wait before asking again.
        """
        counted_since = self._counted_since()
        wait = self._take_own(key, rates, counted_since)
        if wait is not None or self.shared is None or counted_since is None:
            return wait
        try:
            wait = self._take_shared(self.shared, key, rates)
        except RedisError as error:
            self._note_away(error)
            self._give_back(key)
            return self._take_own(key, rates, None)
        # Not earlier: a replica answers questions, but counts nothing.
        self._is_away = False
        if wait is not None:
            self._give_back(key)
        return wait

    def _counted_since(self) -> float | None:
        """The moment since which Redis counts everybody's calls, by our monotonic clock; None while it does not."""
        if self.shared is None:
            return None
        redis, now = self.shared.storage, time.monotonic()
        try:
            both = redis.pipeline(transaction=False).time().get(EPOCH_KEY)
            (seconds, microseconds), epoch = both.execute()
            wall = int(seconds) * 1000 + int(microseconds) // 1000
            if epoch is None:
                redis.set(EPOCH_KEY, wall, nx=True)
                epoch = redis.get(EPOCH_KEY) or wall
        except RedisError as error:
            self._note_away(error)
            return None
        return now - max(wall - int(epoch), 0) / 1000

    def _note_away(self, error: RedisError) -> None:
        if not self._is_away:
            log.warning("limits.redis_away", error=type(error).__name__)
        self._is_away = True

    def _take_own(self, key: str, rates: Sequence[Rate], counted_since: float | None) -> timedelta | None:
        """A place among this process's own calls."""
        now = time.monotonic()
        with self._lock:
            own = self._own.setdefault(key, deque())
            while own and own[0].at <= now - max(rate.seconds for rate in rates):
                own.popleft()
            for rate in rates:
                wait = self._wait(rate, own, counted_since, now)
                if wait > 0:
                    return timedelta(seconds=max(wait, _WAIT_SECONDS_MIN))
            counted = counted_since is not None and all(counted_since <= now - rate.seconds for rate in rates)
            own.append(_Call(now, spare=not counted))
        return None

    def _wait(self, rate: Rate, own: Collection[_Call], counted_since: float | None, now: float) -> float:
        only_spare = False
        if self.shared is None:
            most = rate.share(self.processes)
        elif counted_since is not None and counted_since <= now - rate.seconds:
            most = rate.calls
        else:
            # Another process may just have used up the whole count without our knowledge.
            only_spare = True
            most = rate.spare(self.processes) if counted_since is not None else max(1, rate.spare(self.processes))
            if not most and counted_since is not None:
                return counted_since + rate.seconds - now
        if len(own) < most:
            # Usually so: to go through all calls of a minute for each new one would take longer than all the rest.
            return 0
        within = [call for call in own if call.at > now - rate.seconds and (call.spare or not only_spare)]
        return within[-most].at + rate.seconds - now if len(within) >= most else 0

    def _give_back(self, key: str) -> None:
        with self._lock:
            self._own[key].pop()

    @staticmethod
    def _take_shared(shared: RedisStorage, key: str, rates: Sequence[Rate]) -> timedelta | None:
        # Every call is remembered for one window: the counters that need less memory forget bursts at a window's edge
        # (fourteen calls within a second were measured at a limit of eight).
        limiter = MovingWindowRateLimiter(shared)
        for rate in rates:
            # If a later rate is full, the places taken under the earlier ones are lost: that errs on the slow side.
            item = rate.as_item()
            if not limiter.hit(item, key):
                # Calls that seem to be in the future were counted before a clock went back.
                wait = min(limiter.get_window_stats(item, key).reset_time - time.time(), rate.seconds)
                return timedelta(seconds=max(wait, _WAIT_SECONDS_MIN))
        return None
