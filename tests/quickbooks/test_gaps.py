"""Nobody listened for a while: everything that happened is found, also what was deleted, and one sentence says so."""

from datetime import date, timedelta

import pytest

from models.invoices import source_invoices
from sandbox.faults import Fault
from tasks.catch_up.step import catch_up
from tasks.context import Step
from tasks.ingest.step import ingest
from tasks.points import Point
from tasks.sweep import sweep
from tests.few import few_of
from tests.queries import violations
from tests.quickbooks.reconnecting import reconnect
from tests.quickbooks.story import READERS, Death, die_at, differences, gaps, hint, source
from tests.world import World
from usecases.backfill import request_backfill
from usecases.disconnecting import disconnect


def busy_absence(world: World, days: int, *only: Step) -> tuple[str, str, str]:
    """Two payments are known; then nobody listens, and one is changed, one deleted, and one is new."""
    invoices = [world.invoice(f"INV-{number}") for number in range(3)]
    changed, deleted = (world.pay("50.00", (invoice, "50.00")) for invoice in invoices[:2])
    world.notice(*only)
    assert [world.amounts_on(invoice) for invoice in invoices[:2]] == ([[], []] if only else [["50.00"], ["50.00"]])
    disconnect(world.context, world.source_id)
    world.settle(*only)
    world.clock.move(days=days / 2)
    world.quickbooks.edit_payment(changed, total="70.00", lines=[(invoices[0].quickbooks_id, "70.00")])
    world.quickbooks.delete_payment(deleted)
    new = world.pay("30.00", (invoices[2], "30.00"))
    world.clock.move(days=days / 2)
    return changed, deleted, new


@pytest.mark.parametrize("days", [2, 28, 40, 200])
def test_whatever_happened_while_disconnected_is_found_and_told_in_one_sentence(world: World, days: int) -> None:
    began = world.clock.now()
    busy_absence(world, days, *READERS)
    reconnect(world)
    world.settle(*READERS)
    world.later(*READERS, minutes=6)
    assert differences(world) == []
    [gap] = gaps(world)
    assert gap.sentence.startswith(f"Gap closed from {began:%Y-%m-%d %H:%M} UTC to ")
    assert gap.sentence.endswith(": 1 new payment, 1 changed, 1 deleted found.")


def test_after_a_long_absence_connectwise_follows(world: World) -> None:
    changed, deleted, new = busy_absence(world, days=40)
    reconnect(world)
    world.settle()
    assert [world.reason(one) for one in (changed, deleted, new)] == ["synced", "reversed", "synced"]
    with world.context.database.reading() as session:
        assert violations(session) == []


SCAN_POINTS = [
    (Point.CATCH_UP_LANE_TAKEN, 1),
    (Point.CATCH_UP_CURSOR_READ, 1),
    (Point.CATCH_UP_SOURCE_READ, 1),
    (Point.CATCH_UP_GAP_OPENED, 1),
    *((Point.SCAN_IDS_READ, time) for time in range(1, 3)),
    *((Point.SCAN_SOURCE_READ, time) for time in range(1, 5)),
    *((Point.SCAN_STORED, time) for time in range(1, 5)),
]


@pytest.mark.parametrize(("point", "time"), few_of(SCAN_POINTS, 5))
def test_a_worker_that_dies_in_a_scan_costs_nothing(world: World, point: Point, time: int) -> None:
    busy_absence(world, 40, *READERS)
    reconnect(world)
    die_at(world, point, time)
    deaths = 0
    for _ in range(3):
        try:
            catch_up(world.context, world.source_id)
        except Death:
            deaths += 1
            # The dead worker's lease runs out.
            world.clock.move(seconds=91)
        sweep(world.context)
    assert deaths == 1
    world.settle(*READERS)
    assert differences(world) == []
    assert [(gap.new_count, gap.changed_count, gap.deleted_count) for gap in gaps(world)] == [(1, 1, 1)]


def test_the_cursor_stays_until_the_scan_is_through(world: World) -> None:
    busy_absence(world, 40, *READERS)
    reconnect(world)
    before = source(world).cursor_at
    world.quickbooks.faults.add(Fault("error", path="/query", status=503, skip=2, times=1))
    catch_up(world.context, world.source_id)
    [gap] = gaps(world)
    assert gap.is_scanning
    assert source(world).cursor_at == before
    sweep(world.context)
    world.settle(*READERS)
    [gap] = gaps(world)
    assert gap.closed_at is not None
    assert (source(world).cursor_at or before) > before
    assert differences(world) == []


def test_a_payment_that_waited_in_the_inbox_and_was_deleted_meanwhile_does_not_come_to_life(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("50.00", (invoice, "50.00"))
    catch_up(world.context, world.source_id)
    # Nobody has worked it off yet when the connection is cut.
    disconnect(world.context, world.source_id)
    world.clock.move(days=20)
    world.quickbooks.delete_payment(payment)
    world.clock.move(days=20)
    reconnect(world)
    catch_up(world.context, world.source_id)
    world.settle()
    assert differences(world) == []
    assert world.amounts_on(invoice) == []


def test_a_deleted_invoice_is_found_as_well(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("50.00", (invoice, "50.00"))
    world.choose(sync_enabled=False)
    world.notice()
    disconnect(world.context, world.source_id)
    world.clock.move(days=20)
    world.quickbooks.delete_payment(payment)
    world.quickbooks.delete_invoice(invoice.quickbooks_id)
    world.clock.move(days=20)
    reconnect(world)
    world.settle()
    with world.context.database.reading() as session:
        assert source_invoices(session, world.source_id, [invoice.quickbooks_id])[invoice.quickbooks_id].deleted


def test_payments_before_the_connection_come_with_a_start_date(world: World) -> None:
    invoice = world.invoice("INV-1")
    long_ago = world.clock.now() - timedelta(days=90)
    old = world.pay("40.00", (invoice, "40.00"), at=long_ago)
    world.notice()
    request_backfill(world.context, world.source_id, (long_ago - timedelta(days=1)).date())
    world.settle()
    assert world.reason(old) == "synced"
    [gap] = gaps(world)
    assert (gap.kind, gap.new_count) == ("backfill", 1)
    assert gap.sentence.startswith("Everything checked again from ")


def test_a_backfill_does_not_keep_todays_payments_waiting(world: World) -> None:
    invoice = world.invoice("INV-1")
    request_backfill(world.context, world.source_id, date(2020, 1, 1))
    world.quickbooks.faults.add(Fault("error", path="/query", status=500, times=None))
    today = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    world.later(minutes=1)
    assert world.allocation(today).amount
    assert source(world).caught_up_at is not None


def test_two_backfills_at_once_are_refused(world: World) -> None:
    request_backfill(world.context, world.source_id, date(2026, 1, 1))
    with pytest.raises(ValueError, match="already running"):
        request_backfill(world.context, world.source_id, date(2025, 1, 1))


def test_a_backfill_of_the_future_is_refused(world: World) -> None:
    tomorrow = (world.clock.now() + timedelta(days=2)).date()
    with pytest.raises(ValueError, match="future"):
        request_backfill(world.context, world.source_id, tomorrow)


def test_what_only_catch_up_told_is_counted_and_asked_for_more_often(world: World) -> None:
    invoice = world.invoice("INV-1", "500.00")
    hint(world, world.pay("10.00", (invoice, "10.00")))
    world.settle()
    world.notice()
    assert source(world).missed_count == 0
    assert next_ask(world) == timedelta(minutes=15)
    world.pay("20.00", (invoice, "20.00"))
    world.clock.move(minutes=2)
    world.notice()
    assert source(world).missed_count == 1
    assert next_ask(world) == timedelta(minutes=5)
    world.clock.move(minutes=1)
    hint(world, world.pay("30.00", (invoice, "30.00")))
    world.settle()
    world.clock.move(minutes=2)
    world.notice()
    assert source(world).missed_count == 1
    assert next_ask(world) == timedelta(minutes=15)


def test_a_company_never_heard_is_asked_often_for_a_day(world: World) -> None:
    world.notice()
    assert next_ask(world) == timedelta(minutes=5)
    world.clock.move(days=2)
    world.notice()
    assert next_ask(world) == timedelta(minutes=15)


def test_a_change_whose_webhook_may_be_on_its_way_is_not_missed(world: World) -> None:
    world.pay("20.00", (world.invoice("INV-1"), "20.00"))
    world.clock.move(seconds=20)
    world.notice()
    assert source(world).missed_count == 0


def next_ask(world: World) -> timedelta:
    at = source(world).next_catch_up_at
    assert at is not None
    return at - world.clock.now()


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=365 * 70)])
def test_a_source_whose_clock_is_ahead_does_not_make_us_skip_what_happens_until_then(
    world: World, ahead: timedelta, capsys: pytest.CaptureFixture[str]
) -> None:
    invoice = world.invoice("INV-1")
    world.notice()
    world.clock.move(minutes=20)
    cursor, then = source(world).cursor_at, (world.clock.now() + ahead).isoformat()
    body = f'{{"CDCResponse":[{{"QueryResponse":[{{}}]}}],"time":"{then}"}}'
    world.quickbooks.faults.add(Fault("error", path="/cdc", status=200, body=body, times=1))
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    assert source(world).cursor_at == cursor
    assert "ahead of our clock" in capsys.readouterr().out
    world.later(minutes=20)
    assert world.reason(payment) == "synced"


def test_clocks_that_are_a_minute_apart_are_no_trouble(world: World) -> None:
    then = world.clock.now() + timedelta(minutes=1)
    body = f'{{"CDCResponse":[{{"QueryResponse":[{{}}]}}],"time":"{then.isoformat()}"}}'
    world.quickbooks.faults.add(Fault("error", path="/cdc", status=200, body=body, times=1))
    world.notice()
    assert source(world).cursor_at == then


@pytest.mark.parametrize("first", ["ingest", "catch_up"])
def test_what_was_found_in_a_gap_does_not_depend_on_who_is_quicker(world: World, first: str) -> None:
    """Webhooks came while nobody could read; both workers wake up when the company is connected again."""
    changed, deleted, new = busy_absence(world, 2, *READERS)
    world.clock.move(seconds=1)
    hint(world, new, verb="created")
    hint(world, changed, verb="updated")
    hint(world, deleted, verb="deleted")
    reconnect(world)
    if first == "ingest":
        ingest(world.context, world.source_id)
    catch_up(world.context, world.source_id)
    world.settle(*READERS)
    assert differences(world) == []
    assert gaps(world)[0].sentence.endswith(": 1 new payment, 1 changed, 1 deleted found.")
