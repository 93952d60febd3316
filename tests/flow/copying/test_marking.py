"""Only what is in the books counts as copied, whoever says that it is there."""

from dataclasses import replace

import pytest

from domain.copying.states import CopyAction, ItemState
from sandbox.faults import Fault
from tasks.points import Point
from tests.copying import Tool
from tests.flow.doing import once_at


def test_a_held_invoice_without_a_copy_cannot_be_left_as_it_is(tool: Tool) -> None:
    invoice = tool.bill("INV-1")
    tool.refresh()
    run_id = tool.preview("INV-1")
    tool.use_proposals(run_id)
    tool.world.connectwise.edit_invoice(invoice, total="150.00")
    tool.confirm(run_id)
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "changed_meanwhile")
    left = tool.do(CopyAction.LEAVE, "INV-1")
    assert tool.outcomes(left) == {"INV-1": (ItemState.PROBLEM, "gone_from_books")}
    assert (tool.state("INV-1"), tool.batches("INV-1")) == ("held", [])


@pytest.mark.parametrize("action", [CopyAction.LEAVE, CopyAction.UPDATE])
def test_a_copy_that_was_deleted_in_the_books_is_not_marked_again(tool: Tool, action: CopyAction) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    tool.world.connectwise.edit_after_close(tool.ids["INV-1"], total="150.00")
    tool.refresh()
    tool.world.quickbooks.delete_invoice(tool.in_books("INV-1")[0].id)
    tool.do(action, "INV-1")
    assert tool.state("INV-1") != "copied"
    assert tool.batches("INV-1") == []


def a_wrong_copy_with_a_note(tool: Tool) -> str:
    """A copy with another total, on which the accountant writes before we take it out again; its id."""
    world = tool.world
    world.connectwise.add_tax_code("TX", [{"rate": "0.0825"}])
    invoice = world.connectwise.add_invoice("INV-1", "0", tax_code="TX", closed=False)
    world.connectwise.add_line(invoice, "product", "Switch", "100.00", "1", taxable=True)
    world.connectwise.close_invoice(invoice)
    world.quickbooks.set_preferences(uses_sales_tax=True)
    world.quickbooks.set_switches(ast="recalc_zero")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))

    def writes_on_it() -> None:
        world.quickbooks.edit_invoice(tool.in_books("INV-1")[0].id, note="To be checked")

    world.context = replace(world.context, reached=once_at(Point.COPY_BOOKED, writes_on_it))
    tool.do(CopyAction.COPY, "INV-1")
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "changed_in_books")
    return tool.in_books("INV-1")[0].id


@pytest.mark.parametrize("action", [CopyAction.COPY, CopyAction.TAKE_BACK, CopyAction.UPDATE])
def test_a_wrong_copy_that_a_person_changed_is_neither_removed_nor_forgotten(tool: Tool, action: CopyAction) -> None:
    there = a_wrong_copy_with_a_note(tool)
    tool.do(action, "INV-1")
    row = tool.row("INV-1")
    assert (row.state, row.reason, row.books_id) == ("held", "changed_in_books", there)
    assert [one.id for one in tool.in_books("INV-1")] == [there]


@pytest.mark.both_in_the_build
@pytest.mark.parametrize("action", [CopyAction.COPY, CopyAction.LEAVE])
def test_a_wrong_copy_that_a_person_put_right_counts_as_copied(tool: Tool, action: CopyAction) -> None:
    there = a_wrong_copy_with_a_note(tool)
    tool.world.quickbooks.edit_invoice(there, total="108.25")
    tool.do(action, "INV-1")
    assert (tool.state("INV-1"), tool.row("INV-1").books_id) == ("copied", there)
    assert len(tool.batches("INV-1")) == 1
    # It may be worked on later like any other.
    assert not tool.row("INV-1").unwanted


@pytest.mark.both_in_the_build
def test_a_copy_that_cannot_be_taken_back_before_it_is_marked_stays_held(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.world.connectwise.faults.add(Fault(kind="error", status=400, times=1, method="POST", path="/batches$"))
    tool.copy("INV-1")
    run_id = tool.preview("INV-1", action=CopyAction.TAKE_BACK)
    copied = tool.in_books("INV-1")[0]
    tool.world.quickbooks.record_payment(copied.customer_id, "40.00", [(copied.id, "40.00")])
    tool.confirm(run_id)
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "payment_applied")
