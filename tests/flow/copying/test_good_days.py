"""Closed invoices are copied once, to the cent, flagged, and their payments come back."""

from datetime import date

import pytest

from domain.copying.states import CopyAction, ItemState, RunState
from models.views.copies import CopyFilter, list_copies
from tests.copying import Tool

pytestmark = pytest.mark.both_in_the_build


def test_a_closed_invoice_is_in_the_books_and_in_a_batch_of_its_own(tool: Tool) -> None:
    tool.bill("INV-1", "118.25")
    run_id = tool.copy("INV-1")
    assert tool.outcomes(run_id) == {"INV-1": (ItemState.DONE, None)}
    assert tool.state("INV-1") == "copied"
    assert tool.totals("INV-1") == ["118.25"]
    row = tool.row("INV-1")
    assert tool.batches("INV-1") == [row.batch_identifier]
    assert (row.books_id, row.ours) == (tool.in_books("INV-1")[0].id, True)
    assert tool.run(run_id).state == RunState.DONE
    assert tool.writes("INV-1") == ["create: booked", "batch: batched"]


def test_nothing_is_written_before_a_person_confirms_the_preview(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.refresh()
    run_id = tool.preview("INV-1")
    tool.use_proposals(run_id)
    item = tool.items(run_id)["INV-1"]
    assert item.state == ItemState.READY
    assert item.preview is not None
    assert (item.preview["total"], item.preview["billed"]) == ("100.00", "100.00")
    assert item.preview["customer"] == "Cascade Dental"
    assert tool.in_books("INV-1") == []
    assert tool.batches("INV-1") == []


def test_a_payment_on_a_copied_invoice_comes_back_in_mode_synced_invoices_only(tool: Tool) -> None:
    world, connectwise_id = tool.world, tool.bill("INV-1")
    tool.copy("INV-1")
    copied = tool.in_books("INV-1")[0]
    payment = world.quickbooks.record_payment(
        copied.customer_id, "40.00", [(copied.id, "40.00")], payment_date=date(2026, 11, 20)
    )
    world.notice()
    assert world.reason(payment) == "synced"
    assert [str(one.amount) for one in world.connectwise.invoice(connectwise_id).payments] == ["40.00"]


def test_a_payment_that_came_before_the_copy_was_recorded_goes_on_by_itself(tool: Tool) -> None:
    world = tool.world
    tool.bill("INV-1")
    there = world.quickbooks.add_invoice(world.customer_id, "100.00", "INV-1")
    payment = world.quickbooks.record_payment(world.customer_id, "40.00", [(there, "40.00")])
    world.notice()
    assert world.reason(payment) == "invoice_not_synced"
    tool.copy("INV-1")
    assert world.reason(payment) == "synced"


def test_fifty_invoices_of_one_run_take_few_calls(tool: Tool) -> None:
    numbers = [f"INV-{number}" for number in range(50)]
    for number in numbers:
        tool.bill(number)
    tool.refresh()
    tool.use_proposals(tool.preview(numbers[0]))
    tool.world.connectwise.calls.reset()
    tool.world.quickbooks.reset_metered_reads()
    tool.do(CopyAction.COPY, *numbers)
    assert {tool.state(number) for number in numbers} == {"copied"}
    calls = tool.world.connectwise.calls
    assert calls.count("POST /finance/accounting/batches") == 50
    assert calls.count("GET /finance/invoices/{id}/glEntries") == 50
    assert calls.count("POST /finance/accounting/export") <= 2
    assert sum(tool.world.quickbooks.metered_reads().values()) <= 5


def test_an_identical_invoice_that_is_there_already_is_taken_for_the_copy(tool: Tool) -> None:
    tool.bill("INV-1")
    there = tool.world.quickbooks.add_invoice(tool.world.customer_id, "100.00", "INV-1")
    tool.copy("INV-1")
    row = tool.row("INV-1")
    assert (row.state, row.books_id, row.ours) == ("copied", there, False)
    assert tool.totals("INV-1") == ["100.00"]
    assert tool.writes("INV-1") == ["batch: batched"]


def test_marking_puts_an_invoice_into_a_batch_and_nothing_into_the_books(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.refresh()
    tool.do(CopyAction.MARK, "INV-1")
    assert tool.state("INV-1") == "present"
    assert tool.in_books("INV-1") == []
    assert len(tool.batches("INV-1")) == 1


def test_a_new_customer_is_created_once_for_all_its_invoices(tool: Tool) -> None:
    for number in ("INV-1", "INV-2"):
        tool.bill(number, company_identifier="Fresh", company_name="Fresh Bakery")
    tool.copy("INV-1", "INV-2")
    assert tool.state("INV-1") == tool.state("INV-2") == "copied"
    names = [one.name for one in tool.world.quickbooks.customers()]
    assert names.count("Fresh Bakery") == 1


def test_a_second_look_at_the_list_changes_nothing_about_a_copy(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    tool.refresh()
    assert tool.state("INV-1") == "copied"


def test_what_another_tool_has_batched_leaves_the_list(tool: Tool) -> None:
    invoice = tool.bill("INV-1")
    tool.refresh()
    tool.world.connectwise.batch_invoice(invoice, "M-1")
    tool.refresh()
    assert tool.state("INV-1") == "elsewhere"


def test_lines_with_tax_come_to_the_total_to_the_cent(tool: Tool) -> None:
    world = tool.world
    world.connectwise.add_tax_code("TX", [{"rate": "0.0825"}])
    invoice = world.connectwise.add_invoice("INV-1", "0", tax_code="TX", closed=False)
    world.connectwise.add_line(invoice, "product", "Switch", "128.35", "14.5", taxable=True)
    world.connectwise.add_line(invoice, "time", "Onsite", "95.00", "3")
    world.connectwise.close_invoice(invoice)
    world.quickbooks.set_preferences(uses_sales_tax=True)
    tool.copy("INV-1")
    assert tool.state("INV-1") == "copied", (tool.why("INV-1"), tool.row("INV-1").detail)
    assert tool.in_books("INV-1")[0].total == world.connectwise.invoice(invoice).total


@pytest.mark.parametrize("word", ["known", "unknown"])
def test_a_connectwise_without_the_list_of_unposted_invoices_lists_its_closed_ones(tool: Tool, word: str) -> None:
    tool.world.connectwise.set_switches(unposted_list="absent", status_is_closed=word)
    tool.bill("INV-1")
    tool.bill("INV-2", closed=False)
    batched = tool.bill("INV-3")
    tool.world.connectwise.batch_invoice(batched, "M-1")
    run_id = tool.copy("INV-1")
    assert tool.outcomes(run_id) == {"INV-1": (ItemState.DONE, None)}
    with tool.world.context.database.reading() as session:
        assert {row.number for row in list_copies(session, tool.world.organization_id, CopyFilter()).rows} == {"INV-1"}
