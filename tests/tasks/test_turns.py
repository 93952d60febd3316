"""A few lanes work at a time, those that come back from the wire first, and none waits for ever."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest

from connectors.aside import aside, stepping_aside
from tasks.turns import Turns

PATIENCE_SECONDS = 10


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as opened:
        yield opened


class Lane:
    """A lane that works until it is told what to do next."""

    def __init__(self, turns: Turns, pool: ThreadPoolExecutor, *, is_patient: bool = False) -> None:
        self.is_patient = is_patient
        self.works, self.leaves, self.is_aside, self.returns = (threading.Event() for _ in range(4))
        self._turns = turns
        self.done: Future[None] = pool.submit(self._run)

    def _run(self) -> None:
        with self._turns.working(is_patient=self.is_patient):
            self.works.set()
            wait(self.leaves)
            with self._turns.aside():
                self.is_aside.set()
                wait(self.returns)

    def let_go(self) -> None:
        """It ends as soon as it gets its turn back."""
        self.leaves.set()
        self.returns.set()

    def end(self) -> None:
        self.let_go()
        self.done.result(PATIENCE_SECONDS)


def wait(happened: threading.Event) -> None:
    assert happened.wait(PATIENCE_SECONDS)


def has_to_wait(turns: Turns, lane: Lane) -> bool:
    until(lambda: turns.waiting == 1)
    return not lane.works.is_set()


def test_a_lane_waits_until_another_one_ends(pool: ThreadPoolExecutor) -> None:
    turns = Turns(places=1)
    first = Lane(turns, pool)
    wait(first.works)
    second = Lane(turns, pool)
    assert has_to_wait(turns, second)
    first.let_go()
    wait(second.works)
    second.end()
    first.end()


def test_a_lane_that_waits_for_the_wire_lets_another_one_work(pool: ThreadPoolExecutor) -> None:
    turns = Turns(places=1)
    first = Lane(turns, pool)
    wait(first.works)
    second = Lane(turns, pool)
    first.leaves.set()
    wait(first.is_aside)
    wait(second.works)
    second.end()
    first.end()


def test_who_comes_back_goes_before_who_begins(pool: ThreadPoolExecutor) -> None:
    turns, order = Turns(places=1, head_start=timedelta(seconds=60)), []

    @contextmanager
    def noted(name: str) -> Iterator[None]:
        with turns.working():
            order.append(name)
            yield

    def begin() -> None:
        with noted("begins"):
            pass

    first = Lane(turns, pool)
    wait(first.works)
    first.leaves.set()
    wait(first.is_aside)
    holder = Lane(turns, pool)
    wait(holder.works)
    beginning = pool.submit(begin)
    until(lambda: turns.waiting == 1)
    first.returns.set()
    first.done.add_done_callback(lambda _: order.append("came back"))
    until(lambda: turns.waiting == 2)
    holder.leaves.set()
    wait(holder.is_aside)
    holder.returns.set()
    for one in (first.done, holder.done, beginning):
        one.result(PATIENCE_SECONDS)
    assert order == ["came back", "begins"]


def test_who_has_waited_longer_than_the_head_start_goes_before_who_comes_back(pool: ThreadPoolExecutor) -> None:
    turns = Turns(places=1, head_start=timedelta(0))
    first = Lane(turns, pool)
    wait(first.works)
    first.leaves.set()
    wait(first.is_aside)
    holder = Lane(turns, pool)
    wait(holder.works)
    beginning = Lane(turns, pool)
    until(lambda: turns.waiting == 1)
    first.returns.set()
    until(lambda: turns.waiting == 2)
    holder.let_go()
    wait(beginning.works)
    assert not first.done.done()
    for one in (beginning, first, holder):
        one.let_go()
    for one in (beginning, first, holder):
        one.end()


@pytest.mark.parametrize(
    ("is_patient", "had_seconds", "later_seconds", "goes_first"),
    [
        pytest.param(
            True, 0.5, 1.0, "begins", id="one that had half a second lets a lane pass that begins a second later"
        ),
        pytest.param(True, 0.01, 1.0, "comes back", id="one that had hardly any of the time does not"),
        pytest.param(True, 60, 4.9, "comes back", id="nobody is passed for more than five seconds"),
        pytest.param(False, 0.5, 1.0, "comes back", id="nor is one whose looks grow old"),
    ],
)
def test_a_patient_lane_comes_back_the_later_the_more_time_it_has_had(
    pool: ThreadPoolExecutor, is_patient: bool, had_seconds: float, later_seconds: float, goes_first: str
) -> None:
    now = 1_000.0
    turns = Turns(places=1, monotonic=lambda: now)
    backlog = Lane(turns, pool, is_patient=is_patient)
    wait(backlog.works)
    now += had_seconds
    backlog.leaves.set()
    wait(backlog.is_aside)
    holder = Lane(turns, pool)
    wait(holder.works)
    backlog.returns.set()
    until(lambda: turns.waiting == 1)
    now += later_seconds
    single = Lane(turns, pool)
    until(lambda: turns.waiting == 2)
    holder.leaves.set()
    wait(single.works if goes_first == "begins" else holder.is_aside)
    if goes_first == "begins":
        assert not backlog.done.done()
    else:
        backlog.done.result(PATIENCE_SECONDS)
        wait(single.works)
    for one in (single, holder, backlog):
        one.let_go()
    for one in (single, holder, backlog):
        one.end()


def test_a_thread_that_has_a_turn_needs_no_second_one() -> None:
    turns = Turns(places=1)
    with turns.working(), turns.working():
        pass
    assert turns.waiting == 0


def until(is_true: Callable[[], bool]) -> None:
    for _ in range(PATIENCE_SECONDS * 100):
        if is_true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came to that")


def test_a_lane_that_ends_with_an_error_gives_its_turn_back(pool: ThreadPoolExecutor) -> None:
    turns = Turns(places=1)
    with pytest.raises(ZeroDivisionError), turns.working(), turns.aside():
        raise ZeroDivisionError
    second = Lane(turns, pool)
    wait(second.works)
    second.end()


def test_a_thread_without_a_turn_has_none_to_give(pool: ThreadPoolExecutor) -> None:
    turns = Turns(places=1)
    first = Lane(turns, pool)
    wait(first.works)
    with turns.aside():
        second = Lane(turns, pool)
        assert has_to_wait(turns, second)
    first.let_go()
    second.end()
    first.end()


@pytest.mark.parametrize("places", [1, 2, 3])
def test_many_lanes_that_come_and_go_never_are_more_than_there_are_places(
    pool: ThreadPoolExecutor, places: int
) -> None:
    turns, lock, at_work, most = Turns(places), threading.Lock(), 0, 0

    def count(by: int) -> None:
        nonlocal at_work, most
        with lock:
            at_work += by
            most = max(most, at_work)

    def work() -> None:
        for _ in range(50):
            with turns.working():
                count(1)
                for _ in range(3):
                    count(-1)
                    with turns.aside():
                        pass
                    count(1)
                count(-1)

    for one in [pool.submit(work) for _ in range(12)]:
        one.result(PATIENCE_SECONDS * 3)
    assert most <= places
    assert at_work == 0


def test_an_exchange_steps_aside_as_its_thread_was_told_and_no_longer(pool: ThreadPoolExecutor) -> None:
    told = []

    @contextmanager
    def noted() -> Iterator[None]:
        told.append("aside")
        yield

    with stepping_aside(noted):
        with aside():
            pass
        with pool.submit(aside).result(PATIENCE_SECONDS):
            pass
    with aside():
        pass
    assert told == ["aside"]
