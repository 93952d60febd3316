"""Draining a lane: one worker at a time, in bounded slices, with nothing left waiting that nobody was told of."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Semaphore
from typing import Any

import pytest
from sqlalchemy import select, update

from models.database import Database
from models.lanes import Lane, LeaseLost, take_lane
from models.unavailable import DatabaseBusy
from tasks.context import Context, Step, SystemClock
from tasks.step import Drained, Lease, drain
from tests.contexts import RecordingNudge, TestClock, make_context
from tests.servers import PostgresqlDatabases

OWNER = 7


def clock_of(context: Context) -> TestClock:
    assert isinstance(context.clock, TestClock)
    return context.clock


def nudged(context: Context) -> list[tuple[Step, int]]:
    assert isinstance(context.nudge, RecordingNudge)
    return list(context.nudge.waiting)


def lane(context: Context) -> Lane:
    with context.database.reading() as session:
        return session.scalars(select(Lane)).one()


def another_worker_takes_it(context: Context, after_seconds: float) -> int | None:
    with context.database.writing() as session:
        clock_of(context).move(seconds=after_seconds)
        return take_lane(session, Step.PUSH.value, OWNER, "another worker", context.clock.now(), context.timing.lease)


def test_a_lane_is_worked_off_until_nothing_waits(context: Context) -> None:
    answers = iter([True, True, False])
    assert drain(context, Step.PUSH, OWNER, lambda _: next(answers)) is Drained.DONE
    assert next(answers, None) is None
    assert nudged(context) == []
    assert (lane(context).holder, lane(context).lease_until) == ("", None)


def test_a_lane_that_a_silent_holder_keeps_locked_is_left_to_the_sweep(
    postgresql_databases: PostgresqlDatabases,
) -> None:
    """Few lanes of a process work at a time; one that waited for its row as long as for any lock would stop the others.

    SQLite has no locks of rows.
    """
    with postgresql_databases.fresh() as url, contextlib.closing(Database(url)) as silent:
        context = make_context(url)
        another_worker_takes_it(context, after_seconds=0)
        clock_of(context).move(seconds=context.timing.lease.total_seconds() + 1)
        with silent.writing() as session:
            session.execute(update(Lane).values(holder="it fell silent"))
            began = time.monotonic()
            with pytest.raises(DatabaseBusy):
                drain(context, Step.PUSH, OWNER, lambda _: False)
            assert time.monotonic() - began < 10, "other locks are waited for thirty seconds"
        assert drain(context, Step.PUSH, OWNER, lambda _: False) is Drained.DONE
        context.database.close()


def test_a_slice_ends_and_the_lane_goes_to_the_back_of_the_queue(context: Context) -> None:
    batches = 0

    def work(_: Lease) -> bool:
        nonlocal batches
        batches += 1
        clock_of(context).move(seconds=4)
        return True

    assert drain(context, Step.PUSH, OWNER, work) is Drained.MORE
    assert batches == 3, "three batches of four seconds fill a slice of ten"
    assert nudged(context) == [(Step.PUSH, OWNER)]


def test_a_nudge_that_finds_the_lane_taken_leaves_a_mark_and_its_holder_looks_once_more(context: Context) -> None:
    inner: list[Drained] = []

    def work(_: Lease) -> bool:
        inner.append(drain(context, Step.PUSH, OWNER, lambda _: False))
        return False

    assert drain(context, Step.PUSH, OWNER, work) is Drained.MORE
    assert inner == [Drained.TAKEN]
    assert nudged(context) == [(Step.PUSH, OWNER)]


def test_lanes_of_other_steps_and_owners_do_not_wait_for_each_other(context: Context) -> None:
    inner: list[Drained] = []

    def work(_: Lease) -> bool:
        inner.append(drain(context, Step.MATCH, OWNER, lambda _: False))
        inner.append(drain(context, Step.PUSH, OWNER + 1, lambda _: False))
        return False

    assert drain(context, Step.PUSH, OWNER, work) is Drained.DONE
    assert inner == [Drained.DONE, Drained.DONE]


def test_a_worker_that_fails_gives_the_lane_back(context: Context) -> None:
    def work(_: Lease) -> bool:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        drain(context, Step.PUSH, OWNER, work)
    assert lane(context).lease_until is None
    assert drain(context, Step.PUSH, OWNER, lambda _: False) is Drained.DONE


def test_a_late_holder_writes_nothing_and_leaves_the_lane_to_the_other(context: Context) -> None:
    written: list[str] = []

    def work(lease: Lease) -> bool:
        assert another_worker_takes_it(context, after_seconds=91) is not None
        with context.database.writing() as session:
            lease.guard(session)
            written.append("too late")
        return True

    assert drain(context, Step.PUSH, OWNER, work) is Drained.LOST
    assert written == []
    assert lane(context).holder == "another worker"
    assert nudged(context) == []


def test_a_lease_that_ran_out_is_lost_also_when_nobody_took_it(context: Context) -> None:
    def work(lease: Lease) -> bool:
        clock_of(context).move(seconds=91)
        with context.database.writing() as session:
            lease.guard(session)
        return False

    assert drain(context, Step.PUSH, OWNER, work) is Drained.LOST


def test_every_sign_of_life_extends_the_lease(context: Context) -> None:
    def work(lease: Lease) -> bool:
        for _ in range(5):
            clock_of(context).move(seconds=80)
            with context.database.writing() as session:
                lease.guard(session)
        return False

    assert drain(context, Step.PUSH, OWNER, work) is Drained.DONE


def in_a_lease(context: Context, look: Callable[[Lease], Any]) -> Any:
    seen: list[Any] = []

    def work(lease: Lease) -> bool:
        seen.append(look(lease))
        return False

    drain(context, Step.PUSH, OWNER, work)
    return seen[0]


def test_a_send_is_begun_only_while_it_can_end_within_the_lease(context: Context) -> None:
    """Two seconds to connect, five to answer and a margin of two: nine before the end of ninety."""

    def look(lease: Lease) -> list[bool]:
        told = []
        for step in (0, 80, 0.9, 0.2, 8.9, 900):
            clock_of(context).move(seconds=step)
            told.append(lease.may_send())
        return told

    assert in_a_lease(context, look) == [True, True, True, False, False, False]


def test_a_machine_that_slept_through_its_lease_sends_nothing_when_it_wakes(context: Context) -> None:
    def look(lease: Lease) -> bool:
        clock_of(context).suspend(minutes=10)
        return lease.may_send()

    assert in_a_lease(context, look) is False


def test_a_clock_that_was_set_back_makes_no_lease_longer(context: Context) -> None:
    def look(lease: Lease) -> bool:
        clock_of(context).move(seconds=85)
        clock_of(context).set_back(hours=1)
        return lease.may_send()

    assert in_a_lease(context, look) is False


def test_the_clock_that_leases_are_measured_with_counts_the_hours_of_sleep() -> None:
    counts_sleep = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert 0 <= SystemClock().monotonic() - counts_sleep < 5


def test_after_a_sign_of_life_sends_may_be_begun_again(context: Context) -> None:
    def look(lease: Lease) -> tuple[bool, bool]:
        clock_of(context).move(seconds=85)
        before = lease.may_send()
        with context.database.writing() as session:
            lease.guard(session)
        return before, lease.may_send()

    assert in_a_lease(context, look) == (False, True)


def test_a_sign_of_life_that_was_rolled_back_extends_nothing(context: Context) -> None:
    def look(lease: Lease) -> bool:
        clock_of(context).move(seconds=80)
        with pytest.raises(RuntimeError):
            fail_after_the_guard(lease)
        clock_of(context).move(seconds=15)
        return lease.may_send()

    assert in_a_lease(context, look) is False


def fail_after_the_guard(lease: Lease) -> None:
    with lease.context.database.writing() as session:
        lease.guard(session)
        raise RuntimeError


def test_a_lost_lease_can_be_told_from_a_bug(context: Context) -> None:
    def look(lease: Lease) -> bool:
        another_worker_takes_it(context, after_seconds=91)
        with pytest.raises(LeaseLost, match="push of 7"), context.database.writing() as session:
            lease.guard(session)
        return True

    assert in_a_lease(context, look)


def test_workers_that_come_at_the_same_moment_do_the_work_once(context: Context) -> None:
    workers = [replace(context, holder=f"worker {number}", nudge=RecordingNudge()) for number in range(4)]
    together, others_gone = Barrier(4), Semaphore(0)
    worked: list[str] = []

    def one(worker: Context) -> Drained:
        def work(_: Lease) -> bool:
            worked.append(worker.holder)
            return not all(others_gone.acquire(timeout=20) for _ in range(3))

        together.wait(120)
        ended = drain(worker, Step.PUSH, OWNER, work)
        others_gone.release()
        return ended

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(one, workers))
    assert len(worked) == 1
    assert sorted(ended) == [Drained.MORE, *[Drained.TAKEN] * 3]


def test_a_lane_on_another_step_has_its_own_number(database_url: str) -> None:
    context = make_context(database_url)
    numbers = []
    for step in (Step.PUSH, Step.MATCH):
        drain(context, step, OWNER, lambda lease: numbers.append(lease.fencing) or False)  # type: ignore[func-returns-value]
    assert numbers == [1, 1]
    context.database.close()
