"""Finds the Redis of the running workers: REDIS_URL, or the embedded one of the state directory if it runs."""

import fcntl
from dataclasses import dataclass
from pathlib import Path

from settings import Settings
from workers.redis_client import redis_trouble

# A person waits for this command; a healthy Redis answers within a millisecond.
PING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class FoundRedis:
    """Where Redis is; without a usable one `url` is empty, and `trouble` gives a reason worth knowing."""

    url: str
    trouble: str = ""


def find_redis(settings: Settings) -> FoundRedis:
    """Looks for a running Redis; starts none, and returns quickly."""
    if settings.redis_url:
        answers = _answers(settings)
        return FoundRedis(settings.redis_url) if answers else FoundRedis("", "the Redis of REDIS_URL does not answer")
    url = _embedded_url(settings.state_dir / "redis.lock")
    # A missing embedded Redis is normal: nothing runs before the first `up`.
    return FoundRedis(url if url and _answers(settings.model_copy(update={"redis_url": url})) else "")


def _embedded_url(lock: Path) -> str:
    """The address that the embedded server wrote. A live server holds the lock, so a stale address is recognized."""
    try:
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().decode("utf-8", "replace").strip("\x00 \n")
    except OSError:
        pass
    return ""


def _answers(settings: Settings) -> bool:
    return redis_trouble(settings, PING_SECONDS) is None
