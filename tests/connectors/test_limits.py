"""Rate limits that all workers share; with Redis away slower, never faster."""

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from limits.storage import RedisStorage, Storage

from connectors.limits import PROCESSES_MAX, Limiter, Rate
from workers.redis_server import RedisServer, free_port

RATE = Rate(8, 60)


def storage_on(url: str) -> RedisStorage:
    return RedisStorage(url, key_prefix="test-limits")


@pytest.fixture
def shared(redis_url: str) -> Storage:
    """A real Redis: the limits are Lua scripts, which a Redis made of Python does not run."""
    return storage_on(redis_url)


def permits(limiter: Limiter, key: str = "quickbooks:1", rates: tuple[Rate, ...] = (RATE,), asked: int = 50) -> int:
    return sum(limiter.permit(key, rates) is None for _ in range(asked))


def test_as_many_calls_as_the_rate_allows_and_no_more(shared: Storage) -> None:
    assert permits(Limiter(shared)) == RATE.calls


def test_two_processes_share_one_limit(shared: Storage) -> None:
    first, second = Limiter(shared), Limiter(shared)
    assert sum(permits(limiter, asked=6) for limiter in (first, second)) == RATE.calls


def test_threads_at_the_same_moment_share_one_limit(shared: Storage) -> None:
    limiter, together = Limiter(shared), Barrier(8)

    def one(_: int) -> int:
        together.wait(10)
        return permits(limiter, asked=4)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == RATE.calls


def test_one_company_does_not_wait_for_another(shared: Storage) -> None:
    limiter = Limiter(shared)
    permits(limiter, "quickbooks:1")
    assert permits(limiter, "quickbooks:2") == RATE.calls


def test_the_tightest_of_several_rates_holds(shared: Storage) -> None:
    assert permits(Limiter(shared), rates=(Rate(100, 60), Rate(3, 60), Rate(1000, 3600))) == 3


def test_who_is_refused_is_told_a_wait_that_is_worth_waiting(shared: Storage) -> None:
    limiter = Limiter(shared)
    permits(limiter)
    wait = limiter.permit("quickbooks:1", (RATE,))
    assert wait is not None
    assert timedelta(0) < wait <= timedelta(seconds=2 * RATE.seconds)


def test_after_the_wait_the_calls_go_on(shared: Storage) -> None:
    limiter, rate = Limiter(shared), Rate(2, 1)
    permits(limiter, rates=(rate,))
    deadline = time.monotonic() + 10
    while (wait := limiter.permit("quickbooks:1", (rate,))) is not None:
        assert time.monotonic() < deadline
        time.sleep(min(wait.total_seconds(), 0.05))


@pytest.mark.parametrize("rate", [Rate(8, 1), Rate(60, 60), Rate(400, 60), Rate(1, 60), Rate(3, 7)])
def test_with_redis_away_each_process_keeps_its_share(rate: Rate) -> None:
    assert permits(Limiter(None), rates=(rate,), asked=rate.calls + 1) == max(1, rate.calls // PROCESSES_MAX)


def test_with_redis_away_all_processes_together_stay_below_the_limit() -> None:
    processes = [Limiter(None) for _ in range(PROCESSES_MAX)]
    assert sum(permits(limiter) for limiter in processes) <= RATE.calls


def test_a_redis_that_is_not_there_slows_down_and_raises_nothing() -> None:
    limiter = Limiter(storage_on(f"redis://127.0.0.1:{free_port()}"))
    started = time.monotonic()
    assert permits(limiter, asked=10) == RATE.calls // PROCESSES_MAX
    assert time.monotonic() - started < 5


def test_a_redis_that_goes_away_and_comes_back_is_used_again(redis_server: RedisServer, redis_url: str) -> None:
    limiter = Limiter(storage_on(redis_url))
    assert limiter.permit("quickbooks:1", (RATE,)) is None
    redis_server.kill()
    try:
        away = permits(limiter, asked=10)
        assert away <= RATE.calls // PROCESSES_MAX
    finally:
        redis_server.start()
    back = permits(limiter)
    assert 0 < back <= RATE.calls


def test_no_second_holds_more_calls_than_the_rate(redis_url: str) -> None:
    limiter, rate = Limiter(storage_on(redis_url)), Rate(8, 1)
    assert limiter.permit("quickbooks:1", (rate,)) is None
    # A window begins with its first call; the burst comes at its end.
    begun = time.monotonic()
    time.sleep(0.85)
    granted: deque[float] = deque()
    most = 0
    while time.monotonic() < begun + 2:
        if limiter.permit("quickbooks:1", (rate,)) is None:
            granted.append(time.monotonic())
        while granted and granted[0] <= time.monotonic() - 1:
            granted.popleft()
        most = max(most, len(granted))
    assert most <= 10
