"""Calls are made a few at a time, taken in groups, and none is begun after an alarm before it was dealt with."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta

import pytest

from tasks.wire import Wire

LONG, SOON, AT_ONCE = timedelta(seconds=60), timedelta(seconds=0.05), timedelta(0)


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(16) as threads:
        yield threads


def wire(pool: Executor, call: Callable[[int], int], parallel: int = 4) -> Wire[int, int]:
    """Negative results are alarming."""
    return Wire(pool, parallel, call, lambda result: result < 0)


def all_of(open_wire: Wire[int, int]) -> list[int]:
    taken: list[int] = []
    while (came := open_wire.take(LONG, AT_ONCE)) is not None:
        taken += came
        open_wire.resume()
    return taken


def test_every_call_is_made_once_and_then_there_is_nothing_more_to_come(pool: Executor) -> None:
    with wire(pool, lambda job: job) as calls:
        calls.put(*range(100))
        assert sorted(all_of(calls)) == list(range(100))
        assert calls.take(LONG, LONG) is None


def test_a_wire_without_jobs_keeps_nobody_waiting(pool: Executor) -> None:
    with wire(pool, lambda job: job) as calls:
        assert calls.take(LONG, LONG) is None


def test_never_more_calls_than_allowed_are_under_way(pool: Executor) -> None:
    lock, now, most = threading.Lock(), [0], [0]
    three = threading.Barrier(3)

    def call(job: int) -> int:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        three.wait(30)
        with lock:
            now[0] -= 1
        return job

    with wire(pool, call, parallel=3) as calls:
        calls.put(*range(12))
        all_of(calls)
    assert most == [3]


def test_the_slowest_call_keeps_none_of_the_others_waiting(pool: Executor) -> None:
    slow = threading.Event()

    def call(job: int) -> int:
        if job == 0:
            slow.wait(60)
        return job

    with wire(pool, call) as calls:
        calls.put(*range(8))
        others: list[int] = []
        while len(others) < 7:
            others += calls.take(LONG, SOON) or []
        assert sorted(others) == list(range(1, 8))
        assert calls.take(AT_ONCE, AT_ONCE) == [], "one is still under way"
        slow.set()
        assert all_of(calls) == [0]


def test_what_is_urgent_comes_before_what_has_not_been_begun(pool: Executor) -> None:
    begun, go_on, order = threading.Event(), threading.Event(), []

    def call(job: int) -> int:
        order.append(job)
        if job == 0:
            begun.set()
            go_on.wait(60)
        return job

    with wire(pool, call, parallel=1) as calls:
        calls.put(0, 1, 2)
        begun.wait(60)
        calls.put_first(10, 11)
        go_on.set()
        all_of(calls)
    assert order == [0, 10, 11, 1, 2]


def test_after_an_alarm_nothing_is_begun_before_it_was_dealt_with(pool: Executor) -> None:
    with wire(pool, lambda job: -1 if job == 2 else job, parallel=1) as calls:
        calls.put(1, 2, 3, 4)
        came: list[int] = []
        while -1 not in came:
            came += calls.take(LONG, LONG) or []
        assert came == [1, -1]
        assert calls.drop(lambda job: job == 3) == [3]
        calls.resume()
        assert all_of(calls) == [4]


def test_what_a_call_raises_is_raised_where_results_are_taken(pool: Executor) -> None:
    def call(job: int) -> int:
        raise ZeroDivisionError(job)

    with wire(pool, call, parallel=1) as calls:
        calls.put(1, 2)
        with pytest.raises(ZeroDivisionError):
            calls.take(LONG, AT_ONCE)


def test_leaving_waits_for_the_calls_that_were_begun_and_makes_no_others(pool: Executor) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), []

    def call(job: int) -> int:
        begun.set()
        go_on.wait(60)
        ended.append(job)
        return job

    def loses_its_lease() -> None:
        with wire(pool, call, parallel=1) as calls:
            calls.put(1, 2, 3)
            begun.wait(60)
            threading.Timer(0.05, go_on.set).start()
            raise RuntimeError("the lease is lost")

    with pytest.raises(RuntimeError):
        loses_its_lease()
    assert ended == [1]


def test_a_pool_that_takes_no_more_work_keeps_nobody_waiting(pool: Executor) -> None:
    pool.shutdown()

    def works() -> None:
        with wire(pool, lambda job: job) as calls:
            calls.put(1)

    with pytest.raises(RuntimeError, match="after shutdown"):
        works()
