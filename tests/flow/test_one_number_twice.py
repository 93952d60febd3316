"""A number that leads to or from more than one invoice says nothing: held, with the invoices that share it."""

import io

import pytest

from tests.world import BothInvoices, World
from usecases.invoice_import import import_invoices
from usecases.retry import retry_payment

HEADER = "number,origin,quickbooks_id,connectwise_id,total,currency,customer"


def import_rows(world: World, *rows: str) -> None:
    import_invoices(world.context, world.organization_id, io.StringIO("\n".join([HEADER, *rows])))


def row(number: str = "INV-1", quickbooks: object = "", connectwise: object = "") -> str:
    return f"{number},sync_tool,{quickbooks},{connectwise},100.00,USD,Cascade Dental"


def two(world: World, *, in_connectwise: bool = False) -> tuple[BothInvoices, BothInvoices]:
    """Two QuickBooks invoices with one number; the second may be in ConnectWise as well."""
    first = world.invoice("INV-1", origin=None)
    return first, world.invoice("INV-1", origin=None, in_connectwise=in_connectwise)


def paid(world: World, invoice: BothInvoices, amount: str = "40.00") -> str:
    return world.pay(amount, (invoice, amount))


def nothing_was_created(world: World) -> bool:
    return all(not invoice.payments for invoice in world.connectwise.invoices())


@pytest.mark.parametrize("knows_the_target", [True, False])
@pytest.mark.parametrize("at_once", [True, False])
def test_two_quickbooks_invoices_and_a_record_that_names_none_of_them(
    world: World, knows_the_target: bool, at_once: bool
) -> None:
    """The invoice was entered twice; which of them is paid first does not matter."""
    first, second = two(world)
    import_rows(world, row(connectwise=first.connectwise_id if knows_the_target else ""))
    payments = [paid(world, first)]
    if not at_once:
        world.notice()
    payments.append(paid(world, second, "30.00"))
    world.notice()
    world.later(minutes=5)
    assert [world.reason(one) for one in payments] == ["source_number_ambiguous"] * 2
    for payment in payments:
        assert {first.quickbooks_id, second.quickbooks_id} <= set(world.decision(payment).detail.split())
    assert nothing_was_created(world)


def test_the_second_one_appears_when_the_first_is_synced(world: World) -> None:
    """Nothing is taken back, and it is said."""
    first = world.invoice("INV-1", origin=None)
    import_rows(world, row())
    for_first = paid(world, first)
    world.notice()
    assert world.reason(for_first) == "synced"
    world.clock.move(minutes=20)
    second = world.invoice("INV-1", origin=None, in_connectwise=False)
    for_second = paid(world, second, "30.00")
    world.notice()
    world.later(minutes=5)
    assert (world.reason(for_first), world.reason(for_second)) == ("synced", "source_number_ambiguous")
    assert {first.quickbooks_id, second.quickbooks_id} <= set(world.decision(for_second).detail.split())
    assert world.amounts_on(first) == ["40.00"]


@pytest.mark.parametrize("gone", ["deleted", "voided"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_number_of_an_invoice_that_is_gone_is_nobodys(world: World, gone: str, when: str) -> None:
    former, invoice = two(world)
    import_rows(world, row())
    books = world.quickbooks
    if when == "after":
        payment = paid(world, invoice)
        world.notice()
        assert world.reason(payment) == "source_number_ambiguous"
        world.clock.move(minutes=20)
    if gone == "deleted":
        books.delete_invoice(former.quickbooks_id)
    else:
        books.void_invoice(former.quickbooks_id)
    if when == "before":
        payment = paid(world, invoice)
    world.notice()
    assert world.reason(payment) == "synced"
    assert world.amounts_on(former) == ["40.00"]


def test_one_that_gets_a_number_of_its_own_lets_both_go(world: World) -> None:
    first, second = two(world)
    import_rows(world, row())
    payment = paid(world, first)
    world.notice()
    assert world.reason(payment) == "source_number_ambiguous"
    world.clock.move(minutes=20)
    world.quickbooks.edit_invoice(second.quickbooks_id, doc_number="INV-2")
    world.notice()
    assert (world.reason(payment), world.amounts_on(first)) == ("synced", ["40.00"])


def test_both_are_synced_when_the_file_says_which_is_which(world: World) -> None:
    first, second = two(world, in_connectwise=True)
    import_rows(world, row())
    payments = [paid(world, one) for one in (first, second)]
    world.notice()
    assert {world.reason(one) for one in payments} == {"source_number_ambiguous"}
    import_rows(world, *(row("INV-1", one.quickbooks_id, one.connectwise_id) for one in (first, second)))
    world.settle()
    assert [world.reason(one) for one in payments] == ["synced", "synced"]
    assert [world.amounts_on(one) for one in (first, second)] == [["40.00"], ["40.00"]]


def test_a_retry_does_not_decide_it(world: World) -> None:
    first, second = two(world)
    import_rows(world, row())
    payments = [paid(world, one) for one in (first, second)]
    world.notice()
    for payment in payments:
        retry_payment(world.context, world.organization_id, payment)
        world.settle()
    assert {world.reason(one) for one in payments} == {"source_number_ambiguous"}
    assert nothing_was_created(world)


def test_records_that_name_the_quickbooks_invoices_only_share_the_connectwise_invoice(world: World) -> None:
    first, second = two(world)
    import_rows(world, row("INV-1", first.quickbooks_id), row("INV-1", second.quickbooks_id))
    payments = [paid(world, one) for one in (first, second)]
    world.notice()
    assert {world.reason(one) for one in payments} == {"source_number_ambiguous"}
    assert nothing_was_created(world)


def test_a_connectwise_invoice_that_is_linked_is_not_found_by_its_number_for_another(world: World) -> None:
    """One record names it by its id; the number of another leads to it."""
    invoice = world.invoice("INV-1", origin=None)
    other = world.invoice("INV-9", origin=None, in_connectwise=False)
    import_rows(world, row("INV-9", other.quickbooks_id, invoice.connectwise_id), row("INV-1", invoice.quickbooks_id))
    payment = paid(world, invoice)
    world.notice()
    assert world.reason(payment) == "target_invoice_taken"
    assert str(invoice.connectwise_id) in world.decision(payment).detail.split()
    assert nothing_was_created(world)


def test_a_record_that_is_linked_keeps_the_number_from_another_invoice(world: World) -> None:
    first, second = two(world)
    import_rows(world, row("INV-1", first.quickbooks_id, first.connectwise_id))
    payments = [paid(world, one) for one in (first, second)]
    world.notice()
    assert [world.reason(one) for one in payments] == ["synced", "source_number_ambiguous"]


def test_two_connectwise_invoices_are_named(world: World) -> None:
    first = world.invoice("INV-1")
    again = world.connectwise.add_invoice("INV-1", "100.00", company_name="Cascade Dental")
    payment = paid(world, first)
    world.notice()
    assert world.reason(payment) == "target_invoice_ambiguous"
    assert {str(first.connectwise_id), str(again)} <= set(world.decision(payment).detail.split())


def test_an_invoice_whose_number_nobody_in_the_platform_has_stays_unknown(world: World) -> None:
    world.choose(find_by_number=False)
    first, _ = two(world)
    payment = paid(world, first)
    world.notice()
    assert world.reason(payment) == "invoice_unknown"
