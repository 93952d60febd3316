"""Where a target keeps one payment per invoice, a person's payments and lost answers meet one and the same payment."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from models.connections import connection_by_id
from sandbox.faults import Fault
from tasks.points import Point
from tests.flow.doing import lost_on_the_way_back, once_at, type_in, with_strategy
from tests.world import BothInvoices, World
from usecases.retry import retry_payment


@pytest.fixture
def single(world: World) -> World:
    with_strategy(world, "single")
    return world


@pytest.mark.parametrize(("policy", "reason"), [("adopt", "adopted"), ("hold", "twin_nearby")])
@pytest.mark.parametrize("beside_ours", [True, False])
def test_a_payment_that_somebody_typed_is_not_added_to_ours(
    single: World, beside_ours: bool, policy: str, reason: str
) -> None:
    single.choose(twin_policy=policy)
    invoice = single.invoice("INV-1", "300.00")
    if beside_ours:
        single.pay("50.00", (invoice, "50.00"), on="2026-11-18")
        single.notice()
    type_in(single, invoice.connectwise_id, "30.00")
    payment = single.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    single.notice()
    assert single.reason(payment) == reason
    assert single.amounts_on(invoice) == (["30.00", "50.00"] if beside_ours else ["30.00"])


@pytest.mark.parametrize(("before", "method"), [("single", "PATCH"), ("append", "POST")])
@pytest.mark.parametrize("kind", ["commit_then_drop", "drop_before_commit"])
def test_a_strategy_that_changes_in_a_doubt_doubles_nothing(world: World, before: str, method: str, kind: str) -> None:
    with_strategy(world, before)
    invoice = world.invoice("INV-1", "300.00")
    first = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    world.connectwise.faults.add(Fault(kind=kind, method=method, path="/payments", times=1))
    second = world.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    world.notice()
    assert world.reason(second) == "in_doubt"
    with_strategy(world, "append" if before == "single" else "single")
    world.later(seconds=91)
    world.later(minutes=5)
    assert sum(one.amount for one in world.on(invoice)) == 80
    assert (world.reason(first), world.reason(second)) == ("synced", "synced")
    world.quickbooks.void_payment(second)
    world.notice()
    assert world.amounts_on(invoice) == ["50.00"]


def test_a_shared_payment_that_somebody_changed_in_a_doubt_needs_a_person(single: World) -> None:
    invoice = single.invoice("INV-1", "300.00")
    single.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    single.notice()
    single.connectwise.faults.add(Fault(kind="commit_then_drop", method="PATCH", path="/payments", times=1))
    second = single.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    single.notice()
    [ours] = single.on(invoice)
    single.connectwise.change_payment(invoice.connectwise_id or 0, ours.id, amount="75.00")
    single.later(seconds=91)
    assert single.reason(second) == "several_candidates"
    assert single.amounts_on(invoice) == ["75.00"]


def changed_in_a_doubt(single: World, invoice: BothInvoices, amount: str) -> str:
    """A part of 30.00 is added to one of 50.00; the answer is lost, and a person changes the sum of 80.00 before we look."""
    single.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    single.notice()
    single.connectwise.faults.add(Fault(kind="commit_then_drop", method="PATCH", path="/payments", times=1))
    part = single.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    single.notice()
    change_sum(single, invoice, amount)
    single.later(seconds=91)
    assert single.reason(part) == "several_candidates"
    return part


def change_sum(single: World, invoice: BothInvoices, amount: str) -> None:
    [ours] = single.on(invoice)
    single.connectwise.change_payment(invoice.connectwise_id or 0, ours.id, amount=amount)


@pytest.mark.parametrize("amount", ["30.00", "20.00"])
def test_a_part_in_question_is_not_taken_for_another_that_was_added_meanwhile(single: World, amount: str) -> None:
    invoice = single.invoice("INV-1", "300.00")
    part = changed_in_a_doubt(single, invoice, "75.00")
    other = single.pay(amount, (invoice, amount), on="2026-11-20")
    single.notice()
    single.later(hours=7)
    assert (single.reason(part), single.reason(other)) == ("synced", "synced")
    assert single.amounts_on(invoice) == [str(Decimal("80.00") + Decimal(amount))]


def test_a_part_in_question_is_not_taken_for_another_that_was_edited_meanwhile(single: World) -> None:
    invoice = single.invoice("INV-1", "300.00")
    part = changed_in_a_doubt(single, invoice, "75.00")
    first = single.quickbooks.payments()[0].id
    single.quickbooks.edit_payment(first, total="80.00", lines=[(invoice.quickbooks_id, "80.00")])
    single.notice()
    single.later(hours=7)
    assert single.reason(part) == "synced"
    assert single.amounts_on(invoice) == ["110.00"]


def test_a_part_that_arrived_at_a_sum_that_a_person_had_changed_before_is_found(single: World) -> None:
    invoice = single.invoice("INV-1", "300.00")
    single.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    single.notice()
    change_sum(single, invoice, "60.00")
    single.connectwise.faults.add(Fault(kind="commit_then_drop", method="PATCH", path="/payments", times=1))
    part = single.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    single.notice()
    single.later(seconds=91)
    assert single.reason(part) == "synced"
    assert single.amounts_on(invoice) == ["80.00"]


def test_a_part_that_a_person_had_set_right_after_a_question_is_ours(single: World) -> None:
    invoice = single.invoice("INV-1", "300.00")
    part = changed_in_a_doubt(single, invoice, "75.00")
    change_sum(single, invoice, "80.00")
    single.later(hours=7)
    assert single.reason(part) == "synced"
    single.quickbooks.void_payment(part)
    single.notice()
    assert single.reason(part) == "reversed"
    assert single.amounts_on(invoice) == ["50.00"]


def test_an_older_part_in_question_waits_until_what_was_sent_for_a_younger_one_cannot_arrive_any_more(
    single: World,
) -> None:
    invoice = single.invoice("INV-1", "300.00")
    older = changed_in_a_doubt(single, invoice, "55.00")
    change_sum(single, invoice, "50.00")
    single.connectwise.faults.add(Fault(kind="drop_before_commit", method="PATCH", path="/payments", times=1))
    younger = single.pay("20.00", (invoice, "20.00"), on="2026-11-20")
    single.notice()
    assert single.reason(younger) == "in_doubt"
    single.choose(sync_enabled=True)  # everything is decided again, and the older one is looked for
    single.settle()
    # What was sent for the younger one arrives late, as if nothing had happened meanwhile.
    assert single.amounts_on(invoice) == ["50.00"]
    change_sum(single, invoice, "70.00")
    single.later(seconds=91)
    single.later(hours=7)
    assert (single.reason(older), single.reason(younger)) == ("synced", "synced")
    assert single.amounts_on(invoice) == ["100.00"]


def test_somebodys_payment_that_goes_while_ours_grows_stops_nothing(single: World) -> None:
    invoice = single.invoice("INV-1", "300.00")
    single.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    single.notice()
    typed = type_in(single, invoice.connectwise_id, "20.00", date(2026, 11, 1))
    single.connectwise.faults.add(Fault(kind="commit_then_drop", method="PATCH", path="/payments", times=1))
    second = single.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    single.notice()
    single.connectwise.delete_payment(invoice.connectwise_id or 0, typed)
    single.later(seconds=91)
    assert single.reason(second) == "synced"
    assert single.amounts_on(invoice) == ["80.00"]
    with single.context.database.reading() as session:
        assert connection_by_id(session, single.target_id).status == "active"


def test_ours_with_a_date_that_somebody_changed_in_a_doubt_is_not_somebody_elses(single: World) -> None:
    invoice = single.invoice("INV-1", "300.00")
    payment = lost_on_the_way_back(single, invoice)
    [landed] = single.on(invoice)
    single.connectwise.change_payment(invoice.connectwise_id or 0, landed.id, payment_date=date(2026, 11, 19))
    single.later(seconds=91)
    assert single.reason(payment) == "several_candidates"


def test_a_payment_that_the_target_made_smaller_is_ours_all_the_same(single: World) -> None:
    single.connectwise.set_switches(overpayment="clamp")
    invoice = single.invoice("INV-1", "100.00")
    here, typed = single.context, []
    single.context = replace(
        here,
        reached=once_at(Point.PUSH_INTENDED, lambda: typed.append(type_in(single, invoice.connectwise_id, "60.00"))),
    )
    payment = single.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    single.notice()
    single.context = here
    assert single.reason(payment) == "target_changed_it"
    single.connectwise.delete_payment(invoice.connectwise_id or 0, typed[0])
    [ours] = single.on(invoice)
    single.connectwise.change_payment(invoice.connectwise_id or 0, ours.id, amount="50.00")
    retry_payment(single.context, single.organization_id, payment)
    single.settle()
    assert single.reason(payment) == "synced"
    single.quickbooks.void_payment(payment)
    single.notice()
    assert single.reason(payment) == "reversed"
    assert single.on(invoice) == []


def test_a_shared_payment_in_a_closed_batch_is_held_with_that_reason(single: World) -> None:
    invoice = single.invoice("INV-1", "300.00")
    single.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    single.notice()
    single.connectwise.faults.add(Fault(kind="error", status=409, times=None, method="PATCH", path="/payments"))
    second = single.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    single.notice()
    assert single.reason(second) == "target_locked"


def test_taking_back_a_part_never_puts_money_onto_the_invoice(single: World) -> None:
    invoice = single.invoice("INV-1", "80.00")
    first = single.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    single.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    single.notice()
    [there] = single.on(invoice)
    single.connectwise.change_payment(invoice.connectwise_id or 0, there.id, amount="10.00")
    type_in(single, invoice.connectwise_id, "70.00", date(2026, 11, 1))
    single.quickbooks.void_payment(first)
    single.notice()
    assert single.reason(first) == "reversed"
    assert single.amounts_on(invoice) == ["10.00", "70.00"]
