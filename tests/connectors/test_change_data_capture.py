"""Change data capture is the truth behind the hints: what it told must be all there was."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from connectors.base import Change, ChangedEntity, Failure, Got
from models.inbox import waiting_events
from sandbox.faults import Fault
from tasks.catch_up.step import catch_up
from tasks.step import Drained
from tests.connectors.vendors import QuickBooks
from tests.world import World

OVERLAP = timedelta(minutes=5)
ROUNDS_MAX = 40
PAYMENT = ChangedEntity.PAYMENT


def told_of_payments(quickbooks: QuickBooks, since: datetime, known: Collection[str] = ()) -> dict[str, str]:
    """What a source tells of its payments since then, whatever it takes: the last verb for each id."""
    result = quickbooks.source.changes_since(since)
    assert isinstance(result, Got)
    changes = [change for change in result.value.changes if change.entity is PAYMENT]
    if PAYMENT in result.value.cut:
        assert changes == [], "a cut answer tells nothing that could pass for the whole"
        changes = [*pages(quickbooks, since, result.value.until), *gone(quickbooks, known)]
    return {change.entity_id: change.verb for change in changes}


def pages(quickbooks: QuickBooks, since: datetime | None, until: datetime) -> Iterator[Change]:
    for _ in range(ROUNDS_MAX):
        assert since is not None
        page = quickbooks.source.list_changed(PAYMENT, since, until)
        assert isinstance(page, Got)
        yield from page.value.changes
        since = page.value.next_since
        if since is None:
            return
    raise AssertionError("it never comes to an end")


def gone(quickbooks: QuickBooks, known: Collection[str]) -> tuple[Change, ...]:
    result = quickbooks.source.find_gone(PAYMENT, known)
    assert isinstance(result, Got)
    return result.value.deletions


@pytest.mark.parametrize("scope", ["request", "entity"])
def test_more_changes_than_one_answer_holds_are_all_told(quickbooks: QuickBooks, scope: str) -> None:
    quickbooks.sandbox.set_switches(cdc_cap_scope=scope)
    since = quickbooks.clock.now()
    ids = set()
    for _ in range(3):
        quickbooks.clock.move(minutes=10)
        ids |= set(quickbooks.sandbox.record_many_payments(quickbooks.customer_id, 400))
    assert set(told_of_payments(quickbooks, since)) == ids


@pytest.mark.parametrize("seconds_between", [0, 1, 600])
def test_a_flood_within_a_second_minutes_or_hours_is_all_told(quickbooks: QuickBooks, seconds_between: int) -> None:
    since = quickbooks.clock.now()
    ids = set()
    for _ in range(22):
        quickbooks.clock.move(seconds=seconds_between)
        ids |= {quickbooks.pay("1.00") for _ in range(100)}
    quickbooks.clock.move(seconds=1)
    assert set(told_of_payments(quickbooks, since)) == ids


def test_a_deletion_before_a_flood_of_changes_is_told(quickbooks: QuickBooks) -> None:
    kept, deleted = quickbooks.pay("1.00"), quickbooks.pay("2.00")
    since = quickbooks.clock.now()
    quickbooks.clock.move(minutes=10)
    quickbooks.sandbox.delete_payment(deleted)
    for _ in range(3):
        quickbooks.clock.move(minutes=10)
        for _ in range(400):
            quickbooks.pay("1.00")
    told = told_of_payments(quickbooks, since, known=[kept, deleted])
    assert told[deleted] == "deleted"
    assert told.get(kept) != "deleted"


def test_catching_up_with_a_bulk_import_comes_to_an_end(world: World) -> None:
    for _ in range(12):
        world.clock.move(seconds=10)
        world.quickbooks.record_many_payments(world.customer_id, 100)
    world.clock.move(minutes=10)
    slices = [one_slice_of_catching_up(world) for _ in range(12)]
    assert slices[-1] is Drained.DONE
    assert world.quickbooks.calls.total < 40
    with world.context.database.reading() as session:
        waiting = waiting_events(session, world.source_id, world.clock.now(), 10_000)
    assert len({event.entity_id for event in waiting if event.entity == "payment"}) == 1200


def one_slice_of_catching_up(world: World) -> Drained:
    """The clock moves with every look at it, as it would with real calls."""
    monotonic, looks = world.clock.monotonic, count()
    world.clock.monotonic = lambda: monotonic() + 3 * next(looks)  # type: ignore[method-assign]
    try:
        return catch_up(world.context, world.source_id)
    finally:
        world.clock.monotonic = monotonic  # type: ignore[method-assign]


def test_a_change_that_becomes_visible_late_is_told_through_the_overlap(quickbooks: QuickBooks) -> None:
    quickbooks.sandbox.set_switches(cdc_after_seconds=60)
    quickbooks.clock.move(minutes=10)
    payment_id = quickbooks.pay("1.00")
    first = quickbooks.source.changes_since(quickbooks.clock.now() - OVERLAP)
    assert isinstance(first, Got)
    assert first.value.changes == ()
    quickbooks.clock.move(minutes=2)
    assert told_of_payments(quickbooks, first.value.until - OVERLAP) == {payment_id: "changed"}


def test_looking_back_further_than_the_source_can_is_a_failure_and_not_silence(quickbooks: QuickBooks) -> None:
    assert isinstance(quickbooks.source.changes_since(quickbooks.clock.now() - timedelta(days=31)), Failure)


def test_the_zone_of_a_cursor_does_not_matter(quickbooks: QuickBooks) -> None:
    quickbooks.pay("1.00")
    cursor = quickbooks.clock.now() - timedelta(seconds=1)
    for zone in ("UTC", "America/Los_Angeles", "Asia/Kathmandu"):
        result = quickbooks.source.changes_since(cursor.astimezone(ZoneInfo(zone)))
        assert isinstance(result, Got)
        assert len(result.value.changes) == 1


@pytest.mark.parametrize("unreadable", ['{"SyncToken":"0"}', "7", "null"])
def test_a_full_answer_is_cut_also_when_an_object_in_it_cannot_be_read(quickbooks: QuickBooks, unreadable: str) -> None:
    told = ",".join([*(f'{{"Id":"{number}","SyncToken":"0"}}' for number in range(999)), unreadable])
    body = f'{{"CDCResponse":[{{"QueryResponse":[{{"Payment":[{told}]}}]}}],"time":"2026-11-22T12:00:00Z"}}'
    quickbooks.sandbox.faults.add(Fault("error", path="/cdc", status=200, body=body, times=2))
    result = quickbooks.source.changes_since(quickbooks.clock.now())
    assert isinstance(result, Got)
    assert result.value.cut == {ChangedEntity.PAYMENT}


def test_a_full_page_has_a_next_one_also_when_an_object_in_it_cannot_be_read(quickbooks: QuickBooks) -> None:
    since, until = quickbooks.clock.now() - timedelta(hours=1), quickbooks.clock.now()
    one = (
        f'{{"Id":"%d","SyncToken":"0","MetaData":{{"LastUpdatedTime":"{(until - timedelta(minutes=5)).isoformat()}"}}}}'
    )
    told = ",".join([*(one % number for number in range(999)), '{"SyncToken":"0"}'])
    body = f'{{"QueryResponse":{{"Payment":[{told}]}},"time":"2026-11-22T12:00:00Z"}}'
    quickbooks.sandbox.faults.add(Fault("error", path="/query", status=200, body=body))
    page = quickbooks.source.list_changed(ChangedEntity.PAYMENT, since, until)
    assert isinstance(page, Got)
    assert page.value.next_since == (until - timedelta(minutes=5)).replace(microsecond=0)
