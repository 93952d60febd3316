"""Coming back after a disconnect."""

from connectors.quickbooks.tokens import secrets_from
from models.connections import Connection
from tests.world import REALM, World
from usecases.connections import add_source


def reconnect(world: World) -> None:
    secrets = secrets_from(world.quickbooks.issue_tokens(), world.clock.now())
    added = add_source(world.context, world.organization_id, "quickbooks", REALM, {}, secrets, allows_plain_http=True)
    assert isinstance(added, Connection), added
