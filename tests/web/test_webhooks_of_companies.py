"""The door and several companies: each event goes to its own, also to one that cannot be read right now."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from connectors.quickbooks.tokens import secrets_from
from models.connections import Connection, ConnectionStatus, Role, connection_by_id, mark_needs_reconnect
from models.inbox import Entity, events_about
from models.organizations import Organization
from settings import Settings
from tests.web.applications import application
from tests.web.hooks import cloud_event, deliver
from tests.world import REALM, World, open_world
from usecases.connections import add_source
from usecases.disconnecting import disconnect

OTHER_REALM = "9130357767"


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with TestClient(application(world.context, Settings(_env_file=None))) as client:
        yield client


def second_company(world: World) -> int:
    now = world.clock.now()
    world.quickbooks.add_company(OTHER_REALM, "Southwind MSP")
    with world.context.database.writing() as session:
        organization = Organization(slug="southwind", name="Southwind MSP", sync_enabled=True, created_at=now)
        session.add(organization)
        session.flush()
        tokens = world.quickbooks.issue_tokens(realm_id=OTHER_REALM)
        connection = Connection(
            organization_id=organization.id,
            role=Role.SOURCE.value,
            vendor="quickbooks",
            account_id=OTHER_REALM,
            status=ConnectionStatus.ACTIVE.value,
            settings={"home_currency": "USD"},
            sealed_secrets=world.context.keyring.seal(secrets_from(tokens, now)),
            connected_at=now,
        )
        session.add(connection)
        session.flush()
        return connection.id


def ids_of(world: World, connection_id: int, entity_id: str) -> list[str]:
    with world.context.database.reading() as session:
        return [event.event_id for event in events_about(session, connection_id, Entity.PAYMENT, entity_id)]


def test_a_delivery_that_mixes_two_connected_companies_goes_to_each(door: TestClient, world: World) -> None:
    other_id = second_company(world)
    customer = world.quickbooks.add_customer("Harbor Law", realm_id=OTHER_REALM)
    ours, theirs = world.pay("10.00"), world.quickbooks.record_payment(customer, "20.00", realm_id=OTHER_REALM)
    events = [
        cloud_event(1, intuitentityid=ours),
        cloud_event(2, intuitentityid=theirs, intuitaccountid=OTHER_REALM),
        cloud_event(3, intuitentityid=ours),
    ]
    assert deliver(door, events) == 200
    assert ids_of(world, world.source_id, ours) == [events[0]["id"], events[2]["id"]]
    assert ids_of(world, other_id, theirs) == [events[1]["id"]]
    world.settle()
    assert world.allocation(ours).amount == 10
    world.source_id = other_id
    assert world.allocation(theirs).amount == 20


@pytest.mark.parametrize("status", [ConnectionStatus.DISCONNECTED, ConnectionStatus.NEEDS_RECONNECT])
def test_what_comes_for_a_company_that_cannot_be_read_is_kept_and_worked_off_after_it_is_connected_again(
    door: TestClient, world: World, status: ConnectionStatus
) -> None:
    invoice = world.invoice("INV-1")
    world.notice()
    if status is ConnectionStatus.DISCONNECTED:
        disconnect(world.context, world.source_id)
    else:
        with world.context.database.writing() as session:
            mark_needs_reconnect(session, world.source_id)
    world.clock.move(hours=5)
    payment = world.pay("10.00", (invoice, "10.00"))
    assert deliver(door, [cloud_event(1, intuitentityid=payment)]) == 200
    world.settle()
    assert len(ids_of(world, world.source_id, payment)) == 1
    assert world.on(invoice) == []
    with world.context.database.reading() as session:
        assert connection_by_id(session, world.source_id).status == status
    secrets = secrets_from(world.quickbooks.issue_tokens(), world.clock.now())
    added = add_source(world.context, world.organization_id, "quickbooks", REALM, {}, secrets, allows_plain_http=True)
    assert isinstance(added, Connection), added
    world.settle()
    assert (world.reason(payment), world.amounts_on(invoice)) == ("synced", ["10.00"])
