"""What a source told us is stored once, and waits until it is done."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from domain.breaker import CallKind
from domain.records import SourceInvoice
from models.breakers import count_failure
from models.database import Database
from models.due_owners import owners
from models.inbox import (
    Entity,
    EventSource,
    InboxEvent,
    NewEvent,
    connections_with_waiting_events,
    events_about,
    finish_events,
    inbox_of,
    postpone_events,
    store_events,
    waiting_events,
)
from models.invoices import store_source_invoices
from models.payment_store import store_payments
from tests.models.races import at_once
from tests.models.rows import NOW, Books, add_books, payment


def event(books: Books, event_id: str = "e1", entity_id: str = "163", **changes: object) -> NewEvent:
    values: dict[str, object] = {
        "connection_id": books.source_id,
        "source": EventSource.WEBHOOK,
        "event_id": event_id,
        "entity": Entity.PAYMENT,
        "entity_id": entity_id,
        "verb": "created",
        "occurred_at": NOW,
    }
    return NewEvent(**(values | changes))  # type: ignore[arg-type]


def invoice(external_id: str) -> SourceInvoice:
    return SourceInvoice(external_id, 0, NOW, "INV-1", Decimal(100), Decimal(100), "USD", "Cascade Dental")


def waiting(database: Database, books: Books, seconds: float = 0, limit: int = 100) -> list[str]:
    with database.reading() as session:
        found = waiting_events(session, books.source_id, NOW + timedelta(seconds=seconds), limit)
        return [one.event_id for one in found]


def test_what_waits_comes_once_whatever_has_failed(database: Database, books: Books) -> None:
    with database.writing() as session:
        store_events(session, [event(books, "e2"), event(books, "e1", due_at=NOW + timedelta(minutes=1))], NOW)
        count_failure(session, books.source_id, CallKind.INGEST)
        count_failure(session, books.source_id, CallKind.CATCH_UP)
    with database.reading() as session:
        there = inbox_of(session, books.source_id, NOW, 10)
    assert [one.event_id for one in there.events] == ["e2"]
    assert set(there.breakers) == {CallKind.INGEST, CallKind.CATCH_UP}
    assert there.connection.id == books.source_id


def test_a_connection_for_which_nothing_waits_is_known_all_the_same(database: Database, books: Books) -> None:
    with database.reading() as session:
        there = inbox_of(session, books.source_id, NOW, 10)
        assert (there.connection.id, there.breakers, there.events) == (books.source_id, {}, ())
        with pytest.raises(LookupError):
            inbox_of(session, 4711, NOW, 10)


def test_it_is_told_of_which_objects_we_hold_nothing(database: Database, books: Books) -> None:
    """A payment and an invoice may have the same id; what another organization holds is not ours."""
    others = add_books(database, "contoso")
    with database.writing() as session:
        store_payments(session, books.organization_id, books.source_id, [payment("163")], NOW)
        store_payments(session, others.organization_id, others.source_id, [payment("164")], NOW)
        store_source_invoices(session, books.source_id, [invoice("70")], NOW)
        named = [(Entity.PAYMENT, "163"), (Entity.PAYMENT, "164"), (Entity.INVOICE, "70"), (Entity.INVOICE, "163")]
        store_events(session, [event(books, f"e-{kind}-{one}", one, entity=kind) for kind, one in named], NOW)
        there = inbox_of(session, books.source_id, NOW, 10)
    assert there.unheld == {Entity.PAYMENT: {"164"}, Entity.INVOICE: {"163"}}


def test_an_event_that_is_told_again_changes_nothing(database: Database, books: Books) -> None:
    with database.writing() as session:
        assert store_events(session, [event(books), event(books, "e2")], NOW) == 2
    with database.writing() as session:
        assert store_events(session, [event(books, verb="other"), event(books, "e3")], NOW) == 1
        assert store_events(session, [], NOW) == 0
    assert waiting(database, books) == ["e1", "e2", "e3"]


def test_a_duplicate_within_one_delivery_is_stored_once(database: Database, books: Books) -> None:
    with database.writing() as session:
        assert store_events(session, [event(books), event(books), event(books)], NOW) == 1


def test_the_same_id_from_another_source_or_company_is_another_event(database: Database, books: Books) -> None:
    other = add_books(database, "southwind")
    with database.writing() as session:
        told = [event(books), event(books, source=EventSource.CATCH_UP), event(other)]
        assert store_events(session, told, NOW) == 3


def test_an_event_that_is_told_again_after_it_was_done_is_not_done_again(database: Database, books: Books) -> None:
    with database.writing() as session:
        store_events(session, [event(books)], NOW)
        finish_events(session, [one.id for one in waiting_events(session, books.source_id, NOW, 10)], NOW)
        store_events(session, [event(books)], NOW)
    assert waiting(database, books) == []


def test_the_same_delivery_in_several_threads_at_once_is_stored_once(database: Database, books: Books) -> None:
    def deliver(_: int) -> int:
        with database.writing() as session:
            return store_events(session, [event(books, f"e{number}") for number in range(20)], NOW)

    results = at_once(4, deliver)
    assert sorted(results, key=str) == [0, 0, 0, 20]


def test_a_postponed_event_waits_and_counts_its_tries(database: Database, books: Books) -> None:
    with database.writing() as session:
        store_events(session, [event(books)], NOW)
        [stored] = waiting_events(session, books.source_id, NOW, 10)
        postpone_events(session, [stored.id], NOW + timedelta(seconds=5))
    assert waiting(database, books, 4) == []
    assert waiting(database, books, 5) == ["e1"]
    with database.reading() as session:
        assert session.scalar(select(InboxEvent.tries)) == 1


def test_events_are_handed_out_in_order_and_no_more_than_asked_for(database: Database, books: Books) -> None:
    with database.writing() as session:
        store_events(session, [event(books, f"e{number}") for number in range(10)], NOW)
    assert waiting(database, books, limit=3) == ["e0", "e1", "e2"]


def test_only_connections_with_something_due_are_nudged(database: Database, books: Books) -> None:
    other = add_books(database, "southwind")
    with database.writing() as session:
        store_events(session, [event(books), event(other)], NOW)
        [stored] = waiting_events(session, other.source_id, NOW, 10)
        finish_events(session, [stored.id], NOW)
    with database.reading() as session:
        assert owners(session, NOW, connections_with_waiting_events) == [books.source_id]
        assert owners(session, NOW - timedelta(seconds=1), connections_with_waiting_events) == []


def test_the_story_of_one_payment_is_in_order(database: Database, books: Books) -> None:
    with database.writing() as session:
        told = [
            event(books, "e1"),
            event(books, "e2", "164"),
            event(books, "e3", entity=Entity.INVOICE),
            event(books, "e4"),
        ]
        store_events(session, told, NOW)
    with database.reading() as session:
        found = events_about(session, books.source_id, Entity.PAYMENT, "163")
        assert [one.event_id for one in found] == ["e1", "e4"]
        assert session.scalar(select(func.count(InboxEvent.id))) == 4
