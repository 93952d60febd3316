"""Which Redis the running workers use: the one of REDIS_URL, or the embedded one of the state directory, if it runs."""

import contextlib
import fcntl
from dataclasses import dataclass
from pathlib import Path

import redis

from settings import Settings

# A person waits for this command; a Redis that is well answers within a millisecond.
PING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class FoundRedis:
    """Where Redis is; without a usable one `url` is empty, and `trouble` says why if that is worth a word."""

    url: str
    trouble: str = ""


def find_redis(settings: Settings) -> FoundRedis:
    """Looks, starts nothing, and comes back soon."""
    if settings.redis_url:
        answers = _answers(settings.redis_url)
        return FoundRedis(settings.redis_url) if answers else FoundRedis("", "the Redis of REDIS_URL does not answer")
    url = _embedded_url(settings.state_dir / "redis.lock")
    # That no embedded Redis runs is usual: nothing runs at all before the first `up`.
    return FoundRedis(url if url and _answers(url) else "")


def _embedded_url(lock: Path) -> str:
    """The address that the embedded server wrote down. It holds the lock as long as it lives, so an old one shows."""
    try:
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().decode("utf-8", "replace").strip("\x00 \n")
    except OSError:
        pass
    return ""


def _answers(url: str) -> bool:
    try:
        client = redis.Redis.from_url(url, socket_timeout=PING_SECONDS, socket_connect_timeout=PING_SECONDS, retry=None)
        with contextlib.closing(client):
            return bool(client.ping())
    except (redis.RedisError, OSError, ValueError):
        return False
