"""A lane is given back with the last transaction of its work: whoever comes then misses nothing and holds up nobody."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event

import pytest
from sqlalchemy import select, update

from benchmarks.counting import counted
from models.lanes import Lane, LeaseLost, mark_lane, take_lane
from models.organizations import Organization
from models.unavailable import DatabaseBusy
from tasks.context import Context, Step
from tasks.points import Point
from tasks.step import Drained, Lease, drain
from tests.contexts import RecordingNudge, TestClock, make_context
from tests.models.rows import add_books


@dataclass
class Desk:
    """A lane with work on it.

    Attributes:
        reached: the points at which the drain has been.
    """

    context: Context
    target_id: int
    organization_id: int
    reached: list[Point] = field(default_factory=list)

    def drain(self, *works: bool) -> Drained:
        """Does these batches, each in one transaction; the last one gives the lane back."""
        left = list(works)

        def work(lease: Lease) -> bool:
            more = left.pop(0)
            with self.context.database.writing() as session:
                lease.guard(session, is_end=not more)
            return more

        return drain(self.context, Step.PUSH, self.target_id, work)

    def lane(self) -> Lane:
        with self.context.database.reading() as session:
            return session.scalars(select(Lane)).one()

    def is_free(self) -> bool:
        return (self.lane().holder, self.lane().lease_until) == ("", None)

    def nudge_from_elsewhere(self) -> int | None:
        with self.context.database.writing() as session:
            return take_lane(
                session, Step.PUSH.value, self.target_id, "b", self.context.clock.now(), self.context.timing.lease
            )


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    reached: list[Point] = []
    context = replace(make_context(database_url), reached=reached.append)
    books = add_books(context.database)
    yield Desk(context, books.target_id, books.organization_id, reached)
    context.database.close()


def test_the_last_transaction_gives_the_lane_back(desk: Desk) -> None:
    assert desk.drain(True, False) is Drained.DONE
    assert desk.is_free()
    assert desk.reached[-1] == Point.PUSH_LANE_RELEASED
    assert desk.drain(False) is Drained.DONE
    assert desk.lane().fencing == 2


def test_nothing_more_is_asked_of_the_database_for_it(desk: Desk) -> None:
    """One statement takes the lane, one proves it and gives it back."""
    desk.drain(False)
    with counted(desk.context.database) as statements:
        desk.drain(False)
    assert statements.count == 2


def test_a_lane_that_was_marked_meanwhile_is_looked_at_once_more(desk: Desk) -> None:
    def work(lease: Lease) -> bool:
        assert desk.nudge_from_elsewhere() is None
        with desk.context.database.writing() as session:
            lease.guard(session, is_end=True)
        assert lease.may_send(), "it is still ours"
        return False

    assert drain(desk.context, Step.PUSH, desk.target_id, work) is Drained.MORE
    assert desk.is_free()
    assert isinstance(desk.context.nudge, RecordingNudge)
    assert (Step.PUSH, desk.target_id) in desk.context.nudge.waiting


def test_under_a_lease_that_was_given_back_nothing_is_sent_or_written(desk: Desk) -> None:
    def work(lease: Lease) -> bool:
        with desk.context.database.writing() as session:
            lease.guard(session, is_end=True)
        assert not lease.may_send()
        for late in (lease.guard, partial(lease.guard, is_end=True), lease.renew):
            with pytest.raises(LeaseLost), desk.context.database.writing() as session:
                late(session)
        with pytest.raises(LeaseLost):
            lease.keep()
        return False

    assert drain(desk.context, Step.PUSH, desk.target_id, work) is Drained.DONE


def test_a_late_holder_cannot_give_back_what_another_one_holds(desk: Desk) -> None:
    def work(lease: Lease) -> bool:
        assert isinstance(desk.context.clock, TestClock)
        desk.context.clock.move(seconds=91)
        assert desk.nudge_from_elsewhere() is not None
        with desk.context.database.writing() as session:
            lease.guard(session, is_end=True)
        return False

    assert drain(desk.context, Step.PUSH, desk.target_id, work) is Drained.LOST
    assert desk.lane().holder == "b"


def test_a_transaction_that_is_rolled_back_has_not_given_it_back(desk: Desk) -> None:
    tries: list[bool] = []

    def work(lease: Lease) -> bool:
        with desk.context.database.writing() as session:
            lease.guard(session, is_end=True)
            tries.append(lease.is_given_back)
            if len(tries) == 1:
                raise DatabaseBusy("two transactions wait for each other")
        return False

    assert drain(desk.context, Step.PUSH, desk.target_id, work) is Drained.DONE
    assert tries == [False, False], "the batch is repeated under the same lease"
    assert desk.lane().fencing == 1


def test_what_fails_after_the_last_transaction_is_not_repeated(desk: Desk) -> None:
    """The work is done and written down. Its lease is over, so a second time could only fail."""
    tries: list[int] = []

    def work(lease: Lease) -> bool:
        tries.append(1)
        with desk.context.database.writing() as session:
            lease.guard(session, is_end=True)
        raise DatabaseBusy("while an answer was noted")

    assert drain(desk.context, Step.PUSH, desk.target_id, work) is Drained.DONE
    assert tries == [1]
    assert desk.is_free()


def test_a_nudge_that_comes_during_the_last_transaction_is_not_lost(desk: Desk) -> None:
    """It finds the row locked, waits for the end, and takes the lane: what it is about may have come too late."""
    begun, came = Event(), Event()

    def work(lease: Lease) -> bool:
        with desk.context.database.writing() as session:
            lease.guard(session, is_end=True)
            begun.set()
            # The other one cannot get in before this ends; that is the point.
            came.wait(0.3)
        return False

    with ThreadPoolExecutor(1) as pool:

        def nudge() -> Drained:
            begun.wait(60)
            ended = desk.drain(False)
            came.set()
            return ended

        other = pool.submit(nudge)
        assert drain(desk.context, Step.PUSH, desk.target_id, work) is Drained.DONE
        assert other.result(60) is Drained.DONE
    assert desk.is_free()
    assert desk.lane().fencing == 2


def test_a_mark_that_is_just_being_left_is_waited_for(desk: Desk) -> None:
    marking, ended = Event(), Event()

    def mark() -> None:
        with desk.context.database.writing() as session:
            now = desk.context.clock.now()
            assert mark_lane(session, Step.PUSH.value, desk.target_id, "b", now, desk.context.timing.lease) is None
            marking.set()
            ended.wait(0.3)

    def work(lease: Lease) -> bool:
        other = pool.submit(mark)
        marking.wait(60)
        with desk.context.database.writing() as session:
            lease.guard(session, is_end=True)
            ended.set()
        other.result(60)
        return False

    with ThreadPoolExecutor(1) as pool:
        assert drain(desk.context, Step.PUSH, desk.target_id, work) is Drained.MORE


def test_the_organization_is_locked_with_it_as_it_is_by_then(desk: Desk) -> None:
    """Another transaction holds the organization and changes it; the one that waited for it sees the change."""
    changing, ended = Event(), Event()
    seen: list[str] = []

    def change() -> None:
        with desk.context.database.writing() as session:
            session.execute(update(Organization).values(name="Renamed"))
            changing.set()
            ended.wait(0.3)

    def work(lease: Lease) -> bool:
        changing.wait(60)
        with desk.context.database.writing() as session:
            lease.guard(session, is_end=True)
            ended.set()
            seen.append(session.get_one(Organization, desk.organization_id).name)
        return False

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(change)
        assert drain(desk.context, Step.PUSH, desk.target_id, work) is Drained.DONE
        other.result(60)
    assert seen == ["Renamed"]
    assert desk.is_free()
