"""Invoices find themselves: a payment on an invoice that nobody has registered, and that both systems have."""

import pytest

from domain.preferences import InvoiceOrigin
from models.invoices import Invoice
from models.metered_reads import reads_of
from sandbox.faults import Fault
from tests.world import SENDERS, BothInvoices, World


def records(world: World) -> list[tuple[str, str, str | None, str | None]]:
    with world.context.database.reading() as session:
        rows = session.query(Invoice).filter_by(organization_id=world.organization_id).order_by(Invoice.id).all()
        return [(row.number, row.origin, row.source_id, row.target_id) for row in rows]


def matched(invoice: BothInvoices) -> tuple[str, str, str, str]:
    return (invoice.number, "matched", invoice.quickbooks_id, str(invoice.connectwise_id))


def amounts(world: World, invoice: BothInvoices) -> list[str]:
    return [str(one.amount) for one in world.on(invoice)]


def reads(world: World) -> int:
    with world.context.database.reading() as session:
        return reads_of(session, world.source_id, world.clock.now())


def test_an_invoice_that_is_identical_in_both_systems_is_registered_and_paid(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None)
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert world.reason(payment) == "synced"
    assert amounts(world, invoice) == ["40.00"]
    assert records(world) == [matched(invoice)]


def test_the_next_payment_finds_the_record(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None)
    world.pay("40.00", (invoice, "40.00"))
    world.notice()
    world.choose(find_by_number=False)
    second = world.pay("60.00", (invoice, "60.00"))
    world.notice()
    assert world.reason(second) == "synced"
    assert amounts(world, invoice) == ["40.00", "60.00"]
    assert records(world) == [matched(invoice)]


def test_two_payments_of_one_batch_make_one_record(world: World) -> None:
    invoice, other = world.invoice("INV-1", origin=None), world.invoice("INV-2", origin=None)
    payments = [world.pay("40.00", (invoice, "30.00"), (other, "10.00")), world.pay("60.00", (invoice, "60.00"))]
    world.notice()
    assert [world.reason(payments[0], one) for one in (invoice, other)] == ["synced", "synced"]
    assert world.reason(payments[1]) == "synced"
    assert sorted(records(world)) == [matched(invoice), matched(other)]
    assert (amounts(world, invoice), amounts(world, other)) == (["30.00", "60.00"], ["10.00"])


def test_finding_costs_no_read_that_a_registered_invoice_would_not_cost(world: World) -> None:
    known, unknown = world.invoice("INV-1"), world.invoice("INV-2", origin=None)
    world.pay("10.00", (known, "10.00"))
    before = reads(world)
    world.notice()
    for_a_known_one = reads(world) - before
    world.clock.move(minutes=1)
    world.pay("10.00", (unknown, "10.00"))
    before = reads(world)
    world.notice()
    assert reads(world) - before <= for_a_known_one


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"connectwise_total": "100.01"}, "total_differs"),
        ({"customer": "Somebody Else"}, "customer_differs"),
        ({"currency": "CAD"}, "currency_differs"),
    ],
)
def test_an_invoice_that_differs_is_held_and_not_registered(world: World, more: dict[str, str], reason: str) -> None:
    invoice = world.invoice("INV-1", origin=None, **more)
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert world.reason(payment) == reason
    assert records(world) == []
    assert amounts(world, invoice) == []


def test_an_invoice_of_quickbooks_alone_is_skipped_and_looked_for_ever_more_rarely(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None, in_connectwise=False)
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert (world.decision(payment).action, world.reason(payment)) == ("skip", "invoice_only_in_source")
    world.connectwise.add_invoice("INV-1", "100.00", company_name="Cascade Dental")
    world.later(minutes=2)
    assert world.reason(payment) == "synced"
    [(number, origin, source_id, _)] = records(world)
    assert (number, origin, source_id) == ("INV-1", "matched", invoice.quickbooks_id)


def test_one_that_stays_in_quickbooks_alone_is_looked_for_once_a_day_in_the_end(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None, in_connectwise=False)
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    for _ in range(30):
        world.later(*SENDERS, hours=12)
    calls = world.connectwise.calls.total
    world.later(*SENDERS, hours=25)
    assert world.connectwise.calls.total > calls
    calls = world.connectwise.calls.total
    world.later(*SENDERS, hours=23)
    assert world.connectwise.calls.total == calls
    assert world.reason(payment) == "invoice_only_in_source"


def test_in_mode_synced_invoices_only_nothing_is_looked_for(world: World) -> None:
    world.choose(sync_tool_enabled=True, sync_mode="synced_only")
    invoice = world.invoice("INV-1", origin=None)
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert world.reason(payment) == "invoice_not_synced"
    assert records(world) == []


def test_a_found_invoice_takes_no_part_in_mode_synced_invoices_only(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None)
    world.pay("40.00", (invoice, "40.00"))
    world.notice()
    world.choose(sync_tool_enabled=True, sync_mode="synced_only")
    second = world.pay("60.00", (invoice, "60.00"))
    world.notice()
    assert world.reason(second) == "invoice_not_synced"
    assert amounts(world, invoice) == ["40.00"]


def test_switching_it_on_syncs_what_waited(world: World) -> None:
    world.choose(find_by_number=False)
    invoice = world.invoice("INV-1", origin=None)
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert world.reason(payment) == "invoice_unknown"
    world.choose(find_by_number=True)
    world.settle()
    assert world.reason(payment) == "synced"


def test_a_connectwise_invoice_that_belongs_to_another_record_is_not_taken_from_it(world: World) -> None:
    owner = world.invoice("INV-9", origin=InvoiceOrigin.PARTNER_DASHBOARD)
    world.pay("10.00", (owner, "10.00"))
    world.notice()
    world.connectwise.edit_invoice(owner.connectwise_id or 0, number="INV-1")
    stranger = world.invoice("INV-1", origin=None, in_connectwise=False)
    payment = world.pay("40.00", (stranger, "40.00"))
    world.notice()
    assert world.reason(payment) == "target_invoice_taken"
    assert amounts(world, owner) == ["10.00"]


def test_two_unknown_invoices_with_one_number_are_held(world: World) -> None:
    first = world.invoice("INV-1", origin=None)
    second = world.invoice("INV-1", origin=None, in_connectwise=False)
    payments = [world.pay("40.00", (one, "40.00")) for one in (first, second)]
    world.notice()
    assert {world.reason(one) for one in payments} == {"source_number_ambiguous"}
    assert records(world) == []
    assert amounts(world, first) == []


def test_an_answer_that_was_lost_registers_and_pays_once(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None)
    world.connectwise.faults.add(Fault(kind="commit_then_drop", times=1, method="POST", path=r"/payments$"))
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    world.later(minutes=10)
    assert world.reason(payment) == "synced"
    assert amounts(world, invoice) == ["40.00"]
    assert records(world) == [matched(invoice)]


def test_a_connectwise_that_is_down_leaves_it_waiting(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None)
    world.connectwise.faults.add(Fault(kind="error", status=503, path=r"/finance/invoices"))
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert world.reason(payment) == "target_unreachable"
    world.connectwise.faults.clear()
    world.later(minutes=10)
    assert world.reason(payment) == "synced"
