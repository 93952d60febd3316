"""The two connections, as the overview and the Integrations page show them."""

from datetime import timedelta

from domain.reasons import Reason
from models.connections import Connection, ConnectionStatus, Role, connection_in_role, mark_needs_reconnect, pause
from models.organizations import Organization
from tests.web.browser import Browser, forms_in, logged_in
from tests.world import World
from usecases.organizations import create_organization


def connection(world: World, role: Role) -> Connection:
    with world.context.database.reading() as session:
        found = connection_in_role(session, world.organization_id, role)
    assert found is not None
    return found


def test_a_test_of_quickbooks_says_whose_account_answers(partner: Browser) -> None:
    partner.get("/integrations")
    page = partner.send("/integrations/connections/source/test").text
    assert "The test succeeded." in page
    assert "Northwind MSP" in page


def test_a_test_of_connectwise_with_wrong_keys_says_so(world: World, partner: Browser) -> None:
    with world.context.database.writing() as session:
        row = session.get_one(Connection, world.target_id)
        row.sealed_secrets = world.context.keyring.seal({"public_key": "wrong", "private_key": "wrong"})
    partner.get("/integrations")
    page = partner.send("/integrations/connections/target/test").text
    assert "The test failed." in page
    assert "does not accept the secrets" in page


def test_disconnecting_deletes_the_keys_and_the_page_says_how_to_come_back(world: World, partner: Browser) -> None:
    partner.get("/integrations")
    page = partner.send("/integrations/connections/target/disconnect").text

    assert "its keys have been deleted here" in page
    assert "python -m cli connection add connectwise northwind" in page
    row = connection(world, Role.TARGET)
    assert row.status == ConnectionStatus.DISCONNECTED
    assert world.context.keyring.open(row.sealed_secrets) == {}


def test_no_key_and_no_token_is_on_any_page(world: World, partner: Browser) -> None:
    secrets = [
        str(value)
        for role in Role
        for value in world.context.keyring.open(connection(world, role).sealed_secrets).values()
        if len(str(value)) > 8
    ]
    assert secrets
    for address in ("/overview", "/integrations", "/integrations/preferences"):
        page = partner.get(address).text
        assert not [one for one in secrets if one in page]


def test_what_was_heard_and_caught_up_is_told_with_its_age(world: World, partner: Browser) -> None:
    world.notice()
    world.clock.move(minutes=3)
    for address in ("/overview", "/integrations"):
        page = partner.get(address).text
        assert "Last catch-up" in page
        assert "3 min 0 s ago" in page
        assert "Last webhook received" in page
        assert "never" in page


def test_a_pause_is_told_with_its_end_and_its_cause_in_the_words_of_the_right_system(
    world: World, partner: Browser
) -> None:
    until = world.clock.now() + timedelta(minutes=2)
    with world.context.database.writing() as session:
        pause(session, world.source_id, until, Reason.TARGET_THROTTLED.value)
        pause(session, world.target_id, until, Reason.TARGET_UNREACHABLE.value)
    page = partner.get("/overview").text
    assert "QuickBooks Online asked us to slow down." in page
    assert "ConnectWise PSA could not be reached" in page
    assert f"{until:%H:%M:%S}</time>" in page
    world.clock.move(minutes=3)
    assert "Paused" not in partner.get("/overview").text


def test_a_connection_that_needs_a_person_is_marked(world: World, partner: Browser) -> None:
    with world.context.database.writing() as session:
        mark_needs_reconnect(session, world.source_id)
    for address in ("/overview", "/integrations"):
        assert "Needs reconnecting" in partner.get(address).text


def test_an_organization_without_connections_is_told_how_to_begin(world: World, app) -> None:
    assert isinstance(create_organization(world.context, "contoso", "Contoso IT"), Organization)
    newcomer = logged_in(app, "books@contoso.example", "contoso")
    assert "python -m cli connection add" in newcomer.get("/integrations").text
    assert "Not connected" in newcomer.get("/overview").text


def test_a_role_that_does_not_exist_is_refused(partner: Browser) -> None:
    fields = forms_in(partner.get("/integrations").text)[-1].fields
    assert partner.client.post("/integrations/connections/middle/test", data=fields).status_code == 400


def test_when_all_slots_for_calls_are_taken_the_page_says_try_again(app, partner: Browser) -> None:
    partner.get("/integrations")
    semaphore = app.state.call_semaphore
    while semaphore.acquire(blocking=False):
        pass
    answer = partner.send("/integrations/connections/source/test")
    assert answer.status_code == 503
    assert "Other tests are running" in answer.text
