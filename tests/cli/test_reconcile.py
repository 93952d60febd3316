"""`reconcile`: comparing, what is apart, accepting it, and the statement with its manifest."""

from datetime import timedelta
from pathlib import Path

import pytest

from cli import reconcile_text
from sandbox.faults import Fault
from settings import Settings
from tests.cli.conftest import Run
from tests.flow.tampering import synced, type_in
from tests.reconciling import add_signers, apart, signed, today
from tests.web.applications import application
from tests.web.browser import Browser
from tests.web.tokens import make_token
from tests.world import World


def test_two_systems_that_agree_end_with_zero(run: Run, world: World) -> None:
    synced(world)
    assert run("reconcile", "show", "northwind").code == 2
    ended = run("reconcile", "run", "northwind", "--wait")
    assert ended.code == 0
    assert "Everything that is open agrees to the cent." in ended.out
    assert "Unidentified difference: 0.00" in ended.out
    assert "reading what is open in both systems" in ended.err or ended.err == ""
    assert run("reconcile", "show", "northwind").code == 0


def test_two_systems_that_differ_end_with_one(run: Run, world: World) -> None:
    invoice, _ = synced(world)
    type_in(world, invoice, "7.00")
    ended = run("reconcile", "run", "northwind", "--wait", "--json")
    assert (ended.code, ended.json["run"]["outcome"]) == (1, "differs")
    (one,) = run("reconcile", "breaks", "northwind", "--json").json["breaks"]
    assert (one["kind"], one["difference"], one["way_out"]) == ("missing_at_source", "7.00", "correct")
    assert "Missing in QuickBooks" in run("reconcile", "breaks", "northwind").out


def test_two_systems_that_could_not_be_read_end_with_two(run: Run, world: World) -> None:
    synced(world)
    world.quickbooks.switches.set(report_cells_max=2)
    ended = run("reconcile", "run", "northwind", "--wait")
    assert ended.code == 2
    assert "could not be compared" in ended.out


def test_without_waiting_the_workers_do_it(run: Run, world: World) -> None:
    synced(world)
    ended = run("reconcile", "run", "northwind", "--json")
    assert (ended.code, ended.json["outcome"]) == (0, None)
    again = run("reconcile", "run", "northwind")
    assert f"Comparison {ended.json['id']} is asked for" in again.out


def test_a_difference_is_accepted_and_opened_again(run: Run, world: World) -> None:
    _, row = apart(world)
    identity = str(row.id)
    refused = run("reconcile", "accept", "northwind", identity, "--why", "agreed", "--limit", "6.00")
    assert (refused.code, refused.out) == (2, "")
    assert "The limit is less than the difference of 7.00 USD." in refused.err
    assert "not an amount" in run("reconcile", "accept", "northwind", identity, "--why", "x", "--limit", "much").err
    accepted = run("reconcile", "accept", "northwind", identity, "--why", "agreed", "--json").json
    assert (accepted["standing"], accepted["acceptance"]["reason"]) == ("accepted", "agreed")
    assert [one["standing"] for one in accepted["history"]] == ["open", "accepted"]
    assert (
        run("reconcile", "withdraw", "northwind", identity).out == "The difference 1 on invoice INV-1 is open again.\n"
    )
    assert run("reconcile", "withdraw", "northwind", identity).code == 2


def test_the_command_line_prints_what_the_api_answers(run: Run, world: World) -> None:
    apart(world)
    api = Browser(application(world.context, Settings(_env_file=None, redis_url="")))
    key = make_token(world)
    shown = run("reconcile", "show", "northwind", "--json").json
    assert shown == api.get("/api/reconciliation", headers=key).json()
    listed = run("reconcile", "breaks", "northwind", "--json").json
    assert listed == api.get("/api/reconciliation/breaks", headers=key).json()


def test_the_files_of_a_statement_are_proved_by_their_manifest(run: Run, world: World, tmp_path: Path) -> None:
    synced(world)
    run("reconcile", "run", "northwind", "--wait")
    days = ["--first", str(today(world) - timedelta(days=10)), "--last", str(today(world))]
    one, other = tmp_path / "one", tmp_path / "other"
    ended = run("reconcile", "statement", "northwind", *days, "--to", str(one))
    assert ended.code == 0
    assert "Comparisons that ended in the period: 1; the last one: agrees to the cent." in ended.out
    run("reconcile", "statement", "northwind", *days, "--to", str(other))
    names = sorted(file.name for file in one.iterdir())
    assert names == ["breaks.csv", "bridge.csv", "manifest.json", "roll-forward.csv", "statement.json"]
    assert [(one / name).read_bytes() for name in names] == [(other / name).read_bytes() for name in names]
    prove = ["prove", "northwind", "--since", "2026-11-01", "--manifest", str(one / "manifest.json")]
    assert run(*prove).code == 0
    (one / "breaks.csv").write_text("something else")
    assert run(*prove).code == 1


def test_a_signed_statement_is_written_as_it_was_signed(run: Run, world: World, tmp_path: Path) -> None:
    apart(world)
    add_signers(world)
    statement = str(signed(world))
    ended = run("reconcile", "statement", "northwind", "--signed", statement, "--to", str(tmp_path / "files"), "--json")
    assert (ended.code, ended.json["breaks"][0]["closing_share"]) == (0, "7.00")
    assert run("reconcile", "statement", "northwind", "--signed", "99").code == 2
    assert run("reconcile", "statement", "northwind").code == 2


def test_a_run_that_does_not_move_is_left_to_the_workers(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced(world)
    monkeypatch.setattr(reconcile_text, "PATIENCE_SECONDS", 0.0)
    world.connectwise.faults.add(Fault("error", path="/finance/invoices$"))
    ended = run("reconcile", "run", "northwind", "--wait")
    assert ended.code == 2
    assert "it does not go on at the moment" in ended.err
