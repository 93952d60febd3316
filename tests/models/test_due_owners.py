"""The sweep asks whose work is due for all steps together."""

from datetime import timedelta

from benchmarks.counting import counted
from models.connections import connection_by_id, sources_due_for_catch_up, sources_to_try_again
from models.database import Database
from models.due_owners import owners, owners_of_each
from models.inbox import connections_with_waiting_events
from models.payments import organizations_with_due_allocations
from tests.models.rows import NOW, Books


def test_each_step_hears_of_its_own_owners_in_one_statement(database: Database, books: Books) -> None:
    asked = {
        "catch up": (sources_due_for_catch_up, sources_to_try_again),
        "match": (organizations_with_due_allocations,),
        "ingest": (connections_with_waiting_events,),
    }
    with counted(database) as statements, database.reading() as session:
        due = owners_of_each(session, NOW, asked)
    assert due == {"catch up": [books.source_id], "match": [], "ingest": []}
    assert len(statements.seen) == 1


def test_who_is_due_for_two_reasons_is_named_once(database: Database, books: Books) -> None:
    with database.reading() as session:
        assert owners(session, NOW, sources_due_for_catch_up, sources_due_for_catch_up) == [books.source_id]


def test_another_moment_is_another_answer(database: Database, books: Books) -> None:
    """The statement is made once, and not its moment."""
    with database.writing() as session:
        connection_by_id(session, books.source_id).next_catch_up_at = NOW + timedelta(hours=1)
    with database.reading() as session:
        assert owners(session, NOW, sources_due_for_catch_up) == []
        assert owners(session, NOW + timedelta(hours=1), sources_due_for_catch_up) == [books.source_id]


def test_who_asks_for_nothing_hears_of_nobody(database: Database) -> None:
    with database.reading() as session:
        assert owners_of_each(session, NOW, {}) == {}
