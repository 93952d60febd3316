from typing import Any

import pytest

from connectors.quickbooks.tokens import secrets_from
from domain.breaker import CallKind
from models.breakers import breakers_of, count_failure, open_breaker
from models.connections import Connection, ConnectionStatus, connection_by_id, pause, stop_connection
from models.organizations import Organization
from models.secrets import Keyring
from sandbox.faults import Fault
from settings.environment import DEVELOPMENT_ENCRYPTION_KEY
from tasks.context import Context, Step
from tests.contexts import RecordingNudge
from tests.world import REALM, World
from usecases import connections
from usecases.connections import ConnectionReport, add_source, add_target, change_settings
from usecases.disconnecting import disconnect
from usecases.organizations import create_organization
from usecases.results import Rejected

TOKENS = {"access_token": "a", "refresh_token": "r"}
KEYS = {"public_key": "sandbox-public-key", "private_key": "sandbox-private-key"}


@pytest.fixture
def organization_id(context: Context) -> int:
    return organization(context, "northwind")


def organization(context: Context, slug: str) -> int:
    created = create_organization(context, slug, slug.title())
    assert isinstance(created, Organization)
    return created.id


def source(context: Context, organization_id: int, account_id: str = REALM, **more: Any) -> Connection:
    added = add_source(context, organization_id, "quickbooks", account_id, {}, TOKENS, **more)
    assert isinstance(added, Connection)
    return added


def refusal(result: Connection | Rejected) -> str:
    assert isinstance(result, Rejected)
    return result.message


def stored(context: Context, connection_id: int) -> Connection:
    with context.database.reading() as session:
        return connection_by_id(session, connection_id)


def nudged(context: Context) -> list[Step]:
    assert isinstance(context.nudge, RecordingNudge)
    return [step for step, _ in context.nudge.waiting]


# --- adding ---


def test_a_source_is_caught_up_with_at_once(context: Context, organization_id: int) -> None:
    added = source(context, organization_id)
    assert (added.status, added.account_id, added.role) == ("active", REALM, "source")
    assert added.settings == {"home_currency": "USD"}
    assert added.next_catch_up_at == added.connected_at == context.clock.now()
    assert nudged(context) == [Step.CATCH_UP, Step.INGEST, Step.MATCH]


def test_a_target_gets_what_waited_for_it(context: Context, organization_id: int) -> None:
    settings = {"site_url": "https://na.example.com", "company": "acme", "payment_hour_utc": 12}
    added = add_target(context, organization_id, "connectwise", "na.example.com/acme", settings, KEYS)
    assert isinstance(added, Connection)
    assert added.settings == {**settings, "home_currency": "USD"}
    assert nudged(context) == [Step.MATCH, Step.PUSH]


def test_secrets_are_stored_sealed(context: Context, organization_id: int) -> None:
    added = source(context, organization_id)
    assert "access_token" not in added.sealed_secrets
    assert context.keyring.open(added.sealed_secrets) == TOKENS


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"site_url": "http://na.example.com"}, "not encrypted"),
        ({"site_url": "na.example.com"}, "not an address"),
        ({"site_url": "https://na.example.com:99999"}, "not an address"),
        ({"site_url": "https://user@na.example.com"}, "must not contain a user name"),
        ({"site_url": "ftp://na.example.com"}, "not an address"),
        ({"home_currency": "usd"}, "not a currency code"),
        ({"home_currency": ""}, "not a currency code"),
        ({"payment_hour_utc": 24}, "not an hour"),
        ({"payment_hour_utc": True}, "not an hour"),
        ({"strategy": "twice"}, "not a strategy"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    context: Context, organization_id: int, settings: dict[str, Any], words: str
) -> None:
    added = add_target(context, organization_id, "connectwise", "x/acme", settings, KEYS)
    assert words in refusal(added)


def test_plain_http_is_for_development(context: Context, organization_id: int) -> None:
    settings = {"site_url": "http://127.0.0.1:8123", "company": "acme"}
    added = add_target(context, organization_id, "connectwise", "x/acme", settings, KEYS, allows_plain_http=True)
    assert isinstance(added, Connection)


@pytest.mark.parametrize(
    "secrets", [{}, {"access_token": ""}, {"access_token": "  "}, {"access_token": "a\nb"}, {"access_token": "ä"}]
)
def test_secrets_that_cannot_be_any_are_refused_without_being_repeated(
    context: Context, organization_id: int, secrets: dict[str, Any]
) -> None:
    message = refusal(add_source(context, organization_id, "quickbooks", REALM, {}, secrets))
    assert all(value not in message for value in secrets.values() if value.strip())


def test_an_unknown_vendor_is_refused_with_the_known_ones(context: Context, organization_id: int) -> None:
    assert "quickbooks" in refusal(add_source(context, organization_id, "xero", "1", {}, TOKENS))
    assert "connectwise" in refusal(add_target(context, organization_id, "halo", "1", {}, KEYS))


def test_another_account_is_refused_while_the_history_is_of_one(context: Context, organization_id: int) -> None:
    source(context, organization_id)
    message = refusal(add_source(context, organization_id, "quickbooks", "4711", {}, TOKENS))
    assert REALM in message
    assert "organization of its own" in message


def test_an_account_of_another_organization_is_refused(context: Context, organization_id: int) -> None:
    source(context, organization_id)
    other = organization(context, "southwind")
    assert "another organization" in refusal(add_source(context, other, "quickbooks", REALM, {}, TOKENS))
    source(context, other, "4711")
    assert "another organization" in refusal(add_source(context, other, "quickbooks", REALM, {}, TOKENS))


def test_connecting_again_keeps_the_row_the_cursor_and_the_settings(world: World) -> None:
    context = world.context
    world.notice()
    change_settings(context, world.source_id, {"home_currency": "CAD"})
    disconnect(context, world.source_id)
    before = stored(context, world.source_id)
    with context.database.writing() as session:
        pause(session, world.source_id, context.clock.now().replace(year=2099), "target_throttled")
        open_breaker(count_failure(session, world.source_id, CallKind.INGEST), context.clock.now().replace(year=2099))
    world.clock.move(hours=1)
    again = source(context, world.organization_id)
    assert (again.id, again.cursor_at, again.connected_at) == (before.id, before.cursor_at, before.connected_at)
    assert again.settings["home_currency"] == "CAD"
    assert (again.status, again.disconnected_at, again.not_before) == ("active", None, None)
    with context.database.reading() as session:
        assert breakers_of(session, [world.source_id]) == {}
    assert again.next_catch_up_at == world.clock.now()
    assert context.keyring.open(again.sealed_secrets) == TOKENS


def test_the_connection_is_busy_while_its_tokens_are_being_refreshed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.keeper._PATIENCE_SECONDS", 0.1)
    with world.context.keeper(world.source_id).alone() as alone:
        assert alone
        added = add_source(world.context, world.organization_id, "quickbooks", REALM, {}, TOKENS)
    assert "being refreshed right now" in refusal(added)


def test_payments_without_a_currency_get_the_home_currency_when_it_is_named(world: World) -> None:
    with world.context.database.writing() as session:
        connection_by_id(session, world.source_id).settings = {}
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    # A company with one currency leaves it out of its payments.
    assert world.reason(payment) == "currency_unknown"
    change_settings(world.context, world.source_id, {"home_currency": "USD"})
    world.settle()
    assert world.reason(payment) == "synced"


# --- testing ---


def test_a_test_says_whose_account_answers(world: World) -> None:
    report = connections.test_connection(world.context, world.source_id)
    assert report == ConnectionReport(ok=True, lines=("The account answers: Northwind MSP.",))
    assert connections.test_connection(world.context, world.target_id).ok


def test_a_test_says_that_the_keys_are_wrong_and_what_to_do(world: World) -> None:
    world.connectwise.set_keys("acme", private_key="another")
    report = connections.test_connection(world.context, world.target_id)
    assert not report.ok
    assert report.lines[0].startswith("The system does not accept the secrets")
    assert report.lines[1] == "Add the connection again with valid secrets."


def test_a_test_says_that_the_system_is_away(world: World) -> None:
    world.connectwise.faults.add(Fault("error", status=503, times=None))
    report = connections.test_connection(world.context, world.target_id)
    assert not report.ok
    assert report.lines[0].startswith("The system cannot be reached")


def test_a_disconnected_connection_is_not_called(world: World) -> None:
    disconnect(world.context, world.target_id)
    assert not connections.test_connection(world.context, world.target_id).ok


def test_secrets_under_a_lost_key_are_a_line_and_not_a_traceback(world: World) -> None:
    with world.context.database.writing() as session:
        other = Keyring([DEVELOPMENT_ENCRYPTION_KEY[::-1].replace("=", "") + "="])
        connection_by_id(session, world.target_id).sealed_secrets = other.seal(KEYS)
    report = connections.test_connection(world.context, world.target_id)
    assert not report.ok
    assert "ENCRYPTION_KEYS" in report.lines[0]


def test_a_successful_test_lets_a_refused_connection_go_on(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.connectwise.set_keys("acme", private_key="another")
    world.notice()
    for _ in range(12):
        world.later(minutes=1)
    assert stored(world.context, world.target_id).status == ConnectionStatus.NEEDS_RECONNECT
    world.connectwise.set_keys("acme", private_key="sandbox-private-key")
    assert connections.test_connection(world.context, world.target_id).ok
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_a_stopped_connection_goes_on_after_a_test_that_tells_why_it_had_been_stopped(world: World) -> None:
    with world.context.database.writing() as session:
        stop_connection(session, world.target_id, "target_stopped", "payment 7 vanished")
    report = connections.test_connection(world.context, world.target_id)
    assert report.ok
    assert "It was stopped: payment 7 vanished." in report.lines
    after = stored(world.context, world.target_id)
    assert (after.status, after.status_detail, after.pause_reason) == ("active", "", "")


# --- disconnecting ---


def test_disconnecting_wipes_the_secrets_and_the_payments_say_so(world: World) -> None:
    invoice = world.invoice("INV-1", in_connectwise=False)
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    gone = disconnect(world.context, world.target_id)
    world.settle()
    assert gone.status == ConnectionStatus.DISCONNECTED
    assert gone.disconnected_at == world.clock.now()
    assert world.context.keyring.open(gone.sealed_secrets) == {}
    assert world.reason(payment) == "target_disconnected"


def test_what_happened_while_disconnected_is_synced_after_connecting_again(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.notice()
    disconnect(world.context, world.source_id)
    world.settle()
    payment = world.pay("100", (invoice, "100"))
    world.later(hours=1)
    assert world.amounts_on(invoice) == []
    tokens = secrets_from(world.quickbooks.issue_tokens(), world.clock.now())
    add_source(world.context, world.organization_id, "quickbooks", REALM, {}, tokens)
    world.settle()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]
