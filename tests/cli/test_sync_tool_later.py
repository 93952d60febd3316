"""`sync-tool` after the copy: taking back, marking, changes at ConnectWise, runs, customers and choices."""

import pytest

from cli.sync_tool import working
from sandbox.faults import Fault
from tests.cli.conftest import Run, bill
from tests.world import World

ALL = ("--all", "--accept-proposals", "--create-customers", "--yes")


@pytest.fixture
def copied(run: Run, tool: World) -> World:
    """All three invoices are in the books."""
    ended = run("sync-tool", "copy", "northwind", *ALL, "--refresh")
    assert ended.code == 0, ended.out + ended.err
    return tool


def states(run: Run) -> dict[str, str]:
    listed = run("sync-tool", "list", "northwind", "--json").json
    return {one["number"]: one["state"] for one in listed["invoices"]}


def connectwise_id(run: Run, number: str) -> int:
    (found,) = run("sync-tool", "list", "northwind", "--search", number, "--json").json["invoices"]
    return int(found["connectwise_id"])


# --- undoing and marking ---


def test_a_copy_is_taken_back_on_both_sides(run: Run, copied: World) -> None:
    ended = run("sync-tool", "take-back", "northwind", "CW-1", "--yes")
    assert ended.code == 0
    assert "is deleted in QuickBooks, and its batch removed in ConnectWise." in ended.out
    assert ended.out.endswith("1 taken back.\n")
    assert sorted(one.doc_number or "" for one in copied.quickbooks.invoices()) == ["CW-2", "CW-3"]
    assert len(copied.connectwise.batches()) == 2
    assert states(run)["CW-1"] == "available"


def test_a_whole_run_is_taken_back(run: Run, copied: World) -> None:
    ended = run("sync-tool", "take-back", "northwind", "--run", "1", "--yes", "--json")
    assert (ended.code, ended.json["counts"]) == (0, {"done": 3})
    assert copied.quickbooks.invoices() == []


def test_what_was_paid_is_not_taken_back(run: Run, copied: World) -> None:
    (invoice,) = [one for one in copied.quickbooks.invoices() if one.doc_number == "CW-1"]
    copied.quickbooks.record_payment(copied.customer_id, "40.00", [(invoice.id, "40.00")])
    ended = run("sync-tool", "take-back", "northwind", "CW-1", "CW-2", "--yes")
    assert ended.code == 1
    assert "A payment or a credit is applied to the invoice in QuickBooks, so we do not touch it." in ended.out
    assert "1 taken back, 1 with a problem." in ended.out
    assert states(run)["CW-1"] == "copied"


def test_what_quickbooks_has_already_is_marked_and_leaves_the_list(run: Run, tool: World) -> None:
    ended = run("sync-tool", "mark", "northwind", "--before", "2100-01-01", "--refresh", "--yes")
    assert ended.code == 0
    assert ended.out.endswith("3 marked as present.\n")
    assert "nothing is written to QuickBooks." in ended.out
    assert tool.quickbooks.invoices() == []
    assert len(tool.connectwise.batches()) == 3
    assert set(states(run).values()) == {"present"}


def test_only_what_is_older_than_the_day_is_marked(run: Run, tool: World) -> None:
    run("sync-tool", "list", "northwind", "--refresh")
    assert run("sync-tool", "mark", "northwind", "--before", "2020-01-01", "--yes").code == 2
    assert set(states(run).values()) == {"available"}


# --- changes at the biller ---


def change_at_the_biller(run: Run, world: World, number: str, total: str) -> None:
    """A person removes the batch, opens the invoice, changes it and closes it again."""
    (batch,) = [one for one in world.connectwise.batches() if number in one.invoice_numbers]
    world.connectwise.delete_batch(batch.id)
    world.connectwise.edit_after_close(connectwise_id(run, number), total=total)
    assert run("sync-tool", "list", "northwind", "--refresh").code == 0


def test_a_changed_invoice_is_brought_up_to_date(run: Run, copied: World) -> None:
    change_at_the_biller(run, copied, "CW-1", "120.00")
    assert states(run)["CW-1"] == "changed"
    ended = run("sync-tool", "update", "northwind", "--all", "--yes")
    assert ended.code == 0, ended.out
    assert "The copy in QuickBooks comes to 100.00 at the moment." in ended.out
    assert ended.out.endswith("1 updated.\n")
    totals = {one.doc_number: str(one.total) for one in copied.quickbooks.invoices()}
    assert totals == {"CW-1": "120.00", "CW-2": "200.50", "CW-3": "70.00"}
    assert states(run)["CW-1"] == "copied"


def test_a_changed_invoice_can_be_left_as_it_is(run: Run, copied: World) -> None:
    change_at_the_biller(run, copied, "CW-1", "120.00")
    ended = run("sync-tool", "leave", "northwind", "CW-1", "--yes")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "1 left as it is.")
    assert "100.00" in {str(one.total) for one in copied.quickbooks.invoices()}
    assert states(run)["CW-1"] == "copied"


# --- runs ---


def test_runs_and_their_invoices_are_listed_with_both_ids(run: Run, copied: World) -> None:
    run("sync-tool", "take-back", "northwind", "CW-3", "--yes")
    listed = run("sync-tool", "runs", "northwind", "--json").json
    assert [(one["run"], one["action"], one["state"], one["counts"]) for one in listed["runs"]] == [
        (2, "take_back", "done", {"done": 1}),
        (1, "copy", "done", {"done": 3}),
    ]
    assert listed["runs"][0]["started_by"].endswith("command line)")
    one_run = run("sync-tool", "history", "northwind", "1", "--json").json
    books = {one.doc_number: one.id for one in copied.quickbooks.invoices()}
    assert {one["number"]: one["quickbooks_id"] for one in one_run["invoices"]}["CW-1"] == books["CW-1"]
    assert all(one["connectwise_id"] for one in one_run["invoices"])
    everything = run("sync-tool", "history", "northwind", "--json").json
    assert [one["number"] for one in everything["invoices"]] == ["CW-2", "CW-1"]
    assert "3 copied" in run("sync-tool", "history", "northwind", "1").out
    first = run("sync-tool", "runs", "northwind", "--limit", "1")
    assert "There are more: --before 2" in first.out
    assert run("sync-tool", "runs", "northwind", "--before", "2", "--json").json["runs"][0]["run"] == 1


def test_a_run_that_nobody_wants_is_stopped(run: Run, tool: World) -> None:
    run("sync-tool", "preview", "northwind", "--all", "--refresh")
    ended = run("sync-tool", "stop", "northwind", "1", "--json")
    assert (ended.code, ended.json) == (0, {"run": 1, "not_begun": 0})
    again = run("sync-tool", "stop", "northwind", "1")
    assert (again.code, again.err.splitlines()[-1]) == (2, "error: This run is over.")
    ended = run("sync-tool", "copy", "northwind", "--preview", "1", "--yes")
    assert ended.code == 2
    assert "Only a run that has not begun can be checked again." in ended.err


# --- customers ---


def test_companies_are_listed_with_a_proposal_and_linked(run: Run, tool: World) -> None:
    assert "No company was met yet" in run("sync-tool", "customers", "northwind").out
    run("sync-tool", "preview", "northwind", "--all", "--refresh")
    known, new = run("sync-tool", "customers", "northwind", "--json").json
    assert (known["company"], known["proposal"]["id"], known["customer_id"]) == ("Cascade Dental", "1", None)
    assert (new["company"], new["proposal"]) == ("New Client", None)
    text = run("sync-tool", "customers", "northwind").out
    assert "none; proposed: customer 1 (Cascade Dental)" in text
    assert "none; nobody in QuickBooks has this name" in text

    linked = run("sync-tool", "customers-link", "northwind", known["company_id"], "1")
    assert linked.out == "Cascade Dental is customer 1 (Cascade Dental).\n"
    created = run("sync-tool", "customers-create", "northwind", new["company_id"], "New Client Inc", "--json")
    assert created.json["create_as"] == "New Client Inc"
    assert run("sync-tool", "copy", "northwind", "--all", "--yes").code == 0
    assert {one.name for one in tool.quickbooks.customers()} == {"Cascade Dental", "New Client Inc"}


@pytest.mark.parametrize(
    "arguments", [["customers-link", "northwind", "77", "1"], ["customers-create", "northwind", "77", "A"]]
)
def test_an_unknown_company_says_where_they_are_listed(run: Run, tool: World, arguments: list[str]) -> None:
    ended = run("sync-tool", *arguments)
    assert ended.code == 2
    assert "There is no such company. See: python -m cli sync-tool customers northwind" in ended.err


# --- choices ---


def test_choices_are_shown_with_the_names_of_the_books(run: Run, tool: World) -> None:
    text = run("sync-tool", "choices", "northwind").out
    assert "item service     Service (" in text
    assert "item expense     not chosen" in text
    assert "rounding_max     0.05" in text
    assert "QuickBooks item" in text
    document = run("sync-tool", "choices", "northwind", "--json").json
    assert document["choices"]["adopt"] is True
    assert {"Service", "Product"} <= {one["name"] for one in document["quickbooks"]["items"]}


def test_what_is_named_is_changed_and_the_rest_stays(run: Run, tool: World) -> None:
    tool.quickbooks.add_item("Travel")
    arguments = ["--item", "expense=travel", "--set", "start_on=2026-01-01", "--set", "line-detail=totals"]
    ended = run("sync-tool", "choices", "northwind", *arguments, "--refresh")
    assert ended.code == 0, ended.err
    stored = run("sync-tool", "choices", "northwind", "--json").json["choices"]
    assert stored["items"].keys() == {"service", "product", "adjustment", "expense"}
    assert (stored["start_on"], stored["line_detail"]) == ("2026-01-01", "totals")
    run("sync-tool", "choices", "northwind", "--item", "expense=", "--set", "start_on=", "--tax-code", "TX=TAX")
    stored = run("sync-tool", "choices", "northwind", "--json").json["choices"]
    assert "expense" not in stored["items"]
    assert (stored["start_on"], stored["tax_codes"]) == (None, {"TX": "TAX"})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "colour=red"], "there is no choice called 'colour'; there are: adopt, "),
        (["--set", "adopt"], "write 'adopt' as NAME=VALUE"),
        (["--set", "start_on=tomorrow"], "Write the start date as 2026-01-31."),
        (["--set", "rounding_max=1000"], "Enter a rounding limit from 0 to 100."),
        (["--item", "gift=1"], "there is no kind of line called 'gift'; there are: service, "),
        (["--item", "service=Nothing"], "QuickBooks' item 'Nothing' cannot be chosen: no active one has"),
    ],
)
def test_a_choice_that_cannot_be_made_is_one_line(run: Run, tool: World, arguments: list[str], told: str) -> None:
    ended = run("sync-tool", "choices", "northwind", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err.splitlines()[-1]


def test_choices_can_be_seen_while_quickbooks_is_away(run: Run, tool: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "WAITS_SECONDS", 0)
    tool.quickbooks.faults.add(Fault("error", status=503, times=None))
    ended = run("sync-tool", "choices", "northwind")
    assert ended.code == 0
    assert "could not be read" in ended.err
    assert "item service     2" in ended.out


def test_a_list_that_is_read_by_itself_is_read_at_once_for_a_person(run: Run, tool: World) -> None:
    run("sync-tool", "choices", "northwind", "--set", "automatic=yes", "--set", "start_on=2100-01-01")
    for number in ("CW-4", "CW-5"):
        bill(tool, number, "1.00")
        assert run("sync-tool", "list", "northwind", "--refresh").code == 0
        assert number in states(run)
