"""Hints by the thousand."""

from tests.world import World

# Where nothing is asked of the cost, answers end after a hundred objects, and a flood has so many.
KNOWN, BURST, SMALL = 5_000, 1000, 100


def flood(world: World, count: int = BURST) -> None:
    world.quickbooks.record_many_payments(world.customer_id, count)
    world.clock.move(minutes=10)
