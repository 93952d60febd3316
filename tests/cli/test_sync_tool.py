"""`sync-tool` from the list to the copy: what a person sees before anything is written, and what is written."""

from datetime import timedelta

import pytest

from cli import asking
from cli.sync_tool import working
from sandbox.faults import Fault
from tasks.step import Drained
from tests.cli.conftest import Run, bill
from tests.world import World

ALL = ("--all", "--accept-proposals", "--create-customers", "--yes")


# --- the list ---


def test_a_list_that_was_never_read_says_how_to_read_it(run: Run, tool: World) -> None:
    assert run("sync-tool", "list", "northwind").out == ("ConnectWise's list has not been read yet; add --refresh\n")


def test_the_list_is_read_here_and_now_and_summed_up_for_each_currency(run: Run, tool: World) -> None:
    bill(tool, "CW-4", "50.00", currency="EUR")
    listed = run("sync-tool", "list", "northwind", "--refresh", "--json").json
    assert [one["number"] for one in listed["invoices"]] == ["CW-4", "CW-3", "CW-2", "CW-1"]
    assert listed["sums"] == [
        {"currency": "USD", "count": 3, "total": "370.50"},
        {"currency": "EUR", "count": 1, "total": "50.00"},
    ]
    assert listed["counts"]["available"] == 4
    assert listed["list"]["read_at"].endswith("Z")
    text = run("sync-tool", "list", "northwind").out
    assert "Listed: 3 (370.50 USD) and 1 (50.00 EUR)." in text
    assert "In all: 4 available." in text


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--customer", "cascade"], ["CW-2", "CW-1"]),
        (["--search", "200.50"], ["CW-2"]),
        (["--state", "copied", "--state", "held"], []),
        (["--until", "2020-01-01"], []),
        (["--location", "Main Office", "--kind", "standard", "--since", "2020-01-01"], ["CW-3", "CW-2", "CW-1"]),
    ],
)
def test_filters_leave_out_what_they_should(run: Run, tool: World, options: list[str], numbers: list[str]) -> None:
    run("sync-tool", "list", "northwind", "--refresh")
    listed = run("sync-tool", "list", "northwind", *options, "--json").json
    assert [one["number"] for one in listed["invoices"]] == numbers


def test_pages_of_the_list_follow_each_other(run: Run, tool: World) -> None:
    run("sync-tool", "list", "northwind", "--refresh")
    first = run("sync-tool", "list", "northwind", "--limit", "2", "--json").json
    second = run("sync-tool", "list", "northwind", "--after", str(first["next_after"]), "--json").json
    assert [one["number"] for one in first["invoices"] + second["invoices"]] == ["CW-3", "CW-2", "CW-1"]
    assert "There are more: --after" in run("sync-tool", "list", "northwind", "--limit", "2").out


def test_a_list_that_cannot_be_read_says_why(run: Run, tool: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "WAITS_SECONDS", 0)
    tool.connectwise.faults.add(Fault("error", status=503, times=None))
    ended = run("sync-tool", "list", "northwind", "--refresh")
    assert ended.code == 2
    assert "it cannot go on at the moment. ConnectWise: " in ended.err


# --- the preview ---


def test_a_preview_shows_what_would_be_written_and_writes_nothing(run: Run, tool: World) -> None:
    run("sync-tool", "list", "northwind", "--refresh")
    shown = run("sync-tool", "preview", "northwind", "CW-1", "CW-3", "--accept-proposals", "--json")
    assert shown.code == 0
    assert (shown.json["action"], shown.json["state"]) == ("copy", "checked")
    assert shown.json["ready"] == [{"currency": "USD", "count": 1, "total": "100.00"}]
    good, held = shown.json["invoices"]
    preview = good["preview"]
    assert (preview["customer"], preview["tax"], preview["total"]) == ("Cascade Dental", "0.00", "100.00")
    assert [line["amount"] for line in preview["lines"]] == ["100.00"]
    assert (held["number"], held["reason"]["code"]) == ("CW-3", "customer_not_linked")
    assert tool.quickbooks.invoices() == []
    assert tool.connectwise.batches() == []


def test_a_preview_tells_a_person_what_is_in_the_way_and_what_to_do(run: Run, tool: World) -> None:
    text = run("sync-tool", "preview", "northwind", "--all", "--refresh").out
    assert "Run 1: copy 3 invoices. Nothing is written yet." in text
    assert "It has not been chosen yet which customer in QuickBooks this company is." in text
    assert "Choose the customer under Customers" in text
    assert "To copy: none. With a problem: 3." in text
    assert "python -m cli sync-tool customers northwind" in text


def test_what_a_preview_shows_can_be_copied_afterwards(run: Run, tool: World) -> None:
    run("sync-tool", "preview", "northwind", "CW-1", "--refresh")
    shown = run("sync-tool", "preview", "northwind", "CW-1", "--accept-proposals")
    assert shown.out.endswith("Copy them: python -m cli sync-tool copy northwind --preview 2\n")
    assert run("sync-tool", "copy", "northwind", "--preview", "2", "--yes").code == 0
    assert [one.doc_number for one in tool.quickbooks.invoices()] == ["CW-1"]


# --- the copy ---


def test_everything_is_copied_with_the_customers_that_are_missing(run: Run, tool: World) -> None:
    run("sync-tool", "list", "northwind", "--refresh")
    ended = run("sync-tool", "copy", "northwind", *ALL)
    assert ended.code == 0, ended.err
    assert ended.out.endswith("3 copied.\n")
    assert "The customer 'New Client' is created in QuickBooks first." in ended.out
    assert sorted((one.doc_number, str(one.total)) for one in tool.quickbooks.invoices()) == [
        ("CW-1", "100.00"),
        ("CW-2", "200.50"),
        ("CW-3", "70.00"),
    ]
    assert len(tool.connectwise.batches()) == 3
    listed = run("sync-tool", "list", "northwind", "--json").json
    assert {one["state"] for one in listed["invoices"]} == {"copied"}
    assert all(one["quickbooks_id"] for one in listed["invoices"])


def test_only_who_has_no_namesake_is_created_if_proposals_were_not_accepted(run: Run, tool: World) -> None:
    ended = run("sync-tool", "copy", "northwind", "--all", "--refresh", "--create-customers", "--yes", "--json")
    assert ended.code == 1
    assert [(one["number"], one["state"]) for one in ended.json["invoices"]] == [
        ("CW-1", "problem"),
        ("CW-2", "problem"),
        ("CW-3", "done"),
    ]


def test_what_cannot_be_copied_makes_the_exit_code_1(run: Run, tool: World) -> None:
    ended = run("sync-tool", "copy", "northwind", "--all", "--refresh", "--accept-proposals", "--yes")
    assert ended.code == 1
    assert "2 copied, 1 with a problem.\n" in ended.out
    nothing = run("sync-tool", "copy", "northwind", "CW-3", "--yes")
    assert (nothing.code, nothing.out.splitlines()[-1]) == (1, "Nothing was done.")
    assert run("sync-tool", "runs", "northwind", "--json").json["runs"][0]["state"] == "stopped"


def test_what_is_held_says_why_and_a_retry_makes_no_second_copy(run: Run, tool: World) -> None:
    run("sync-tool", "list", "northwind", "--refresh")
    tool.connectwise.faults.add(Fault("error", method="POST", path="/accounting/batches$", status=400))
    ended = run("sync-tool", "copy", "northwind", "CW-1", "--accept-proposals", "--yes")
    assert ended.code == 1
    assert "0 copied, 1 held." in ended.out
    assert "The invoice is in QuickBooks, but ConnectWise refuses to mark it as copied." in ended.out
    again = run("sync-tool", "retry", "northwind", "1")
    assert (again.code, again.out) == (0, "1 copied.\n")
    assert len(tool.quickbooks.invoices()) == 1


def test_a_person_is_asked_and_may_say_no(run: Run, tool: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "must_be_askable", lambda is_yes: None)
    monkeypatch.setattr("cli.sync_tool.acting.must_be_askable", lambda is_yes: None)
    run("sync-tool", "list", "northwind", "--refresh")
    no = run("sync-tool", "copy", "northwind", "CW-1", "--accept-proposals", stdin="n\n")
    assert no.code == 2
    assert "Copy: 1 (100.00 USD). Go on?" in no.err
    assert no.err.endswith("error: nothing was changed\n")
    assert tool.quickbooks.invoices() == []
    assert run("sync-tool", "runs", "northwind", "--json").json["runs"][0]["state"] == "stopped"
    assert run("sync-tool", "copy", "northwind", "CW-1", stdin="y\n").code == 0
    assert len(tool.quickbooks.invoices()) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["copy", "northwind", "CW-1"], "nobody is at the terminal to be asked; add --yes"),
        (["copy", "northwind", "--yes"], "name either the numbers of invoices, or --all"),
        (["copy", "northwind", "CW-1", "--all", "--yes"], "name either the numbers of invoices, or --all"),
        (["copy", "northwind", "CW-1", "--customer", "x", "--yes"], "filters go with --all"),
        (["copy", "northwind", "CW-1", "--preview", "1", "--yes"], "name either a preview, or invoices"),
        (["copy", "northwind", "--preview", "77", "--yes"], "has no run 77"),
        (["copy", "northwind", "CW-1", "--json"], "add --yes"),
        (["copy", "northwind", "CW-77", "--yes"], "ConnectWise's list has no invoice CW-77; read it anew"),
        (["preview", "northwind", "--all"], "None of these invoices can be chosen"),
        (["mark", "northwind", "--yes"], "or a day with --before"),
        (["take-back", "northwind", "--yes"], "or a run with --run"),
        (["update", "northwind", "--yes"], "or --all"),
        (["retry", "northwind", "77"], "There is no such run."),
        (["stop", "northwind", "77"], "There is no such run."),
        (["history", "northwind", "77"], "has no run 77"),
        (["list", "nowhere"], "there is no organization 'nowhere'"),
    ],
)
def test_what_makes_no_sense_is_one_line(run: Run, tool: World, arguments: list[str], told: str) -> None:
    ended = run("sync-tool", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err.splitlines()[-1]


def test_a_tool_that_is_off_says_how_to_switch_it_on(run: Run, world: World) -> None:
    ended = run("sync-tool", "preview", "northwind", "--all")
    assert ended.code == 2
    assert "python -m cli org set northwind --sync-tool on" in ended.err


def test_what_does_not_move_says_that_workers_are_needed(
    run: Run, tool: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has the lane and does nothing: it is frozen, for instance."""
    monkeypatch.setattr(working, "PATIENCE", -timedelta(hours=1))
    monkeypatch.setattr("tasks.copying.step.copy", lambda context, organization_id: Drained.TAKEN)
    ended = run("sync-tool", "list", "northwind", "--refresh")
    assert ended.code == 2
    assert "nothing has moved for " in ended.err
    assert "(make up)" in ended.err
