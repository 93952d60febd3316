"""A system that is sick for one kind of call: that kind rests, the others go on, and one call tries."""

from dataclasses import replace

import pytest

from domain.breaker import CallKind
from models.breakers import Breaker, breaker_of
from sandbox.faults import Fault
from tasks.catch_up.step import catch_up
from tasks.ingest.step import ingest
from tests.world import BothInvoices, World

POSTS = "POST /finance/invoices/{id}/payments"


def breaker(world: World, kind: CallKind) -> Breaker | None:
    connection_id = world.source_id if kind in (CallKind.CATCH_UP, CallKind.INGEST) else world.target_id
    with world.context.database.reading() as session:
        return breaker_of(session, connection_id, kind)


def paid_invoices(world: World, count: int) -> list[str]:
    invoices = [world.invoice(f"INV-{number}") for number in range(count)]
    return [world.pay("100.00", (invoice, "100.00")) for invoice in invoices]


def test_failures_with_successes_between_them_are_not_in_a_row(world: World) -> None:
    world.context = replace(world.context, timing=replace(world.context.timing, push_parallel=1))
    payments = paid_invoices(world, 20)
    for number in range(5):
        invoice = world.connectwise.invoices()[number * 4]
        path = rf"/invoices/{invoice.id}/payments$"
        world.connectwise.faults.add(Fault("error_after_commit", method="POST", path=path, times=1))
    world.notice()
    assert sorted({world.reason(one) for one in payments}) == ["in_doubt", "synced"]
    found = breaker(world, CallKind.WRITE)
    assert found is None or found.rests_until is None


def test_a_target_that_is_sick_only_for_writing_rests_and_then_one_payment_tries(world: World) -> None:
    payments = paid_invoices(world, 12)
    world.connectwise.faults.add(Fault("error", method="POST", path="/payments$", status=503, times=None))
    world.notice()
    sent = world.calls(POSTS)
    assert 5 <= sent <= 8, "five in a row, and what was on the wire beside them"
    world.later(seconds=50)
    assert world.calls(POSTS) == sent
    for minutes in (1, 2.1, 4.1):
        world.later(minutes=minutes)
        sent += 1
        assert world.calls(POSTS) == sent, "one tries, and each rest is longer than the last"
    world.connectwise.faults.clear()
    world.later(minutes=30)
    assert breaker(world, CallKind.WRITE) is None
    reasons = [world.reason(one) for one in payments]
    assert set(reasons) == {"synced"}, "the others go as soon as one has got through"


def test_a_target_that_shows_invoices_but_no_payments_rests_as_well(world: World) -> None:
    paid_invoices(world, 3)
    world.connectwise.faults.add(Fault("error", method="GET", path="/payments$", status=500, times=None))
    world.notice()
    for _ in range(30):
        world.later(seconds=20)
    assert world.calls("GET /finance/invoices/{id}/payments") <= 5 + 4 + 4
    world.connectwise.faults.clear()
    world.later(minutes=31)
    assert breaker(world, CallKind.LOOK) is None


@pytest.mark.parametrize("doubtful", [False, True])
def test_an_invoice_that_alone_cannot_be_looked_at_does_not_keep_the_others_waiting(
    world: World, *, doubtful: bool
) -> None:
    world.context = replace(world.context, timing=replace(world.context.timing, push_parallel=1))
    odd = world.invoice("ODD")
    if doubtful:
        world.connectwise.faults.add(Fault("commit_then_drop", method="POST", path="/payments$", times=1))
    else:
        unreadable(world, odd)
    stuck = world.pay("100.00", (odd, "100.00"))
    world.notice()
    unreadable(world, odd)
    for _ in range(60):
        world.later(seconds=20)
    assert world.reason(stuck) == ("in_doubt" if doubtful else "target_unreachable")
    others = paid_invoices(world, 3)
    world.notice()
    for _ in range(9):
        world.later(minutes=10)
    assert {world.reason(one) for one in others} == {"synced"}
    world.connectwise.faults.clear()
    world.later(hours=7)
    assert world.reason(stuck) == "synced"
    assert world.amounts_on(odd) == ["100.00"]


def unreadable(world: World, invoice: BothInvoices) -> None:
    path = rf"/invoices/{invoice.connectwise_id}/payments$"
    world.connectwise.faults.add(Fault("error", method="GET", path=path, status=500, times=None))


def test_while_writing_rests_payments_are_decided_and_the_page_says_when_they_go(world: World) -> None:
    paid_invoices(world, 8)
    world.connectwise.faults.add(Fault("error", method="POST", path="/payments$", status=503, times=None))
    world.notice()
    late = world.pay("100.00", (world.invoice("LATE"), "100.00"))
    world.notice()
    assert world.reason(late) == "eligible"
    sent = world.calls(POSTS)
    world.later(seconds=20)
    assert world.calls(POSTS) == sent


def test_changes_that_cannot_be_asked_for_do_not_stop_what_webhooks_tell(world: World) -> None:
    world.quickbooks.faults.add(Fault("error", path="/cdc", status=500, times=None))
    before = world.quickbooks.calls.total
    for _ in range(40):
        world.later(seconds=30)
    asked = world.quickbooks.calls.total - before
    assert 5 <= asked <= 12, "five in a row, then after one, two, four, eight minutes"
    assert breaker(world, CallKind.INGEST) is None
    hint(world, payment := paid_invoices(world, 1)[0])
    assert world.reason(payment) == "synced"
    assert breaker(world, CallKind.CATCH_UP) is not None, "the success of a read says nothing about changes"


def test_payments_that_cannot_be_read_do_not_stop_catching_up(world: World) -> None:
    world.quickbooks.faults.add(Fault("error", path="/query", status=500, times=None))
    payment = paid_invoices(world, 1)[0]
    hint(world, payment)
    for _ in range(12):
        world.later(minutes=2)
    assert breaker(world, CallKind.INGEST) is not None
    assert breaker(world, CallKind.CATCH_UP) is None
    world.quickbooks.faults.clear()
    world.later(minutes=31)
    assert world.reason(payment) == "synced"


def hint(world: World, payment_id: str) -> None:
    """A webhook tells of the payment, and ingest reads it."""
    from models.inbox import Entity, EventSource, NewEvent, store_events

    event = NewEvent(
        world.source_id, EventSource.WEBHOOK, f"e-{payment_id}", Entity.PAYMENT, payment_id, "create", world.clock.now()
    )
    with world.context.database.writing() as session:
        store_events(session, [event], world.clock.now())
    ingest(world.context, world.source_id)
    world.settle()


def test_a_connection_that_may_not_be_called_is_not_asked_by_a_nudge(world: World) -> None:
    world.quickbooks.faults.add(Fault("error", path="/cdc", status=500, times=None))
    for _ in range(5):
        catch_up(world.context, world.source_id)
    calls = world.quickbooks.calls.total
    for _ in range(5):
        catch_up(world.context, world.source_id)
    assert world.quickbooks.calls.total == calls
