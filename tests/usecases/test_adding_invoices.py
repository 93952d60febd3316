"""A person adds one invoice by its number, sees it in both systems, and confirms."""

import pytest

from models.invoices import Invoice
from sandbox.faults import Fault
from tests.world import BothInvoices, World
from usecases.adding_invoices import InvoiceShown, add_invoice, look_up_invoice
from usecases.disconnecting import disconnect
from usecases.results import Rejected


def look_up(world: World, number: str) -> InvoiceShown | Rejected:
    return look_up_invoice(world.context, world.organization_id, number)


def add(world: World, invoice: BothInvoices) -> InvoiceShown | Rejected:
    return add_invoice(
        world.context, world.organization_id, invoice.number, invoice.quickbooks_id, str(invoice.connectwise_id)
    )


def problem_of(shown: InvoiceShown | Rejected) -> str:
    return shown.message if isinstance(shown, Rejected) else shown.problem


def records(world: World) -> list[tuple[str, str, str | None, str | None]]:
    with world.context.database.reading() as session:
        rows = session.query(Invoice).order_by(Invoice.id).all()
        return [(row.number, row.origin, row.source_id, row.target_id) for row in rows]


def test_an_identical_invoice_is_shown_and_nothing_is_added_yet(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None)
    shown = look_up(world, " INV-1 ")
    assert isinstance(shown, InvoiceShown)
    assert shown.problem == ""
    assert (shown.source and shown.source.external_id) == invoice.quickbooks_id
    assert (shown.target and shown.target.external_id) == str(invoice.connectwise_id)
    assert [one.identical for one in shown.verdicts] == [True] * 4
    assert records(world) == []


def test_the_confirmed_invoice_gets_the_payments_that_waited_for_it(world: World) -> None:
    world.choose(find_by_number=False)
    invoice = world.invoice("INV-1", origin=None)
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert world.reason(payment) == "invoice_unknown"
    assert isinstance(add(world, invoice), InvoiceShown)
    world.settle()
    assert world.reason(payment) == "synced"
    assert records(world) == [("INV-1", "partner_dashboard", invoice.quickbooks_id, str(invoice.connectwise_id))]


def test_adding_it_twice_changes_nothing(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None)
    assert isinstance(add(world, invoice), InvoiceShown)
    assert problem_of(add(world, invoice)) == "This invoice is already in your list."
    assert len(records(world)) == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"connectwise_total": "99.00"}, "The invoice total is not the same in QuickBooks and in ConnectWise."),
        ({"customer": "Somebody Else"}, "The invoice belongs to different customers in QuickBooks and in ConnectWise."),
        ({"in_connectwise": False}, "ConnectWise shows no invoice with exactly the number INV-1."),
    ],
)
def test_an_invoice_that_is_not_the_same_in_both_cannot_be_added(world: World, more: dict, told: str) -> None:
    invoice = world.invoice("INV-1", origin=None, **more)
    assert problem_of(look_up(world, "INV-1")).startswith(told)
    assert isinstance(add(world, invoice), Rejected)
    assert records(world) == []


def test_a_number_that_both_systems_do_not_have_is_said_of_both(world: World) -> None:
    assert problem_of(look_up(world, "INV-7")) == (
        "QuickBooks shows no invoice with exactly the number INV-7. "
        "ConnectWise shows no invoice with exactly the number INV-7."
    )


def test_a_number_that_quickbooks_has_twice_names_neither(world: World) -> None:
    world.invoice("INV-1", origin=None)
    world.invoice("INV-1", origin=None, in_connectwise=False)
    assert "QuickBooks has 2 invoices with the number INV-1" in problem_of(look_up(world, "INV-1"))


def test_another_letter_case_is_another_number(world: World) -> None:
    world.invoice("INV-1", origin=None)
    assert "shows no invoice with exactly the number inv-1" in problem_of(look_up(world, "inv-1"))


@pytest.mark.parametrize("number", ["", "   ", "x" * 51, "INV\x00", "INV\n1"])
def test_what_is_no_number_is_not_asked_for(world: World, number: str) -> None:
    before = world.quickbooks.calls.total
    assert "Enter an invoice number" in problem_of(look_up(world, number))
    assert world.quickbooks.calls.total == before


def test_a_quote_in_a_number_is_a_quote(world: World) -> None:
    world.invoice("O'Brien-1", origin=None)
    assert problem_of(look_up(world, "O'Brien-1")) == ""


def test_an_invoice_that_changed_after_the_look_is_not_added(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None)
    assert problem_of(look_up(world, "INV-1")) == ""
    world.quickbooks.edit_invoice(invoice.quickbooks_id, total="120.00")
    assert isinstance(add(world, invoice), Rejected)
    assert records(world) == []


def test_ids_that_were_not_shown_are_not_added(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None)
    answer = add_invoice(world.context, world.organization_id, "INV-1", invoice.quickbooks_id, "99999")
    assert problem_of(answer) == "The invoices have changed since you looked at them. Look them up again."


def test_a_connectwise_invoice_of_another_record_is_not_added(world: World) -> None:
    owner = world.invoice("INV-9")
    world.pay("10.00", (owner, "10.00"))
    world.notice()
    world.connectwise.edit_invoice(owner.connectwise_id or 0, number="INV-1")
    world.invoice("INV-1", origin=None, in_connectwise=False)
    assert "already linked to another one in your list: INV-9" in problem_of(look_up(world, "INV-1"))


def test_a_system_that_is_down_is_named(world: World) -> None:
    world.invoice("INV-1", origin=None)
    world.connectwise.faults.add(Fault(kind="error", status=503, path=r"/finance/invoices", times=None))
    assert problem_of(look_up(world, "INV-1")).startswith("ConnectWise did not answer.")
    world.connectwise.faults.clear()
    world.quickbooks.faults.add(Fault(kind="error", status=503, path=r"/v3/", times=None))
    assert problem_of(look_up(world, "INV-1")).startswith("QuickBooks did not answer.")


def test_a_system_that_is_not_connected_is_named(world: World) -> None:
    disconnect(world.context, world.target_id)
    assert problem_of(look_up(world, "INV-1")) == "ConnectWise is not connected. Connect it under Integrations."
