import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tasks.context import Step
from tests.cli.conftest import Run
from tests.world import World
from usecases import previewing

CLOCK_IN_UTC = re.compile(r"\d\d:\d\d(:\d\d)? UTC(?![+-])")


def test_an_organization_is_created_shown_and_listed(run: Run) -> None:
    assert run("org", "create", "northwind", "--name", "Northwind MSP").code == 0
    shown = run("org", "show", "northwind").out
    assert "Northwind MSP" in shown
    assert run("org", "list").out.splitlines()[1].split() == [
        "northwind",
        "Northwind",
        "MSP",
        "off",
        "all",
        "invoices",
        "(no",
        "Sync",
        "Tool)",
    ]


def test_json_says_everything_with_times_in_utc(run: Run) -> None:
    created = run("org", "create", "northwind", "--name", "Northwind MSP", "--json").json
    assert created["org"] == "northwind"
    assert created["sync_enabled"] is False
    assert created["cut_off_on"] is None
    assert created["created_at"].endswith("Z")
    assert run("org", "list", "--json").json == [created]
    assert run("org", "show", "northwind", "--json").json == created


def test_only_what_is_named_changes(run: Run, organization: str) -> None:
    run("org", "set", organization, "--sync", "on", "--cut-off", "2026-01-31")
    changed = run("org", "set", organization, "--sync-tool", "on", "--mode", "synced_only", "--json").json
    assert (changed["sync_enabled"], changed["sync_tool_enabled"]) == (True, True)
    assert (changed["sync_mode"], changed["cut_off_on"]) == ("synced_only", "2026-01-31")
    changed = run("org", "set", organization, "--cut-off", "none", "--twins", "hold", "--corrections", "hold", "--json")
    assert changed.json["cut_off_on"] is None
    assert (changed.json["twin_policy"], changed.json["correction_policy"]) == ("hold", "hold")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["set", "southwind"], "error: nothing to change; see: python -m cli org set --help"),
        (["set", "southwind", "--cut-off", "31.1.2026"], "error: '31.1.2026' is not a date; write it like 2026-01-31, or none"),
        (["show", "nobody"], "error: there is no organization 'nobody'; see: python -m cli org list"),
        (["set", "nobody", "--sync", "on"], "error: there is no organization 'nobody'; see: python -m cli org list"),
        (["create", "southwind", "--name", "Again"], "error: There is already an organization 'southwind'."),
        (["create", "South", "--name", "X"], "error: 'South' cannot be a short name: use lower-case letters, digits and dashes, 64 characters at most."),
        (["create", "south"], "error: Missing option '--name' (see: python -m cli org create --help)"),
        (["set", "southwind", "--sync", "perhaps"], "error: Invalid value for '--sync': 'perhaps' is not one of 'on', 'off' (see: python -m cli org set --help)"),
        (["close", "southwind"], "error: No such command 'close' (see: python -m cli org --help)"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    run: Run, organization: str, arguments: list[str], line: str
) -> None:
    ended = run("org", *arguments)
    assert (ended.code, ended.out, ended.err.splitlines()) == (2, "", [line])


def test_the_overview_tells_numbers_days_and_what_needs_a_person(run: Run, world: World) -> None:
    day = world.clock.now().date()
    world.pay("100.00", (world.invoice("INV-1"), "100.00"), on=day.isoformat())
    missing = world.invoice("INV-2", in_connectwise=False)
    payment = world.pay("70.00", (missing, "70.00"), on=(day - timedelta(days=4)).isoformat())
    world.notice()
    shown = run("org", "overview", "northwind").out
    assert re.search(r"synced today \(UTC\) +1 \(100\.00 USD\)", shown)
    assert f"payment {payment}, 70.00 USD from Cascade Dental, dated {day - timedelta(days=4)}, 4 days ago" in shown
    (row,) = [line.split() for line in shown.splitlines() if line.startswith(day.isoformat())]
    assert row == [day.isoformat(), "0", "0", "0", "1", "0", "1", "100.00", "USD", "1", "1"]
    told = run("org", "overview", "northwind", "--json").json
    assert told["synced_today"] == {"payments": 1, "sums": [{"amount": "100.00", "currency": "USD"}]}
    assert (told["oldest_unsynced"]["id"], told["oldest_unsynced"]["age_days"]) == (payment, 4)
    assert len(told["days"]) == 14
    assert told["checklist"] == []


def test_the_overview_of_a_new_organization_is_the_way_to_its_first_payment(run: Run, organization: str) -> None:
    shown = run("org", "overview", organization).out
    assert "1. Connect QuickBooks: to do. QuickBooks is not connected yet." in shown
    assert "5. Test with one payment: later." in shown
    assert re.search(r"oldest not synced +none", shown)


def test_no_organization_is_said_and_not_an_empty_screen(run: Run) -> None:
    assert run("org", "list").out == "There is no organization yet.\n"
    assert run("org", "list", "--json").json == []


# --- the preview of a change ---


def test_a_change_is_previewed_and_nothing_is_changed(run: Run, world: World) -> None:
    world.choose(sync_enabled=False)
    world.pay("120.00", (world.invoice("INV-1001"), "100.00"))
    world.notice()
    shown = run("org", "preview", "northwind", "--sync", "on")
    assert shown.code == 0
    assert "Enable external payments sync  off -> on" in shown.out
    lines = [line.split() for line in shown.out.splitlines()]
    assert ["would", "be", "synced", "1", "100.00", "USD", "0", "1"] in lines
    assert ["skipped", "1", "20.00", "USD", "1", "0"] in lines
    assert run("org", "show", "northwind", "--json").json["sync_enabled"] is False


def test_a_preview_as_json_has_every_number_and_the_list_behind_it(run: Run, world: World) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.notice(Step.INGEST, Step.MATCH)
    told = run("org", "preview", "northwind", "--sync", "off", "--list", "taken_out", "--json").json
    assert told["changes"][0]["after"] == "off"
    assert "nothing is created" in told["changes"][0]["warning"]
    assert {one["outcome"]: (one["parts"], one["sure"]) for one in told["outcomes"] if one["parts"]} == {
        "taken_out": (1, 1)
    }
    assert told["counts"] == [
        {
            "outcome": "taken_out",
            "certainty": "sure",
            "reason": "switched_off",
            "currency": "USD",
            "parts": 1,
            "total": "100.00",
        }
    ]
    [part] = told["parts"]
    assert (part["payment_id"], part["invoice_number"], part["reason_now"]) == (payment, "INV-1001", "eligible")


def test_a_large_preview_is_worked_out_by_the_command_itself(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "PAYMENTS_AT_A_TIME", 0)
    world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.notice()
    assert run("org", "preview", "northwind", "--cut-off", "2026-12-01", "--json").json["payments"] == 1


def test_a_preview_of_nothing_new_is_refused(run: Run, world: World) -> None:
    ended = run("org", "preview", "northwind", "--sync", "on")
    assert (ended.code, ended.err) == (2, "error: Nothing would change: these are the preferences that are in force.\n")
    assert run("org", "preview", "northwind").err == "error: nothing to change; see: python -m cli org preview --help\n"


def test_a_change_says_what_it_has_set_going(run: Run, world: World) -> None:
    world.pay("100.00", (world.invoice("INV-1001"), "100.00"))
    world.notice()
    assert run("org", "set", "northwind", "--sync", "off").err == (
        "note: 1 part of payments will be decided again by the workers\n"
    )


# --- where an organization is ---


def test_times_are_those_of_the_organizations_clocks_and_json_stays_in_utc(run: Run, world: World) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1", in_connectwise=False), "100.00"))
    world.notice()
    before = run("payments", "show", "northwind", payment)
    as_json = run("payments", "show", "northwind", payment, "--json").json
    assert CLOCK_IN_UTC.search(before.out)
    changed = run("org", "set", "northwind", "--time-zone", "asia/kathmandu", "--writing", "de-DE", "--json").json
    assert (changed["time_zone"], changed["writing"]) == ("Asia/Kathmandu", "de-DE")

    shown = run("payments", "show", "northwind", payment)
    assert not CLOCK_IN_UTC.search(shown.out)
    local = world.clock.now().astimezone(ZoneInfo("Asia/Kathmandu"))
    assert re.search(rf"{local:%Y-%m-%d %H:%M}:\d\d UTC\+05:45", shown.out)
    assert "100.00 USD" in shown.out
    assert run("payments", "show", "northwind", payment, "--json").json == as_json
    assert not CLOCK_IN_UTC.search(run("activity", "list", "northwind").out)
    assert "Time zone: UTC -> Asia/Kathmandu" in run("activity", "list", "northwind").out.replace("→", "->")
    # A command about no organization, or about all of them, is back in UTC.
    assert "Asia/Kathmandu" not in run("org", "list").out


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [("--time-zone", "Springfield", "is not a time zone"), ("--writing", "xx-YY", "Choose one of en-US")],
)
def test_a_place_that_is_not_known_is_refused_and_nothing_else_is_changed(
    run: Run, organization: str, option: str, value: str, says: str
) -> None:
    ended = run("org", "set", organization, "--sync", "on", option, value)
    assert (ended.code, says in ended.err) == (2, True)
    assert run("org", "show", organization, "--json").json["sync_enabled"] is False
