"""After the copy: taking it back, what changes at the biller, and what a person did in the books."""

from datetime import date
from decimal import Decimal

import pytest

from domain.copying.states import CopyAction, ItemState
from models.copy_runs import runs_of
from models.invoices import Invoice
from sandbox.faults import Fault
from tests.copying import Tool


def registered(tool: Tool) -> list[tuple[str, str, str | None]]:
    with tool.world.context.database.reading() as session:
        return [(one.number, one.origin, one.target_id) for one in session.query(Invoice).all()]


# --- taking back ---


@pytest.mark.both_in_the_build
def test_what_is_taken_back_is_gone_from_both_systems_and_can_be_copied_again(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    first = tool.in_books("INV-1")[0].id
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert tool.state("INV-1") == "available"
    assert (tool.in_books("INV-1"), tool.batches("INV-1"), registered(tool)) == ([], [], [])
    tool.do(CopyAction.COPY, "INV-1")
    assert tool.state("INV-1") == "copied"
    assert tool.in_books("INV-1")[0].id != first


def test_a_copy_with_a_payment_on_it_is_not_taken_back(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    copied = tool.in_books("INV-1")[0]
    tool.world.quickbooks.record_payment(copied.customer_id, "40.00", [(copied.id, "40.00")])
    preview = tool.preview("INV-1", action=CopyAction.TAKE_BACK)
    assert tool.outcomes(preview) == {"INV-1": (ItemState.PROBLEM, "payment_applied")}
    run_id = tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert tool.outcomes(run_id) == {"INV-1": (ItemState.PROBLEM, "payment_applied")}
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])
    assert len(tool.batches("INV-1")) == 1


def test_a_copy_that_a_person_changed_in_the_books_is_not_deleted(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    tool.world.quickbooks.edit_invoice(tool.in_books("INV-1")[0].id, note="Discussed with the client")
    run_id = tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert tool.outcomes(run_id) == {"INV-1": (ItemState.PROBLEM, "changed_in_books")}
    assert tool.totals("INV-1") == ["100.00"]


@pytest.mark.both_in_the_build
def test_an_invoice_that_was_there_before_loses_its_batch_only(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.world.quickbooks.add_invoice(tool.world.customer_id, "100.00", "INV-1")
    tool.copy("INV-1")
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert tool.state("INV-1") == "available"
    assert tool.totals("INV-1") == ["100.00"]
    assert tool.batches("INV-1") == []


@pytest.mark.both_in_the_build
def test_a_mark_is_taken_back_and_the_invoice_can_be_copied(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.refresh()
    tool.do(CopyAction.MARK, "INV-1")
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert (tool.state("INV-1"), tool.batches("INV-1")) == ("available", [])
    tool.copy("INV-1")
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])


def test_a_batch_that_cannot_be_removed_is_held_and_no_copy_is_left(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    tool.world.connectwise.faults.add(
        Fault(kind="error", status=400, times=1, method="DELETE", path="/accounting/batches")
    )
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "batch_refused")
    assert tool.in_books("INV-1") == []
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert (tool.state("INV-1"), tool.batches("INV-1")) == ("available", [])


def test_a_payment_that_was_synced_before_stays_where_it_is(tool: Tool) -> None:
    world, connectwise_id = tool.world, tool.bill("INV-1")
    tool.copy("INV-1")
    copied = tool.in_books("INV-1")[0]
    world.quickbooks.record_payment(copied.customer_id, "40.00", [(copied.id, "40.00")])
    world.notice()
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    world.settle()
    assert [str(one.amount) for one in world.connectwise.invoice(connectwise_id).payments] == ["40.00"]


# --- what changes at the biller ---


def changed(tool: Tool, total: str) -> None:
    """The copied invoice is taken out of its batch, opened, edited and closed again in ConnectWise."""
    tool.world.connectwise.edit_after_close(tool.ids["INV-1"], total=total)
    tool.refresh()


def test_an_invoice_that_was_edited_after_the_copy_is_shown_with_both_values(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    changed(tool, "150.00")
    row = tool.row("INV-1")
    assert (row.state, row.reason) == ("changed", "changed_after_copy")
    assert (row.total, row.books_total) == (Decimal("150.00"), Decimal("100.00"))
    assert tool.totals("INV-1") == ["100.00"]
    # It is no new invoice: copying is not offered.
    assert not hasattr(tool.start("INV-1", sure=True), "run_id")


@pytest.mark.both_in_the_build
def test_the_update_brings_the_copy_to_the_new_total_and_marks_it_again(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    copied = tool.in_books("INV-1")[0].id
    changed(tool, "150.00")
    tool.do(CopyAction.UPDATE, "INV-1")
    assert tool.state("INV-1") == "copied", (tool.why("INV-1"), tool.row("INV-1").detail)
    assert [(one.id, f"{one.total:.2f}") for one in tool.in_books("INV-1")] == [(copied, "150.00")]
    assert len(tool.batches("INV-1")) == 1


@pytest.mark.both_in_the_build
@pytest.mark.parametrize("kind", ["commit_then_drop", "drop_before_commit", "garbage_after_commit"])
def test_a_lost_answer_to_the_update_is_settled_by_a_look(tool: Tool, kind: str) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    changed(tool, "150.00")
    tool.world.quickbooks.faults.add(Fault(kind=kind, times=1, method="POST", path=r"/invoice$"))
    tool.do(CopyAction.UPDATE, "INV-1")
    for _ in range(4):
        tool.later(minutes=6)
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["150.00"])


def test_the_copy_may_be_left_as_it_is(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    changed(tool, "150.00")
    tool.do(CopyAction.LEAVE, "INV-1")
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])
    assert len(tool.batches("INV-1")) == 1
    tool.refresh()
    assert tool.state("INV-1") == "copied"


def test_what_the_accountant_did_in_the_books_is_never_overwritten(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    tool.world.quickbooks.edit_invoice(tool.in_books("INV-1")[0].id, total="90.00")
    changed(tool, "150.00")
    run_id = tool.do(CopyAction.UPDATE, "INV-1")
    assert tool.outcomes(run_id) == {"INV-1": (ItemState.PROBLEM, "changed_in_books")}
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("changed", ["90.00"])


@pytest.mark.both_in_the_build
def test_an_update_whose_total_comes_out_differently_is_left_to_a_person(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    tool.world.quickbooks.set_preferences(uses_sales_tax=True)
    tool.world.quickbooks.set_switches(ast="cent_off")
    tool.choose(rounding_max="0")
    changed(tool, "150.00")
    tool.do(CopyAction.UPDATE, "INV-1")
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("changed", "update_differs")
    assert len(tool.in_books("INV-1")) == 1


def test_a_changed_invoice_can_be_taken_back(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    changed(tool, "150.00")
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert (tool.state("INV-1"), tool.in_books("INV-1")) == ("available", [])
    tool.refresh()
    tool.do(CopyAction.COPY, "INV-1")
    assert tool.totals("INV-1") == ["150.00"]


@pytest.mark.both_in_the_build
def test_a_copy_that_was_deleted_in_the_books_is_taken_back_by_its_batch(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    tool.world.clock.move(minutes=5)
    tool.world.quickbooks.delete_invoice(tool.in_books("INV-1")[0].id)
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert (tool.state("INV-1"), tool.batches("INV-1")) == ("available", [])


# --- automatic copying ---


@pytest.mark.both_in_the_build
def test_automatic_copying_copies_what_is_listed_and_nothing_older_than_the_start(tool: Tool) -> None:
    tool.bill("INV-0", invoice_date=date(2026, 1, 1))
    tool.bill("INV-1", invoice_date=date(2026, 11, 20))
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    tool.choose(automatic=True, start_on="2026-06-01")
    tool.world.clock.move(minutes=20)
    tool.refresh()
    assert (tool.state("INV-0"), tool.state("INV-1")) == ("available", "copied")
    # From now on the list is read by itself.
    tool.bill("INV-2", invoice_date=date(2026, 11, 21))
    tool.later(minutes=16)
    assert tool.state("INV-2") == "copied"


def automatic_runs(tool: Tool) -> int:
    with tool.world.context.database.reading() as session:
        return sum(run.started_by == "automatic copying" for run in runs_of(session, tool.world.organization_id))


@pytest.mark.both_in_the_build
def test_what_cannot_be_copied_automatically_waits_for_a_person_and_is_not_tried_for_ever(tool: Tool) -> None:
    tool.bill("INV-1", company_identifier="Fresh", company_name="Fresh Bakery")
    tool.choose(automatic=True)
    tool.refresh()
    for _ in range(4):
        tool.later(minutes=16)
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "customer_not_linked")
    assert automatic_runs(tool) == 1
    tool.world.quickbooks.add_customer("Fresh Bakery")
    tool.world.clock.move(hours=2)
    tool.use_proposals(tool.preview("INV-1"))
    tool.do(CopyAction.COPY, "INV-1")
    assert tool.state("INV-1") == "copied"
