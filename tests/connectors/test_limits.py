"""Rate limits that all workers share; with Redis away slower, never faster."""

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pytest
from limits.storage import RedisStorage
from redis.exceptions import RedisError

from connectors.limits import EPOCH_KEY, PROCESSES, HalfOf, Limiter, Rate
from workers.redis_server import RedisServer, free_port

RATE = Rate(8, 60)


def storage_on(url: str, counted_for_seconds: float = 3600) -> RedisStorage:
    """A Redis that has counted all calls for so long."""
    storage = RedisStorage(url, key_prefix="test-limits")
    with suppress(RedisError):
        storage.storage.set(EPOCH_KEY, int((time.time() - counted_for_seconds) * 1000))
    return storage


@pytest.fixture
def shared(redis_url: str) -> RedisStorage:
    """A real Redis: the limits are Lua scripts, which a Redis made of Python does not run."""
    return storage_on(redis_url)


def permits(limiter: Limiter, key: str = "quickbooks:1", rates: tuple[Rate, ...] = (RATE,), asked: int = 50) -> int:
    return sum(limiter.permit(key, rates) is None for _ in range(asked))


def test_as_many_calls_as_the_rate_allows_and_no_more(shared: RedisStorage) -> None:
    assert permits(Limiter(shared)) == RATE.calls


def test_two_processes_share_one_limit(shared: RedisStorage) -> None:
    first, second = Limiter(shared), Limiter(shared)
    assert sum(permits(limiter, asked=6) for limiter in (first, second)) == RATE.calls


def test_threads_at_the_same_moment_share_one_limit(shared: RedisStorage) -> None:
    limiter, together = Limiter(shared), Barrier(8)

    def one(_: int) -> int:
        together.wait(120)
        return permits(limiter, asked=4)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == RATE.calls


def test_one_company_does_not_wait_for_another(shared: RedisStorage) -> None:
    limiter = Limiter(shared)
    permits(limiter, "quickbooks:1")
    assert permits(limiter, "quickbooks:2") == RATE.calls


def test_the_tightest_of_several_rates_holds(shared: RedisStorage) -> None:
    assert permits(Limiter(shared), rates=(Rate(100, 60), Rate(3, 60), Rate(1000, 3600))) == 3


def test_who_is_refused_is_told_a_wait_that_is_worth_waiting(shared: RedisStorage) -> None:
    limiter = Limiter(shared)
    permits(limiter)
    wait = limiter.permit("quickbooks:1", (RATE,))
    assert wait is not None
    assert timedelta(0) < wait <= timedelta(seconds=2 * RATE.seconds)


def test_after_the_wait_the_calls_go_on(shared: RedisStorage) -> None:
    limiter, rate = Limiter(shared), Rate(2, 1)
    permits(limiter, rates=(rate,))
    deadline = time.monotonic() + 120
    while (wait := limiter.permit("quickbooks:1", (rate,))) is not None:
        assert time.monotonic() < deadline
        time.sleep(min(wait.total_seconds(), 0.05))


@pytest.mark.parametrize("rate", [Rate(8, 1), Rate(60, 60), Rate(400, 60), Rate(1, 60), Rate(3, 7)])
def test_with_redis_away_each_process_keeps_its_share(rate: Rate) -> None:
    assert permits(Limiter(None), rates=(rate,), asked=rate.calls + 1) == max(1, rate.calls // PROCESSES)


def test_with_redis_away_all_processes_together_stay_below_the_limit() -> None:
    processes = [Limiter(None) for _ in range(PROCESSES)]
    assert sum(permits(limiter) for limiter in processes) <= RATE.calls


def test_a_redis_that_is_not_there_slows_down_and_raises_nothing() -> None:
    limiter = Limiter(storage_on(f"redis://127.0.0.1:{free_port()}"))
    started = time.monotonic()
    assert permits(limiter, asked=10) == 1, "others may have used it up, or count together without us"
    assert permits(limiter, "quickbooks:2", (Rate(8, 60, allowed=16),)) == 8 // PROCESSES
    assert time.monotonic() - started < 5


def test_a_redis_that_goes_away_and_comes_back_is_used_again(redis_server: RedisServer, redis_url: str) -> None:
    limiter = Limiter(storage_on(redis_url))
    assert limiter.permit("quickbooks:1", (RATE,)) is None
    redis_server.kill()
    try:
        assert permits(limiter, asked=10) <= RATE.calls // PROCESSES
    finally:
        redis_server.start()
    # Nobody knows what the others have done meanwhile: whole again when a window has passed.
    rate = Rate(8, 1)
    deadline = time.monotonic() + 120
    while permits(limiter, "quickbooks:2", (rate,)) < rate.calls:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def most_within(granted: Sequence[float], seconds: float) -> int:
    return max((sum(at - seconds < other <= at for other in granted) for at in granted), default=0)


@pytest.mark.parametrize("bad_day", ["emptied", "killed and restarted"])
def test_whatever_happens_to_redis_no_window_holds_more_calls_than_the_vendor_allows(
    redis_server: RedisServer, redis_url: str, bad_day: str
) -> None:
    """Four processes as fast as they can, and the count is lost in the middle of a window."""
    rate = Rate(40, 1, allowed=60)
    processes = [Limiter(storage_on(redis_url), PROCESSES) for _ in range(PROCESSES)]
    granted: list[float] = []

    def go_on(seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for limiter in processes:
                granted.extend(time.monotonic() for _ in range(limiter.permit("connectwise:1", (rate,)) is None))
            time.sleep(0.002)

    go_on(0.6)
    if bad_day == "emptied":
        redis_server.flush()
    else:
        redis_server.kill()
        go_on(1.5)
        redis_server.start()
    before = len(granted)
    go_on(2.5)
    assert most_within(granted, 0.95) <= rate.allowed
    assert len(granted) > before, "it goes on"


def test_a_process_that_starts_after_redis_was_emptied_is_as_careful_as_the_others(redis_url: str) -> None:
    seen_it = Limiter(RedisStorage(redis_url, key_prefix="test-limits"))
    rates = (Rate(8, 60, allowed=16),)
    assert permits(seen_it, rates=rates) == 8 // PROCESSES
    assert permits(Limiter(RedisStorage(redis_url, key_prefix="test-limits")), rates=rates) == 8 // PROCESSES


@pytest.mark.parametrize("ahead_seconds", [600, -600])
def test_a_host_whose_clock_is_wrong_is_as_careful_after_redis_was_emptied(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, ahead_seconds: float
) -> None:
    rates = (Rate(8, 60, allowed=16),)
    assert permits(Limiter(RedisStorage(redis_url, key_prefix="test-limits")), rates=rates) == 8 // PROCESSES
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + ahead_seconds)
    wrong = Limiter(RedisStorage(redis_url, key_prefix="test-limits"))
    assert permits(wrong, rates=rates) == 8 // PROCESSES


@pytest.mark.parametrize("ahead_seconds", [600, -600])
def test_a_host_whose_clock_is_wrong_counts_together_with_the_others_after_one_window(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, ahead_seconds: float
) -> None:
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + ahead_seconds)
    first = Limiter(RedisStorage(redis_url, key_prefix="test-limits"))
    permits(first, rates=(Rate(8, 1),))
    monkeypatch.setattr(time, "time", right)
    deadline = time.monotonic() + 120
    while (
        permits(Limiter(RedisStorage(redis_url, key_prefix="test-limits")), "quickbooks:2", (Rate(8, 1),)) < RATE.calls
    ):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_more_processes_have_smaller_parts() -> None:
    assert [permits(Limiter(None, processes)) for processes in (1, 2, 8)] == [8, 4, 1]


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


def test_half_of_a_limit_leaves_the_other_half_to_other_calls() -> None:
    whole = Limiter(None, processes=1)
    half, rates = HalfOf(whole, "copy"), (Rate(10, 60),)
    allowed = sum(half.permit("account", rates) is None for _ in range(20))
    assert allowed == 5
    assert sum(whole.permit("account", rates) is None for _ in range(20)) == 5


def test_half_of_a_limit_counts_with_the_whole() -> None:
    whole = Limiter(None, processes=1)
    half, rates = HalfOf(whole, "copy"), (Rate(10, 60),)
    for _ in range(8):
        assert whole.permit("account", rates) is None
    assert sum(half.permit("account", rates) is None for _ in range(20)) == 2


def test_half_of_a_limit_goes_on_with_few_calls_after_redis_was_emptied(redis_url: str) -> None:
    """Copying must not stand still for a whole minute because a counter was lost."""
    shared = RedisStorage(redis_url)
    shared.storage.flushall()
    half, rates = HalfOf(Limiter(shared), "copy"), (Rate(600, 60, allowed=1000),)
    permitted = sum(half.permit("a", rates) is None for _ in range(80))
    assert permitted == Rate(300, 60, allowed=600).spare(PROCESSES)
