"""Lost answers, late answers, refusals and outages: never a second copy, never a lost one, always a reason."""

from typing import Any

import pytest
from sqlalchemy import delete, update

from connectors.base import Failure, FailureKind, ReadResult
from connectors.connectwise.biller import ConnectWiseBiller
from domain.copying.billed import LedgerEntry
from domain.copying.states import CopyAction, ItemState
from models.billed_invoices import BilledInvoiceRow
from models.connections import Connection, ConnectionStatus
from models.invoices import Invoice
from sandbox.faults import Fault
from tests.copying import Tool
from tests.few import few_of
from usecases.copying import RunStarted, stop_run
from usecases.results import Rejected

CREATE: dict[str, Any] = {"method": "POST", "path": r"/invoice$"}
BATCH: dict[str, Any] = {"method": "POST", "path": r"/accounting/batches$"}
CUSTOMER: dict[str, Any] = {"method": "POST", "path": r"/customer$"}
# A write got no answer, and it is not known whether it was carried out: of the two that stay here one was, one was not.
LOST = few_of(["commit_then_drop", "error_after_commit", "drop_before_commit", "garbage_after_commit", "truncate"], 2)


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_to_the_creation_makes_one_copy(tool: Tool, kind: str) -> None:
    tool.bill("INV-1")
    tool.world.quickbooks.faults.add(Fault(kind=kind, times=1, **CREATE))
    tool.copy("INV-1")
    tool.settle_down()
    assert tool.state("INV-1") == "copied"
    assert tool.totals("INV-1") == ["100.00"]
    assert tool.row("INV-1").ours
    assert len(tool.batches("INV-1")) == 1


def test_a_creation_without_an_answer_is_not_sent_again_before_a_look(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.world.quickbooks.faults.add(Fault(kind="commit_then_drop", times=1, **CREATE))
    tool.copy("INV-1")
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("in_doubt", "copy_in_doubt")
    tool.later(seconds=60)
    assert tool.state("INV-1") == "in_doubt"
    tool.later(seconds=40)
    assert tool.state("INV-1") == "copied"
    assert tool.writes("INV-1")[0] == "create: unknown"
    assert [one for one in tool.writes("INV-1") if one.startswith("create")] == ["create: unknown"]


def test_a_creation_that_arrives_late_does_not_make_a_second_copy(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.world.quickbooks.faults.add(Fault(kind="late_commit", seconds=0.5, times=1, **CREATE))
    tool.copy("INV-1")
    tool.settle_down()
    assert tool.state("INV-1") == "copied"
    assert tool.totals("INV-1") == ["100.00"]


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_to_the_batch_makes_one_batch(tool: Tool, kind: str) -> None:
    tool.bill("INV-1")
    tool.world.connectwise.faults.add(Fault(kind=kind, times=1, **BATCH))
    tool.copy("INV-1")
    tool.settle_down()
    assert tool.state("INV-1") == "copied"
    assert tool.totals("INV-1") == ["100.00"]
    assert tool.batches("INV-1") == [tool.row("INV-1").batch_identifier]


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_to_a_new_customer_makes_one_customer(tool: Tool, kind: str) -> None:
    tool.bill("INV-1", company_identifier="Fresh", company_name="Fresh Bakery")
    tool.world.quickbooks.faults.add(Fault(kind=kind, times=1, **CUSTOMER))
    tool.copy("INV-1")
    tool.settle_down()
    assert tool.state("INV-1") == "copied"
    assert [one.name for one in tool.world.quickbooks.customers()].count("Fresh Bakery") == 1


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_to_a_deletion_takes_back_all_the_same(tool: Tool, kind: str) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    tool.world.quickbooks.faults.add(Fault(kind=kind, times=1, **CREATE))
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    tool.settle_down()
    assert tool.state("INV-1") == "available"
    assert tool.in_books("INV-1") == []
    assert tool.batches("INV-1") == []


@pytest.mark.both_in_the_build
def test_throttled_books_delay_a_run_and_lose_nothing(tool: Tool) -> None:
    for number in ("INV-1", "INV-2", "INV-3"):
        tool.bill(number)
    tool.world.quickbooks.faults.add(Fault(kind="throttle", retry_after=60, times=1, **CREATE))
    tool.copy("INV-1", "INV-2", "INV-3")
    tool.settle_down()
    for number in ("INV-1", "INV-2", "INV-3"):
        assert (tool.state(number), tool.totals(number)) == ("copied", ["100.00"])


@pytest.mark.both_in_the_build
def test_while_the_biller_is_away_a_run_says_what_it_waits_for(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.refresh()
    tool.world.connectwise.faults.add(Fault(kind="error", times=None, path="/finance"))
    run_id = tool.preview("INV-1")
    assert "ConnectWise" in tool.run(run_id).waits_for
    tool.world.connectwise.faults.clear()
    tool.settle_down()
    assert tool.run(run_id).state == "checked"
    assert tool.run(run_id).waits_for == ""


@pytest.mark.both_in_the_build
def test_a_missing_right_of_the_sync_tool_stops_no_payment(tool: Tool) -> None:
    world = tool.world
    tool.bill("INV-1")
    tool.copy("INV-1")
    world.connectwise.set_permissions(accounting_inquire=False)
    world.clock.move(minutes=10)
    tool.refresh()
    copied = tool.in_books("INV-1")[0]
    payment = world.quickbooks.record_payment(copied.customer_id, "40.00", [(copied.id, "40.00")])
    world.notice()
    assert world.reason(payment) == "synced"


def test_a_batch_that_is_refused_holds_and_goes_on_later_without_a_second_copy(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.world.connectwise.set_permissions(accounting_edit=False)
    tool.copy("INV-1")
    assert tool.totals("INV-1") == ["100.00"]
    tool.world.connectwise.set_permissions(accounting_edit=True)
    tool.settle_down()
    assert tool.state("INV-1") == "copied"
    assert tool.totals("INV-1") == ["100.00"]


def test_a_copy_that_somebody_deleted_before_it_was_marked_is_held_and_copied_anew(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.world.connectwise.faults.add(Fault(kind="drop_before_commit", times=1, **BATCH))
    tool.copy("INV-1")
    tool.world.quickbooks.delete_invoice(tool.in_books("INV-1")[0].id)
    tool.settle_down()
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "gone_from_books")
    tool.do(CopyAction.COPY, "INV-1")
    assert tool.state("INV-1") == "copied"
    assert tool.totals("INV-1") == ["100.00"]


def test_an_answer_that_repeats_an_earlier_one_is_not_believed_without_a_look(tool: Tool) -> None:
    """The creation arrived, a person deleted the copy, and the second try gets the first answer again."""
    tool.bill("INV-1")
    tool.world.quickbooks.faults.add(Fault(kind="commit_then_drop", times=1, **CREATE))
    tool.copy("INV-1")
    tool.world.quickbooks.delete_invoice(tool.in_books("INV-1")[0].id)
    tool.settle_down()
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "gone_from_books")
    assert tool.batches("INV-1") == []
    tool.do(CopyAction.COPY, "INV-1")
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])


def test_an_invoice_that_never_arrives_is_held_after_some_tries(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.world.quickbooks.faults.add(Fault(kind="drop_before_commit", times=None, **CREATE))
    tool.copy("INV-1")
    tool.until_held("INV-1", minutes=31)
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "tried_out")
    tool.world.quickbooks.faults.clear()
    tool.later(hours=1)
    tool.do(CopyAction.COPY, "INV-1")
    tool.settle_down()
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])


def test_disconnected_books_hold_nothing_and_the_run_goes_on_when_they_are_back(tool: Tool) -> None:
    world = tool.world
    tool.bill("INV-1")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    assert isinstance(tool.start("INV-1", sure=True), RunStarted)
    with world.context.database.writing() as session:
        session.get_one(Connection, world.source_id).status = ConnectionStatus.NEEDS_RECONNECT.value
    world.settle()
    assert tool.in_books("INV-1") == []
    with world.context.database.writing() as session:
        session.get_one(Connection, world.source_id).status = ConnectionStatus.ACTIVE.value
    tool.settle_down()
    assert tool.state("INV-1") == "copied"


@pytest.mark.both_in_the_build
def test_a_stopped_run_finishes_what_was_sent_and_begins_nothing_else(tool: Tool) -> None:
    for number in ("INV-1", "INV-2"):
        tool.bill(number)
    tool.copy("INV-1", "INV-2")
    tool.world.quickbooks.faults.add(Fault(kind="commit_then_drop", times=1, **CREATE))
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    started = tool.start("INV-2", action=CopyAction.TAKE_BACK, sure=True)
    assert not isinstance(started, Rejected)
    for run_id in (tool.row("INV-1").run_id, started.run_id):
        stop_run(tool.world.context, tool.world.organization_id, run_id or 0)
    tool.settle_down()
    assert (tool.state("INV-1"), tool.in_books("INV-1")) == ("available", [])
    assert (tool.state("INV-2"), tool.totals("INV-2")) == ("copied", ["100.00"])


def test_a_copy_that_was_held_before_its_batch_counts_as_copied_once_it_is_marked(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.world.connectwise.faults.add(Fault(kind="error", status=400, times=1, **BATCH))
    tool.copy("INV-1")
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "batch_refused")
    tool.do(CopyAction.MARK, "INV-1")
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])


@pytest.mark.both_in_the_build
def test_a_retry_after_all_tries_does_not_believe_a_repeated_answer(tool: Tool) -> None:
    """A creation arrived that no look found; a person deleted the copy, and asks once more."""
    tool.bill("INV-1")
    tool.world.quickbooks.faults.add(Fault(kind="commit_then_drop", times=1, **CREATE))
    tool.copy("INV-1")
    tool.world.quickbooks.delete_invoice(tool.in_books("INV-1")[0].id)
    tool.world.quickbooks.faults.add(Fault(kind="drop_before_commit", times=4, **CREATE))
    tool.until_held("INV-1", minutes=31)
    assert tool.why("INV-1") == "tried_out"
    tool.do(CopyAction.COPY, "INV-1")
    tool.settle_down()
    assert tool.why("INV-1") == "gone_from_books"
    tool.do(CopyAction.COPY, "INV-1")
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])


@pytest.mark.parametrize("where", ["books", "biller"])
def test_a_prefix_that_changes_while_an_answer_is_missing_makes_no_second_copy(tool: Tool, where: str) -> None:
    tool.bill("INV-1")
    outside, fault = (tool.world.quickbooks, CREATE) if where == "books" else (tool.world.connectwise, BATCH)
    outside.faults.add(Fault(kind="commit_then_drop", times=1, **fault))
    tool.copy("INV-1")
    tool.choose(prefix="MSP")
    tool.settle_down()
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])
    assert tool.row("INV-1").ours
    assert len(tool.batches("INV-1")) == 1


@pytest.mark.both_in_the_build
def test_a_copy_that_the_books_show_late_is_not_taken_for_gone(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.world.quickbooks.faults.add(Fault(kind="drop_before_commit", times=1, **CREATE))
    tool.copy("INV-1")
    tool.world.quickbooks.set_switches(readable_after_seconds=30)
    tool.settle_down()
    row = tool.row("INV-1")
    assert (row.state, row.ours, row.generation) == ("copied", True, 1)
    assert tool.totals("INV-1") == ["100.00"]


@pytest.mark.both_in_the_build
def test_a_copy_that_is_taken_back_at_once_is_deleted_even_if_the_books_show_it_late(tool: Tool) -> None:
    tool.world.clock.move(minutes=2)
    tool.world.quickbooks.set_switches(readable_after_seconds=30)
    tool.bill("INV-1")
    tool.copy("INV-1")
    assert tool.state("INV-1") == "copied"
    copied = tool.row("INV-1").books_id
    run_id = tool.preview("INV-1", action=CopyAction.TAKE_BACK)
    assert tool.items(run_id)["INV-1"].preview == {"deletes": copied, "total": "100.00"}
    tool.confirm(run_id)
    tool.settle_down()
    assert (tool.state("INV-1"), tool.in_books("INV-1"), tool.batches("INV-1")) == ("available", [], [])


@pytest.mark.both_in_the_build
def test_a_batch_that_never_gets_an_answer_is_held_after_some_tries(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.world.connectwise.faults.add(Fault(kind="error", times=None, **BATCH))
    run_id = tool.copy("INV-1")
    tool.until_held("INV-1", minutes=31)
    assert (tool.state("INV-1"), tool.why("INV-1"), tool.run(run_id).state) == ("held", "no_answer", "done")
    assert 5 <= tool.writes("INV-1").count("batch: unknown") <= 12
    tool.world.connectwise.faults.clear()
    tool.do(CopyAction.COPY, "INV-1")
    tool.settle_down()
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])


@pytest.mark.both_in_the_build
def test_an_answer_about_another_invoice_is_no_copy_and_that_invoice_stays(tool: Tool) -> None:
    """Our database was made anew, and the books still know the request ids of the one before."""
    tool.bill("INV-1")
    tool.copy("INV-1")
    again = tool.bill("INV-2", "70.00")
    with tool.world.context.database.writing() as session:
        session.execute(delete(Invoice))
        values = {"state": "available", "external_id": str(again), "number": "INV-2", "books_id": None}
        session.execute(update(BilledInvoiceRow).values(**values, batch_identifier=None, copied_at=None, sent=0))
    tool.world.clock.move(minutes=5)
    tool.refresh()
    tool.do(CopyAction.COPY, "INV-2")
    assert (tool.state("INV-2"), tool.why("INV-2")) == ("held", "books_refused")
    assert (tool.totals("INV-1"), tool.totals("INV-2")) == (["100.00"], [])
    tool.do(CopyAction.COPY, "INV-2")
    assert (tool.state("INV-2"), tool.totals("INV-2")) == ("copied", ["70.00"])


@pytest.mark.parametrize(("kind", "reason"), [("refused", "lines_unreadable"), ("not_found", "changed_meanwhile")])
def test_an_invoice_whose_ledger_entries_are_refused_holds_up_no_other_preview(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, kind: str, reason: str
) -> None:
    batched = tool.bill("INV-1")
    tool.bill("INV-2")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    # It is not in the export any more, so its entries alone say why.
    tool.world.connectwise.batch_invoice(batched)
    refused, list_entries = tool.row("INV-1").external_id, ConnectWiseBiller.list_entries

    def refuses(biller: ConnectWiseBiller, invoice_id: str) -> ReadResult[tuple[LedgerEntry, ...]]:
        if invoice_id == refused:
            return Failure(FailureKind(kind), "not this one")
        return list_entries(biller, invoice_id)

    monkeypatch.setattr(ConnectWiseBiller, "list_entries", refuses)
    run_id = tool.preview("INV-1", "INV-2")
    assert tool.run(run_id).state == "checked"
    assert tool.outcomes(run_id)["INV-1"] == (ItemState.PROBLEM, reason)
    assert tool.outcomes(run_id)["INV-2"][0] is ItemState.READY
