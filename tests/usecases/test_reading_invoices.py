"""A person has one invoice read in both systems, and sees to the cent whether they agree."""

from datetime import date
from decimal import Decimal

import pytest

from domain.comparing.comparison import ComparedAs, LineKind, Obstacle
from domain.comparing.outcomes import Outcome
from domain.comparing.rows import Row, RowKind
from domain.comparing.sides import NotRead, WhyNotRead
from models.comparisons import stored_sides
from models.connections import Connection
from models.invoices import Invoice, forget_copies
from models.views.invoice_list import InvoiceRow, invoice_row
from sandbox.faults import Fault
from tests.world import BothInvoices, World
from usecases.disconnecting import disconnect
from usecases.reading_invoices import InvoiceRead, read_invoice_in_both
from usecases.results import Rejected


def record_of(world: World, invoice: BothInvoices) -> InvoiceRow:
    with world.context.database.reading() as session:
        found = session.query(Invoice).filter_by(number=invoice.number).one()
        row = invoice_row(session, world.organization_id, found.id)
    assert row is not None
    return row


def read(world: World, invoice: BothInvoices) -> InvoiceRead:
    shown = read_invoice_in_both(world.context, world.organization_id, record_of(world, invoice).id)
    assert isinstance(shown, InvoiceRead), shown
    return shown


def kinds(shown: InvoiceRead) -> list[RowKind]:
    return [row.kind for row in shown.comparison.rows]


def metered(world: World) -> int:
    return sum(world.quickbooks.metered_reads().values())


def only_row(shown: InvoiceRead) -> Row:
    (row,) = shown.comparison.rows
    return row


def test_a_synced_payment_is_the_same_in_both(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"), reference="CHK-7")
    world.notice()
    shown = read(world, invoice)
    row = only_row(shown)
    assert (row.kind, shown.comparison.compared_as) == (RowKind.SAME, ComparedAs.AGREES)
    assert (row.parts[0].payment_id, row.parts[0].reference) == (payment, "CHK-7")
    assert row.target is not None
    assert (row.target.amount, row.target.entered_by) == (Decimal("40.00"), "API1")
    lines = {line.kind: (line.source, line.target) for line in shown.comparison.lines}
    assert lines[LineKind.BALANCE] == (Decimal("60.00"), Decimal("60.00"))
    assert row.parts[0].entered_at == world.clock.now()


def test_the_outcome_and_what_was_said_are_kept(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.pay("40.00", (invoice, "40.00"))
    assert record_of(world, invoice).outcome is Outcome.NOT_COMPARED
    shown = read(world, invoice)
    row = record_of(world, invoice)
    assert (row.outcome, row.difference, row.compared_at) == (Outcome.DIFFERS, Decimal("-40.00"), world.clock.now())
    with world.context.database.reading() as session:
        assert stored_sides(session, world.organization_id, row.id) == shown.sides
    world.notice()
    read(world, invoice)
    assert (record_of(world, invoice).outcome, record_of(world, invoice).difference) == (Outcome.AGREES, Decimal(0))


def test_two_calls_to_each_system_are_enough(world: World) -> None:
    invoice = world.invoice("INV-1")
    for amount in ("10.00", "20.00", "30.00"):
        world.pay(amount, (invoice, amount))
    world.notice()
    before = metered(world), world.connectwise.calls.total
    shown = read(world, invoice)
    after = metered(world), world.connectwise.calls.total
    assert (after[0] - before[0], after[1] - before[1]) == (2, 2)
    assert shown.sides.reads == 2


def test_an_invoice_whose_ids_are_not_known_is_found_by_its_number(world: World) -> None:
    invoice = world.invoice("INV-1")
    with world.context.database.writing() as session:
        session.query(Invoice).update({Invoice.source_id: None})
    before = metered(world)
    shown = read(world, invoice)
    assert shown.comparison.compared_as is ComparedAs.AGREES
    assert shown.sides.reads == metered(world) - before == 2


def test_a_payment_typed_into_connectwise_is_told_with_its_person(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "25.00", person="dana")
    shown = read(world, invoice)
    row = only_row(shown)
    assert row.kind is RowKind.TYPED_AT_TARGET
    assert row.target is not None
    assert row.target.entered_by == "dana"
    assert shown.comparison.difference == Decimal("25.00")


def test_a_held_twin_is_only_perhaps_the_same(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "40.00", payment_date=date(2026, 11, 20))
    world.choose(twin_policy="hold")
    world.pay("40.00", (invoice, "40.00"))
    world.notice()
    shown = read(world, invoice)
    assert kinds(shown) == [RowKind.PERHAPS_SAME]


def test_a_payment_split_over_two_invoices_is_compared_by_its_part(world: World) -> None:
    one, other = world.invoice("INV-1"), world.invoice("INV-2")
    world.pay("130.00", (one, "100.00"), (other, "30.00"))
    world.notice()
    for invoice, amount in ((one, "100.00"), (other, "30.00")):
        shown = read(world, invoice)
        part = only_row(shown).parts[0]
        assert (part.amount, part.payment_total, part.is_split) == (Decimal(amount), Decimal("130.00"), True)
        assert shown.comparison.compared_as is ComparedAs.AGREES


def test_a_voided_payment_is_left_at_the_target_until_the_correction_arrives(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    world.quickbooks.void_payment(payment)
    shown = read(world, invoice)
    assert (kinds(shown), shown.comparison.difference) == ([RowKind.LEFT_AT_TARGET], Decimal("40.00"))
    world.notice()
    shown = read(world, invoice)
    assert (kinds(shown), shown.comparison.compared_as) == ([], ComparedAs.AGREES)


def test_a_payment_that_was_removed_from_connectwise_is_missing_there(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.pay("40.00", (invoice, "40.00"))
    world.notice()
    (there,) = world.on(invoice)
    world.connectwise.delete_payment(invoice.connectwise_id or 0, there.id)
    row = only_row(read(world, invoice))
    assert (row.kind, row.missing_id) == (RowKind.MISSING_AT_TARGET, str(there.id))


def test_an_invoice_that_is_paid_too_much_in_connectwise_differs_by_the_surplus(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.connectwise.type_payment(
        invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 20), person="dana"
    )
    shown = read(world, invoice)
    assert sorted(kinds(shown)) == [RowKind.PERHAPS_TWICE, RowKind.SAME]
    assert shown.comparison.difference == Decimal("100.00")


def test_an_overpayment_at_quickbooks_counts_only_what_is_applied(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.pay("120.00", (invoice, "100.00"))
    world.notice()
    shown = read(world, invoice)
    assert shown.comparison.compared_as is ComparedAs.AGREES
    assert only_row(shown).parts[0].payment_total == Decimal("120.00")


def test_an_applied_credit_memo_is_named_and_explains_the_difference(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.quickbooks.apply_credit_memo(invoice.quickbooks_id, "15.00")
    world.notice()
    shown = read(world, invoice)
    row = only_row(shown)
    assert row.kind is RowKind.CREDIT_AT_SOURCE
    assert [one.kind for one in row.parts[0].credits] == ["credit_memo"]
    assert shown.comparison.difference == Decimal("-15.00")
    assert all(line.kind is not LineKind.OTHER for line in shown.comparison.lines)
    world.connectwise.type_payment(invoice.connectwise_id or 0, "15.00", credit_memo="CM-1")
    shown = read(world, invoice)
    assert (kinds(shown), shown.comparison.compared_as) == ([RowKind.PERHAPS_SAME], ComparedAs.AGREES)


def test_a_deposit_taken_on_the_invoice_form_is_named(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.quickbooks.edit_invoice(invoice.quickbooks_id, deposit="30.00")
    shown = read(world, invoice)
    lines = {line.kind: line.source for line in shown.comparison.lines}
    assert (lines[LineKind.DEPOSIT], shown.comparison.difference) == (Decimal("30.00"), Decimal("-30.00"))


def test_a_journal_entry_in_the_customers_favour_is_a_credit(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.quickbooks.apply_journal_credit(invoice.quickbooks_id, "10.00")
    row = only_row(read(world, invoice))
    assert (row.kind, [one.kind for one in row.parts[0].credits]) == (RowKind.CREDIT_AT_SOURCE, ["journal_entry"])


def test_another_currency_cannot_be_compared(world: World) -> None:
    invoice = world.invoice("INV-1", currency="CAD")
    shown = read(world, invoice)
    assert shown.comparison.obstacle is Obstacle.CURRENCY_DIFFERS
    assert record_of(world, invoice).outcome is Outcome.UNKNOWN


def test_an_invoice_that_was_deleted_in_quickbooks_is_told_as_gone(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.quickbooks.delete_invoice(invoice.quickbooks_id)
    shown = read(world, invoice)
    assert (shown.sides.source, shown.comparison.obstacle) == (NotRead(WhyNotRead.GONE), Obstacle.SOURCE_GONE)
    assert shown.sides.reads == 1


def test_an_invoice_that_was_deleted_in_connectwise_is_told_as_gone(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.pay("40.00", (invoice, "40.00"))
    world.notice()
    world.connectwise.remove_invoice(invoice.connectwise_id or 0)
    shown = read(world, invoice)
    assert (shown.sides.target, shown.comparison.obstacle) == (NotRead(WhyNotRead.GONE), Obstacle.TARGET_GONE)
    assert kinds(shown) == [RowKind.NOT_COMPARED]


def test_a_number_that_connectwise_has_twice_is_ambiguous(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.connectwise.add_invoice("INV-1", "100.00")
    assert read(world, invoice).sides.target == NotRead(WhyNotRead.AMBIGUOUS)


def test_when_connectwise_is_down_the_other_side_and_what_we_stored_are_shown(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.pay("40.00", (invoice, "40.00"))
    world.notice()
    world.connectwise.faults.add(Fault(kind="error", status=503, path=r"/finance/invoices", times=None))
    shown = read(world, invoice)
    assert isinstance(shown.sides.target, NotRead)
    assert shown.sides.target.why is WhyNotRead.NO_ANSWER
    row = only_row(shown)
    assert row.kind is RowKind.NOT_COMPARED
    assert row.known[0].claim is not None
    assert row.known[0].claim.amount == Decimal("40.00")


def test_when_quickbooks_is_down_the_stored_payment_stands_in_for_it(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    world.quickbooks.faults.add(Fault(kind="error", status=503, path=r"/v3/", times=None))
    shown = read(world, invoice)
    assert isinstance(shown.sides.source, NotRead)
    parts = [part for row in shown.comparison.rows for part in row.parts]
    assert [(part.payment_id, part.is_stored) for part in parts] == [(payment, True)]
    assert record_of(world, invoice).outcome is Outcome.UNKNOWN


def test_a_system_that_asks_us_to_slow_down_is_not_called_again_at_once(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.connectwise.faults.add(Fault(kind="throttle", path=r"/finance/invoices", times=1))
    first = read(world, invoice).sides.target
    assert isinstance(first, NotRead)
    assert "slow down" in first.detail
    calls = world.connectwise.calls.total
    assert read(world, invoice).sides.target == NotRead(WhyNotRead.PAUSED)
    assert world.connectwise.calls.total == calls
    with world.context.database.reading() as session:
        assert session.get_one(Connection, world.target_id).not_before is not None


def test_a_connection_that_is_cut_is_not_called(world: World) -> None:
    invoice = world.invoice("INV-1")
    disconnect(world.context, world.target_id)
    assert read(world, invoice).sides.target == NotRead(WhyNotRead.NOT_CONNECTED)


@pytest.mark.parametrize("strange", [0, 10_000])
def test_what_is_not_in_the_list_is_not_read(world: World, strange: int) -> None:
    before = world.quickbooks.calls.total
    assert isinstance(read_invoice_in_both(world.context, world.organization_id, strange), Rejected)
    assert world.quickbooks.calls.total == before


def test_another_organizations_invoice_is_not_read(world: World) -> None:
    row = record_of(world, world.invoice("INV-1"))
    assert isinstance(read_invoice_in_both(world.context, world.organization_id + 1, row.id), Rejected)


def test_the_reading_goes_with_its_invoice(world: World) -> None:
    invoice = world.invoice("INV-1")
    read(world, invoice)
    row = record_of(world, invoice)
    with world.context.database.writing() as session:
        forget_copies(session, world.organization_id, {invoice.quickbooks_id})
    with world.context.database.reading() as session:
        assert stored_sides(session, world.organization_id, row.id) is None


def test_nothing_is_written_to_either_system(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.pay("40.00", (invoice, "40.00"))
    before = world.quickbooks.invoices(), world.quickbooks.payments(), world.connectwise.invoices()
    read(world, invoice)
    assert before == (world.quickbooks.invoices(), world.quickbooks.payments(), world.connectwise.invoices())
