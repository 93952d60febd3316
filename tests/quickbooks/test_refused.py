"""QuickBooks refuses to show one object, or answers nonsense: nobody else waits for that, and it comes to an end."""

import pytest
import simplejson

from connectors.base import Got
from models.inbox import Entity, EventSource, NewEvent, store_events
from sandbox.faults import Fault
from tasks.context import Step
from tests.quickbooks.looks import all_looks, events, state
from tests.quickbooks.story import differences, hint, metered, source
from tests.world import World

REFUSED = simplejson.dumps({"Fault": {"Error": [{"Message": "Invalid Id", "code": "2050"}]}})
FAILED = simplejson.dumps({"Fault": {"Error": [{"Message": "An application error has occurred", "code": "10000"}]}})


def refuse(world: World, entity_id: str, status: int = 400) -> None:
    """QuickBooks refuses every query that names this id, as it does for an id that it finds invalid, or fails on it."""
    body = REFUSED if status == 400 else FAILED
    client = world.context.source(source(world))._client  # type: ignore[attr-defined]
    real = client.query

    def query(statement: str) -> object:
        if f"'{entity_id}'" in statement:
            world.quickbooks.faults.add(Fault("error", path="/query", status=status, body=body, times=1))
        return real(statement)

    client.query = query


@pytest.mark.parametrize("status", [400, 500])
def test_one_refused_hint_keeps_nobody_waiting_and_comes_to_an_end(world: World, status: int) -> None:
    invoice = world.invoice("INV-1", "900.00")
    world.notice()
    refuse(world, "999999", status)
    payments = [world.pay("10.00", (invoice, "10.00")) for _ in range(20)]
    hint(world, *payments[:10], "999999", *payments[10:])
    world.settle()
    assert {world.reason(one) for one in payments} == {"synced"}
    reads = metered(world)
    all_looks(world)
    [event] = events(world, "999999")
    assert (event.done_at is not None, event.tries) == (True, 3)
    assert metered(world) - reads <= 5
    assert source(world).not_before is None
    assert state(world, "999999") is None


def test_what_came_with_its_content_is_stored_although_the_hints_cannot_be_read(world: World) -> None:
    world.notice()
    world.clock.move(minutes=16)
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    hinted = world.pay("20.00", (invoice, "20.00"))
    world.quickbooks.faults.add(Fault("error", path="/query", status=400, body=REFUSED, times=None))
    hint(world, "999999", verb="updated")
    world.settle()
    world.notice()
    assert (world.reason(payment), world.reason(hinted)) == ("synced", "synced")
    for _ in range(60):
        world.later(seconds=61)
    [event] = events(world, "999999")
    assert event.done_at is not None


def test_while_the_connection_rests_what_came_with_its_content_is_stored(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("10.00", (invoice, "10.00"))
    told = world.context.source(source(world)).changes_since(source(world).connected_at)
    assert isinstance(told, Got)
    world.quickbooks.faults.add(Fault("throttle", path="/query", times=1))
    hint(world, payment)
    world.settle()
    assert source(world).not_before is not None
    with world.context.database.writing() as session:
        kept = [
            NewEvent(
                world.source_id,
                EventSource.CATCH_UP,
                one.event_id,
                Entity(one.entity.value),
                one.entity_id,
                one.verb,
                one.changed_at,
                one.payload,
            )
            for one in told.value.changes
        ]
        store_events(session, kept, world.clock.now())
    world.context.nudge(Step.INGEST, world.source_id)
    world.settle()
    assert world.reason(payment) == "synced"


@pytest.mark.parametrize("body", ['{"time":"2026-11-22T00:00:00-08:00"}', '{"QueryResponse":[]}', "{}"])
def test_an_answer_of_the_wrong_shape_says_of_nobody_that_it_is_not_there(world: World, body: str) -> None:
    payments = world.quickbooks.record_many_payments(world.customer_id, 100)
    world.quickbooks.faults.add(Fault("error", path="/query", status=200, body=body, times=1))
    hint(world, *payments)
    reads = metered(world)
    world.settle()
    assert all(event.tries == 0 for event in events(world, payments[0]))
    world.later(seconds=5)
    assert differences(world) == []
    assert metered(world) - reads <= 3


def test_while_quickbooks_fails_altogether_no_id_is_blamed(world: World) -> None:
    invoice = world.invoice("INV-1", "900.00")
    world.notice()
    payments = [world.pay("10.00", (invoice, "10.00")) for _ in range(5)]
    world.quickbooks.faults.add(Fault("error", path="/query", status=500, body=FAILED, times=None))
    hint(world, *payments)
    world.settle()
    assert {event.tries for one in payments for event in events(world, one)} == {0}
    world.quickbooks.faults.clear()
    world.later(minutes=30)
    assert {world.reason(one) for one in payments} == {"synced"}
