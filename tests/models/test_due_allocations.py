"""When an allocation is decided next: news come first, and two writers never wait for each other."""

from datetime import datetime, timedelta

import pytest

from models.database import Database
from models.delivery_rows import DeliveryRows
from models.locks import lock_organization
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
