"""What a picture of a payment leaves out is not gone: nothing is taken back, reduced or created because of it."""

from collections.abc import Callable
from decimal import Decimal
from itertools import count

import pytest

from models.inbox import Entity, EventSource, NewEvent, store_events
from sandbox.faults import Fault
from tasks.catch_up.step import catch_up
from tests.queries import decisions_about
from tests.quickbooks.story import hint, metered, no_catch_up, source
from tests.world import BothInvoices, World
from usecases.retry import retry_payment

TOLD = {"incomplete", "total_unreadable"}
numbers = count(1)


def by_change_data_capture(world: World, _payment: str) -> None:
    world.notice()


def by_webhook(world: World, payment: str) -> None:
    no_catch_up(world, hours=24)
    hint(world, payment, verb="updated")
    world.settle()


def by_backfill(world: World, payment: str) -> None:
    """What a scan of a gap brings goes into the inbox with its content."""
    no_catch_up(world, hours=24)
    found = world.context.source(source(world)).changes_since(source(world).connected_at)
    change = next(one for one in reversed(found.value.changes) if one.entity_id == payment)
    event = NewEvent(
        connection_id=world.source_id,
        source=EventSource.BACKFILL,
        event_id=f"found-{next(numbers)}",
        entity=Entity.PAYMENT,
        entity_id=payment,
        verb=change.verb,
        occurred_at=change.changed_at,
        payload=change.payload,
    )
    with world.context.database.writing() as session:
        store_events(session, [event], world.clock.now())
    world.later(seconds=1)


Arrives = Callable[[World, str], None]
WAYS = (by_change_data_capture, by_webhook, by_backfill)
any_way = pytest.mark.parametrize("arrives", WAYS)


def damage(world: World, shape: str = "empty_lines", times: int | None = None) -> None:
    world.quickbooks.faults.add(Fault("incomplete_picture", path="/v3/", times=times, body=shape))


def touch(world: World, payment: str, *lines: tuple[BothInvoices, str]) -> None:
    """A newer version that says the same about money."""
    world.clock.move(minutes=20)
    total = sum((Decimal(amount) for _, amount in lines), Decimal(0))
    world.quickbooks.edit_payment(
        payment, total=str(total), lines=[(invoice.quickbooks_id, amount) for invoice, amount in lines]
    )


def writes(world: World) -> int:
    one = "/finance/invoices/{id}/payments/{payment_id}"
    return sum(
        world.calls(route) for route in ("POST /finance/invoices/{id}/payments", f"PATCH {one}", f"DELETE {one}")
    )


def reasons_of(world: World, payment: str, invoice: BothInvoices) -> list[str]:
    with world.context.database.reading() as session:
        return [one.reason for one in decisions_about(session, world.allocation(payment, invoice).id)]


# `tests/connectors/test_payloads_of_every_shape.py` has every shape: what it finds is all that the steps get to know.
@any_way
@pytest.mark.parametrize("shape", ["a_line_too_few", "no_total"])
def test_nothing_of_a_synced_payment_is_touched_and_it_goes_on_by_itself(
    world: World, arrives: Arrives, shape: str
) -> None:
    first, second = world.invoice("INV-1"), world.invoice("INV-2")
    payment = world.pay("150.00", (first, "100.00"), (second, "50.00"))
    world.notice()
    before = writes(world)
    touch(world, payment, (first, "100.00"), (second, "50.00"))
    damage(world, shape)
    arrives(world, payment)
    world.later(seconds=6)
    world.later(seconds=6)
    for invoice, amount in ((first, "100.00"), (second, "50.00")):
        assert world.amounts_on(invoice) == [amount]
        assert world.decision(payment, invoice).action == "hold"
        assert world.reason(payment, invoice) in TOLD
    assert writes(world) == before
    world.quickbooks.faults.clear()
    world.later(minutes=2)
    world.later(minutes=2)
    assert (world.reason(payment, first), world.reason(payment, second)) == ("synced", "synced")
    assert writes(world) == before


@pytest.mark.parametrize(
    ("arrives", "shape"),
    [(by_change_data_capture, "no_lines"), (by_webhook, "no_total"), (by_backfill, "a_line_too_few")],
)
def test_nothing_is_created_from_one_until_it_is_shown_whole(world: World, arrives: Arrives, shape: str) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    damage(world, shape)
    arrives(world, payment)
    world.later(seconds=6)
    world.later(seconds=6)
    assert world.on(invoice) == []
    world.quickbooks.faults.clear()
    for _ in range(3):
        world.later(minutes=2)
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment, invoice) == "synced"


@any_way
def test_one_that_the_next_read_shows_whole_was_never_held(world: World, arrives: Arrives) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    touch(world, payment, (invoice, "100.00"))
    damage(world, times=1)
    arrives(world, payment)
    world.later(seconds=6)
    assert world.amounts_on(invoice) == ["100.00"]
    assert not TOLD & set(reasons_of(world, payment, invoice))
    assert world.reason(payment) == "synced"


def test_the_example_60_and_nothing_applied(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("60.00", (invoice, "60.00"))
    world.notice()
    touch(world, payment, (invoice, "60.00"))
    damage(world, "empty_lines")
    world.notice()
    for hours in (0.01, 0.1, 1, 7, 24):
        world.later(hours=hours)
        assert world.amounts_on(invoice) == ["60.00"]
        assert world.reason(payment) == "incomplete"


def test_it_is_read_seldom_while_it_stays_incomplete(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("60.00", (invoice, "60.00"))
    world.notice()
    touch(world, payment, (invoice, "60.00"))
    damage(world, "empty_lines")
    no_catch_up(world, days=30)
    hint(world, payment, verb="updated")
    world.settle()
    for _ in range(24 * 4):
        world.later(minutes=15)
    first_day = metered(world)
    no_catch_up(world, days=30)
    for _ in range(24 * 2):
        world.later(minutes=30)
    assert first_day < 60
    assert metered(world) - first_day <= 6


def test_a_person_who_retries_has_it_read_at_once(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("60.00", (invoice, "60.00"))
    world.notice()
    touch(world, payment, (invoice, "60.00"))
    damage(world, "empty_lines")
    world.notice()
    world.later(hours=30)
    assert world.reason(payment) == "incomplete"
    world.quickbooks.faults.clear()
    retry_payment(world.context, world.organization_id, payment)
    world.settle()
    world.later(seconds=6)
    assert world.reason(payment) == "synced"


@pytest.mark.parametrize("ends", ["void", "delete", "edit", "move"])
def test_what_becomes_of_it_after_that_is_carried_out(world: World, ends: str) -> None:
    invoice, other = world.invoice("INV-1"), world.invoice("INV-2")
    payment = world.pay("60.00", (invoice, "60.00"))
    world.notice()
    touch(world, payment, (invoice, "60.00"))
    damage(world, "empty_lines")
    world.notice()
    assert world.reason(payment) == "incomplete"
    world.quickbooks.faults.clear()
    world.clock.move(minutes=20)
    if ends == "void":
        world.quickbooks.void_payment(payment)
    elif ends == "delete":
        world.quickbooks.delete_payment(payment)
    elif ends == "edit":
        world.quickbooks.edit_payment(payment, total="40.00", lines=[(invoice.quickbooks_id, "40.00")])
    else:
        world.quickbooks.move_payment(payment, invoice.quickbooks_id, other.quickbooks_id)
    world.notice()
    world.later(seconds=6)
    on = {"void": ([], []), "delete": ([], []), "edit": (["40.00"], []), "move": ([], ["60.00"])}[ends]
    assert (world.amounts_on(invoice), world.amounts_on(other)) == on


def test_what_waits_to_be_sent_is_not_sent_on_an_old_picture(world: World) -> None:
    invoice = world.invoice("INV-1", connectwise_total="110.00")
    payment = world.pay("60.00", (invoice, "60.00"))
    world.notice()
    touch(world, payment, (invoice, "60.00"))
    damage(world, "empty_lines")
    world.notice()
    world.connectwise.edit_invoice(invoice.connectwise_id or 0, total="100.00")
    world.later(minutes=2)
    assert (world.reason(payment), world.on(invoice)) == ("incomplete", [])
    world.quickbooks.faults.clear()
    world.later(minutes=5)
    world.later(minutes=5)
    assert (world.reason(payment), world.amounts_on(invoice)) == ("synced", ["60.00"])


def test_one_that_is_refused_after_that_is_held(world: World) -> None:
    """Shown incompletely by change data capture, and by id not at all: what we hold is not the newest."""
    invoice = world.invoice("INV-1")
    payment = world.pay("60.00", (invoice, "60.00"))
    world.notice()
    touch(world, payment, (invoice, "60.00"))
    world.quickbooks.faults.add(Fault("incomplete_picture", path="/cdc", times=None, body="empty_lines"))
    world.quickbooks.faults.add(Fault("error", path="/query", times=None, status=400, body=REFUSAL))
    catch_up(world.context, world.source_id)
    world.settle()
    no_catch_up(world, days=1)
    for seconds in (6, 31, 301, 301):
        world.later(seconds=seconds)
    assert (world.reason(payment), world.amounts_on(invoice)) == ("incomplete", ["60.00"])
    world.quickbooks.faults.clear()
    world.later(hours=1)
    world.later(hours=1)
    assert world.reason(payment) == "synced"


REFUSAL = (
    '{"Fault":{"Error":[{"Message":"Invalid","Detail":"Invalid","code":"2020"}],"type":"ValidationFault"},'
    '"time":"2026-11-22T07:00:00.000-08:00"}'
)
