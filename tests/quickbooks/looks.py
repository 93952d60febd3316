"""What tests about missing and refused objects ask of a world."""

from models.inbox import Entity, InboxEvent, events_about
from models.payments import Payment, payments_by_external_id
from tests.world import World

NOTHING = '{"QueryResponse":{},"time":"2026-11-22T00:00:00-08:00"}'


def row(world: World, payment: str) -> Payment | None:
    with world.context.database.reading() as session:
        return payments_by_external_id(session, world.source_id, [payment]).get(payment)


def state(world: World, payment: str) -> tuple[str, bool] | None:
    held = row(world, payment)
    return None if held is None else (held.state, held.deletion_inferred)


def events(world: World, entity_id: str, entity: Entity = Entity.PAYMENT) -> list[InboxEvent]:
    with world.context.database.reading() as session:
        return list(events_about(session, world.source_id, entity, entity_id))


def all_looks(world: World) -> None:
    for seconds in (6, 31, 301):
        world.later(seconds=seconds)
