"""One account belongs to one organization, however its name was typed."""

from typing import Any

import pytest

from connectors.connectwise.client import canonical_account
from models.connections import Connection, connection_by_id
from models.organizations import Organization
from tests.world import World
from usecases.accounts import OF_ANOTHER
from usecases.connections import add_target, test_connection
from usecases.results import Rejected

KEYS = {"public_key": "sandbox-public-key", "private_key": "sandbox-private-key"}


def site(world: World) -> str:
    return str(target(world).settings["site_url"])


def target(world: World, connection_id: int = 0) -> Connection:
    with world.context.database.reading() as session:
        return connection_by_id(session, connection_id or world.target_id)


def another_organization(world: World) -> int:
    with world.context.database.writing() as session:
        made = Organization(slug="two", name="Two", sync_enabled=True, created_at=world.clock.now())
        session.add(made)
        session.flush()
        return made.id


def add(world: World, organization_id: int, account: str, **settings: Any) -> Connection | Rejected:
    return add_target(world.context, organization_id, "connectwise", account, settings, KEYS, allows_plain_http=True)


@pytest.mark.parametrize("company", ["acme", "Acme", "ACME"])
def test_the_tenant_of_one_organization_cannot_be_connected_to_a_second(world: World, company: str) -> None:
    account = f"{site(world).upper()}/{company}"
    added = add(world, another_organization(world), account, site_url=site(world), company=company)
    assert added == Rejected(OF_ANOTHER)


def test_a_tenant_is_called_what_it_calls_itself_whatever_letters_were_typed(world: World) -> None:
    named = site(world).replace("127.0.0.1", "localhost")
    with world.context.database.writing() as session:
        row = connection_by_id(session, world.target_id)
        row.settings, row.account_id = {**row.settings, "site_url": named}, f"{named}/Acme"
    # The sandbox says that it lives at the host that it was asked by.
    report = test_connection(world.context, world.target_id)
    assert report.ok, report.lines
    assert target(world).account_id == f"{named.removeprefix('http://')}/acme"


def test_a_row_of_an_older_version_is_named_anew_at_the_next_test_and_works_on(world: World) -> None:
    assert target(world).account_id.startswith("http://")
    assert test_connection(world.context, world.target_id).ok
    assert target(world).account_id == f"{site(world).removeprefix('http://')}/acme"
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "synced"


def test_connecting_a_row_of_an_older_version_again_keeps_it(world: World) -> None:
    added = add(world, world.organization_id, f"{site(world)}/acme")
    assert isinstance(added, Connection)
    assert (added.id, added.account_id) == (world.target_id, f"{site(world).removeprefix('http://')}/acme")


def test_two_rows_of_an_older_version_that_are_one_tenant_are_told_at_the_test(world: World) -> None:
    second = add(
        world, another_organization(world), "elsewhere.example/acme", site_url="http://127.0.0.1:9", company="x"
    )
    assert isinstance(second, Connection)
    with world.context.database.writing() as session:
        connection_by_id(session, second.id).settings = dict(target(world).settings)
    report = test_connection(world.context, second.id)
    assert not report.ok
    assert report.lines == (OF_ANOTHER,)


def test_a_site_that_does_not_answer_can_be_added_and_is_named_when_it_does(world: World) -> None:
    settings = {"site_url": "http://127.0.0.1:9", "company": "Acme"}
    added = add(world, another_organization(world), "127.0.0.1:9/Acme", **settings)
    assert isinstance(added, Connection)
    assert added.account_id == "127.0.0.1:9/acme"


@pytest.mark.parametrize(
    "typed",
    [
        "na.myconnectwise.net/acme",
        "NA.myconnectwise.net/Acme",
        "https://na.myconnectwise.net/acme",
        "api-na.myconnectwise.net/ACME",
    ],
)
def test_what_people_type_in_several_ways_is_one_account(typed: str) -> None:
    assert canonical_account(typed) == "na.myconnectwise.net/acme"
