"""The worker's process ends anywhere in a refresh, a poll or a reading: another one goes on, and nothing is lost."""

from dataclasses import replace

import pytest

from tasks.catch_up.step import catch_up
from tasks.context import Step
from tasks.points import Point
from tests.few import few_of
from tests.queries import violations
from tests.quickbooks.story import Death, die_at, differences, hint, source
from tests.world import STEPS, World

pytestmark = pytest.mark.both_databases

POINTS = [
    Point.CATCH_UP_LANE_TAKEN,
    Point.CATCH_UP_SOURCE_READ,
    Point.CATCH_UP_STORED,
    Point.INGEST_LANE_TAKEN,
    Point.INGEST_EVENTS_READ,
    Point.INGEST_PAYMENTS_READ,
    Point.INGEST_SOURCE_READ,
    Point.INGEST_STORED,
    Point.TOKENS_TURN_TAKEN,
    Point.TOKENS_ANSWERED,
    Point.TOKENS_SAVED,
]


@pytest.mark.parametrize("point", few_of(POINTS, 4))
def test_a_worker_that_dies_costs_nothing(world: World, point: Point) -> None:
    invoices = [world.invoice(f"INV-{number}") for number in range(3)]
    deleted, edited = (world.pay("50.00", (invoice, "50.00")) for invoice in invoices[:2])
    world.notice()
    world.clock.move(hours=2)
    world.quickbooks.delete_payment(deleted)
    world.quickbooks.edit_payment(edited, total="60.00", lines=[(invoices[1].quickbooks_id, "60.00")])
    new = world.pay("70.00", (invoices[2], "70.00"))
    hint(world, deleted, verb="deleted")
    hint(world, edited, verb="updated")
    # What dies with the answer of a refresh leaves the old value, which Intuit takes for about a day more.
    world.quickbooks.set_switches(replaced_refresh="still_works")
    world.quickbooks.expire_access_tokens()
    die_at(world, point)
    world.context = replace(world.context, _sources=type(world.context._sources)())
    deaths = 0
    for step in (Step.INGEST, Step.CATCH_UP, Step.INGEST):
        try:
            STEPS[step](world.context, world.source_id)
        except Death:
            deaths += 1
            # The dead worker's lease and its turn at the tokens run out.
            world.clock.move(seconds=91)
    assert deaths == 1, f"{point} was not reached"
    for _ in range(3):
        world.later(seconds=91)
    catch_up(world.context, world.source_id)
    world.settle()
    assert source(world).status == "active"
    assert differences(world) == []
    assert [world.amounts_on(invoice) for invoice in invoices] == [[], ["60.00"], ["70.00"]]
    assert world.reason(new) == "synced"
    with world.context.database.reading() as session:
        assert violations(session) == []
