"""Two steps of one organization meet at one allocation: nothing that one of them finds out is lost."""

import threading
from dataclasses import replace
from datetime import date

import pytest

import tasks.match
from models.payments import Allocation, match_again
from tasks.catch_up import catch_up
from tasks.ingest import ingest
from tasks.match import match
from tasks.outcomes import Recorder
from tasks.points import Point
from tests.flow.test_two_hosts import once_at
from tests.world import World


def test_a_hold_that_push_records_while_match_decides_is_not_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Match has read the effect as pending, push holds it, match writes "eligible": nothing would be due any more."""
    here = world.context
    effects_read, held = threading.Event(), threading.Event()
    read, hold = tasks.match.latest_effects, Recorder.hold

    def read_and_dawdle(*arguments: object) -> object:
        found = read(*arguments)  # type: ignore[arg-type]
        if threading.current_thread() is deciding:
            effects_read.set()
            # Push cannot get in between any more, so this is waited for in vain; that is the point.
            held.wait(0.5)
        return found

    def hold_and_say_so(*arguments: object, **more: object) -> None:
        hold(*arguments, **more)  # type: ignore[arg-type]
        held.set()

    monkeypatch.setattr(tasks.match, "latest_effects", read_and_dawdle)
    monkeypatch.setattr(Recorder, "hold", hold_and_say_so)
    deciding = threading.Thread(target=lambda: match(here, world.organization_id))

    def match_begins() -> None:
        with here.database.writing() as session:
            match_again(session, [world.allocation(payment).id], here.clock.now())
        deciding.start()
        effects_read.wait(10)

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
