"""Never twice, never lost, always explained: where a connector and the steps have to keep the promise together."""

import time
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sandbox.faults import Fault
from tasks.points import Point
from tests.world import BothInvoices, World

POST = {"method": "POST", "path": r"/payments$"}
PAID_ON = "2026-11-20"


def pay(world: World, total: str = "300.00") -> tuple[BothInvoices, str]:
    invoice = world.invoice("INV-1", total)
    return invoice, world.pay("100.00", (invoice, "100.00"), on=PAID_ON)


def connectwise_id(invoice: BothInvoices) -> int:
    assert invoice.connectwise_id is not None
    return invoice.connectwise_id


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"payment_date": "truncated"},
        {"sums": "late"},
        {"extra_fields": "reject", "amount_as_string": "reject"},
        {"text_comparison": "exact"},
        {"payment_type": "word"},
    ],
    ids=str,
)
def test_an_answer_lost_after_the_commit_ends_with_one_payment_at_every_tenant(
    world: World, switches: dict[str, str]
) -> None:
    world.connectwise.set_switches(**switches)
    invoice, payment = pay(world)
    world.connectwise.faults.add(Fault("commit_then_drop", **POST))
    world.notice()
    for _ in range(3):
        world.later(seconds=91)
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment) == "synced"


def test_a_payment_somebody_typed_is_adopted_where_types_are_words(world: World) -> None:
    world.connectwise.set_switches(payment_type="word")
    invoice, _ = pay(world)
    world.connectwise.type_payment(connectwise_id(invoice), "100.00", payment_date=date.fromisoformat(PAID_ON))
    world.notice()
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_look_that_shows_no_list_does_not_lead_to_a_second_payment(world: World) -> None:
    invoice, _ = pay(world)
    world.connectwise.faults.add(Fault("commit_then_drop", **POST))
    world.notice()
    maintenance = '{"message":"The service is in maintenance."}'
    world.connectwise.faults.add(Fault("error", method="GET", path=r"/payments$", status=200, body=maintenance))
    for _ in range(3):
        world.later(seconds=91)
    assert world.amounts_on(invoice) == ["100.00"]


def test_an_effect_in_doubt_is_not_forgotten_when_its_invoice_is_not_found_for_a_moment(world: World) -> None:
    world.learn_our_name()
    invoice, payment = pay(world)
    world.connectwise.faults.add(Fault("commit_then_drop", **POST))
    world.notice()
    world.connectwise.faults.add(Fault("error", method="GET", path=r"/invoices$", status=200, body="[]"))
    world.later(seconds=91)
    world.quickbooks.edit_payment(payment, total="50.00", lines=[(invoice.quickbooks_id, "50.00")])
    world.notice()
    for _ in range(3):
        world.later(hours=1)
    assert world.amounts_on(invoice) == ["50.00"]


def test_a_tenant_that_overwrites_a_typed_payment_is_noticed(world: World) -> None:
    world.connectwise.set_switches(second_payment="overwrite")
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.type_payment(connectwise_id(invoice), "30.00", payment_date=date(2026, 11, 1))
    payment = world.pay("100.00", (invoice, "100.00"), on=PAID_ON)
    world.notice()
    assert world.reason(payment) == "target_replaced"


def test_a_payment_that_connectwise_made_smaller_is_not_told_as_synced(world: World) -> None:
    world.connectwise.set_switches(overpayment="clamp")
    invoice = world.invoice("INV-1", "100.00")
    payment = world.pay("100.00", (invoice, "100.00"), on=PAID_ON)
    quiet, typed = world.context, list[int]()

    def type_it(point: Point) -> None:
        # After our look and before our send: no check of ours can know of it.
        if point is Point.PUSH_INTENDED and not typed:
            typed.append(
                world.connectwise.type_payment(connectwise_id(invoice), "40.00", payment_date=date(2026, 10, 1))
            )

    world.context = replace(quiet, reached=type_it)
    world.notice()
    world.context = quiet
    [_, ours] = sorted(world.on(invoice), key=lambda one: one.id)
    assert ours.amount == Decimal("60.00")
    assert world.reason(payment) != "synced"


def test_a_second_payment_that_connectwise_rejects_is_told_in_its_words(world: World) -> None:
    world.connectwise.set_switches(second_payment="reject")
    invoice = world.invoice("INV-1", "300.00")
    first, second = (world.pay("100.00", (invoice, "100.00"), on=f"2026-11-{day}") for day in (10, 20))
    world.notice()
    assert (world.reason(first), world.reason(second)) == ("synced", "target_refused")
    assert "already exists" in world.decision(second).detail
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_void_while_the_answer_is_still_in_doubt_ends_with_no_payment(world: World) -> None:
    world.learn_our_name()
    invoice, payment = pay(world)
    world.connectwise.faults.add(Fault("commit_then_drop", **POST))
    world.notice()
    world.quickbooks.void_payment(payment)
    world.notice()
    for _ in range(3):
        world.later(seconds=91)
    assert world.on(invoice) == []
    assert world.reason(payment) == "reversed"


def test_a_late_commit_within_the_settle_time_is_found(world: World) -> None:
    invoice, payment = pay(world)
    world.connectwise.faults.add(Fault("late_commit", seconds=0.01, **POST))
    world.notice()
    deadline = time.monotonic() + 120
    while not world.on(invoice):
        assert time.monotonic() < deadline, "it never landed"
        time.sleep(0.005)
    for _ in range(3):
        world.later(seconds=91)
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.reason(payment) == "synced"
