"""Many deletions at once: they cost few reads, and every step keeps what it found, at the real limits of calls too."""

from collections.abc import Iterator

import pytest

from connectors.quickbooks.vendor import RATES
from tasks.catch_up.step import catch_up
from tasks.ingest.step import ingest
from tasks.step import Drained
from tests.contexts import RunningClock
from tests.quickbooks.reconnecting import reconnect
from tests.quickbooks.story import READERS, differences, gaps, hint, metered, no_catch_up, source
from tests.world import World, open_world
from usecases.disconnecting import disconnect


@pytest.fixture
def paced(database_url: str) -> Iterator[World]:
    """A world in which our own limiter lets through what it does in production, and time passes."""
    with open_world(database_url, clock=RunningClock(), quickbooks_rates=RATES) as opened:
        yield opened


def many_deleted(world: World, count: int) -> list[str]:
    invoice = world.invoice("INV-1", "9000.00", origin=None)
    payments = [world.pay("1.00", (invoice, "1.00")) for _ in range(count)]
    world.notice(*READERS)
    assert differences(world) == []
    for one in payments:
        world.quickbooks.delete_payment(one)
    world.clock.move(seconds=2)
    return payments


def test_three_hundred_told_deletions_cost_one_read(world: World) -> None:
    payments = many_deleted(world, 300)
    reads = metered(world)
    hint(world, *payments, verb="deleted")
    world.settle(*READERS)
    assert differences(world) == []
    print(f"300 told deletions: {(metered(world) - reads) / 300:.4f} metered reads each")
    assert metered(world) - reads == 1


def test_told_deletions_get_through_at_the_real_limits(paced: World) -> None:
    payments = many_deleted(paced, 40)
    reads = metered(paced)
    hint(paced, *payments, verb="deleted")
    ingest(paced.context, paced.source_id)
    assert differences(paced) == []
    assert metered(paced) - reads == 1


def test_fifty_deletions_that_nobody_told_cost_a_query_for_each_look_and_one_poll(world: World) -> None:
    payments = many_deleted(world, 50)
    no_catch_up(world, hours=1)
    reads = metered(world)
    hint(world, *payments, verb="updated")
    world.settle(*READERS)
    for seconds in (6, 31, 301):
        world.later(*READERS, seconds=seconds)
    assert differences(world) == []
    print(f"50 deletions that nobody told: {(metered(world) - reads) / 50:.2f} metered reads each")
    assert metered(world) - reads <= 5


def test_a_scan_at_the_real_limits_moves_on_with_every_step(paced: World) -> None:
    invoice = paced.invoice("INV-1", "9000.00", origin=None)
    payments = [paced.pay("1.00", (invoice, "1.00")) for _ in range(30)]
    paced.notice(*READERS)
    disconnect(paced.context, paced.source_id)
    paced.clock.move(days=20)
    for one in payments:
        paced.quickbooks.delete_payment(one)
    # Longer ago than change data capture can tell.
    paced.clock.move(days=40)
    reconnect(paced)
    reads = metered(paced)
    catch_up(paced.context, paced.source_id)
    paced.settle(*READERS)
    assert differences(paced) == []
    assert gaps(paced)[0].closed_at is not None
    assert metered(paced) - reads <= 30 + 12


def test_deletions_within_reach_of_change_data_capture_cost_a_scan_nothing(world: World) -> None:
    invoice = world.invoice("INV-1", "9000.00", origin=None)
    payments = [world.pay("1.00", (invoice, "1.00")) for _ in range(40)]
    world.notice(*READERS)
    disconnect(world.context, world.source_id)
    world.clock.move(days=20)
    for one in payments:
        world.quickbooks.delete_payment(one)
    world.clock.move(days=20)
    reconnect(world)
    reads = metered(world)
    world.settle(*READERS)
    assert differences(world) == []
    assert gaps(world)[0].sentence.endswith(": 0 new payments, 0 changed, 40 deleted found.")
    print(f"40 deletions in a gap of 40 days: {metered(world) - reads} metered reads")
    assert metered(world) - reads <= 8


def test_slow_answers_do_not_outlive_the_lease(world: World) -> None:
    """Every question for one object takes three seconds; the lease is 90 seconds long."""
    invoice = world.invoice("INV-1", "9000.00", origin=None)
    payments = [world.pay("1.00", (invoice, "1.00")) for _ in range(40)]
    world.notice(*READERS)
    disconnect(world.context, world.source_id)
    for one in payments:
        world.quickbooks.delete_payment(one)
    world.clock.move(days=60)
    reconnect(world)
    client = world.context.source(source(world))._client  # type: ignore[attr-defined]
    real = client.entity

    def slow(name: str, entity_id: str) -> object:
        world.clock.move(seconds=3)
        return real(name, entity_id)

    client.entity = slow
    reads = metered(world)
    for _ in range(12):
        assert catch_up(world.context, world.source_id) is not Drained.LOST
        ingest(world.context, world.source_id)
    assert differences(world) == []
    assert metered(world) - reads <= 40 + 20
