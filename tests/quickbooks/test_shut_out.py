"""QuickBooks lets us in no more: whose fault it is decides who is asked to act, and what continues automatically."""

import pytest

from sandbox.faults import Fault
from tests.contexts import CLIENT_SECRET, with_quickbooks
from tests.quickbooks.story import source
from tests.world import REALM, World
from usecases.connecting import begin_connect, complete_connect
from usecases.connection_health import facts_of
from usecases.results import Rejected


def started_with(world: World, client_secret: str) -> None:
    """The processes are started anew with this setting."""
    world.context = with_quickbooks(world.context, client_secret=client_secret)


def warnings(world: World) -> str:
    with world.context.database.reading() as session:
        return " ".join(facts_of(world.context, session, source(world)).warnings)


def test_a_wrong_client_secret_disconnects_nobody_and_heals_when_it_is_right(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    invoice = world.invoice("INV-1")
    started_with(world, "wrong")
    world.clock.move(hours=1)
    world.notice()
    assert (source(world).status, source(world).pause_reason) == ("active", "application_refused")
    assert "QUICKBOOKS_CLIENT_SECRET" in warnings(world)
    logged = capsys.readouterr().out
    assert "connection.misconfigured" in logged
    assert "QUICKBOOKS_CLIENT_ID" in logged
    payment = world.pay("10.00", (invoice, "10.00"))
    started_with(world, CLIENT_SECRET)
    world.later(minutes=6)
    assert world.reason(payment) == "synced"
    assert "QUICKBOOKS_CLIENT" not in warnings(world)


def test_a_wrong_client_secret_is_not_asked_for_with_every_sweep(world: World) -> None:
    started_with(world, "wrong")
    world.clock.move(hours=1)
    calls = world.quickbooks.calls.total
    for _ in range(60):
        world.later(minutes=1)
    assert world.quickbooks.calls.total - calls <= 13


def test_a_person_who_connects_meanwhile_is_told_whose_fault_it_is(world: World) -> None:
    started_with(world, "wrong")
    address = begin_connect(world.context, world.organization_id, "quickbooks", "http://x/callback", session_id=None)
    assert isinstance(address, str)
    state = address.partition("state=")[2]
    answer = {"state": state, "code": "a-code", "realmId": REALM}
    told = complete_connect(world.context, "quickbooks", answer, session_id=None)
    assert isinstance(told, Rejected)
    assert "QUICKBOOKS_CLIENT_SECRET" in told.message
    assert source(world).status == "active"


def test_a_suspended_company_goes_on_by_itself_when_it_is_active_again(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.quickbooks.set_switches(suspended=True)
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    for _ in range(10):
        world.later(minutes=30)
    assert (source(world).status, source(world).pause_reason) == ("active", "company_suspended")
    assert "Renew the subscription" in warnings(world)
    assert 0 < world.quickbooks.calls.count("GET /cdc") <= 7
    world.quickbooks.set_switches(suspended=False)
    world.later(hours=2)
    assert world.reason(payment) == "synced"


REFUSALS = [
    Fault("expired_token", path="/v3/", times=None),
    Fault("error", path="/v3/", status=401, body="html", times=None),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=["with a fault", "a gateway's"])
def test_fresh_tokens_that_are_refused_for_an_hour_cost_nothing_but_time(world: World, refusal: Fault) -> None:
    invoice = world.invoice("INV-1")
    world.quickbooks.faults.add(refusal)
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    for _ in range(60):
        world.later(minutes=1)
    assert source(world).status == "active"
    assert world.quickbooks.calls.count("GET /cdc") <= 30, "it rests in between"
    world.quickbooks.faults.clear()
    world.later(minutes=31)
    assert source(world).status == "active"
    assert world.reason(payment) == "synced"


@pytest.mark.parametrize("refusal", REFUSALS, ids=["with a fault", "a gateway's"])
def test_a_consent_that_is_taken_back_meanwhile_still_needs_a_person(world: World, refusal: Fault) -> None:
    world.quickbooks.faults.add(refusal)
    world.notice()
    world.quickbooks.disconnect()
    world.later(minutes=5)
    assert source(world).status == "needs_reconnect"
    calls = world.quickbooks.calls.total
    world.later(hours=1)
    assert world.quickbooks.calls.total == calls


@pytest.mark.parametrize("body", ["html", '{"fault":{"error":[{"code":"5555"}]}}'])
def test_a_gateway_that_says_403_once_costs_nothing_but_time(world: World, body: str) -> None:
    invoice = world.invoice("INV-1")
    world.quickbooks.faults.add(Fault("error", path="/v3/", status=403, body=body, times=1))
    payment = world.pay("10.00", (invoice, "10.00"))
    world.notice()
    assert source(world).status == "active"
    world.later(minutes=20)
    assert world.reason(payment) == "synced"
