"""Tenants that keep one payment per invoice, and tenants that say one thing and do another."""

from datetime import date

import pytest

from models.connections import connection_by_id
from sandbox.faults import Fault
from tests.queries import violations
from tests.world import World
from usecases.connections import test_connection as check_connection

TWENTIETH = date(2026, 11, 20)


@pytest.fixture
def single(world: World) -> World:
    """A tenant that keeps one payment per invoice, and whose connection says so."""
    change_strategy(world, "single")
    world.connectwise.set_switches(second_payment="overwrite")
    return world


def change_strategy(world: World, strategy: str) -> None:
    with world.context.database.writing() as session:
        connection = connection_by_id(session, world.target_id)
        connection.settings = {**connection.settings, "strategy": strategy}


def status_of(world: World) -> str:
    with world.context.database.reading() as session:
        return connection_by_id(session, world.target_id).status


def test_two_payments_are_one_with_their_sum_and_the_latest_date(single: World) -> None:
    invoice = single.invoice("INV-1", "200.00")
    payments = [single.pay("50.00", (invoice, "50.00"), on=day) for day in ("2026-11-20", "2026-11-18")]
    single.notice()
    [only] = single.on(invoice)
    assert (str(only.amount), only.payment_date.date()) == ("100.00", TWENTIETH)
    assert {single.reason(payment) for payment in payments} == {"synced"}


def test_an_edited_payment_changes_the_sum(single: World) -> None:
    invoice = single.invoice("INV-1", "200.00")
    single.pay("50.00", (invoice, "50.00"))
    edited = single.pay("30.00", (invoice, "30.00"))
    single.notice()
    single.quickbooks.edit_payment(edited, total="45.00", lines=[(invoice.quickbooks_id, "45.00")])
    single.notice()
    assert single.amounts_on(invoice) == ["95.00"]


def test_a_voided_payment_leaves_the_others(single: World) -> None:
    invoice = single.invoice("INV-1", "200.00")
    first, second = (single.pay(amount, (invoice, amount)) for amount in ("50.00", "30.00"))
    single.notice()
    single.quickbooks.void_payment(first)
    single.notice()
    assert single.amounts_on(invoice) == ["30.00"]
    single.quickbooks.void_payment(second)
    single.notice()
    assert single.on(invoice) == []
    assert (single.reason(first), single.reason(second)) == ("reversed", "reversed")


@pytest.mark.parametrize("change", ["edit", "void"])
def test_what_was_shared_stays_shared_when_the_setting_changes(single: World, change: str) -> None:
    invoice = single.invoice("INV-1", "200.00")
    first, second = (single.pay(amount, (invoice, amount)) for amount in ("50.00", "30.00"))
    single.notice()
    change_strategy(single, "append")
    if change == "edit":
        single.quickbooks.edit_payment(first, total="45.00", lines=[(invoice.quickbooks_id, "45.00")])
    else:
        single.quickbooks.void_payment(first)
    single.notice()
    assert single.amounts_on(invoice) == (["75.00"] if change == "edit" else ["30.00"])
    assert single.reason(second) == "synced"


def test_a_payment_from_the_days_of_the_other_setting_takes_the_next_one_in(world: World) -> None:
    invoice = world.invoice("INV-1", "200.00")
    world.pay("50.00", (invoice, "50.00"))
    world.notice()
    change_strategy(world, "single")
    world.pay("30.00", (invoice, "30.00"))
    world.notice()
    assert world.amounts_on(invoice) == ["80.00"]
    with world.context.database.reading() as session:
        assert violations(session) == []


@pytest.mark.parametrize("kind", ["commit_then_drop", "drop_before_commit", "error_after_commit"])
def test_a_lost_answer_to_the_second_payment_ends_with_the_sum(single: World, kind: str) -> None:
    invoice = single.invoice("INV-1", "200.00")
    single.pay("50.00", (invoice, "50.00"))
    single.notice()
    single.connectwise.faults.add(Fault(kind=kind, method="PATCH", path="/payments", times=1))
    second = single.pay("30.00", (invoice, "30.00"))
    single.notice()
    assert single.reason(second) == "in_doubt"
    single.later(seconds=91)
    assert single.reason(second) == "synced"
    assert single.amounts_on(invoice) == ["80.00"]


@pytest.mark.parametrize("tenant", ["accept", "reject", "overwrite"])
def test_a_lost_answer_to_the_first_payment_is_found_in_the_one_place_there_is(single: World, tenant: str) -> None:
    single.connectwise.set_switches(second_payment=tenant)
    invoice = single.invoice("INV-1", "200.00")
    single.connectwise.faults.add(Fault(kind="commit_then_drop", method="POST", path="/payments", times=1))
    payment = single.pay("50.00", (invoice, "50.00"))
    single.notice()
    single.later(seconds=91)
    assert single.reason(payment) == "synced"
    assert single.amounts_on(invoice) == ["50.00"]


@pytest.mark.parametrize("kind", ["commit_then_drop", "error_after_commit", "truncate"])
def test_a_lost_answer_to_the_first_payment_does_not_make_it_somebody_elses(single: World, kind: str) -> None:
    invoice = single.invoice("INV-1", "200.00")
    single.learn_our_name()
    single.connectwise.faults.add(Fault(kind=kind, method="POST", path="/payments", times=1))
    first = single.pay("50.00", (invoice, "50.00"))
    single.notice()
    assert single.reason(first) == "in_doubt"
    single.later(seconds=91)
    assert single.reason(first) == "synced"
    second = single.pay("30.00", (invoice, "30.00"))
    single.notice()
    assert single.reason(second) == "synced"
    assert single.amounts_on(invoice) == ["80.00"]


def test_somebody_elses_payment_is_never_overwritten(single: World) -> None:
    invoice = single.invoice("INV-1", "200.00")
    single.connectwise.type_payment(invoice.connectwise_id or 0, "20.00", payment_date=date(2026, 10, 1))
    payment = single.pay("50.00", (invoice, "50.00"))
    single.notice()
    assert single.reason(payment) == "target_occupied"
    assert single.amounts_on(invoice) == ["20.00"]


def test_a_tenant_that_replaces_payments_is_stopped_at_the_first_sign(world: World) -> None:
    world.connectwise.set_switches(second_payment="overwrite")
    invoice, other = world.invoice("INV-1", "200.00"), world.invoice("INV-2", "200.00")
    world.pay("100.00", (invoice, "100.00"), on="2026-11-19")
    world.notice()
    world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    assert status_of(world) == "stopped"
    waiting = world.pay("10.00", (other, "10.00"))
    world.notice()
    assert world.reason(waiting) == "target_stopped"
    assert world.on(other) == []
    assert check_connection(world.context, world.target_id).ok
    world.settle()
    assert world.reason(waiting) == "synced"


@pytest.mark.parametrize("kind", ["commit_then_drop", "error_after_commit"])
def test_a_tenant_that_replaces_payments_is_stopped_also_when_its_answer_was_lost(world: World, kind: str) -> None:
    world.connectwise.set_switches(second_payment="overwrite")
    invoice = world.invoice("INV-1", "200.00")
    world.pay("100.00", (invoice, "100.00"), on="2026-11-19")
    world.notice()
    world.connectwise.faults.add(Fault(kind=kind, method="POST", path=r"/payments$", times=1))
    second = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    world.later(seconds=91)
    assert status_of(world) == "stopped"
    assert world.effects(second)[0].reason == "target_replaced"


def test_a_typed_payment_that_was_replaced_by_a_lost_one_is_not_taken_for_a_twin(world: World) -> None:
    world.connectwise.set_switches(second_payment="overwrite")
    invoice = world.invoice("INV-1", "200.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "20.00", payment_date=date(2026, 10, 1))
    world.connectwise.faults.add(Fault(kind="commit_then_drop", method="POST", path=r"/payments$", times=1))
    payment = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    world.later(seconds=91)
    assert status_of(world) == "stopped"
    assert world.effects(payment)[0].reason == "target_replaced"


def test_an_older_payment_that_vanished_beside_a_lost_answer_stops_the_tenant(world: World) -> None:
    invoice = world.invoice("INV-1", "200.00")
    typed = world.connectwise.type_payment(invoice.connectwise_id or 0, "20.00", payment_date=date(2026, 10, 1))
    world.connectwise.faults.add(Fault(kind="commit_then_drop", method="POST", path=r"/payments$", times=1))
    payment = world.pay("50.00", (invoice, "50.00"), on="2026-11-20")
    world.notice()
    world.connectwise.delete_payment(invoice.connectwise_id or 0, typed)
    world.later(seconds=91)
    assert world.effects(payment)[0].state == "delivered"
    assert status_of(world) == "stopped"


def test_a_tenant_that_takes_several_payments_is_not_stopped(world: World) -> None:
    invoice = world.invoice("INV-1", "200.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "20.00", payment_date=date(2026, 10, 1))
    world.pay("50.00", (invoice, "50.00"))
    world.notice()
    assert status_of(world) == "active"
    assert world.amounts_on(invoice) == ["20.00", "50.00"]


def test_a_batched_payment_that_may_not_be_removed_is_held_and_tried_again(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.connectwise.edit_invoice(invoice.connectwise_id or 0, posted=True)
    world.connectwise.set_switches(posted_delete="refuse")
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.reason(payment) == "target_locked"
    assert world.amounts_on(invoice) == ["100.00"]
    world.connectwise.set_switches(posted_delete="accept")
    world.later(minutes=5)
    assert world.reason(payment) == "reversed"


@pytest.mark.parametrize(
    ("right", "named"), [("inquire", "Inquire All"), ("edit", "Edit All"), ("delete", "Delete All")]
)
def test_the_connection_test_names_the_missing_right(world: World, right: str, named: str) -> None:
    invoice = world.invoice("INV-1")
    world.connectwise.set_permissions(**{right: False})
    report = check_connection(world.context, world.target_id)
    assert not report.ok
    assert named in " ".join(report.lines)
    assert world.on(invoice) == []


def test_the_breaker_opens_on_a_sick_target_probes_and_closes(world: World) -> None:
    invoices = [world.invoice(f"INV-{number}") for number in range(8)]
    payments = [world.pay("100.00", (invoice, "100.00")) for invoice in invoices]
    world.connectwise.faults.add(Fault(kind="error", status=503, times=None))
    world.notice()
    for _ in range(6):
        world.later(minutes=2)
    calls = world.connectwise.calls.total
    world.later(seconds=20)
    world.later(seconds=20)
    assert world.connectwise.calls.total - calls <= 1
    world.connectwise.faults.clear()
    for _ in range(4):
        world.later(minutes=30)
    assert {world.reason(payment) for payment in payments} == {"synced"}
    assert all(world.amounts_on(invoice) == ["100.00"] for invoice in invoices)
    assert all(effect.attempts == 0 for payment in payments for effect in world.effects(payment))
