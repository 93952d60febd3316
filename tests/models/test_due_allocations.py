"""When an allocation is decided next: news come first, and two writers never wait for each other."""

from datetime import datetime, timedelta

import pytest

from domain.breaker import CallKind
from models.breakers import count_failure
from models.database import Database
from models.delivery_rows import DeliveryRows
from models.due import what_is_due
from models.locks import lock_organization
from models.organization_store import insert_organization
from models.payments import (
    Allocation,
    match_again,
    match_documents_again,
    match_organization_again,
)
from tests.models.races import at_once
from tests.models.rows import NOW, Books, add_allocations, add_effect

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, NOW + MINUTE), (NOW, NOW), (NOW + MINUTE, NOW + MINUTE), (NOW + 5 * MINUTE, NOW + MINUTE)],
)
def test_a_look_that_is_planned_never_puts_off_an_earlier_one(
    database: Database, books: Books, before: datetime | None, after: datetime
) -> None:
    [allocation_id] = add_allocations(database, books)
    with database.writing() as session:
        session.get_one(Allocation, allocation_id).match_due_at = before
    with database.writing() as session:
        effect = add_effect(session, books, allocation_id)
        DeliveryRows(session, books.target_id, [effect.id], NOW).match_no_later_than(allocation_id, NOW + MINUTE)
    with database.reading() as session:
        assert session.get_one(Allocation, allocation_id).match_due_at == after


def test_what_is_due_comes_once_with_both_connections_whatever_has_failed(database: Database, books: Books) -> None:
    one, other = add_allocations(database, books, 2)
    with database.writing() as session:
        match_again(session, [one, other], NOW)
        count_failure(session, books.target_id, CallKind.LOOK)
        count_failure(session, books.target_id, CallKind.FIND)
        count_failure(session, books.source_id, CallKind.INGEST)
    with database.reading() as session:
        due = what_is_due(session, books.organization_id, NOW, 10)
    assert sorted(each.allocation.id for each in due.allocations) == [one, other]
    assert [one and one.id for one in (due.source, due.target)] == [books.source_id, books.target_id]
    assert set(due.breakers) == {CallKind.LOOK, CallKind.FIND}


def test_an_organization_that_has_connected_nothing_is_known_all_the_same(database: Database) -> None:
    with database.writing() as session:
        organization = insert_organization(session, "alone", "Alone", NOW)
        assert organization is not None
        organization_id = organization.id
    with database.reading() as session:
        due = what_is_due(session, organization_id, NOW, 10)
        assert (due.organization.id, due.source, due.target, due.allocations) == (organization_id, None, None, ())
        with pytest.raises(LookupError):
            what_is_due(session, 4711, NOW, 10)


def test_who_changes_many_at_the_same_moment_takes_them_in_one_order(database: Database, books: Books) -> None:
    """Crosswise waiting is ended by PostgreSQL with an error for one of the two."""
    ids = add_allocations(database, books, 40)
    documents = [str(70 + number) for number in range(40)]

    def change(number: int) -> None:
        for _ in range(10):
            with database.writing() as session:
                lock_organization(session, books.organization_id)
                match number % 3:
                    case 0:
                        match_again(session, ids[number:] + ids[:number], NOW)
                    case 1:
                        match_documents_again(session, books.organization_id, documents[::-1], NOW)
                    case _:
                        match_organization_again(session, books.organization_id, NOW)

    assert at_once(8, change) == [None] * 8
