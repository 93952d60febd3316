"""A client of the Redis that REDIS_URL names: at its address, or wherever its Sentinels say that the master is now."""

import contextlib
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from settings import Settings

SENTINEL = "sentinel://"
SENTINEL_PORT = 26379
# A limiter, a login or a nudge must not wait longer for Redis: the work can go on without it.
TIMEOUT_SECONDS = 2.0
# Whoever asks only whether it answers may wait a little longer for each address.
PING_SECONDS = 3.0


def redis_client(settings: Settings, timeout_seconds: float = TIMEOUT_SECONDS, **options: Any) -> redis.Redis | None:
    """The client; connects with the first command. None where no Redis is configured."""
    if not settings.redis_url:
        return None
    options |= {"socket_timeout": timeout_seconds, "socket_connect_timeout": timeout_seconds}
    if not is_behind_sentinels(settings.redis_url):
        return redis.Redis.from_url(settings.redis_url, **options)
    return _master(settings, options)


def redis_trouble(settings: Settings, timeout_seconds: float = PING_SECONDS) -> str | None:
    """Why the Redis that REDIS_URL names does not answer; None if it does."""
    # No retries: the callers ask again by themselves, and a wrong address must be reported at once.
    client = redis_client(settings, timeout_seconds, retry=None)
    return "REDIS_URL is not set" if client is None else ping_trouble(client)


def ping_trouble(client: redis.Redis) -> str | None:
    """Why it does not answer; None if it does. Closes the client."""
    try:
        with contextlib.closing(client):
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        return str(error) or repr(error)
    return None


def is_behind_sentinels(url: str) -> bool:
    return url.startswith(SENTINEL)


def _master(settings: Settings, options: dict[str, Any]) -> redis.Redis:
    """Each new connection asks the Sentinels; one to a former master ends with its first refused write."""
    sentinels = [urlsplit(one.strip()) for one in settings.redis_url.split(";") if one.strip()]
    first = sentinels[0]
    password = settings.redis_sentinel_password.get_secret_value()
    timeouts = {name: options[name] for name in ("socket_timeout", "socket_connect_timeout")}
    manager: Any = Sentinel(  # type: ignore[no-untyped-call]  # redis-py has no types here
        [(one.hostname or "", one.port or SENTINEL_PORT) for one in sentinels],
        # One that does not answer is not asked again: the next one is.
        sentinel_kwargs={**timeouts, "retry": Retry(NoBackoff(), 0), **({"password": password} if password else {})},
    )
    # One more try, at once: after a failover the first command meets the old connection, and the second the new master.
    options = {"retry": Retry(NoBackoff(), 1), **options}
    if first.password:
        options |= {"username": first.username or None, "password": unquote(first.password)}
    client: redis.Redis = manager.master_for(
        settings.redis_sentinel_master, redis.Redis, db=int(first.path.strip("/") or 0), **options
    )
    return client
