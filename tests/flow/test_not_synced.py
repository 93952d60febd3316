"""Payments that are not synced, each with the reason a bookkeeper reads."""

from datetime import date

import pytest

from domain.preferences import InvoiceOrigin
from sandbox.faults import Fault
from tests.world import World


def nothing_was_created(world: World) -> bool:
    return all(not invoice.payments for invoice in world.connectwise.invoices())


def test_the_platforms_own_payment_is_not_external(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.is_own(payment)
    world.notice()
    assert world.reason(payment) == "own_payment"
    assert nothing_was_created(world)


def test_with_the_switch_off_nothing_is_synced_until_it_is_on(world: World) -> None:
    world.choose(sync_enabled=False)
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "switched_off"
    assert nothing_was_created(world)
    world.choose(sync_enabled=True)
    world.settle()
    assert world.amounts_on(invoice) == ["100.00"]


@pytest.mark.parametrize(
    ("mode", "origin", "reason"),
    [
        ("disabled", InvoiceOrigin.SYNC_TOOL, "mode_disabled"),
        ("synced_only", InvoiceOrigin.PARTNER_DASHBOARD, "invoice_not_synced"),
        ("synced_only", InvoiceOrigin.SYNC_TOOL, "synced"),
        ("all_invoices", InvoiceOrigin.PARTNER_DASHBOARD, "synced"),
        ("all_invoices", InvoiceOrigin.SYNC_TOOL, "synced"),
    ],
)
def test_the_sync_mode_decides_where_the_sync_tool_is_enabled(
    world: World, mode: str, origin: InvoiceOrigin, reason: str
) -> None:
    world.choose(sync_tool_enabled=True, sync_mode=mode)
    payment = world.pay("100.00", (world.invoice("INV-1", origin=origin), "100.00"))
    world.notice()
    assert world.reason(payment) == reason


def test_without_the_sync_tool_the_mode_is_not_asked(world: World) -> None:
    world.choose(sync_tool_enabled=False, sync_mode="disabled")
    payment = world.pay("100.00", (world.invoice("INV-1", origin=InvoiceOrigin.PARTNER_DASHBOARD), "100.00"))
    world.notice()
    assert world.reason(payment) == "synced"


def test_an_invoice_that_the_platform_does_not_know_is_skipped(world: World) -> None:
    world.choose(find_by_number=False)
    payment = world.pay("100.00", (world.invoice("INV-1", origin=None), "100.00"))
    world.notice()
    assert world.reason(payment) == "invoice_unknown"
    assert nothing_was_created(world)


def test_an_invoice_that_appears_in_connectwise_later_gets_its_payment_then(world: World) -> None:
    invoice = world.invoice("INV-1", in_connectwise=False)
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "target_invoice_missing"
    connectwise_id = world.connectwise.add_invoice("INV-1", "100.00", company_name="Cascade Dental")
    world.later(minutes=2)
    assert world.reason(payment) == "synced"
    assert world.connectwise.invoice(connectwise_id).balance == 0


@pytest.mark.parametrize(
    ("difference", "reason", "field"),
    [
        ({"connectwise_total": "110.00"}, "total_differs", "total"),
        ({"customer": "Somebody Else"}, "customer_differs", "customer"),
        ({"currency": "CAD"}, "currency_differs", "currency"),
    ],
)
def test_an_invoice_that_differs_holds_its_payment_and_shows_both_values(
    world: World, difference: dict[str, str], reason: str, field: str
) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1", **difference), "100.00"))
    world.notice()
    decision = world.decision(payment)
    assert (decision.action, decision.reason) == ("hold", reason)
    assert nothing_was_created(world)
    verdicts = {verdict["field"]: verdict for verdict in decision.verdicts}
    assert not verdicts[field]["identical"]
    assert verdicts[field]["source"] != verdicts[field]["target"]
    assert sum(not verdict["identical"] for verdict in verdicts.values()) == 1


def test_a_difference_that_is_repaired_in_connectwise_lets_the_payment_go(world: World) -> None:
    invoice = world.invoice("INV-1", connectwise_total="110.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.connectwise.edit_invoice(invoice.connectwise_id or 0, total="100.00")
    world.later(minutes=2)
    assert world.reason(payment) == "synced"


def test_a_difference_that_is_repaired_in_quickbooks_lets_the_payment_go(world: World) -> None:
    invoice = world.invoice("INV-1", connectwise_total="110.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.quickbooks.edit_invoice(invoice.quickbooks_id, total="110.00")
    world.notice()
    assert world.reason(payment) == "synced"


def test_payments_before_the_cut_off_date_stay_out(world: World) -> None:
    world.choose(cut_off_on=date(2026, 11, 1))
    invoice = world.invoice("INV-1", "200.00")
    before = world.pay("100.00", (invoice, "100.00"), on="2026-10-31")
    on_the_day = world.pay("100.00", (invoice, "100.00"), on="2026-11-01")
    world.notice()
    assert (world.reason(before), world.reason(on_the_day)) == ("before_cut_off", "synced")


def test_a_number_that_two_connectwise_invoices_carry_is_held(world: World) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.connectwise.add_invoice("INV-1", "100.00", company_name="Cascade Dental")
    world.notice()
    assert world.reason(payment) == "target_invoice_ambiguous"


def test_a_credit_memo_in_connectwise_is_not_an_invoice(world: World) -> None:
    invoice = world.invoice("INV-1", in_connectwise=False)
    world.connectwise.add_invoice("INV-1", "100.00", company_name="Cascade Dental", invoice_type="CreditMemo")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "target_invoice_not_payable"


NO_BALANCE = '[{"id":200,"invoiceNumber":"INV-1","total":100.00,"company":{"name":"Cascade Dental"}}]'
NO_TOTAL = '[{"id":200,"invoiceNumber":"INV-1","total":"?","balance":100,"company":{"name":"Cascade Dental"}}]'


@pytest.mark.parametrize("body", [NO_BALANCE, NO_TOTAL])
@pytest.mark.parametrize("skip", [0, 1], ids=["when it is decided", "before it is sent"])
def test_an_invoice_whose_money_cannot_be_read_is_there_and_takes_no_payment(
    world: World, body: str, skip: int
) -> None:
    invoice = world.invoice("INV-1")
    world.connectwise.faults.add(Fault("error", path="/invoices$", status=200, body=body, skip=skip, times=1))
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "target_invoice_not_payable"
    assert world.on(invoice) == []
    world.later(hours=1)
    assert world.reason(payment) == "synced"


def test_a_payment_on_an_invoice_whose_money_cannot_be_read_is_still_taken_back(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    world.connectwise.faults.add(Fault("error", path="/invoices$", status=200, body=NO_BALANCE, times=None))
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.reason(payment) == "reversed"
    assert world.on(invoice) == []


def test_more_than_the_open_balance_is_held(world: World) -> None:
    invoice = world.invoice("INV-1")
    world.connectwise.type_payment(invoice.connectwise_id or 0, "30.00", payment_date=date(2026, 11, 1))
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment) == "exceeds_balance"
    assert world.amounts_on(invoice) == ["30.00"]


def test_a_payment_voided_before_we_saw_it_is_skipped(world: World) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.quickbooks.void_payment(payment)
    world.notice()
    assert world.reason(payment) == "voided"


def test_a_payment_deleted_before_we_saw_it_is_skipped(world: World) -> None:
    payment = world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.quickbooks.delete_payment(payment)
    world.notice()
    assert world.reason(payment) == "deleted"


def test_a_credit_memo_moves_no_money(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.quickbooks.apply_credit_memo(invoice.quickbooks_id, "50.00")
    world.notice()
    assert world.reason(payment, invoice) == "credit_applied"
    assert world.reason(payment, kind="credit_memo") == "credit_memo"
    assert nothing_was_created(world)


def test_a_journal_entry_in_the_customers_favour_moves_no_money(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.quickbooks.apply_journal_credit(invoice.quickbooks_id, "50.00")
    world.notice()
    assert world.reason(payment, invoice) == "credit_applied"
    assert world.reason(payment, kind="journal_entry") == "journal_entry"
    assert nothing_was_created(world)


def test_money_together_with_a_journal_entry_in_the_customers_favour_needs_a_person(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.quickbooks.apply_journal_credit(invoice.quickbooks_id, "20.00", received="30.00")
    world.notice()
    assert world.reason(payment, invoice) == "mixed_with_credit"
    assert nothing_was_created(world)


def test_a_journal_entry_that_the_same_money_pays_keeps_no_invoice_waiting(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("150.00", (invoice, "100.00"))
    world.quickbooks.link_to_journal_entry(payment, "50.00")
    world.notice()
    assert world.reason(payment, invoice) == "synced"
    assert world.amounts_on(invoice) == ["100.00"]


def test_one_line_linked_to_several_invoices_needs_a_person(world: World) -> None:
    invoices = [world.invoice(f"INV-{number}") for number in (1, 2)]
    payment = world.pay("150.00")
    world.quickbooks.link_to_several(payment, [invoice.quickbooks_id for invoice in invoices], "150.00")
    world.notice()
    assert world.reason(payment, kind="unreadable") == "line_unreadable"
    assert nothing_was_created(world)


def test_an_amount_with_more_digits_than_the_currency_is_held(world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("10.005", (invoice, "10.005"))
    world.notice()
    assert world.reason(payment) == "amount_not_representable"
    assert nothing_was_created(world)


def test_a_journal_entry_and_an_expense_are_not_invoices(world: World) -> None:
    payment = world.pay("100.00")
    world.quickbooks.link_to_journal_entry(payment, "60.00")
    world.notice()
    assert world.reason(payment, kind="journal_entry") == "journal_entry"
    assert nothing_was_created(world)
