"""Two hosts work for one organization, and one of them is late."""

from dataclasses import replace

import pytest

from models.attempts import attempts_of
from models.effects import Effect
from tasks.points import Point
from tasks.push.step import push
from tests.flow.doing import another_host, once_at
from tests.world import World

pytestmark = pytest.mark.both_databases


def test_a_host_that_slept_between_intent_and_wire_sends_nothing_when_it_wakes(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    here, there = world.context, another_host(world.context)

    def sleeps() -> None:
        world.clock.suspend(minutes=10)
        push(there, world.target_id)  # the lease has run out: the effect is put in doubt
        world.clock.suspend(seconds=100)
        push(there, world.target_id)  # the settle time is over: it is not there, so it is sent

    world.context = replace(here, reached=once_at(Point.PUSH_INTENDED, sleeps))
    world.notice()
    world.context = here
    world.later(minutes=5)
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.calls("POST /finance/invoices/{id}/payments") == 1
    assert world.reason(payment) == "synced"


def outcomes(world: World, effect: Effect) -> list[str | None]:
    with world.context.database.reading() as session:
        return [attempt.outcome for attempt in attempts_of(session, effect.id)]


def test_a_host_whose_clock_was_set_back_does_not_send_beyond_its_lease_either(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    here = world.context

    def clock_is_corrected() -> None:
        world.clock.move(seconds=85)
        world.clock.set_back(seconds=85)

    world.context = replace(here, reached=once_at(Point.PUSH_INTENDED, clock_is_corrected))
    world.notice()
    world.context = here
    [effect] = world.effects(payment)
    assert outcomes(world, effect) == ["notbegun", "created"], "it was sent under the lease that was extended, once"
    assert world.calls("POST /finance/invoices/{id}/payments") == 1
    assert world.amounts_on(invoice) == ["100.00"]
