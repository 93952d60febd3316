"""A clean payment costs one call: where an invoice's sums say that nothing was ever applied, nothing is listed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from connectors.base import WriteOutcome
from domain.breaker import CallKind
from domain.push.effect import EffectState
from domain.push.strategy import Change
from domain.push.sums import Sums
from models.breakers import breaker_of
from models.connections import connection_by_id, note_sums
from models.effects import Effect
from sandbox.faults import Fault
from tasks.catch_up.step import catch_up
from tasks.ingest.step import ingest
from tasks.match.step import match
from tasks.points import Point
from tasks.push.deliver import Delivery
from tasks.push.step import push
from tests.contexts import TestClock
from tests.world import BothInvoices, World

PAID_ON = date(2026, 11, 20)
LIST, POST = "GET /finance/invoices/{id}/payments", "POST /finance/invoices/{id}/payments"
LOOK = "GET /finance/invoices"


def sums(world: World) -> str:
    with world.context.database.reading() as session:
        return connection_by_id(session, world.target_id).sums


def count(world: World, route: str) -> int:
    return world.connectwise.calls.count(route)


def paid(world: World, number: int) -> tuple[str, BothInvoices]:
    invoice = world.invoice(f"INV-{number}")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.settle()
    return payment, invoice


def decided(world: World, number: int) -> tuple[str, BothInvoices]:
    """A payment that match has decided a moment ago, and push not sent yet."""
    invoice = world.invoice(f"INV-{number}")
    payment = world.pay("100.00", (invoice, "100.00"))
    catch_up(world.context, world.source_id)
    ingest(world.context, world.source_id)
    match(world.context, world.organization_id)
    return payment, invoice


def test_after_the_first_payment_no_list_is_read_for_a_clean_one(world: World) -> None:
    paid(world, 1)
    assert sums(world) == Sums.FOLLOW
    lists, posts = count(world, LIST), count(world, POST)
    for number in range(2, 8):
        payment, invoice = paid(world, number)
        assert world.reason(payment) == "synced"
        assert world.amounts_on(invoice) == ["100.00"]
    assert count(world, LIST) == lists
    assert count(world, POST) == posts + 6


def test_one_look_serves_both_who_decides_and_who_sends(world: World) -> None:
    paid(world, 1)
    looks = count(world, LOOK)
    for number in range(2, 5):
        _, invoice = paid(world, number)
        assert world.amounts_on(invoice) == ["100.00"]
    assert count(world, LOOK) == looks + 3
    with world.context.database.reading() as session:
        assert set(session.scalars(select(Effect.glance))) == {None}, "what was sent is not gone by again"


def on_another_host(clock: TestClock) -> None:
    """It is behind by a minute, and push begins a minute later."""
    clock.machine = "another one"
    clock.move(seconds=60)
    clock.set_back(seconds=60)


def set_back(clock: TestClock) -> None:
    clock.move(seconds=60)
    clock.set_back(seconds=59)


@pytest.mark.parametrize(
    "pass_time",
    [
        pytest.param(lambda clock: clock.move(seconds=3), id="late"),
        pytest.param(set_back, id="by a clock that was set back meanwhile"),
        pytest.param(lambda clock: clock.suspend(seconds=60), id="after a sleep of the machine"),
        pytest.param(on_another_host, id="on another host"),
    ],
)
def test_a_look_of_match_that_may_be_old_is_made_again(world: World, pass_time: Callable[[TestClock], None]) -> None:
    paid(world, 1)
    payment, invoice = decided(world, 2)
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=PAID_ON)
    pass_time(world.clock)
    push(world.context, world.target_id)
    assert world.reason(payment) == "adopted"
    assert world.amounts_on(invoice) == ["100.00"]


def change_glance(world: World, **changes: object) -> None:
    with world.context.database.writing() as session:
        effect = session.scalars(select(Effect).where(Effect.state == EffectState.PENDING.value)).one()
        effect.glance = {**(effect.glance or {}), **changes}


def test_a_look_at_another_invoice_is_not_gone_by(world: World) -> None:
    paid(world, 1)
    _, invoice = decided(world, 2)
    other = world.invoice("INV-3")
    change_glance(world, id=str(other.connectwise_id))
    looks = count(world, LOOK)
    push(world.context, world.target_id)
    assert (world.amounts_on(invoice), world.amounts_on(other)) == (["100.00"], [])
    assert count(world, LOOK) == looks + 1


def test_a_look_in_another_form_holds_up_nobody(world: World) -> None:
    """A release to come may write it in another one, and be taken back."""
    paid(world, 1)
    _, invoice = decided(world, 2)
    change_glance(world, total={"amount": "100.00"})
    push(world.context, world.target_id)
    assert world.amounts_on(invoice) == ["100.00"]


def test_two_payments_of_one_invoice_are_each_seen_before_the_next(world: World) -> None:
    """Match saw the invoice without either of them: the second one must not take ours for what the sums kept back."""
    paid(world, 1)
    invoice = world.invoice("INV-2", "500.00")
    for amount in ("100.00", "150.00"):
        world.pay(amount, (invoice, amount))
    world.notice()
    world.settle()
    assert sorted(world.amounts_on(invoice)) == ["100.00", "150.00"]
    assert sums(world) == Sums.FOLLOW


def test_where_somebody_has_typed_it_the_list_is_read_and_nothing_created(world: World) -> None:
    paid(world, 1)
    invoice = world.invoice("INV-2", "500.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=PAID_ON)
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.settle()
    assert world.reason(payment) == "adopted"
    assert world.amounts_on(invoice) == ["100.00"]


def test_where_sums_lag_every_list_is_read_and_what_was_just_typed_is_seen(world: World) -> None:
    world.connectwise.set_switches(sums="late")
    paid(world, 1)
    assert sums(world) == Sums.LAG
    invoice = world.invoice("INV-2", "500.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=PAID_ON)
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.settle()
    assert world.reason(payment) == "adopted"
    assert world.amounts_on(invoice) == ["100.00"]


def test_sums_that_begin_to_lag_are_never_believed_again(world: World) -> None:
    paid(world, 1)
    world.connectwise.set_switches(sums="late")
    # The second payment on the invoice lists it, and the list has more than the sums.
    invoice = world.invoice("INV-2", "500.00")
    for _ in range(2):
        world.pay("100.00", (invoice, "100.00"))
        world.notice()
        world.settle()
    assert sums(world) == Sums.LAG
    world.connectwise.set_switches(sums="at_once")
    lists = count(world, LIST)
    paid(world, 3)
    assert (sums(world), count(world, LIST)) == (Sums.LAG, lists + 1)


@pytest.mark.parametrize("answer", [503, 400])
def test_a_question_about_the_sums_that_fails_costs_no_payment(world: World, answer: int) -> None:
    # The first reads of invoices are match's and push's own; the third is the question.
    world.connectwise.faults.add(Fault("error", path="/finance/invoices$", status=answer, skip=2, times=1))
    payment, invoice = paid(world, 1)
    assert world.reason(payment) == "synced"
    assert sums(world) == Sums.UNPROVEN
    paid(world, 2)
    assert sums(world) == Sums.FOLLOW
    assert world.amounts_on(invoice) == ["100.00"]


def batch(world: World, size: int) -> list[tuple[str, BothInvoices]]:
    invoices = [world.invoice(f"INV-{number}", "500.00") for number in range(100, 100 + size)]
    return [(world.pay("100.00", (invoice, "100.00")), invoice) for invoice in invoices]


@pytest.mark.parametrize("seconds", [3, 5, 60])
def test_what_is_typed_while_a_batch_is_being_sent_is_seen_before_its_send(world: World, seconds: int) -> None:
    paid(world, 1)
    payments = batch(world, 30)
    last, invoice = payments[-1]
    act = {"answers": 0}

    def at(point: Point) -> None:
        act["answers"] += point is Point.PUSH_ANSWERED
        if act["answers"] == 3:
            act["answers"] += 1
            world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=PAID_ON)
            world.clock.move(seconds=seconds)

    world.context = replace(world.context, reached=at)
    world.notice()
    world.settle()
    assert world.reason(last) == "adopted"
    assert world.amounts_on(invoice) == ["100.00"]
    assert [world.amounts_on(one) for _, one in payments] == [["100.00"]] * 30


def test_after_the_first_payment_of_a_connection_a_batch_reads_one_list(world: World) -> None:
    payments = batch(world, 12)
    world.notice()
    world.settle()
    assert {world.reason(payment) for payment, _ in payments} == {"synced"}
    assert count(world, LIST) == 1


def test_few_are_intended_at_once_where_a_send_takes_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process leaves no more in doubt than the target could have answered within a moment."""
    paid(world, 1)
    batch(world, 40)
    most, change = [0], Delivery._change

    def slowly(delivery: Delivery, invoice_id: str, wanted: Change) -> WriteOutcome:
        world.clock.move(seconds=0.4)
        return change(delivery, invoice_id, wanted)

    monkeypatch.setattr(Delivery, "_change", slowly)

    def at(point: Point) -> None:
        if point is Point.PUSH_INTENDED:
            with world.context.database.reading() as session:
                sending = select(func.count()).where(Effect.state == EffectState.SENDING.value)
                most[0] = max(most[0], session.scalar(sending) or 0)

    world.context = replace(world.context, reached=at)
    world.notice()
    world.settle()
    assert 0 < most[0] <= world.context.timing.push_parallel


def test_lists_that_fail_rest_although_clean_payments_are_sent_without_one(world: World) -> None:
    paid(world, 1)
    world.connectwise.faults.add(Fault("error", path="/payments$", method="GET", status=503, times=None))
    invoice = world.invoice("INV-2", "500.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "7.00", payment_date=PAID_ON)
    world.pay("100.00", (invoice, "100.00"))
    world.notice()
    failures = []
    for number in range(10, 16):
        world.pay("100.00", (world.invoice(f"INV-{number}"), "100.00"))
        world.notice()
        world.later(seconds=30)
        with world.context.database.reading() as session:
            breaker = breaker_of(session, world.target_id, CallKind.LOOK)
        failures.append(breaker.failures if breaker is not None else 0)
    assert failures == sorted(failures)
    assert failures[-1] > 1


def test_an_invoice_that_had_a_payment_of_ours_is_listed_although_it_looks_untouched(world: World) -> None:
    paid(world, 1)
    invoice = world.invoice("INV-2", "300.00")
    world.pay("100.00", (invoice, "100.00"))
    world.notice()
    [ours] = world.on(invoice)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, ours.id)
    lists = count(world, LIST)
    again = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert world.reason(again) == "synced"
    assert world.amounts_on(invoice) == ["40.00"]
    assert count(world, LIST) == lists + 1


def test_sums_that_were_seen_to_lag_after_the_batch_began_are_not_gone_by(world: World) -> None:
    """Whoever has seen it has written it down; the intent is written under the same lock and asks once more."""
    paid(world, 1)
    payment, invoice = decided(world, 2)
    world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=PAID_ON)
    here, lists = world.context, count(world, LIST)

    def seen_to_lag(point: Point) -> None:
        if point is Point.PUSH_CLAIMED:
            with here.database.writing() as session:
                note_sums(session, world.target_id, Sums.LAG)

    push(replace(here, reached=seen_to_lag), world.target_id)
    assert count(world, LIST) == lists + 1
    assert world.reason(payment) == "adopted"
    assert world.amounts_on(invoice) == ["100.00"]


def test_what_was_tried_before_is_listed_although_a_retry_forgets_the_tries(world: World) -> None:
    paid(world, 1)
    world.connectwise.faults.add(Fault("drop_before_commit", path="/payments$", method="POST", times=1))
    payment, invoice = paid(world, 2)
    assert world.reason(payment) == "in_doubt"
    lists = count(world, LIST)
    world.later(minutes=5)
    assert world.reason(payment) == "synced"
    assert count(world, LIST) > lists
    assert world.amounts_on(invoice) == ["100.00"]
