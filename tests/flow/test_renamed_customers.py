"""A customer is renamed in QuickBooks: no invoice is told as changed, and the payment that waits for it is synced."""

import pytest

from sandbox.faults import Fault
from tests.quickbooks.story import hint, metered, no_catch_up
from tests.world import BothInvoices, World
from usecases.retry import retry_payment

IN_CONNECTWISE = "Cascade Dental Group"


def held(world: World) -> tuple[BothInvoices, str]:
    """A payment that waits because ConnectWise calls the customer otherwise; change data capture never comes again."""
    invoice = world.invoice("INV-1", "300.00", customer=IN_CONNECTWISE)
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "customer_differs"
    no_catch_up(world, days=90)
    return invoice, payment


def test_the_payment_is_synced_within_minutes_without_a_click(world: World) -> None:
    invoice, payment = held(world)
    world.quickbooks.rename_customer(world.customer_id, IN_CONNECTWISE)
    world.later(minutes=2)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]
    customer = next(one for one in world.decision(payment).verdicts if one["field"] == "customer")
    assert (customer["source"], customer["identical"]) == (IN_CONNECTWISE, True)


def test_a_rename_after_days_is_noticed_within_hours_and_by_a_retry_at_once(world: World) -> None:
    _, first = held(world)
    for _ in range(12):
        world.later(hours=6)
    world.quickbooks.rename_customer(world.customer_id, IN_CONNECTWISE)
    world.later(seconds=61)
    assert world.reason(first) == "customer_differs"
    retry_payment(world.context, world.organization_id, first)
    world.settle()
    assert world.reason(first) == "synced"


@pytest.mark.proof
def test_each_look_costs_one_read_however_many_payments_wait_and_the_looks_get_rarer(world: World) -> None:
    invoice, _ = held(world)
    second = world.pay("50.00", (invoice, "50.00"))
    hint(world, second)
    world.settle()
    before = metered(world)
    for _ in range(24 * 4):
        world.later(minutes=15)
    first_day = metered(world) - before
    for _ in range(9 * 8):
        world.later(hours=3)
    print(f"{first_day} reads on the first day, {metered(world) - before - first_day} in nine more")
    assert first_day <= 30
    assert metered(world) - before - first_day <= 9 * 4
    assert world.reason(second) == "customer_differs"


def test_nothing_is_read_where_nothing_is_held_for_it(world: World) -> None:
    for number, more in enumerate([{}, {"connectwise_total": "90.00"}, {"in_connectwise": False}]):
        world.pay("50.00", (world.invoice(f"INV-{number}", **more), "50.00"))  # type: ignore[arg-type]
    world.notice()
    no_catch_up(world, days=90)
    before = metered(world)
    for _ in range(48):
        world.later(minutes=30)
    assert metered(world) == before


def test_a_look_that_fails_is_made_up_for_and_no_second_one_waits_beside_it(world: World) -> None:
    _, payment = held(world)
    world.quickbooks.rename_customer(world.customer_id, IN_CONNECTWISE)
    world.quickbooks.faults.add(Fault("error", status=503, path="/v3/", times=None))
    for _ in range(6):
        world.later(minutes=5)
    assert world.reason(payment) == "customer_differs"
    world.quickbooks.faults.clear()
    before = metered(world)
    for _ in range(4):
        world.later(minutes=20)
    assert world.reason(payment) == "synced"
    assert metered(world) - before == 1


@pytest.mark.parametrize("on_both_sides", [True, False])
def test_a_name_that_we_hold_from_before_the_rename_is_looked_at_again(world: World, on_both_sides: bool) -> None:
    """The picture of the invoice was right when it was read; then a payment comes for it."""
    invoice = world.invoice("INV-1", "300.00")
    world.pay("100.00", (invoice, "100.00"))
    world.notice()
    no_catch_up(world, days=90)
    world.clock.move(days=1)
    world.connectwise.edit_invoice(invoice.connectwise_id or 0, company_name=IN_CONNECTWISE)
    if on_both_sides:
        world.quickbooks.rename_customer(world.customer_id, IN_CONNECTWISE)
    later = world.pay("50.00", (invoice, "50.00"))
    hint(world, later)
    world.settle()
    assert world.reason(later) == "customer_differs"
    world.later(minutes=2)
    assert world.reason(later) == ("synced" if on_both_sides else "customer_differs")
