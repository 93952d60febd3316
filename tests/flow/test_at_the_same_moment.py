"""Two steps of one organization meet at one allocation: nothing that one of them finds out is lost."""

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

import tasks.match.step
import tasks.push.deliver
from domain.push.outcomes import Verdict
from domain.push.verdict import judge
from models.payments import Allocation, match_again, match_organization_again
from sandbox.faults import Fault
from tasks.catch_up.step import catch_up
from tasks.ingest.step import ingest
from tasks.match.step import match
from tasks.points import Point
from tasks.push.record import Recorded
from tests.flow.doing import POST, once_at, type_in
from tests.world import World

pytestmark = pytest.mark.both_databases


def test_a_hold_that_push_records_while_match_decides_is_not_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Match has read the effect as pending, push holds it, match writes "eligible": nothing would be due any more."""
    here = world.context
    effects_read, held = threading.Event(), threading.Event()
    read, record = tasks.match.step.as_they_stand, tasks.push.deliver.record

    def read_and_dawdle(*arguments: object) -> object:
        found = read(*arguments)  # type: ignore[arg-type]
        if threading.current_thread() is deciding:
            effects_read.set()
            # Push cannot get in between any more, so this is waited for in vain; that is the point.
            held.wait(0.5)
        return found

    def record_and_say_so(*arguments: Any, **more: Any) -> Recorded:
        recorded = record(*arguments, **more)
        held.set()
        return recorded

    monkeypatch.setattr(tasks.match.step, "as_they_stand", read_and_dawdle)
    monkeypatch.setattr(tasks.push.deliver, "record", record_and_say_so)
    deciding = threading.Thread(target=lambda: match(here, world.organization_id))

    def match_begins() -> None:
        with here.database.writing() as session:
            match_again(session, [world.allocation(payment).id], here.clock.now())
        deciding.start()
        effects_read.wait(120)

    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    [synced] = world.on(invoice)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, synced.id)
    world.quickbooks.edit_payment(payment, total="40.00", lines=[(invoice.quickbooks_id, "40.00")])
    world.context = replace(here, reached=once_at(Point.PUSH_LOOKED, match_begins))
    world.notice()
    deciding.join()
    world.context = here
    assert world.effects(payment)[-1].state == "held"
    world.later(hours=8)
    assert world.reason(payment) == "target_payment_gone"


def test_an_edit_that_arrives_while_push_holds_the_payment_is_decided_at_once(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "250.00", payment_date=date(2026, 9, 1))
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "exceeds_balance"
    for _ in range(6):
        world.later(hours=7)
    here = world.context

    def is_edited() -> None:
        world.quickbooks.edit_payment(payment, total="40.00", lines=[(invoice.quickbooks_id, "40.00")])
        catch_up(here, world.source_id)
        ingest(here, world.source_id)

    world.context = replace(here, reached=once_at(Point.PUSH_LOOKED, is_edited))
    world.later(hours=7)
    world.context = here
    with here.database.reading() as session:
        due_at = session.get_one(Allocation, world.allocation(payment).id).match_due_at
    assert due_at is None or due_at <= world.clock.now()
    world.later(minutes=1)
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["250.00", "40.00"]


def test_what_push_found_out_about_an_effect_that_is_cancelled_meanwhile_is_not_recorded(world: World) -> None:
    """Push is about to take a typed payment for ours; it is voided and recorded anew, and the typed one is for that."""
    invoice = world.invoice("INV-1", "300.00")
    type_in(world, invoice.connectwise_id, "100.00")
    first = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    here, anew = world.context, []

    def voided_and_recorded_anew() -> None:
        world.quickbooks.void_payment(first)
        anew.append(world.pay("100.00", (invoice, "100.00"), on="2026-11-20"))
        catch_up(here, world.source_id)
        ingest(here, world.source_id)
        match(here, world.organization_id)

    world.context = replace(here, reached=once_at(Point.PUSH_LOOKED, voided_and_recorded_anew))
    world.notice()
    world.context = here
    world.later(minutes=5)
    assert world.amounts_on(invoice) == ["100.00"]
    assert (world.reason(first), world.reason(anew[0])) == ("voided", "adopted")


def test_a_doubt_that_a_look_has_ended_is_no_ground_for_claiming_what_is_typed_afterwards(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look has ended it, and before the send the payment becomes due for match: it goes back without the doubt."""
    invoice = world.invoice("INV-1", "300.00")
    world.connectwise.faults.add(Fault(kind="drop_before_commit", times=1, **POST))
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    typed: list[int] = []

    def meanwhile(*arguments: Any) -> Verdict:
        if not typed:
            typed.append(type_in(world, invoice.connectwise_id, "100.00"))
            with world.context.database.writing() as session:
                match_organization_again(session, world.organization_id, world.clock.now())
        return judge(*arguments)

    monkeypatch.setattr(tasks.push.deliver, "judge", meanwhile)
    world.later(seconds=91)
    world.later(minutes=2)
    world.quickbooks.void_payment(payment)
    world.notice()
    assert [one.id for one in world.on(invoice)] == typed
