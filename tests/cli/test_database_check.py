"""`database check`: an operator is told of every invariant that does not hold, and of none that does."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from models.attempts import Attempt
from models.decisions import DecisionRow
from models.effects import Effect
from models.invariants import INVARIANTS
from models.payments import Allocation
from tests.broken_rules import BROKEN
from tests.cli.conftest import Run
from tests.copying import set_up
from tests.world import World


@pytest.fixture
def synced(world: World) -> World:
    """Two payments that are where they belong, and an invoice that the Sync Tool has copied."""
    tool = set_up(world)
    tool.bill("CW-1")
    tool.copy("CW-1")
    for number in ("INV-1", "INV-2"):
        world.pay("100", (world.invoice(number), "100"))
    world.notice()
    return world


def test_books_in_order_keep_every_invariant(run: Run, synced: World) -> None:
    checked = run("database", "check", "--json")
    assert checked.code == 0
    assert checked.json["ok"] is True
    names = [one["name"] for one in checked.json["invariants"]]
    assert names == [one.name for one in INVARIANTS]
    assert {(one["violations"], one["example"]) for one in checked.json["invariants"]} == {(0, None)}
    printed = run("database", "check").out.splitlines()
    assert printed[0].startswith("The database answers and is up to date: revision ")
    assert [line.split()[:2] for line in printed[2:]] == [[name, "0"] for name in names]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_invariant_is_counted_with_an_example_and_ends_with_1(run: Run, synced: World, name: str) -> None:
    breaks, rows = BROKEN[name]
    with synced.context.database.writing() as session:
        breaks(session)
    checked = run("database", "check", "--json")
    assert checked.code == 1
    assert checked.json["ok"] is False
    (found,) = [one for one in checked.json["invariants"] if one["name"] == name]
    assert found["violations"] == rows
    assert isinstance(found["example"], int)
    text = run("database", "check")
    assert text.code == 1
    assert [name, str(rows), str(found["example"])] in [line.split()[:3] for line in text.out.splitlines()]


def test_something_on_the_wire_without_an_attempt_is_found(run: Run, synced: World) -> None:
    later = synced.clock.now() + timedelta(hours=1)
    with synced.context.database.writing() as session:
        session.execute(delete(Attempt))
        session.execute(update(Effect).values(state="in_doubt", due_at=later))
    broken = {one["name"]: one["violations"] for one in run("database", "check", "--json").json["invariants"]}
    assert broken["sent_has_attempt"] == 2


def test_every_invariant_is_broken_by_a_test() -> None:
    assert {one.name for one in INVARIANTS} == BROKEN.keys() | {"sent_has_attempt"}


def test_more_than_anybody_reads_is_counted_to_the_last(run: Run, world: World) -> None:
    parts = [(world.invoice(f"INV-{number}"), "1") for number in range(25)]
    world.pay("25", *parts)
    world.notice()
    with world.context.database.writing() as session:
        session.execute(update(Allocation).values(match_due_at=None))
        session.execute(update(DecisionRow).values(current=False))
    broken = {one["name"]: one["violations"] for one in run("database", "check", "--json").json["invariants"]}
    assert broken["everything_decided"] == 25
