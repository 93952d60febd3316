"""Breakers in the database: failures are counted in a row, and one of many becomes the call that tries."""

from datetime import timedelta

import pytest

from domain.breaker import Admission, CallKind
from models.breakers import (
    breaker_of,
    breakers_of,
    close_breakers,
    count_failure,
    note_answers,
    open_breaker,
    rests_until,
    take_probe,
)
from models.connections import sources_due_for_catch_up
from models.database import Database
from models.due_owners import owners
from tests.models.races import at_once
from tests.models.rows import NOW, Books

MINUTE = timedelta(minutes=1)


def fail(database: Database, connection_id: int, kind: CallKind, times: int = 1) -> int:
    with database.writing() as session:
        return [count_failure(session, connection_id, kind).failures for _ in range(times)][-1]


def rest(database: Database, connection_id: int, kind: CallKind) -> None:
    with database.writing() as session:
        open_breaker(count_failure(session, connection_id, kind), NOW + MINUTE)


def test_failures_that_happen_at_the_same_moment_are_all_counted(database: Database, books: Books) -> None:
    counted = at_once(6, lambda _: fail(database, books.target_id, CallKind.WRITE))
    assert sorted(counted, key=str) == [1, 2, 3, 4, 5, 6]


def test_each_kind_of_call_has_its_own_row_of_failures(database: Database, books: Books) -> None:
    fail(database, books.target_id, CallKind.FIND, 3)
    assert fail(database, books.target_id, CallKind.WRITE) == 1
    with database.writing() as session:
        assert note_answers(session, books.target_id, [CallKind.WRITE])
        assert not note_answers(session, books.target_id, [CallKind.WRITE])
    assert fail(database, books.target_id, CallKind.FIND) == 4
    assert fail(database, books.target_id, CallKind.WRITE) == 1


def test_one_connection_says_nothing_about_another(database: Database, books: Books) -> None:
    fail(database, books.target_id, CallKind.FIND, 3)
    assert fail(database, books.source_id, CallKind.FIND) == 1


def test_after_a_rest_one_of_many_becomes_the_one_that_tries(database: Database, books: Books) -> None:
    rest(database, books.target_id, CallKind.FIND)
    later = NOW + 2 * MINUTE

    def take(_: int) -> bool:
        with database.writing() as session:
            return take_probe(session, books.target_id, CallKind.FIND, later, later + MINUTE)

    assert sorted(at_once(6, take), key=str) == [False] * 5 + [True]
    with database.reading() as session:
        breaker = breaker_of(session, books.target_id, CallKind.FIND)
        assert breaker is not None
        assert breaker.admits(later) is Admission.NONE
        assert breaker.admits(later + MINUTE) is Admission.ONE, "the one that tried has died"


def test_nobody_tries_before_the_rest_is_over(database: Database, books: Books) -> None:
    rest(database, books.target_id, CallKind.FIND)
    with database.writing() as session:
        assert not take_probe(session, books.target_id, CallKind.FIND, NOW, NOW + MINUTE)


def test_a_connection_that_was_proved_rests_in_no_kind(database: Database, books: Books) -> None:
    for kind in (CallKind.FIND, CallKind.WRITE):
        rest(database, books.target_id, kind)
    with database.writing() as session:
        assert rests_until(breakers_of(session, [books.target_id])[books.target_id]) == NOW + MINUTE
        close_breakers(session, books.target_id)
        assert breakers_of(session, [books.target_id]) == {}


@pytest.mark.parametrize(("kind", "is_due"), [(CallKind.CATCH_UP, False), (CallKind.INGEST, True)])
def test_the_sweep_leaves_out_only_what_rests(database: Database, books: Books, kind: CallKind, is_due: bool) -> None:
    rest(database, books.source_id, kind)
    with database.reading() as session:
        assert (books.source_id in owners(session, NOW, sources_due_for_catch_up)) is is_due
        assert books.source_id in owners(session, NOW + MINUTE, sources_due_for_catch_up)
