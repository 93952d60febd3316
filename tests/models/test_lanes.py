"""A lane has one holder; a late one can write nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.connections import Connection
from models.database import Database
from models.lanes import Lane, LeaseLost, release_lane, renew_lane, take_lane
from models.locks import Owner, lock_under_lease
from tests.models.races import at_once
from tests.models.rows import NOW, Books

LEASE = timedelta(seconds=90)
SECOND = timedelta(seconds=1)


def take(
    database: Database, seconds: float = 0, holder: str = "a", step: str = "push", owner_id: int = 7
) -> int | None:
    with database.writing() as session:
        return take_lane(session, step, owner_id, holder, NOW + timedelta(seconds=seconds), LEASE)


def renew(database: Database, fencing: int, seconds: float) -> None:
    with database.writing() as session:
        renew_lane(session, "push", 7, fencing, NOW + timedelta(seconds=seconds), LEASE)


def release(database: Database, fencing: int) -> bool:
    with database.writing() as session:
        return release_lane(session, "push", 7, fencing)


def lane(database: Database) -> Lane:
    with database.reading() as session:
        return session.scalars(select(Lane).where(Lane.step == "push")).one()


def test_a_free_lane_is_taken_with_a_higher_number_each_time(database: Database) -> None:
    numbers = []
    for _ in range(3):
        fencing = take(database)
        assert fencing is not None
        numbers.append(fencing)
        release(database, fencing)
    assert numbers == sorted(set(numbers))


def test_lanes_of_other_steps_and_owners_are_other_lanes(database: Database) -> None:
    assert take(database) is not None
    assert take(database, step="match") is not None
    assert take(database, owner_id=8) is not None


def test_a_taken_lane_is_not_taken_again_and_its_holder_finds_a_mark(database: Database) -> None:
    fencing = take(database)
    assert fencing is not None
    assert take(database, holder="b") is None
    assert lane(database).holder == "a"
    assert release(database, fencing) is True


def test_without_a_mark_there_is_nothing_more_to_do(database: Database) -> None:
    fencing = take(database)
    assert fencing is not None
    assert release(database, fencing) is False


def test_a_mark_is_found_once(database: Database) -> None:
    first = take(database)
    take(database, holder="b")
    assert first is not None
    assert release(database, first) is True
    second = take(database)
    assert second is not None
    assert release(database, second) is False


def test_taking_a_lane_that_ran_out_clears_the_mark_of_before(database: Database) -> None:
    take(database)
    take(database, holder="b")
    second = take(database, seconds=91)
    assert second is not None
    assert release(database, second) is False


def test_a_lease_ends_on_time(database: Database) -> None:
    for owner_id, (seconds, free) in enumerate([(0, False), (89.999999, False), (90, True), (1000, True)]):
        take(database, owner_id=owner_id)
        assert (take(database, seconds, holder="b", owner_id=owner_id) is not None) == free


def test_a_lease_can_be_renewed_only_before_it_ends(database: Database) -> None:
    fencing = take(database)
    assert fencing is not None
    renew(database, fencing, 0)
    renew(database, fencing, 89.999999)
    for seconds in (89.999999 + 90, 1000):
        with pytest.raises(LeaseLost):
            renew(database, fencing, seconds)


def test_a_renewed_lease_lasts_from_then_on(database: Database) -> None:
    fencing = take(database)
    assert fencing is not None
    renew(database, fencing, 60)
    assert take(database, 149, holder="b") is None
    assert take(database, 150, holder="b") is not None


def test_a_late_holder_loses_its_lease_and_its_transaction_leaves_nothing(database: Database, books: Books) -> None:
    late = take(database)
    taken_over = take(database, seconds=91, holder="b")
    assert late is not None
    assert taken_over is not None

    def write_too_late() -> None:
        with database.writing() as session:
            session.get_one(Connection, books.source_id).account_id = "written too late"
            session.flush()
            renew_lane(session, "push", 7, late, NOW + 92 * SECOND, LEASE)

    with pytest.raises(LeaseLost):
        write_too_late()
    with database.reading() as session:
        assert session.get_one(Connection, books.source_id).account_id == "northwind"
    renew(database, taken_over, 93)


@pytest.mark.parametrize("owner", [Owner.CONNECTION, Owner.ORGANIZATION], ids=["of a connection", "of an organization"])
def test_the_lease_is_proved_with_the_lock_of_the_organization(database: Database, books: Books, owner: Owner) -> None:
    owner_id = books.target_id if owner is Owner.CONNECTION else books.organization_id
    fencing = take(database, owner_id=owner_id)
    assert fencing is not None

    def prove(number: int, seconds: float) -> None:
        with database.writing() as session:
            now = NOW + timedelta(seconds=seconds)
            lock_under_lease(session, "push", owner, owner_id, number, now)

    prove(fencing, 89.999999)
    for number, seconds in ((fencing, 90), (fencing + 1, 0)):
        with pytest.raises(LeaseLost):
            prove(number, seconds)
    taken_over = take(database, seconds=91, holder="b", owner_id=owner_id)
    assert taken_over is not None
    with pytest.raises(LeaseLost):
        prove(fencing, 0)
    prove(taken_over, 92)


def test_a_late_holder_cannot_give_back_what_another_one_holds(database: Database) -> None:
    late = take(database)
    taken_over = take(database, seconds=91, holder="b")
    take(database, seconds=92, holder="c")
    assert late is not None
    assert taken_over is not None
    assert release(database, late) is False
    assert lane(database).holder == "b"
    assert release(database, taken_over) is True, "the mark is for the one who holds the lane"


def test_giving_back_twice_is_harmless(database: Database) -> None:
    fencing = take(database)
    assert fencing is not None
    release(database, fencing)
    assert release(database, fencing) is False
    assert take(database) is not None


def test_two_threads_that_race_for_a_new_lane_take_it_once(database: Database) -> None:
    results = at_once(6, lambda number: take(database, holder=str(number)))
    assert not [one for one in results if isinstance(one, Exception)]
    taken = [one for one in results if one is not None]
    assert len(taken) == 1
    assert isinstance(taken[0], int)
    assert release(database, taken[0]) is True


def test_threads_that_race_for_a_lane_that_ran_out_take_it_once(database: Database) -> None:
    for round_number in range(5):
        results = at_once(4, lambda number: take(database, seconds=100 * round_number, holder=str(number)))  # noqa: B023
        assert not [one for one in results if isinstance(one, Exception)]
        assert len([one for one in results if one is not None]) == 1


def test_no_nudge_is_lost_between_giving_back_and_taking(database: Database) -> None:
    """Either the nudge finds the lane free, or the holder finds its mark: never neither."""
    for _ in range(5):
        fencing = take(database)
        assert fencing is not None
        marked, taken = at_once(2, lambda number: release(database, fencing) if number == 0 else take(database))  # noqa: B023
        assert not isinstance(marked, Exception)
        assert not isinstance(taken, Exception)
        assert bool(marked) != (taken is not None)
        if taken is not None:
            release(database, taken)
