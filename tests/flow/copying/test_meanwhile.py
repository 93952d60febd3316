"""What people do between the creation of a copy and its mark is seen, and never overwritten or hidden."""

from dataclasses import replace
from typing import Any

import pytest

from domain.copying.states import CopyAction
from sandbox.faults import Fault
from tasks.points import Point
from tests.copying import Tool
from tests.flow.doing import once_at

pytestmark = pytest.mark.both_databases

CREATE: dict[str, Any] = {"method": "POST", "path": r"/invoice$"}


def in_doubt(tool: Tool) -> int:
    """A creation that arrived, and whose answer was lost; the biller's id of the invoice."""
    invoice = tool.bill("INV-1")
    tool.world.quickbooks.faults.add(Fault(kind="commit_then_drop", times=1, **CREATE))
    tool.copy("INV-1")
    assert tool.state("INV-1") == "in_doubt"
    return invoice


@pytest.mark.parametrize("is_ours", [True, False])
def test_an_invoice_that_is_edited_before_its_mark_is_not_marked_with_the_old_total(tool: Tool, is_ours: bool) -> None:
    if is_ours:
        invoice = in_doubt(tool)
    else:
        invoice = tool.bill("INV-1")
        tool.world.quickbooks.add_invoice(tool.world.customer_id, "100.00", "INV-1")
        tool.refresh()
        tool.use_proposals(tool.preview("INV-1"))
        tool.start("INV-1", sure=True)
    tool.world.connectwise.edit_invoice(invoice, total="150.00")
    tool.settle_down()
    assert (tool.state("INV-1"), tool.why("INV-1"), tool.batches("INV-1")) == ("held", "changed_meanwhile", [])


def test_what_the_accountant_did_to_a_copy_in_doubt_stays(tool: Tool) -> None:
    in_doubt(tool)
    tool.world.quickbooks.edit_invoice(tool.in_books("INV-1")[0].id, total="90.00")
    tool.settle_down()
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "changed_in_books")
    tool.do(CopyAction.COPY, "INV-1")
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("held", ["90.00"])


def test_a_note_on_a_copy_in_doubt_delays_nothing_and_protects_it_afterwards(tool: Tool) -> None:
    in_doubt(tool)
    copied = tool.in_books("INV-1")[0]
    tool.world.quickbooks.edit_invoice(copied.id, note=f"{copied.note}\nCalled the client")
    tool.settle_down()
    assert (tool.state("INV-1"), tool.row("INV-1").ours) == ("copied", True)
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])


def test_a_change_by_the_accountant_is_not_taken_for_our_lost_rounding_line(tool: Tool) -> None:
    world = tool.world
    world.connectwise.add_tax_code("TX", [{"rate": "0.0825"}])
    invoice = world.connectwise.add_invoice("INV-1", "0", tax_code="TX", closed=False)
    world.connectwise.add_line(invoice, "product", "Switch", "100.00", "1", taxable=True)
    world.connectwise.close_invoice(invoice)
    world.quickbooks.set_preferences(uses_sales_tax=True, automatic_rate="0.0825")
    world.quickbooks.set_switches(ast="cent_off")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))

    def the_next_answer_is_lost() -> None:
        world.quickbooks.faults.add(Fault(kind="drop_before_commit", times=1, **CREATE))

    world.context = replace(world.context, reached=once_at(Point.COPY_BOOKED, the_next_answer_is_lost))
    tool.do(CopyAction.COPY, "INV-1")
    assert tool.writes("INV-1") == ["create: booked", "change: unknown"]
    world.quickbooks.edit_invoice(tool.in_books("INV-1")[0].id, total="90.00")
    tool.settle_down()
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "changed_in_books")
    assert tool.totals("INV-1") == ["90.00"]


# --- the preferences change ---


def test_another_prefix_does_not_make_a_copy_in_doubt_somebody_elses(tool: Tool) -> None:
    in_doubt(tool)
    tool.choose(prefix="NEW")
    tool.settle_down()
    assert (tool.state("INV-1"), tool.row("INV-1").ours) == ("copied", True)
    assert tool.totals("INV-1") == ["100.00"]


def test_another_prefix_does_not_make_a_batch_on_its_way_somebody_elses(tool: Tool) -> None:
    biller = tool.world.connectwise
    tool.bill("INV-1")
    biller.faults.add(Fault(kind="commit_then_drop", times=1, method="POST", path=r"/accounting/batches$"))
    biller.faults.add(Fault(kind="error", times=2, method="GET", path=r"/accounting/batches"))
    tool.copy("INV-1")
    assert tool.state("INV-1") == "queued"
    tool.choose(prefix="NEW")
    tool.settle_down()
    assert tool.state("INV-1") == "copied"
    assert tool.batches("INV-1") == [tool.row("INV-1").batch_identifier]
    tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert (tool.state("INV-1"), tool.batches("INV-1")) == ("available", [])
    tool.do(CopyAction.COPY, "INV-1")
    assert tool.batches("INV-1")[0].startswith("NEW-")
