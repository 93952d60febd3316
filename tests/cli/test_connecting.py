"""`connection connect`: the address goes to a browser, and the answer comes back to the terminal."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import simplejson

from tests.cli.conftest import Run
from tests.quickbooks.reconnecting import reconnect
from tests.quickbooks.story import READERS, gaps
from tests.quickbooks.test_gaps import busy_absence
from tests.terminal import Running, running_command
from tests.world import World

ROOT = Path(__file__).parents[2]
PUBLIC = "https://payments.example"


@contextmanager
def connecting(*arguments: str) -> Iterator[Running]:
    """The command, running, in the environment of the test."""
    command = ["connection", "connect", "quickbooks", "northwind", "--json", *arguments]
    with running_command(command, os.environ, ROOT) as running:
        yield running


def address_told_by(running: Running) -> str:
    for line in running.errors:
        if line.startswith("http"):
            return line.strip()
    raise AssertionError("no address was told")


def test_a_company_is_connected_through_a_port_of_this_machine(world: World, run: Run) -> None:
    assert run("connection", "disconnect", "northwind", "quickbooks", "--yes").code == 0
    with connecting("--listen", "0") as running:
        page = requests.get(address_told_by(running), timeout=120)
        assert "may be closed" in page.text
        ended = running.end()
    assert ended.returncode == 0, ended.stderr
    assert simplejson.loads(ended.stdout)["status"] == "active"


def test_a_company_is_connected_by_pasting_the_address(world: World, run: Run, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PUBLIC_URL", PUBLIC)
    with connecting("--from", "2026-01-01") as running:
        back = requests.get(address_told_by(running), allow_redirects=False, timeout=120).headers["Location"]
        assert back.startswith(f"{PUBLIC}/integrations/quickbooks/callback?")
        ended = running.end(back + "\n")
    assert ended.returncode == 0, ended.stderr
    assert simplejson.loads(ended.stdout)["account_id"]
    assert [gap["kind"] for gap in run("catch-up", "gaps", "northwind", "--json").json["gaps"]] == ["backfill"]


def test_without_an_address_to_come_back_to_it_says_what_is_missing(world: World, run: Run) -> None:
    ended = run("connection", "connect", "quickbooks", "northwind")
    assert ended.code == 2
    assert "PUBLIC_URL is not set" in ended.err


def test_a_denied_consent_is_one_line(world: World, run: Run) -> None:
    world.quickbooks.set_switches(authorize="deny")
    with connecting("--listen", "0") as running:
        requests.get(address_told_by(running), timeout=120)
        ended = running.end()
    assert ended.returncode == 2
    assert "error: Consent was not given" in ended.stderr


def test_what_a_connection_shows(world: World, run: Run) -> None:
    world.notice()
    told = run("connection", "show", "northwind", "quickbooks").out
    assert "1 metered reads this month" in told
    assert "No webhook has arrived yet." in told
    told = run("connection", "show", "northwind", "quickbooks", "--json").json
    assert told["missed_count"] == 0
    assert told["warnings"] == []


def test_a_backfill_says_what_it_found(world: World, run: Run) -> None:
    world.pay("10.00", at="2026-09-01T12:00:00+00:00")
    ended = run("catch-up", "run", "northwind", "--from", "2026-08-01", "--wait")
    assert "1 new payment, 0 changed, 0 deleted found." in ended.out, ended.err
    assert "1 new payment" in run("catch-up", "gaps", "northwind").out


def test_a_gap_statement_is_told_with_its_payments_and_counted_when_it_is_asked_for(world: World, run: Run) -> None:
    busy_absence(world, 2, *READERS)
    reconnect(world)
    world.settle(*READERS)
    [gap] = gaps(world)
    shown = ("catch-up", "gap", "northwind", str(gap.id))
    before = run(*shown)
    assert (before.code, "are being counted" in before.out) == (2, True)
    world.later(*READERS, minutes=6)
    told = run(*shown)
    assert told.code == 0, told.err
    assert "Nothing is missing between " in told.out
    assert "Heard late: 3 payments (150.00 USD), by 1 d at most." in told.out
    assert told.out.count("Cascade Dental") == 3
    document = run(*shown, "--json").json
    assert (document["verdict"], len(document["listed"])) == ("nothing_missing", 3)
    assert "Nothing is missing" in run("catch-up", "gaps", "northwind").out
    assert run("catch-up", "count", "northwind", str(gap.id)).code == 0
    refused = run("catch-up", "count", "northwind", str(gap.id))
    assert (refused.code, "is being counted already" in refused.err) == (2, True)
    assert run("catch-up", "gap", "northwind", "99").code == 2


def test_a_backfill_of_the_future_is_refused(world: World, run: Run) -> None:
    ended = run("catch-up", "run", "northwind", "--from", "2099-01-01")
    assert ended.code == 2
    assert "is in the future" in ended.err


@pytest.mark.parametrize("day", ["0001-01-01", "1989-12-31"])
def test_a_backfill_of_a_day_before_all_books_is_refused(world: World, run: Run, day: str) -> None:
    assert world.source_id
    ended = run("catch-up", "run", "northwind", "--from", day)
    assert ended.code == 2
    assert f"{day} is too early" in ended.err
