"""`operator`: all organizations at once, what is held, pausing, draining, retrying by a filter."""

import pytest

from domain.activity import COMMAND_LINE
from models.activity import ActivityFilter, list_activity
from sandbox.faults import Fault
from tests.cli.conftest import Run
from tests.flow.doing import POST
from tests.world import World
from usecases.organizations import create_organization


@pytest.fixture
def held(world: World) -> str:
    """A payment that ConnectWise has refused; it no longer does. Another organization has nothing."""
    create_organization(world.context, "contoso", "Contoso IT")
    world.connectwise.faults.add(Fault(kind="error", status=400, times=1, **POST))
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.notice()
    return payment


def test_the_list_begins_with_who_is_most_in_trouble(run: Run, world: World, held: str) -> None:
    rows = run("operator", "list", "--json").json
    assert [(one["org"], one["needs_attention"], one["oldest_on"]) for one in rows] == [
        ("northwind", 1, "2026-11-20"),
        ("contoso", 0, None),
    ]
    assert [one["org"] for one in run("operator", "list", "--search", "CONT", "--json").json] == ["contoso"]
    assert run("operator", "list").out.splitlines()[1].split()[:2] == ["northwind", "1"]


def test_held_payments_are_listed_with_their_organization_and_filtered(run: Run, world: World, held: str) -> None:
    [one] = run("operator", "held", "--json").json
    assert (one["org"], one["payment_id"], one["reason"], one["amount"]) == (
        "northwind",
        held,
        "target_refused",
        "100.00",
    )
    assert len(run("operator", "held", "--reason", "target_refused", "--org", "northwind", "--json").json) == 1
    for nothing in (["--reason", "paced"], ["--org", "contoso"], ["--since", "2026-11-21"], ["--status", "waiting"]):
        assert run("operator", "held", *nothing, "--json").json == []


def test_pausing_waits_for_nothing_and_draining_until_nothing_is_sent(run: Run, world: World, held: str) -> None:
    assert run("operator", "pause", "northwind").code == 2
    assert run("operator", "pause", "--why", "x").err == "error: name an organization, or say --all\n"
    assert run("operator", "pause", "northwind", "--why", "imports").code == 0
    assert run("operator", "list", "--json").json[0]["pause"].endswith("imports")
    assert run("operator", "drain", "northwind", "--json").json == {"sending": 0, "in_doubt": 0}
    assert run("operator", "resume", "northwind").code == 0
    assert run("operator", "resume", "northwind").code == 2
    assert run("operator", "drain", "--all", "--why", "maintenance").code == 0
    assert "maintenance" in run("operator", "list").out
    assert run("operator", "resume", "--all").code == 0
    with world.context.database.reading() as session:
        actors = {one.actor for one in list_activity(session, world.organization_id, ActivityFilter(), 20)}
    assert actors == {COMMAND_LINE}


def test_a_filter_is_previewed_and_then_retried(run: Run, world: World, held: str) -> None:
    chosen = ("operator", "replay", "--name", "after the outage", "--reason", "target_refused")
    assert run(*chosen).code == 2
    assert "1 payment of 1 organization, together 100.00 USD." in run(*chosen, "--preview").out
    done = run(*chosen, "--yes", "--json").json
    assert (done["payments"], done["state"], done["filter"]) == (1, "taking", {"reason": "target_refused"})
    world.later(seconds=10)
    world.settle()
    [latest, _] = run("operator", "replays", "--json").json
    assert (latest["state"], latest["by_now"]) == ("done", {"synced": 1})
    assert run(*chosen, "--yes").err.startswith("error: No held payment")


def test_exactly_what_was_previewed_is_confirmed_later(run: Run, world: World, held: str) -> None:
    run("operator", "replay", "--name", "later", "--preview")
    assert run("operator", "replay-confirm", "1").code == 0
    assert run("operator", "replay-stop", "1", "--json").json["state"] == "stopped"
    assert run("operator", "replay-continue", "1", "--json").json["state"] == "taking"
    assert run("operator", "replay-stop", "9").code == 2
