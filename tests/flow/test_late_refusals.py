"""A refusal of the old keys arrives after a person has entered new ones."""

from dataclasses import replace

from models.connections import Connection, connection_by_id
from sandbox.faults import Fault
from tasks.points import Point
from tests.flow.doing import once_at
from tests.world import World
from usecases.connections import add_target


def connection(world: World, connection_id: int) -> Connection:
    with world.context.database.reading() as session:
        return connection_by_id(session, connection_id)


def enter_new_keys(world: World) -> None:
    world.connectwise.set_keys(private_key="new-key")
    keys = {"public_key": "sandbox-public-key", "private_key": "new-key"}
    account = connection(world, world.target_id).account_id
    added = add_target(world.context, world.organization_id, "connectwise", account, {}, keys, allows_plain_http=True)
    assert isinstance(added, Connection)


def test_a_late_refusal_of_the_old_keys_does_not_disconnect_the_new_ones(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    here = world.context
    world.context = replace(here, reached=once_at(Point.PUSH_CLAIMED, lambda: enter_new_keys(world)))
    world.notice()
    world.context = here
    world.later(minutes=2)
    assert connection(world, world.target_id).status == "active"
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_tokens_that_were_refreshed_are_still_those_of_the_consent_that_is_refused(world: World) -> None:
    """They change every hour without anybody's doing; if that counted as new, no refusal would ever count."""
    world.notice()
    world.quickbooks.faults.add(Fault("forbidden", path="/v3/", times=None))
    for _ in range(20):
        world.quickbooks.expire_access_tokens()
        world.later(minutes=1)
        before = connection(world, world.source_id).sealed_secrets
        world.clock.move(hours=1)
    assert connection(world, world.source_id).status == "needs_reconnect"
    assert before
