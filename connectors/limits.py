"""Rate limits per connection, shared by all workers through Redis.

With Redis away every process keeps a share of the limit by itself: slower, never faster.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage, Storage
from limits.strategies import MovingWindowRateLimiter, RateLimiter
from redis.exceptions import RedisError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds."""

    calls: int
    seconds: int

    def as_item(self) -> RateLimitItem:
        if self.seconds % 60 == 0:
            return RateLimitItemPerMinute(self.calls, self.seconds // 60)
        return RateLimitItemPerSecond(self.calls, self.seconds)

    def share(self, parts: int) -> "Rate":
        """One process's part when the processes cannot count together; at least one call."""
        return Rate(max(1, self.calls // parts), self.seconds)


# How many processes may call one system at the same time when they cannot count together: the workers of one step
# on a few hosts. Too high only makes the fallback slower.
PROCESSES_MAX = 4


@dataclass(slots=True)
class Limiter:
    """Says whether a call may be made now. Thread-safe."""

    shared: Storage | None
    _local: MemoryStorage = field(default_factory=MemoryStorage)

    def permit(self, key: str, rates: Sequence[Rate]) -> timedelta | None:
        """Takes a place for one call under every rate.

        Returns:
            None when the call may be made, else how long to wait before asking again.
        """
        if self.shared is not None:
            try:
                # Every call is remembered for one window: the counters that need less memory forget bursts at a
                # window's edge (fourteen calls within a second were measured at a limit of eight).
                return _permit(MovingWindowRateLimiter(self.shared), key, [r.as_item() for r in rates])
            except RedisError as error:
                log.warning("limits.redis_away", error=type(error).__name__)
        shares = [rate.share(PROCESSES_MAX).as_item() for rate in rates]
        return _permit(MovingWindowRateLimiter(self._local), key, shares)


def _permit(limiter: RateLimiter, key: str, items: Sequence[RateLimitItem]) -> timedelta | None:
    for item in items:
        # The places taken under the earlier rates are lost when a later one is full: that errs to the slow side.
        if not limiter.hit(item, key):
            wait = limiter.get_window_stats(item, key).reset_time - time.time()
            return timedelta(seconds=max(wait, 0.05))
    return None
