"""What people do between the creation of a copy and its mark is seen, and never overwritten or hidden."""

from typing import Any

import pytest

from sandbox.faults import Fault
from tests.copying import Tool

pytestmark = pytest.mark.both_databases

CREATE: dict[str, Any] = {"method": "POST", "path": r"/invoice$"}


def settle_down(tool: Tool) -> None:
    for _ in range(4):
        tool.world.later(minutes=6)


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
    settle_down(tool)
    assert (tool.state("INV-1"), tool.why("INV-1"), tool.batches("INV-1")) == ("held", "changed_meanwhile", [])
