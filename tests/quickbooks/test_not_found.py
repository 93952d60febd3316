"""QuickBooks cannot find what it was asked for: that may be a deletion, or only too soon. No live payment is lost by it."""

import pytest
import simplejson

from connectors.base import ChangedEntity, Got
from models.inbox import Entity, EventSource, NewEvent, store_events
from models.invoices import source_invoices
from sandbox.faults import Fault
from tasks.context import Step
from tests.queries import violations
from tests.quickbooks.looks import NOTHING, all_looks, events, row, state
from tests.quickbooks.story import hint, no_catch_up, source
from tests.world import World

NOT_FOUND = simplejson.dumps({"Fault": {"Error": [{"Message": "Object Not Found", "code": "610"}]}})


# --- payments ---


@pytest.mark.parametrize("verbs", [("created", "updated"), ("updated",), ("emailed", "void"), ("created", "created")])
def test_a_fresh_payment_is_looked_for_again_whatever_was_told_of_it(world: World, verbs: tuple[str, ...]) -> None:
    world.quickbooks.set_switches(readable_after_seconds=20)
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    for verb in verbs:
        hint(world, payment, verb=verb)
    world.settle()
    assert state(world, payment) is None
    world.later(seconds=6)
    world.later(seconds=31)
    assert world.reason(payment) == "synced"


def test_a_payment_that_was_taken_as_gone_comes_to_life_when_change_data_capture_shows_it(world: World) -> None:
    world.quickbooks.set_switches(readable_after_seconds=400)
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    no_catch_up(world, hours=1)
    hint(world, payment)
    world.settle()
    all_looks(world)
    assert state(world, payment) == ("deleted", True)
    world.notice()
    assert state(world, payment) == ("live", False)
    assert (world.reason(payment, invoice), world.amounts_on(invoice)) == ("synced", ["10.00"])


def test_a_hint_that_finds_nothing_does_not_overrule_what_change_data_capture_showed_meanwhile(world: World) -> None:
    world.notice()
    world.clock.move(minutes=16)
    world.quickbooks.set_switches(readable_after_seconds=900)
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    hint(world, payment)
    world.settle()
    world.clock.move(seconds=2)
    world.notice()
    assert world.amounts_on(invoice) == ["10.00"]
    all_looks(world)
    assert state(world, payment) == ("live", False)
    assert world.amounts_on(invoice) == ["10.00"]
    assert all(event.done_at is not None for event in events(world, payment))


def test_a_known_payment_that_cannot_be_found_once_is_not_taken_back(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    world.clock.move(minutes=1)
    world.quickbooks.edit_payment(payment, note="paid by cheque")
    world.quickbooks.faults.add(Fault("error", path="/query", status=200, body=NOTHING, times=1))
    hint(world, payment, verb="updated")
    world.settle()
    assert state(world, payment) == ("live", False)
    assert world.amounts_on(invoice) == ["10.00"]
    world.later(seconds=6)
    held = row(world, payment)
    assert held is not None
    assert held.note == "paid by cheque"


@pytest.mark.parametrize("verb", ["delete", "deleted"])
def test_a_told_deletion_that_is_not_to_be_found_counts_at_once(world: World, verb: str) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    world.quickbooks.delete_payment(payment)
    hint(world, payment, verb=verb)
    world.settle()
    assert state(world, payment) == ("deleted", True)
    assert world.amounts_on(invoice) == []
    # Change data capture makes it final.
    world.clock.move(seconds=1)
    world.notice()
    assert state(world, payment) == ("deleted", False)
    assert world.reason(payment) == "reversed"


def test_a_deletion_that_nobody_told_is_found_by_looking_long_enough(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    world.quickbooks.delete_payment(payment)
    no_catch_up(world, hours=1)
    world.clock.move(seconds=1)
    hint(world, payment, verb="updated")
    world.settle()
    assert world.amounts_on(invoice) == ["10.00"]
    all_looks(world)
    # Change data capture was asked before its time.
    assert state(world, payment) == ("deleted", False)
    assert world.amounts_on(invoice) == []


def test_a_live_payment_is_not_taken_back_because_it_is_not_to_be_found(world: World) -> None:
    """Lost to every read, in the index as by its id, for as long as we look."""
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    world.clock.move(minutes=1)
    world.quickbooks.faults.add(Fault("error", path="/query", status=200, body=NOTHING, times=None))
    world.quickbooks.faults.add(Fault("error", path="/payment/", status=400, body=NOT_FOUND, times=None))
    hint(world, payment, verb="updated")
    world.settle()
    all_looks(world)
    world.later(hours=1)
    assert (state(world, payment), world.amounts_on(invoice)) == (("live", False), ["10.00"])


def test_a_payment_taken_back_by_mistake_is_put_back_by_the_same_version(world: World) -> None:
    """A webhook told of a deletion that is none, and at that moment the payment was not to be found."""
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    world.clock.move(minutes=1)
    no_catch_up(world, hours=1)
    world.quickbooks.faults.add(Fault("error", path="/query", status=200, body=NOTHING, times=1))
    hint(world, payment, verb="deleted")
    world.settle()
    assert (state(world, payment), world.amounts_on(invoice)) == (("deleted", True), [])
    world.clock.move(seconds=5)
    hint(world, payment, verb="updated")
    world.settle()
    assert (state(world, payment), world.amounts_on(invoice)) == (("live", False), ["10.00"])
    with world.context.database.reading() as session:
        assert violations(session) == []


def test_what_change_data_capture_told_as_deleted_stays_deleted(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    before = events(world, payment)[0]
    world.clock.move(minutes=1)
    world.quickbooks.delete_payment(payment)
    world.notice()
    late = NewEvent(
        world.source_id, EventSource.BACKFILL, "late", Entity.PAYMENT, payment, "changed", None, before.payload
    )
    with world.context.database.writing() as session:
        store_events(session, [late], world.clock.now())
    world.context.nudge(Step.INGEST, world.source_id)
    world.settle()
    assert state(world, payment) == ("deleted", False)


# --- invoices ---


def test_an_invoice_that_is_not_readable_yet_does_not_hold_its_payment_for_ever(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    # The query finds the payment, and the invoice only later.
    world.quickbooks.faults.add(Fault("error", path="/query", status=200, body=NOTHING, skip=1, times=1))
    hint(world, payment)
    world.settle()
    assert world.reason(payment) == "source_invoice_missing"
    world.later(seconds=6)
    assert (world.reason(payment), world.amounts_on(invoice)) == ("synced", ["10.00"])


def test_an_invoice_that_was_given_up_revives_with_what_change_data_capture_shows(world: World) -> None:
    world.notice()
    world.clock.move(minutes=16)
    world.quickbooks.set_switches(readable_after_seconds=1000)
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    # A poll between the two: it tells of the payment, and of the invoice the next time.
    told = world.context.source(source(world)).changes_since(source(world).connected_at)
    assert isinstance(told, Got)
    [change] = [one for one in told.value.changes if one.entity is ChangedEntity.PAYMENT]
    event = NewEvent(
        world.source_id, EventSource.CATCH_UP, change.event_id, Entity.PAYMENT, payment, "changed", None, change.payload
    )
    with world.context.database.writing() as session:
        store_events(session, [event], world.clock.now())
    no_catch_up(world, hours=1)
    world.context.nudge(Step.INGEST, world.source_id)
    world.settle()
    all_looks(world)
    assert world.reason(payment) == "source_invoice_missing"
    with world.context.database.reading() as session:
        kept = source_invoices(session, world.source_id, [invoice.quickbooks_id])[invoice.quickbooks_id]
        assert (kept.deleted, kept.deletion_inferred) == (True, True)
    world.notice()
    assert (world.reason(payment), world.amounts_on(invoice)) == ("synced", ["10.00"])


def test_a_known_invoice_that_cannot_be_found_once_is_not_deleted(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    world.clock.move(minutes=1)
    world.quickbooks.faults.add(Fault("error", path="/query", status=200, body=NOTHING, times=1))
    hint(world, invoice.quickbooks_id, verb="updated", entity=Entity.INVOICE)
    world.settle()
    world.later(seconds=6)
    assert world.reason(payment) == "synced"
    with world.context.database.reading() as session:
        assert not source_invoices(session, world.source_id, [invoice.quickbooks_id])[invoice.quickbooks_id].deleted
    assert [event.done_at is not None for event in events(world, invoice.quickbooks_id, Entity.INVOICE)] == [True] * 2
