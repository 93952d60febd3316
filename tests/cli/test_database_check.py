"""`database check`: an operator is told of every invariant that does not hold, and of none that does."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import update

from models.decisions import DecisionRow
from models.invariants import INVARIANTS
from models.payments import Allocation
from tests.broken_rules import BROKEN, break_rule
from tests.cli.conftest import Run, clock_of_commands
from tests.copying import synced_both_ways
from tests.world import World, open_world


@pytest.fixture(scope="module")
def in_order(shared_database_url: str) -> Iterator[World]:
    with open_world(shared_database_url, clock_of_commands()) as world:
        yield synced_both_ways(world)


@pytest.fixture
def synced(in_order: World, environment: pytest.MonkeyPatch) -> World:
    """The command line looks at it; who breaks something there repairs it."""
    environment.setenv("DATABASE_URL", in_order.context.database.url)
    return in_order


@contextmanager
def broken(synced: World, name: str) -> Iterator[None]:
    repair = break_rule(synced.context.database, name)
    try:
        yield
    finally:
        repair()


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
    _, rows = BROKEN[name]
    with broken(synced, name):
        checked = run("database", "check", "--json")
        text = run("database", "check")
    assert checked.code == 1
    assert checked.json["ok"] is False
    (found,) = [one for one in checked.json["invariants"] if one["name"] == name]
    assert found["violations"] == rows
    assert isinstance(found["example"], int)
    assert text.code == 1
    assert [name, str(rows), str(found["example"])] in [line.split()[:3] for line in text.out.splitlines()]


def test_something_on_the_wire_without_an_attempt_is_found(run: Run, synced: World) -> None:
    with broken(synced, "sent_has_attempt"):
        checked = run("database", "check", "--json").json
    assert {one["name"]: one["violations"] for one in checked["invariants"]}["sent_has_attempt"] == 2


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
