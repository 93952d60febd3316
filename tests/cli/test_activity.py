"""`activity list`: who changed what, at the command line too."""

import pytest

from tests.cli.conftest import Run
from tests.world import World

pytestmark = pytest.mark.both_in_the_build


def test_what_the_command_line_changed_is_listed_with_its_values(run: Run, world: World) -> None:
    run("org", "set", "northwind", "--sync", "off", "--cut-off", "2026-01-31")
    listed = run("activity", "list", "northwind", "--kind", "preferences_changed", "--json").json
    (entry,) = listed["entries"]
    assert (entry["actor"], entry["told"]) == ("command line", "Changed preferences")
    assert {one["what"]: (one["before"], one["after"]) for one in entry["changes"]} == {
        "Enable external payments sync": ("on", "off"),
        "Cut-off date": ("none", "2026-01-31"),
    }
    line = run("activity", "list", "northwind").out
    assert "Enable external payments sync: on → off; Cut-off date: none → 2026-01-31" in line


def test_only_what_fits_is_listed_page_by_page(run: Run, world: World) -> None:
    for switch in ("off", "on", "off"):
        run("org", "set", "northwind", "--sync", switch)
    first = run("activity", "list", "northwind", "--kind", "preferences_changed", "--limit", "2", "--json").json
    rest = run("activity", "list", "northwind", "--kind", "preferences_changed", "--cursor", str(first["next_cursor"]))
    assert len(first["entries"]) == 2
    assert rest.out.count("Changed preferences") == 1
    nothing = "Nobody has changed anything that fits."
    assert run("activity", "list", "northwind", "--actor", "nobody").out.strip() == nothing
    assert run("activity", "list", "northwind", "--until", "2020-01-01").out.strip() == nothing
    assert run("activity", "list", "northwind", "--payment", "4711").out.strip() == nothing


def test_an_unknown_kind_is_answered_with_the_known_ones(run: Run, world: World) -> None:
    answer = run("activity", "list", "northwind", "--kind", "something")
    assert answer.code == 2
    assert "preferences_changed" in answer.err
