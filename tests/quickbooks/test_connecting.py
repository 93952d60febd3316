"""Connecting by consent: out to QuickBooks and back, once, by whoever began, and only to the organization's company."""

from datetime import date, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from models.connections import Connection, ConnectionStatus, Role, connection_in_role
from models.metered_reads import reads_of
from models.organizations import Organization, organization_by_slug
from sandbox.faults import Fault
from tests.quickbooks.story import differences, gaps, metered, source
from tests.world import REALM, World
from usecases.backfill import request_backfill
from usecases.connecting import Connected, begin_connect, complete_connect
from usecases.disconnecting import disconnect
from usecases.organizations import create_organization
from usecases.results import Rejected

BACK = "https://payments.example/integrations/quickbooks/callback"
OTHER_REALM = "4620816365"


def consent(world: World, organization_id: int = 0, session_id: int | None = 7, **more: date) -> dict[str, str]:
    """The partner begins, and consents on QuickBooks' page; what the page sends back."""
    address = begin_connect(
        world.context, organization_id or world.organization_id, "quickbooks", BACK, session_id=session_id, **more
    )
    assert isinstance(address, str)
    answer = requests.get(address, allow_redirects=False, timeout=120)
    location = answer.headers["Location"]
    assert location.startswith(BACK)
    return dict(parse_qsl(urlsplit(location).query))


def come_back(world: World, parameters: dict[str, str], session_id: int | None = 7) -> Connection | Rejected:
    connected = connect(world, parameters, session_id)
    return connected if isinstance(connected, Rejected) else connected.connection


def connect(world: World, parameters: dict[str, str], session_id: int | None = 7) -> Connected | Rejected:
    return complete_connect(world.context, "quickbooks", parameters, session_id=session_id, allows_plain_http=True)


def test_a_disconnected_company_is_connected_again_and_keeps_its_history(world: World) -> None:
    invoice = world.invoice("INV-1")
    before = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    disconnect(world.context, world.source_id)
    world.clock.move(days=3)
    after = world.pay("60.00", (invoice, "60.00"))
    connected = come_back(world, consent(world))
    assert isinstance(connected, Connection)
    assert connected.id == world.source_id
    world.settle()
    assert [world.reason(one) for one in (before, after)] == ["synced", "synced"]
    assert differences(world) == []
    assert gaps(world)[0].sentence.endswith("1 new payment, 0 changed, 0 deleted found.")


def test_the_end_of_the_consent_is_known_from_the_start(world: World) -> None:
    come_back(world, consent(world))
    assert source(world).reconnect_by == world.clock.now() + timedelta(days=100)


def test_a_new_organization_is_connected_with_a_start_date(world: World) -> None:
    customer = "Cascade"
    organization = new_organization(world)
    world.quickbooks.add_company(OTHER_REALM, "Southwind MSP")
    world.quickbooks.set_switches(authorize_realm_id=OTHER_REALM)
    customer_id = world.quickbooks.add_customer(customer, realm_id=OTHER_REALM)
    long_ago = world.clock.now() - timedelta(days=60)
    payment = world.quickbooks.record_payment(customer_id, "10.00", at=long_ago, realm_id=OTHER_REALM)
    connected = come_back(world, consent(world, organization.id, start_on=(long_ago - timedelta(days=1)).date()))
    assert isinstance(connected, Connection)
    assert connected.account_id == OTHER_REALM
    world.settle()
    from models.payments import payments_by_external_id

    with world.context.database.reading() as session:
        assert payment in payments_by_external_id(session, connected.id, [payment])


def test_a_person_is_told_when_the_past_is_not_looked_through(world: World) -> None:
    since = world.clock.now().date() - timedelta(days=60)
    request_backfill(world.context, world.source_id, since)
    connected = connect(world, consent(world, start_on=since))
    assert isinstance(connected, Connected)
    assert f"since {since} are not being looked for: a backfill is already running" in connected.notice
    again = connect(world, consent(world))
    assert isinstance(again, Connected)
    assert again.notice == ""


def test_the_read_that_proves_a_consent_is_counted(world: World) -> None:
    assert isinstance(come_back(world, consent(world)), Connection)
    with world.context.database.reading() as session:
        assert reads_of(session, world.source_id, world.clock.now()) == metered(world) == 1


def new_organization(world: World) -> Organization:
    created = create_organization(world.context, "southwind", "Southwind MSP")
    assert not isinstance(created, Rejected)
    with world.context.database.reading() as session:
        found = organization_by_slug(session, "southwind")
    assert found is not None
    return found


def test_an_answer_works_once(world: World) -> None:
    parameters = consent(world)
    assert isinstance(come_back(world, parameters), Connection)
    assert isinstance(come_back(world, parameters), Rejected)


@pytest.mark.parametrize("session_id", [8, None])
def test_an_answer_brought_by_another_session_is_refused_and_stays_open_for_its_own(
    world: World, session_id: int | None
) -> None:
    parameters = consent(world)
    assert isinstance(come_back(world, parameters, session_id), Rejected)
    assert isinstance(come_back(world, parameters), Connection)


def test_an_answer_after_too_long_is_refused(world: World) -> None:
    parameters = consent(world)
    world.clock.move(minutes=16)
    assert isinstance(come_back(world, parameters), Rejected)


@pytest.mark.parametrize("state", ["", "guessed", "x" * 5000])
def test_a_state_that_nobody_gave_out_is_refused(world: World, state: str) -> None:
    tokens = world.quickbooks.calls.count("POST /oauth2/v1/tokens/bearer")
    assert isinstance(come_back(world, {**consent(world), "state": state}), Rejected)
    assert world.quickbooks.calls.count("POST /oauth2/v1/tokens/bearer") == tokens


def test_another_company_is_refused_with_a_clear_message_and_the_connection_lives_on(world: World) -> None:
    world.quickbooks.add_company(OTHER_REALM, "Southwind MSP")
    world.quickbooks.set_switches(authorize_realm_id=OTHER_REALM)
    refused = come_back(world, consent(world))
    assert isinstance(refused, Rejected)
    assert f"belongs to account {REALM}" in refused.message
    world.notice()
    assert source(world).status == ConnectionStatus.ACTIVE


def test_a_company_of_another_organization_is_refused(world: World) -> None:
    refused = come_back(world, consent(world, new_organization(world).id))
    assert isinstance(refused, Rejected)
    assert "connected to another organization" in refused.message


def test_a_company_id_that_the_tokens_do_not_open_changes_nothing(world: World) -> None:
    world.quickbooks.add_company(OTHER_REALM, "Southwind MSP")
    world.quickbooks.set_switches(authorize_realm_id=OTHER_REALM)
    sealed = source(world).sealed_secrets
    assert isinstance(come_back(world, {**consent(world), "realmId": REALM}), Rejected)
    assert source(world).sealed_secrets == sealed
    world.notice()
    assert source(world).status == ConnectionStatus.ACTIVE


def test_a_consent_that_is_denied_says_so(world: World) -> None:
    world.quickbooks.set_switches(authorize="deny")
    refused = come_back(world, consent(world))
    assert isinstance(refused, Rejected)
    assert "not given" in refused.message


@pytest.mark.parametrize("missing", ["code", "realmId"])
def test_an_answer_without_its_parts_is_refused(world: World, missing: str) -> None:
    parameters = consent(world)
    del parameters[missing]
    assert isinstance(come_back(world, parameters), Rejected)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("error", path="/tokens/bearer", status=500),
        Fault("error", path="/tokens/bearer", status=200, body="[]"),
        Fault("error", path="/tokens/bearer", status=200, body='{"access_token":"A"}'),
        Fault("drop_before_commit", path="/tokens/bearer"),
        Fault("error", path="/companyinfo", status=503),
    ],
    ids=str,
)
def test_a_bad_moment_of_quickbooks_is_a_sentence_and_changes_nothing(world: World, fault: Fault) -> None:
    parameters, sealed = consent(world), source(world).sealed_secrets
    world.quickbooks.faults.add(fault)
    assert isinstance(come_back(world, parameters), Rejected)
    assert source(world).sealed_secrets == sealed


def test_disconnecting_revokes_the_consent_at_quickbooks(world: World) -> None:
    assert world.quickbooks.tokens.is_connected(REALM)
    disconnect(world.context, world.source_id)
    assert not world.quickbooks.tokens.is_connected(REALM)
    assert source(world).reconnect_by is None


def test_disconnecting_succeeds_although_quickbooks_is_away(world: World) -> None:
    world.quickbooks.faults.add(Fault("error", path="/revoke", status=500))
    disconnect(world.context, world.source_id)
    with world.context.database.reading() as session:
        found = connection_in_role(session, world.organization_id, Role.SOURCE)
    assert found is not None
    assert found.status == ConnectionStatus.DISCONNECTED
    assert world.context.keyring.open(found.sealed_secrets) == {}


def test_no_secret_of_the_way_is_in_the_log(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    parameters = consent(world)
    come_back(world, parameters)
    disconnect(world.context, world.source_id)
    told = "".join(capsys.readouterr())
    assert "wire.call" in told
    secrets = [parameters["code"], parameters["state"], "RT1-", "AB0"]
    assert [secret for secret in secrets if secret in told] == []
