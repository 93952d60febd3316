"""Reads are money: bursts become few reads, nothing is read twice, and the month's cap is told apart from the pace."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from connectors.base import Failure, FailureKind
from models.connections import connection_by_id
from models.inbox import Entity
from models.metered_reads import reads_of, reads_of_vendor
from models.payments import Payment
from sandbox.faults import Fault
from tasks.catch_up.step import catch_up
from tasks.sweep import sweep
from tests.contexts import with_quickbooks
from tests.few import few_of
from tests.quickbooks.story import READERS, differences, failures, hint, metered, source
from tests.world import World
from usecases.connections import test_connection as check_connection

BURST = 1000


def counted(world: World) -> int:
    with world.context.database.reading() as session:
        return reads_of(session, world.source_id, world.clock.now())


def capped(world: World, cap: int) -> None:
    """The workspace's cap, in QuickBooks and in our settings."""
    world.quickbooks.set_switches(monthly_read_cap=cap)
    world.context = with_quickbooks(world.context, monthly_reads_max=cap)


def with_our_cap(world: World, cap: int) -> None:
    """In our settings alone: QuickBooks goes on answering."""
    world.context = replace(world.context, platform=with_quickbooks(world.context, monthly_reads_max=cap).platform)


def invoices_of(world: World, payment_ids: list[str]) -> list[str]:
    truth = {payment.id: payment for payment in world.quickbooks.payments()}
    return [document for one in payment_ids for line in truth[one].lines for _, document in line.linked]


@pytest.mark.proof
def test_a_burst_of_a_thousand_hints_at_once_costs_at_most_a_twentieth_of_a_read_each(world: World) -> None:
    payments = world.quickbooks.record_many_payments(world.customer_id, BURST)
    hint(world, *payments)
    hint(world, *invoices_of(world, payments), verb="updated", entity=Entity.INVOICE)
    world.settle(*READERS)
    world.later(*READERS, seconds=5)
    world.later(*READERS, seconds=5)
    print(f"at once: {metered(world)} metered reads for {BURST} payments")
    assert differences(world) == []
    assert metered(world) <= BURST * 0.05


@pytest.mark.proof
def test_a_burst_that_trickles_in_costs_no_more(world: World) -> None:
    began, slowest, seconds = world.clock.now(), timedelta(0), 60
    for start in range(0, BURST, 20):
        some = world.quickbooks.record_many_payments(world.customer_id, 20)
        hint(world, *some)
        hint(world, *invoices_of(world, some), verb="updated", entity=Entity.INVOICE)
        world.settle(*READERS)
        due = began + timedelta(seconds=seconds * (start + 20) / BURST)
        world.clock.move(seconds=max((due - world.clock.now()).total_seconds(), 0))
    ended = world.clock.now()
    while differences(world):
        world.later(*READERS, seconds=1)
        slowest = world.clock.now() - ended
        assert slowest < timedelta(seconds=15)
    print(f"within {seconds} s: {metered(world)} metered reads for {BURST} payments, the last one {slowest} late")
    assert metered(world) <= BURST * 0.05


def test_a_single_payment_is_read_at_once(world: World) -> None:
    for number in range(3):
        invoice = world.invoice(f"INV-{number}")
        payment = world.pay("100.00", (invoice, "100.00"))
        before = world.clock.now()
        hint(world, payment)
        world.settle()
        assert world.reason(payment) == "synced"
        assert world.clock.now() == before
        world.clock.move(seconds=3)


@pytest.mark.parametrize("seconds", few_of([3, 2, 10], 1))
def test_one_payment_every_few_seconds_is_read_at_once_for_ten_minutes(world: World, seconds: int) -> None:
    invoice = world.invoice("INV-1", "90000.00")
    world.notice()
    before, waited = metered(world), []
    for _ in range(0, 600, seconds * 5):
        payment = world.pay("100.00", (invoice, "100.00"))
        told_at = world.clock.now()
        hint(world, payment)
        hint(world, invoice.quickbooks_id, verb="updated", entity=Entity.INVOICE)
        world.settle(*READERS)
        assert payment in known(world)
        waited.append(world.clock.now() - told_at)
        world.clock.move(seconds=seconds)
    assert max(waited) == timedelta(0)
    assert metered(world) - before <= 2 * len(waited)


@pytest.mark.parametrize(("cap", "distance"), [(1_000_000, 0), (20, 3)], ids=["room", "nearly_none"])
def test_whoever_uses_up_the_month_too_fast_waits_for_more_to_read(world: World, cap: int, distance: int) -> None:
    with_our_cap(world, cap)
    invoice = world.invoice("INV-1", "90000.00")
    world.notice()
    for _ in range(40):
        last = world.pay("100.00", (invoice, "100.00"))
        hint(world, last)
        world.settle(*READERS)
        world.clock.move(seconds=1)
    # The next one is told right after a read, when there is most to wait.
    for _ in range(9):
        if last not in known(world):
            world.later(*READERS, seconds=1)
    assert last in known(world)
    told_at = world.clock.now()
    payment = world.pay("100.00", (invoice, "100.00"))
    hint(world, payment)
    waiting = 0
    while waiting < 9 and payment not in known(world):
        world.settle(*READERS)
        world.later(*READERS, seconds=1)
        waiting += 1
    assert world.clock.now() - told_at >= timedelta(seconds=distance)
    assert (source(world).read_streak > 2) is bool(distance)


def known(world: World) -> set[str]:
    with world.context.database.reading() as session:
        return set(session.scalars(select(Payment.external_id)))


def test_an_idle_company_costs_one_read_for_each_time_it_is_asked(world: World) -> None:
    world.notice()
    before = metered(world)
    for _ in range(10):
        world.clock.move(minutes=5)
        catch_up(world.context, world.source_id)
    assert metered(world) - before == 10


def test_invoices_that_catch_up_brought_are_not_read_again(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    before = metered(world)
    assert before == 1
    hint(world, invoice.quickbooks_id, verb="updated", entity=Entity.INVOICE)
    world.settle()
    assert metered(world) == before
    assert world.reason(payment) == "synced"
    world.clock.move(minutes=1)
    world.quickbooks.edit_invoice(invoice.quickbooks_id, doc_number="INV-2")
    hint(world, invoice.quickbooks_id, verb="updated", entity=Entity.INVOICE)
    world.settle()
    assert metered(world) == before + 1


def test_our_own_count_is_what_quickbooks_counts(world: World) -> None:
    payments = world.quickbooks.record_many_payments(world.customer_id, 30)
    world.notice()
    world.quickbooks.delete_payment(payments[0])
    world.clock.move(seconds=10)
    hint(world, *payments, verb="updated")
    world.settle()
    world.quickbooks.faults.add(Fault("expired_token", path="/v3/", times=1))
    world.quickbooks.faults.add(Fault("throttle", path="/v3/", times=1))
    check_connection(world.context, world.source_id)
    assert counted(world) == metered(world) >= 2


def test_the_count_begins_anew_with_the_month(world: World) -> None:
    world.notice()
    world.clock.move(days=31)
    assert counted(world) == 0
    with world.context.database.reading() as session:
        assert reads_of_vendor(session, "quickbooks", world.clock.now() - timedelta(days=31)) == 1


def test_a_refusal_for_the_month_rests_for_hours_and_one_for_the_pace_for_a_minute(world: World) -> None:
    invoice = world.invoice("INV-1")
    capped(world, 4)
    for _ in range(4):
        world.notice()
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    assert source(world).pause_reason == "reads_used_up"
    wait = (source(world).not_before or world.clock.now()) - world.clock.now()
    assert timedelta(0) < wait <= timedelta(hours=6)
    calls = world.quickbooks.calls.total
    world.later(seconds=wait.total_seconds() - 1)
    assert world.quickbooks.calls.total == calls
    # A new month, or a higher plan.
    world.quickbooks.reset_metered_reads()
    world.later(seconds=2)
    assert world.reason(payment) == "synced"


def test_a_refusal_far_from_the_cap_is_the_pace(world: World) -> None:
    capped(world, 1000)
    world.quickbooks.faults.add(Fault("throttle", path="/v3/", times=1))
    world.notice()
    assert source(world).pause_reason == "target_throttled"
    assert (source(world).not_before or world.clock.now()) - world.clock.now() == timedelta(seconds=60)


def test_one_companys_reads_use_up_the_cap_of_all(world: World) -> None:
    capped(world, 3)
    for _ in range(3):
        world.notice()
    with world.context.database.reading() as session:
        connection = connection_by_id(session, world.source_id)
    result = world.context.source(connection).check()
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.USED_UP


def test_the_log_warns_once_at_each_share(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    capped(world, 20)
    for _ in range(19):
        catch_up(world.context, world.source_id)
    told = [line for line in capsys.readouterr().out.splitlines() if "metered_reads.warning" in line]
    assert len(told) == 2
    assert "80" in told[0]
    assert "95" in told[1]


def test_a_hint_that_waits_for_others_is_not_forgotten(world: World) -> None:
    invoice = world.invoice("INV-1", "900.00")
    for _ in range(8):
        hint(world, world.pay("1.00", (invoice, "1.00")))
        world.settle()
    for _ in range(10):
        world.clock.move(seconds=1)
        sweep(world.context)
        world.settle()
    assert differences(world) == []


def test_a_limit_that_stays_reached_is_asked_ever_more_rarely_and_quickly_again_after_an_answer(world: World) -> None:
    """Another program of the workspace reads as well, so that the month's limit is reached below our own mark."""
    world.notice()
    world.quickbooks.faults.add(Fault("monthly_cap", path="/v3/", times=None))
    hint(world, world.pay("10.00"))
    calls = world.quickbooks.calls.total
    for _ in range(24 * 4):
        world.later(*READERS, minutes=15)
    # Each try costs a refreshed token as well, now that they are further apart than a token lives.
    assert world.quickbooks.calls.total - calls < 80
    world.quickbooks.faults.clear()
    world.later(hours=1)
    assert failures(world) == 0
    world.quickbooks.faults.add(Fault("throttle", path="/v3/", times=1))
    world.notice()
    wait = (source(world).not_before or world.clock.now()) - world.clock.now()
    assert timedelta(0) < wait <= timedelta(minutes=1)
