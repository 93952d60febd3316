"""Tenants that replace a payment instead of adding one are stopped at the first sign, however that sign gets lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from models.connections import connection_by_id
from sandbox.faults import Fault
from tasks.points import Point
from tests.flow.doing import with_strategy
from tests.world import BothInvoices, World
from usecases.connections import test_connection as check_connection
from usecases.retry import retry_payment

POST = {"method": "POST", "path": r"/payments$"}
LIST = {"method": "GET", "path": r"/payments$"}


class Death(BaseException):
    pass


@pytest.fixture
def replacing(world: World) -> World:
    """The tenant replaces, and our setting says that it adds."""
    world.connectwise.set_switches(second_payment="overwrite")
    return world


def status_of(world: World) -> str:
    with world.context.database.reading() as session:
        return connection_by_id(session, world.target_id).status


def dying_at(point: Point) -> Callable[[Point], None]:
    deaths: list[Point] = []

    def reached(at: Point) -> None:
        if at is point and not deaths:
            deaths.append(at)
            raise Death

    return reached


def test_a_replacement_whose_answer_was_lost_stops_the_connection(replacing: World) -> None:
    invoice = replacing.invoice("INV-1", "300.00")
    older = replacing.pay("50.00", (invoice, "50.00"), on="2026-11-19")
    replacing.notice()
    replacing.connectwise.faults.add(Fault(kind="commit_then_drop", times=1, **POST))
    younger = replacing.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    replacing.notice()
    replacing.later(seconds=91)
    assert status_of(replacing) == "stopped"
    assert (replacing.reason(older), replacing.reason(younger)) == ("target_harmed", "target_replaced")
    assert replacing.calls("POST /finance/invoices/{id}/payments") == 2


@pytest.mark.parametrize("point", [Point.PUSH_OUTCOME_STORED, Point.PUSH_RECORDED, Point.PUSH_READ_BACK])
def test_a_tenant_that_adds_by_replacing_is_found_after_a_death(replacing: World, point: Point) -> None:
    """It answers with a new id and removes the older payment: only the look after the write shows it."""
    invoice, other = replacing.invoice("INV-1", "300.00"), replacing.invoice("INV-2", "300.00")
    replacing.connectwise.set_switches(second_payment="accept")
    older = replacing.pay("50.00", (invoice, "50.00"), on="2026-11-19")
    replacing.notice()
    [there] = replacing.on(invoice)
    quiet = replacing.context
    replacing.context = replace(quiet, reached=dying_at(point))
    replacing.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    with pytest.raises(Death):
        replacing.notice()
    replacing.context = quiet
    replacing.connectwise.delete_payment(invoice.connectwise_id or 0, there.id)
    waiting = replacing.pay("10.00", (other, "10.00"))
    replacing.notice()
    replacing.later(minutes=5)
    assert status_of(replacing) == "stopped"
    assert replacing.reason(older) == "target_harmed"
    assert replacing.on(other) == []
    assert replacing.reason(waiting) == "target_stopped"


def test_a_look_that_fails_after_the_write_is_made_up_for_before_anything_else_is_written(replacing: World) -> None:
    invoice, other = replacing.invoice("INV-1", "300.00"), replacing.invoice("INV-2", "300.00")
    replacing.connectwise.type_payment(invoice.connectwise_id or 0, "20.00", payment_date=date(2026, 10, 1))
    replacing.connectwise.set_switches(second_payment="accept")
    replacing.pay("50.00", (invoice, "50.00"))
    replacing.connectwise.faults.add(Fault(kind="throttle", retry_after=60, times=1, skip=1, **LIST))
    replacing.notice()
    waiting = replacing.pay("10.00", (other, "10.00"))
    replacing.notice()
    assert replacing.on(other) == [], "the tenant had asked us to slow down"
    replacing.later(seconds=61)
    assert status_of(replacing) == "active"
    replacing.later(minutes=5)
    assert replacing.reason(waiting) == "synced"


def test_a_hand_typed_payment_that_is_replaced_stops_the_connection(replacing: World) -> None:
    invoice = replacing.invoice("INV-1", "300.00")
    replacing.connectwise.type_payment(invoice.connectwise_id or 0, "20.00", payment_date=date(2026, 10, 1))
    payment = replacing.pay("50.00", (invoice, "50.00"))
    replacing.connectwise.faults.add(Fault(kind="error", status=503, times=1, skip=1, **LIST))
    replacing.notice()
    replacing.later(hours=1)
    assert status_of(replacing) == "stopped"
    assert replacing.reason(payment) == "target_replaced"


def test_what_a_person_repaired_is_synced_again_after_a_retry(replacing: World) -> None:
    invoice = replacing.invoice("INV-1", "300.00")
    older = replacing.pay("50.00", (invoice, "50.00"), on="2026-11-19")
    replacing.notice()
    replacing.pay("30.00", (invoice, "30.00"), on="2026-11-20")
    replacing.notice()
    assert replacing.reason(older) == "target_harmed"
    [only] = replacing.on(invoice)
    replacing.connectwise.change_payment(
        invoice.connectwise_id or 0, only.id, amount="50.00", payment_date=date(2026, 11, 19)
    )
    replacing.connectwise.set_switches(second_payment="accept")
    assert check_connection(replacing.context, replacing.target_id).ok
    retry_payment(replacing.context, replacing.organization_id, older)
    replacing.settle()
    assert replacing.reason(older) == "synced"


def harmed_part(replacing: World) -> tuple[BothInvoices, str, str]:
    """Two payments share one; with the other setting it is replaced by a third; then the setting is right again."""
    with_strategy(replacing, "single")
    invoice = replacing.invoice("INV-1", "300.00")
    first, second = (replacing.pay(amount, (invoice, amount), on="2026-11-18") for amount in ("50.00", "30.00"))
    replacing.notice()
    with_strategy(replacing, "append")
    replacing.pay("20.00", (invoice, "20.00"), on="2026-11-20")
    replacing.notice()
    assert replacing.amounts_on(invoice) == ["20.00"]
    assert (replacing.reason(first), replacing.reason(second)) == ("target_harmed", "target_harmed")
    with_strategy(replacing, "single")
    assert check_connection(replacing.context, replacing.target_id).ok
    return invoice, first, second


def test_a_shared_payment_that_nobody_repaired_stays_harmed_after_a_retry(replacing: World) -> None:
    _, first, _ = harmed_part(replacing)
    retry_payment(replacing.context, replacing.organization_id, first)
    replacing.settle()
    replacing.later(minutes=5)
    assert replacing.reason(first) == "target_harmed"


def test_a_shared_payment_is_repaired_with_all_its_parts_when_it_says_their_sum_again(replacing: World) -> None:
    invoice, first, second = harmed_part(replacing)
    [only] = replacing.on(invoice)
    replacing.connectwise.change_payment(
        invoice.connectwise_id or 0, only.id, amount="80.00", payment_date=date(2026, 11, 18)
    )
    retry_payment(replacing.context, replacing.organization_id, first)
    replacing.settle()
    assert (replacing.reason(first), replacing.reason(second)) == ("synced", "synced")


def test_a_person_who_edits_an_older_payment_during_a_doubt_stops_nothing(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    typed = world.connectwise.type_payment(invoice.connectwise_id or 0, "20.00", payment_date=date(2026, 10, 1))
    world.connectwise.faults.add(Fault(kind="commit_then_drop", times=1, **POST))
    payment = world.pay("50.00", (invoice, "50.00"))
    world.notice()
    world.connectwise.change_payment(invoice.connectwise_id or 0, typed, amount="25.00")
    world.later(seconds=91)
    assert status_of(world) == "active"
    assert world.reason(payment) == "synced"


@pytest.mark.parametrize("parallel", [1, 4])
def test_no_more_invoices_are_harmed_than_calls_are_made_at_a_time(replacing: World, parallel: int) -> None:
    """A batch is intended as one thing; each older payment is looked at before further invoices are written to."""
    replacing.context = replace(replacing.context, timing=replace(replacing.context.timing, push_parallel=parallel))
    invoices = [replacing.invoice(f"INV-{number}", "300.00") for number in range(12)]
    for invoice in invoices:
        replacing.connectwise.type_payment(invoice.connectwise_id or 0, "20.00", payment_date=date(2026, 10, 1))
        replacing.pay("50.00", (invoice, "50.00"))
    replacing.notice()
    assert status_of(replacing) == "stopped"
    harmed = [invoice for invoice in invoices if "20.00" not in replacing.amounts_on(invoice)]
    assert 1 <= len(harmed) <= parallel
