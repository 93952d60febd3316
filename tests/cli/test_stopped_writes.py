"""Broken records on the command line: `reconcile`, `connection show`, and `connection resume-writes`."""

from tests.broken_rules import break_rule
from tests.cli.conftest import Run
from tests.flow.tampering import synced
from tests.world import World


def test_broken_records_are_told_with_exit_code_1_and_a_person_lets_writes_go_on(run: Run, world: World) -> None:
    synced(world)
    assert "Our own records: all" in run("reconcile", "run", "northwind", "--wait").out
    assert run("connection", "resume-writes", "northwind").code == 2

    repair = break_rule(world.context.database, "ledger_replays")
    told = run("reconcile", "run", "northwind", "--wait")
    assert told.code == 1
    assert "! Our own records: The history of the ledger" in told.out
    assert "1 row breaks it (ledger_replays)." in told.out
    assert "! We stopped writing for this organization" in run("connection", "show", "northwind", "connectwise").out
    refused = run("connection", "resume-writes", "northwind")
    assert refused.code == 2
    assert "ledger_replays: 1" in refused.err

    repair()
    assert run("connection", "resume-writes", "northwind").out == "The records are in order, and writes go on.\n"
    assert "! " not in run("connection", "show", "northwind", "connectwise").out
