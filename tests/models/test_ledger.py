"""A target payment stands for one allocation, and an allocation has one live payment."""

from datetime import date
from decimal import Decimal

import pytest

from domain.push.effect import EffectState
from models.claims import claimed_payment_ids, claims_on_invoices
from models.database import Database
from models.delivery_rows import DeliveryRows, NewClaim
from models.effects import effects_of
from models.ledger import synced_and_taken_back, synced_payments
from models.ledger_writing import correct_by_hand, remove_by_hand
from models.locks import lock_organization
from tests.models.races import at_once
from tests.models.rows import NOW, PAID_ON, Books, add_allocations, add_effect


@pytest.fixture
def allocations(database: Database, books: Books) -> list[int]:
    return add_allocations(database, books, 4)


def claim(
    database: Database,
    books: Books,
    allocation_id: int,
    payment_id: str,
    invoice: str = "200",
    *,
    ours: bool = True,
    shared: bool = False,
) -> bool:
    with database.writing() as session:
        lock_organization(session, books.organization_id)
        generation = len(effects_of(session, allocation_id)) + 1
        state = EffectState.CANCELLED
        effect = add_effect(session, books, allocation_id, generation=generation, invoice=invoice, state=state)
        rows = DeliveryRows(session, books.target_id, [effect.id], NOW)
        return rows.claim(effect, NewClaim(payment_id, Decimal("100.00"), PAID_ON, ours=ours, shared=shared))


def claimed(database: Database, books: Books, invoice: str = "200") -> set[str]:
    with database.reading() as session:
        return claimed_payment_ids(session, books.target_id, invoice)


def test_a_target_payment_is_claimed_once(database: Database, books: Books, allocations: list[int]) -> None:
    assert claim(database, books, allocations[0], "7000")
    assert not claim(database, books, allocations[1], "7000")
    assert not claim(database, books, allocations[0], "7000")
    assert claimed(database, books) == {"7000"}


def test_an_allocation_has_one_live_payment(database: Database, books: Books, allocations: list[int]) -> None:
    assert claim(database, books, allocations[0], "7000")
    assert not claim(database, books, allocations[0], "7001")
    assert claimed(database, books) == {"7000"}


def test_the_same_id_on_another_invoice_is_another_payment(
    database: Database, books: Books, allocations: list[int]
) -> None:
    assert claim(database, books, allocations[0], "7000", "200")
    assert claim(database, books, allocations[1], "7000", "201")
    assert claimed(database, books, "202") == set()


def test_threads_that_claim_the_same_payment_get_it_once(
    database: Database, books: Books, allocations: list[int]
) -> None:
    results = at_once(4, lambda number: claim(database, books, allocations[number], "7000"))
    assert sorted(results, key=str) == [False, False, False, True]


def test_a_payment_that_was_removed_stays_claimed_and_the_allocation_is_free(
    database: Database, books: Books, allocations: list[int]
) -> None:
    claim(database, books, allocations[0], "7000")
    with database.writing() as session:
        remove_by_hand(session, allocations[0], NOW)
    assert claimed(database, books) == {"7000"}
    assert not claim(database, books, allocations[1], "7000")
    assert claim(database, books, allocations[0], "7001")
    with database.reading() as session:
        assert synced_payments(session, allocations)[allocations[0]].target_payment_id == "7001"


def test_a_change_touches_the_live_entry_only(database: Database, books: Books, allocations: list[int]) -> None:
    claim(database, books, allocations[0], "7000")
    with database.writing() as session:
        remove_by_hand(session, allocations[0], NOW)
    claim(database, books, allocations[0], "7001")
    claim(database, books, allocations[1], "7002")
    with database.writing() as session:
        correct_by_hand(session, allocations[0], Decimal("70.00"), date(2026, 11, 21), NOW)
    with database.reading() as session:
        synced = synced_payments(session, allocations)
    assert (synced[allocations[0]].amount, synced[allocations[0]].paid_on) == (Decimal("70.00"), date(2026, 11, 21))
    assert synced[allocations[1]].amount == Decimal("100.00")


def test_whose_payment_it_is_is_remembered(database: Database, books: Books, allocations: list[int]) -> None:
    claim(database, books, allocations[0], "7000", ours=False)
    with database.reading() as session:
        synced, _ = synced_and_taken_back(session, allocations)
    record = synced[allocations[0]].as_synced()
    assert not record.ours
    assert (record.target_invoice_id, record.target_payment_id, record.amount) == ("200", "7000", Decimal("100.00"))


def test_one_payment_may_stand_for_all_allocations_of_an_invoice_where_the_tenant_keeps_one(
    database: Database, books: Books, allocations: list[int]
) -> None:
    for allocation_id in allocations[:3]:
        assert claim(database, books, allocation_id, "7000", shared=True)
    assert not claim(database, books, allocations[0], "7000", shared=True), "but once for each"
    with database.writing() as session:
        remove_by_hand(session, allocations[0], NOW)
    with database.reading() as session:
        entries = claims_on_invoices(session, books.target_id, ["200"])["200"].entries
    assert [(one.allocation_id, one.payment_id) for one in entries] == [(one, "7000") for one in allocations[1:3]]


def test_what_a_person_typed_is_no_entry_of_ours(database: Database, books: Books, allocations: list[int]) -> None:
    claim(database, books, allocations[0], "7000", ours=False)
    claim(database, books, allocations[1], "7001", invoice="201")
    with database.reading() as session:
        assert claims_on_invoices(session, books.target_id, ["200"])["200"].entries == ()
