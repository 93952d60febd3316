"""After "Synced": what people or ConnectWise do to a payment later is found by a look, told, and never undone by us."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import update

from models.looks import InvoiceLook
from sandbox.faults import Fault
from tests.flow.tampering import (
    Tampering,
    adopted,
    change_amount,
    change_date,
    delete,
    double,
    remove_invoice,
    swap,
    synced,
    type_in,
)
from tests.world import LOOKERS, BothInvoices, World
from usecases.retry import retry_payment

LIST = "GET /finance/invoices/{id}/payments"
FIND = "GET /finance/invoices"


BY_THE_SUM: list[tuple[Tampering, str]] = [
    (delete, "target_payment_gone"),
    (change_amount, "target_payment_changed"),
    (double, "target_payment_doubled"),
    (remove_invoice, "target_invoice_gone"),
]


@pytest.mark.parametrize("begin", [synced, adopted])
@pytest.mark.parametrize(("tamper", "reason"), BY_THE_SUM)
def test_what_changes_the_sum_is_found_soon(
    world: World, begin: Callable[[World], tuple[BothInvoices, str]], tamper: Tampering, reason: str
) -> None:
    invoice, payment = begin(world)
    tamper(world, invoice)
    before = world.connectwise.invoices()
    world.later(minutes=11)
    assert (world.reason(payment), world.decision(payment).action) == (reason, "hold")
    assert world.connectwise.invoices() == before


# What is found does not ask for how long it was looked for; `tests/domain/test_later_looks.py` has the intervals.
@pytest.mark.parametrize(
    ("wait", "tamper", "reason"),
    [
        ({"hours": 2}, *BY_THE_SUM[0]),
        ({"days": 2}, *BY_THE_SUM[1]),
        ({"days": 8}, *BY_THE_SUM[2]),
        ({"days": 40}, *BY_THE_SUM[3]),
        ({"days": 400}, *BY_THE_SUM[0]),
    ],
)
def test_what_changes_the_sum_later_is_found_later(
    world: World, wait: dict[str, float], tamper: Tampering, reason: str
) -> None:
    invoice, payment = synced(world)
    world.later(*LOOKERS, minutes=11)
    world.later(*LOOKERS, minutes=61)
    world.later(*LOOKERS, **wait)
    tamper(world, invoice)
    world.later(*LOOKERS, days=31)
    assert world.reason(payment) == reason


@pytest.mark.parametrize(("tamper", "reason"), [(change_date, "target_payment_changed"), (swap, "target_payment_gone")])
def test_what_does_not_change_the_sum_is_found_after_a_month(world: World, tamper: Tampering, reason: str) -> None:
    invoice, payment = synced(world)
    tamper(world, invoice)
    for step in ({"minutes": 11}, {"minutes": 61}, {"days": 1}, {"days": 6}):
        world.later(*LOOKERS, **step)
    assert world.reason(payment) == "synced"
    world.later(*LOOKERS, days=24)
    assert world.reason(payment) == reason


def test_one_request_that_is_committed_twice_is_told(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.faults.add(Fault("duplicate_delivery", method="POST", path="/payments$", times=1))
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    world.notice()
    assert (world.reason(payment), world.amounts_on(invoice)) == ("synced", ["40.00", "40.00"])
    world.later(minutes=11)
    decision = world.decision(payment)
    assert decision.reason == "target_payment_doubled"
    linked = world.effects(payment)[-1].target_payment_id
    assert [row[0] for row in decision.seen or []] == [
        str(one.id) for one in world.on(invoice) if str(one.id) != linked
    ]


def test_a_late_send_that_lands_beside_a_typed_one_is_told(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.faults.add(Fault("drop_before_commit", method="POST", path="/payments$", times=1))
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    world.notice()
    type_in(world, invoice, "40.00")
    world.later(seconds=100)
    assert world.reason(payment) in ("synced", "adopted")
    late = world.connectwise.type_payment(
        invoice.connectwise_id or 0, "40.00", payment_date=date(2026, 11, 20), person="API1"
    )
    world.later(minutes=11)
    decision = world.decision(payment)
    assert (decision.reason, [row[0] for row in decision.seen or []]) == ("target_payment_doubled", [str(late)])


# --- what is no double ---


def test_two_real_payments_of_one_amount_and_day_are_two(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payments = [world.pay("40.00", (invoice, "40.00"), on="2026-11-20") for _ in range(2)]
    world.notice()
    for _ in range(3):
        world.later(days=31)
    assert [world.reason(one) for one in payments] == ["synced", "synced"]


def test_what_was_there_before_is_no_double(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    type_in(world, invoice, "40.00", day=19)
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "twin_nearby"
    retry_payment(world.context, world.organization_id, payment, create_anyway=True)
    world.settle()
    there = next(one.id for one in world.on(invoice) if one.payment_date.day == 19)
    world.connectwise.change_payment(invoice.connectwise_id or 0, there, payment_date=date(2026, 11, 20))
    for _ in range(3):
        world.later(days=31)
    assert world.reason(payment) == "synced"


def test_other_payments_that_people_type_are_their_affair(world: World) -> None:
    invoice, payment = synced(world)
    type_in(world, invoice, "70.00")
    type_in(world, invoice, "40.00", day=5)
    for _ in range(3):
        world.later(days=31)
    assert world.reason(payment) == "synced"


# --- what it costs ---


def test_fifty_payments_on_fifty_invoices_cost_a_call_or_two_a_look(world: World) -> None:
    payments = [world.pay("40.00", (world.invoice(f"INV-{number}", "300.00"), "40.00")) for number in range(50)]
    world.notice()
    for wait in ({"minutes": 11}, {"minutes": 61}, {"days": 1}, {"days": 6}):
        calls = (world.calls(FIND), world.calls(LIST))
        world.later(**wait)
        # A second page is asked for where the first one has as many as ConnectWise gives by itself.
        assert world.calls(FIND) - calls[0] <= 2
        assert world.calls(LIST) == calls[1]
    assert {world.reason(one) for one in payments} == {"synced"}


def test_an_invoice_that_others_paid_on_costs_one_list_and_then_none(world: World) -> None:
    invoice, payment = synced(world)
    type_in(world, invoice, "70.00")
    world.later(minutes=11)
    calls = world.calls(LIST)
    world.later(minutes=61)
    world.later(days=1)
    assert world.calls(LIST) == calls
    assert world.reason(payment) == "synced"


def test_sums_that_lag_cost_a_list_and_hide_nothing(world: World) -> None:
    world.connectwise.set_switches(sums="late")
    invoice, payment = synced(world)
    type_in(world, invoice, "70.00")
    with world.context.database.writing() as session:
        session.execute(update(InvoiceLook).values(due_at=world.clock.now()))
    world.later(seconds=1)
    assert world.reason(payment) == "synced"
    delete(world, invoice)
    world.later(hours=2)
    assert world.reason(payment) == "target_payment_gone"


def test_a_look_waits_while_a_payment_is_due(world: World) -> None:
    invoice, payment = synced(world)
    delete(world, invoice)
    another = world.invoice("INV-2", "300.00")
    world.connectwise.faults.add(Fault("error", method="POST", path="/payments$", status=409, times=1))
    waiting = world.pay("25.00", (another, "25.00"))
    world.notice()
    world.clock.move(minutes=11)
    calls = len(world.connectwise.calls.all()) if hasattr(world.connectwise.calls, "all") else None
    from tasks.look_again.step import look_again

    look_again(world.context, world.target_id)
    assert world.reason(payment) == "synced"
    assert calls is None or len(world.connectwise.calls.all()) == calls
    world.later(seconds=1)
    world.later(seconds=1)
    assert (world.reason(waiting), world.reason(payment)) == ("synced", "target_payment_gone")
