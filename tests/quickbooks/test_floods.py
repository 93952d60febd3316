"""More changes than change data capture tells at once: deletions behind them are found, and found cheaply."""

import pytest
from sqlalchemy import insert

from models.connections import connection_by_id
from models.gaps import gap_by_id
from models.invoices import SourceInvoiceRow
from models.payments import Payment, payments_by_external_id
from tasks.catch_up.step import catch_up
from tasks.points import Point
from tasks.step import Drained
from tests.few import few_of, in_turn
from tests.quickbooks.flooding import BURST, KNOWN, SMALL, flood
from tests.quickbooks.story import READERS, Death, answers_end_after, die_at, differences, gaps, metered
from tests.world import World


@pytest.fixture
def small(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    answers_end_after(world, SMALL, monkeypatch)
    return world


def known_already(world: World, count: int) -> list[str]:
    """So many payments were recorded and told, ten in every minute."""
    ids: list[str] = []
    while len(ids) < count:
        world.clock.move(minutes=1)
        ids += world.quickbooks.record_many_payments(world.customer_id, min(10, count - len(ids)))
        if len(ids) % 40 == 0:
            world.notice(*READERS)
    world.clock.move(minutes=10)
    world.notice(*READERS)
    world.clock.move(minutes=10)
    assert differences(world) == []
    return ids


def caught_up(world: World) -> None:
    world.notice(*READERS)
    for _ in range(3):
        world.later(*READERS, minutes=6)


def test_deletions_before_in_and_after_a_flood_are_found(small: World) -> None:
    known = known_already(small, 80)
    for payment in known[:5]:
        small.quickbooks.delete_payment(payment)
    small.clock.move(seconds=5)
    flood(small, SMALL)
    for payment in known[40:43]:
        small.quickbooks.delete_payment(payment)
    small.clock.move(minutes=1)
    reads = metered(small)
    caught_up(small)
    assert differences(small) == []
    print(f"a flood of {SMALL} with 8 deletions in it: {metered(small) - reads} metered reads")
    assert metered(small) - reads <= 50, "by halves, and not by payments"


def test_edits_of_what_is_known_do_not_look_like_deletions(small: World) -> None:
    known = known_already(small, 40)
    for payment in known[::2]:
        small.quickbooks.edit_payment(payment, note="checked")
    small.quickbooks.delete_payment(known[1])
    flood(small, SMALL)
    caught_up(small)
    assert differences(small) == []
    [found] = [gap for gap in gaps(small) if gap.kind == "cut"]
    assert found.deleted_count == 1


@pytest.mark.parametrize("time", few_of([1, 4, 6, 7, 8], 2))
def test_a_worker_that_dies_while_it_counts_costs_nothing(small: World, time: int) -> None:
    known = known_already(small, 80)
    small.quickbooks.delete_payment(known[50])
    flood(small, SMALL)
    die_at(small, Point.SCAN_SOURCE_READ, time)
    deaths = 0
    for _ in range(6):
        try:
            small.notice(*READERS)
            small.later(*READERS, seconds=91)
        except Death:
            deaths += 1
            small.clock.move(seconds=91)
    caught_up(small)
    assert deaths == 1
    assert differences(small) == []


@pytest.mark.parametrize(("scope", "keeps"), in_turn(["request", "entity"], ["oldest", "newest"]))
def test_a_flood_with_a_deletion_in_it_ends_with_the_truth(small: World, keeps: str, scope: str) -> None:
    world = small
    world.quickbooks.set_switches(cdc_cap_keeps=keeps, cdc_cap_scope=scope)
    invoice = world.invoice("INV-1")
    deleted = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    assert world.amounts_on(invoice) == ["50.00"]
    world.clock.move(minutes=10)
    world.quickbooks.delete_payment(deleted)
    for _ in range(12):
        world.clock.move(seconds=1)
        world.quickbooks.record_many_payments(world.customer_id, SMALL // 10)
    world.clock.move(minutes=10)
    reads = metered(world)
    for _ in range(4):
        if catch_up(world.context, world.source_id) is Drained.DONE:
            break
    assert metered(world) - reads < 40
    world.settle()
    assert differences(world) == []
    assert world.amounts_on(invoice) == []


def test_a_flood_that_the_overlap_still_reaches_is_not_scanned_for_ever(small: World) -> None:
    small.quickbooks.record_many_payments(small.customer_id, SMALL + SMALL // 5)
    small.clock.move(seconds=5)
    small.notice(*READERS)
    for _ in range(20):
        small.later(*READERS, minutes=1)
    assert len(gaps(small)) <= 2
    assert differences(small) == []


@pytest.mark.proof
def test_a_burst_costs_few_reads_however_many_payments_are_known(world: World) -> None:
    """What is known is written into both books directly; making it the long way takes minutes."""
    world.notice()
    known = in_both_books(world, KNOWN)
    world.clock.move(minutes=1)
    deleted = known[KNOWN // 2]
    world.quickbooks.delete_payment(deleted)
    world.clock.move(minutes=1)
    flood(world)
    reads = metered(world)
    caught_up(world)
    print(f"{BURST} payments with {KNOWN} known: {(metered(world) - reads) / BURST:.3f} metered reads each")
    assert metered(world) - reads <= BURST * 0.05
    assert gap_of(world) == ("cut", 1)
    with world.context.database.reading() as session:
        assert payments_by_external_id(session, world.source_id, [deleted])[deleted].state == "deleted"


def gap_of(world: World) -> tuple[str, int]:
    with world.context.database.reading() as session:
        first = gap_by_id(session, gaps(world)[-1].id)
        return first.kind, first.deleted_count


def in_both_books(world: World, count: int) -> list[str]:
    payments: list[str] = []
    while len(payments) < count:
        world.clock.move(seconds=20)
        payments += world.quickbooks.record_many_payments(world.customer_id, 500)
    company = world.quickbooks._company(None)
    world.clock.move(minutes=20)
    now = world.clock.now()
    rows = [
        {
            "organization_id": world.organization_id,
            "connection_id": world.source_id,
            "external_id": one.id,
            "version": one.sync_token,
            "changed_at": one.updated_at,
            "state": "live",
            "total": one.total,
            "unapplied": one.unapplied,
            "currency": "USD",
            "customer_id": one.customer_id,
            "customer_name": "",
            "reference": "",
            "note": "",
            "first_seen_at": now,
            "updated_at": now,
            "seen_at": now,
            "deletion_inferred": False,
        }
        for one in company.payments.records.values()
    ]
    invoices = [
        {
            "connection_id": world.source_id,
            "external_id": one.id,
            "version": one.sync_token,
            "changed_at": one.updated_at,
            "number": one.doc_number,
            "total": one.total,
            "balance": one.balance,
            "currency": "USD",
            "customer_name": "",
            "deleted": False,
            "deletion_inferred": False,
            "seen_at": now,
        }
        for one in company.invoices.records.values()
    ]
    with world.context.database.writing() as session:
        session.execute(insert(Payment), rows)
        session.execute(insert(SourceInvoiceRow), invoices)
        connection_by_id(session, world.source_id).cursor_at = now
    return payments
