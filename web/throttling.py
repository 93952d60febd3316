"""Limits guesses at passwords and codes, and invitations; counts each beforehand, so that parallel ones count too."""

from collections.abc import Sequence

import structlog
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

# One person mistyping: a handful of tries, then a short wait.
PER_ACCOUNT_AND_ADDRESS = RateLimitItemPerMinute(5, 5)
# An office behind one address logging in on a Monday, but no dictionary.
PER_ADDRESS = RateLimitItemPerMinute(60, 5)
# Many addresses trying one account: NIST SP 800-63B allows a hundred failures at most.
PER_ACCOUNT = RateLimitItemPerHour(60)
# Nobody has so many colleagues to invite in an hour.
INVITATIONS_PER_ORGANIZATION = RateLimitItemPerHour(60)


class Throttle:
    """Counts in Redis, shared by all web processes; in memory where there is no Redis, or while it is away."""

    def __init__(self, redis: Redis | None) -> None:
        self._memory = MemoryStorage()
        self._redis: Storage | None = None
        if redis is not None:
            self._redis = RedisStorage("redis://", connection_pool=redis.connection_pool, key_prefix="payments-logins")

    def permits(self, account: str, address: str) -> bool:
        """Counts one guess; False if it is not allowed."""
        return self._permits(
            (PER_ACCOUNT_AND_ADDRESS, ("both", account, address)),
            (PER_ADDRESS, ("address", address)),
            (PER_ACCOUNT, ("account", account)),
        )

    def permits_invitation(self, organization_id: int) -> bool:
        """Counts one invitation; False if it is not allowed."""
        return self._permits((INVITATIONS_PER_ORGANIZATION, ("invitations", str(organization_id))))

    def _permits(self, *tries: tuple[RateLimitItem, tuple[str, ...]]) -> bool:
        if self._redis is not None:
            try:
                return _hit(self._redis, tries)
            except RedisError as error:
                log.warning("login.redis_away", error=type(error).__name__)
        return _hit(self._memory, tries)

    def forget(self, account: str, address: str) -> None:
        """The password was right: earlier typing errors no longer count."""
        for storage in (self._redis, self._memory):
            if storage is None:
                continue
            try:
                FixedWindowRateLimiter(storage).clear(PER_ACCOUNT_AND_ADDRESS, "both", account, address)
            except RedisError as error:
                log.warning("login.redis_away", error=type(error).__name__)


def _hit(storage: Storage, tries: Sequence[tuple[RateLimitItem, tuple[str, ...]]]) -> bool:
    limiter = FixedWindowRateLimiter(storage)
    return all(limiter.hit(limit, *key) for limit, key in tries)
