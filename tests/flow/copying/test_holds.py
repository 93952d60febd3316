"""What cannot be copied as things are is held with its own reason, writes nothing, and goes on when the cause is gone."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.copying.states import CopyAction, ItemState
from models.billed_invoices import billed_with_number
from sandbox.connectwise.operations import InvoiceFields
from sandbox.faults import Fault
from tasks.points import Point
from tests.copying import Tool
from tests.flow.doing import once_at
from usecases.copying import start_run


def held(tool: Tool, number: str = "INV-1") -> str | None:
    """The reason that the preview gives; nothing may have been written."""
    run_id = tool.copy(number)
    state, reason = tool.outcomes(run_id)[number]
    assert state in (ItemState.PROBLEM, ItemState.HELD)
    assert [one for one in tool.in_books(number) if one.own] == []
    assert tool.batches(number) == []
    return reason


@pytest.mark.parametrize(
    ("reason", "total", "fields"),
    [
        ("credit_memo_not_copied", "100.00", InvoiceFields(invoice_type="CreditMemo")),
        ("down_payment_not_copied", "100.00", InvoiceFields(invoice_type="DownPayment")),
        ("zero_total", "0.00", InvoiceFields()),
        ("no_ledger_entries", "100.00", InvoiceFields(gl_mapped=False)),
        ("currency_not_kept", "100.00", InvoiceFields(currency="CAD")),
    ],
)
def test_an_invoice_that_is_not_copied_says_why(tool: Tool, reason: str, total: str, fields: InvoiceFields) -> None:
    tool.bill("INV-1", total, **fields)
    assert held(tool) == reason


def no_own_numbers(tool: Tool) -> None:
    tool.world.quickbooks.set_preferences(custom_numbers=False)


def closed_books(tool: Tool) -> None:
    tool.world.quickbooks.set_preferences(books_closed_on="2099-01-01")


def a_later_start(tool: Tool) -> None:
    tool.choose(start_on="2099-01-01")


def no_item(tool: Tool) -> None:
    tool.choose(items={})


def another_invoice_with_the_number(tool: Tool) -> None:
    tool.world.quickbooks.add_invoice(tool.world.customer_id, "99.00", "INV-1")


def two_invoices_with_the_number(tool: Tool) -> None:
    for _ in range(2):
        tool.world.quickbooks.add_invoice(tool.world.customer_id, "100.00", "INV-1")


def an_identical_invoice_that_is_not_to_be_taken(tool: Tool) -> None:
    tool.world.quickbooks.add_invoice(tool.world.customer_id, "100.00", "INV-1")
    tool.choose(adopt=False)


@pytest.mark.parametrize(
    ("reason", "prepare"),
    [
        ("no_custom_numbers", no_own_numbers),
        ("period_closed", closed_books),
        ("before_start", a_later_start),
        ("item_not_chosen", no_item),
        ("number_taken", another_invoice_with_the_number),
        ("several_with_number", two_invoices_with_the_number),
        ("number_taken", an_identical_invoice_that_is_not_to_be_taken),
    ],
)
def test_what_stands_against_a_copy_is_named(tool: Tool, reason: str, prepare: Callable[[Tool], None]) -> None:
    prepare(tool)
    tool.bill("INV-1")
    assert held(tool) == reason


def test_a_name_that_a_vendor_has_is_a_choice_and_never_a_second_customer(tool: Tool) -> None:
    tool.world.quickbooks.add_name_owner("vendor", "Fresh Bakery")
    tool.bill("INV-1", company_identifier="Fresh", company_name="Fresh Bakery")
    assert held(tool) == "customer_name_taken"
    assert "a vendor" in tool.items(tool.preview("INV-1"))["INV-1"].detail
    assert [one.name for one in tool.world.quickbooks.customers()] == ["Cascade Dental"]


def test_without_a_choice_no_customer_is_created(tool: Tool) -> None:
    tool.bill("INV-1", company_identifier="Fresh", company_name="Fresh Bakery")
    tool.refresh()
    run_id = tool.preview("INV-1")
    assert tool.outcomes(run_id) == {"INV-1": (ItemState.PROBLEM, "customer_not_linked")}
    tool.confirm(run_id)
    assert tool.in_books("INV-1") == []


def test_a_customer_that_became_inactive_is_not_used(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    tool.world.quickbooks.set_active("Customer", tool.world.customer_id, active=False)
    tool.bill("INV-2")
    assert held(tool, "INV-2") == "customer_gone"


@pytest.mark.parametrize("ast", ["recalc", "recalc_zero"])
def test_a_copy_whose_total_comes_out_differently_does_not_stay(tool: Tool, ast: str) -> None:
    world = tool.world
    taxed(tool, "INV-1")
    world.quickbooks.set_preferences(uses_sales_tax=True, automatic_rate="0.05")
    world.quickbooks.set_switches(ast=ast)
    tool.copy("INV-1")
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "totals_differ")
    assert tool.in_books("INV-1") == []
    assert tool.batches("INV-1") == []
    # The cause goes away, and the next copy is a new one.
    world.quickbooks.set_switches(ast="honour")
    tool.do(CopyAction.COPY, "INV-1")
    assert (tool.state("INV-1"), len(tool.in_books("INV-1"))) == ("copied", 1)


def test_a_cent_is_made_up_for_by_a_rounding_line_within_the_limit(tool: Tool) -> None:
    invoice = taxed(tool, "INV-1")
    tool.world.quickbooks.set_preferences(uses_sales_tax=True, automatic_rate="0.0825")
    tool.world.quickbooks.set_switches(ast="cent_off")
    tool.copy("INV-1")
    assert tool.state("INV-1") == "copied", (tool.why("INV-1"), tool.row("INV-1").detail)
    assert tool.in_books("INV-1")[0].total == tool.world.connectwise.invoice(invoice).total
    assert tool.writes("INV-1") == ["create: booked", "change: booked", "batch: batched"]


def test_a_cent_is_not_made_up_for_where_the_partner_allows_none(tool: Tool) -> None:
    taxed(tool, "INV-1")
    tool.choose(rounding_max="0")
    tool.world.quickbooks.set_preferences(uses_sales_tax=True, automatic_rate="0.0825")
    tool.world.quickbooks.set_switches(ast="cent_off")
    tool.copy("INV-1")
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "totals_differ")
    assert tool.in_books("INV-1") == []


def taxed(tool: Tool, number: str) -> int:
    connectwise = tool.world.connectwise
    connectwise.add_tax_code("TX", [{"rate": "0.0825"}])
    invoice = connectwise.add_invoice(number, "0", tax_code="TX", closed=False)
    connectwise.add_line(invoice, "product", "Switch", "100.00", "1", taxable=True)
    connectwise.close_invoice(invoice)
    tool.ids[number] = invoice
    return invoice


# --- others are at work as well ---


def test_another_tool_that_batches_between_our_look_and_our_write_is_noticed(tool: Tool) -> None:
    invoice = tool.bill("INV-1")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    tool.world.connectwise.batch_after_next_read(invoice)
    tool.do(CopyAction.COPY, "INV-1")
    # It was batched after we had looked: our copy is there once, and the only one.
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])
    assert tool.row("INV-1").batch_identifier is None


def test_another_tool_that_copies_and_batches_meanwhile_is_held_and_not_hidden(tool: Tool) -> None:
    world, invoice = tool.world, tool.bill("INV-1")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    world.connectwise.batch_after_next_read(invoice)

    def copies() -> None:
        world.quickbooks.add_invoice(world.customer_id, "100.00", "INV-1")

    world.context = replace(world.context, reached=once_at(Point.COPY_BOOKED, copies))
    tool.do(CopyAction.COPY, "INV-1")
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "several_with_number")


def test_an_invoice_that_is_batched_before_we_look_is_not_copied(tool: Tool) -> None:
    invoice = tool.bill("INV-1")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    tool.world.connectwise.batch_invoice(invoice, "M-1")
    run_id = tool.do(CopyAction.COPY, "INV-1")
    assert tool.outcomes(run_id) == {"INV-1": (ItemState.PROBLEM, "batched_elsewhere")}
    assert tool.in_books("INV-1") == []


def test_an_invoice_that_changes_after_the_preview_is_not_copied_as_it_was(tool: Tool) -> None:
    invoice = tool.bill("INV-1")
    tool.refresh()
    run_id = tool.preview("INV-1")
    tool.use_proposals(run_id)
    tool.world.connectwise.edit_invoice(invoice, total="150.00")
    tool.confirm(run_id)
    assert (tool.state("INV-1"), tool.why("INV-1")) == ("held", "changed_meanwhile")
    assert tool.in_books("INV-1") == []
    tool.refresh()
    tool.do(CopyAction.COPY, "INV-1")
    assert tool.totals("INV-1") == ["150.00"]


def test_two_invoices_of_one_number_are_never_both_the_same_copy(tool: Tool) -> None:
    tool.bill("INV-1")
    tool.copy("INV-1")
    tool.world.connectwise.add_invoice("INV-1", "100.00")
    tool.refresh()
    with tool.world.context.database.reading() as session:
        ids = [row.id for row in billed_with_number(session, tool.world.organization_id, ["INV-1"])]
    assert len(ids) == 2
    start_run(tool.world.context, tool.world.organization_id, CopyAction.COPY, ids, "dana", confirmed_beforehand=True)
    tool.world.settle()
    assert tool.totals("INV-1") == ["100.00"]


def test_a_copy_that_the_books_number_by_themselves_does_not_stay(tool: Tool) -> None:
    """The setting was changed since the preferences were read."""
    tool.bill("INV-1")
    tool.bill("INV-2")
    tool.copy("INV-1")
    tool.world.quickbooks.set_preferences(custom_numbers=False)
    tool.world.quickbooks.set_switches(automatic_numbers="ignore_sent")
    tool.do(CopyAction.COPY, "INV-2")
    assert (tool.state("INV-2"), tool.why("INV-2")) == ("held", "no_custom_numbers")
    assert [one.doc_number for one in tool.world.quickbooks.invoices()] == ["INV-1"]


def test_a_copy_that_another_tool_has_marked_is_not_taken_back(tool: Tool) -> None:
    invoice = tool.bill("INV-1")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    tool.world.connectwise.batch_after_next_read(invoice)
    tool.do(CopyAction.COPY, "INV-1")
    run_id = tool.do(CopyAction.TAKE_BACK, "INV-1")
    assert tool.outcomes(run_id) == {"INV-1": (ItemState.PROBLEM, "batched_elsewhere")}
    assert (tool.state("INV-1"), tool.totals("INV-1")) == ("copied", ["100.00"])


def test_an_invoice_that_gets_another_number_while_its_copy_is_in_doubt_is_looked_for_by_the_old_one(
    tool: Tool,
) -> None:
    invoice = tool.bill("INV-1")
    tool.refresh()
    tool.use_proposals(tool.preview("INV-1"))
    tool.world.quickbooks.faults.add(Fault(kind="commit_then_drop", method="POST", path=r"/invoice$", times=1))
    tool.do(CopyAction.COPY, "INV-1")
    tool.world.connectwise.edit_invoice(invoice, number="INV-2")
    tool.refresh()
    for _ in range(3):
        tool.later(minutes=6)
    assert len([one for one in tool.world.quickbooks.invoices() if one.own]) == 1
    assert tool.in_books("INV-2") == []
