import pytest

from tests.cli.conftest import Run


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


def test_no_organization_is_said_and_not_an_empty_screen(run: Run) -> None:
    assert run("org", "list").out == "There is no organization yet.\n"
    assert run("org", "list", "--json").json == []
