"""The rules of the books, without any HTTP."""

from datetime import date
from decimal import Decimal

import pytest

from sandbox.quickbooks.world.faults import Refused
from tests.sandbox.quickbooks.support import REALM, books


def refused_with(code: str):
    return pytest.raises(Refused, match=f"^{code} ")


def test_a_payment_lowers_the_balance_and_bumps_the_invoice():
    world = books()
    invoice = world.add_invoice("1", "71.00", "1024")
    world.clock.advance(60)
    payment = world.record_payment("1", 65, [(invoice, 55)], payment_date="2026-11-19", reference="77")

    assert world.invoice(invoice).balance == 16
    assert world.invoice(invoice).sync_token == 1
    record = world.companies[REALM].invoices.records[invoice]
    assert record.updated_at == world.clock.at.replace(microsecond=0)
    truth = world.payment(payment)
    assert (truth.total, truth.unapplied, truth.payment_date) == (65, 10, date(2026, 11, 19))
    assert truth.lines[0].linked == (("Invoice", invoice),)


def test_several_payments_pay_one_invoice():
    world = books()
    invoice = world.add_invoice("1", 100)
    first = world.record_payment("1", 30, [(invoice, 30)])
    second = world.record_payment("1", 70, [(invoice, 70)])
    assert world.invoice(invoice).balance == 0
    assert world.invoice(invoice).applied == {first: Decimal(30), second: Decimal(70)}


def test_a_payment_split_over_two_invoices_has_two_lines():
    world = books()
    one, two = world.add_invoice("1", 200), world.add_invoice("1", 100)
    payment = world.record_payment("1", 300, [(one, 200)])
    assert world.payment(payment).unapplied == 100
    world.split_payment(payment, [(one, 200), (two, 100)])
    assert len(world.payment(payment).lines) == 2
    assert (world.invoice(one).balance, world.invoice(two).balance) == (0, 0)
    assert world.invoice(one).sync_token == 1, "the first invoice did not change in the split"


def test_a_payment_moves_to_another_invoice():
    world = books()
    wrong, right = world.add_invoice("1", 50), world.add_invoice("1", 50)
    payment = world.record_payment("1", 50, [(wrong, 50)])
    world.move_payment(payment, wrong, right)
    assert (world.invoice(wrong).balance, world.invoice(right).balance) == (50, 0)
    assert world.payment(payment).sync_token == 1


def test_a_void_empties_the_payment_and_says_so_in_the_note():
    world = books()
    invoice = world.add_invoice("1", 50)
    payment = world.record_payment("1", 50, [(invoice, 50)], note="cash")
    world.void_payment(payment)
    truth = world.payment(payment)
    assert (truth.total, truth.unapplied, truth.lines, truth.voided) == (0, 0, (), True)
    assert truth.note == "Voidedcash"
    assert world.invoice(invoice).balance == 50


def test_the_separator_of_the_void_note_is_a_switch():
    world = books(void_note="Voided - ")
    noted, plain = world.record_payment("1", 5, note="cash"), world.record_payment("1", 5)
    world.void_payment(noted)
    world.void_payment(plain)
    assert (world.payment(noted).note, world.payment(plain).note) == ("Voided - cash", "Voided")


def test_a_delete_is_hard_and_leaves_a_tombstone():
    world = books()
    invoice = world.add_invoice("1", 50)
    payment = world.record_payment("1", 50, [(invoice, 50)])
    world.delete_payment(payment)
    assert world.invoice(invoice).balance == 50
    assert world.deleted_payments() == [payment]
    with refused_with("610"):
        world.payment(payment)


def test_a_deposited_payment_is_frozen_until_it_leaves_the_deposit():
    world = books()
    payment = world.record_payment("1", 50)
    world.deposit_payment(payment)
    for attempt in (world.void_payment, world.delete_payment, world.deposit_payment):
        with refused_with("6540"):
            attempt(payment)
    with refused_with("6540"):
        world.edit_payment(payment, total=60)
    world.remove_from_deposit(payment)
    world.edit_payment(payment, total=60)
    assert world.payment(payment).total == 60


def test_an_overpayment_stays_on_account_and_is_applied_later():
    world = books()
    first, later = world.add_invoice("1", 50), world.add_invoice("1", 30)
    payment = world.record_payment("1", 80, [(first, 80)])
    assert (world.payment(payment).lines[0].amount, world.payment(payment).unapplied) == (50, 30)
    world.apply_payment(payment, later, 30)
    assert (world.payment(payment).unapplied, world.invoice(later).balance) == (0, 0)


def test_a_line_above_the_balance_is_rejected_or_accepted_by_switch():
    world = books(line_over_balance="reject")
    invoice = world.add_invoice("1", 50)
    with refused_with("6000"):
        world.record_payment("1", 80, [(invoice, 80)])
    assert world.payments() == []
    world.set_switches(line_over_balance="accept")
    world.record_payment("1", 80, [(invoice, 80)])
    assert world.invoice(invoice).balance == -30


def test_a_credit_memo_pays_through_a_payment_of_zero():
    world = books()
    invoice = world.add_invoice("1", 80)
    payment = world.apply_credit_memo(invoice, 50)
    truth = world.payment(payment)
    assert (truth.total, truth.unapplied, truth.voided) == (0, 0, False)
    assert [line.linked[0][0] for line in truth.lines] == ["Invoice", "CreditMemo"]
    assert world.invoice(invoice).balance == 30
    memo = next(iter(world.companies[REALM].credit_memos.records.values()))
    assert memo.remaining == 0


def test_a_payment_can_settle_journal_entries_and_offset_expenses():
    world = books()
    payment = world.record_payment("1", 50)
    entry = world.link_to_journal_entry(payment, 30)
    expense = world.link_to_expense(payment, 40)
    truth = world.payment(payment)
    assert [line.linked for line in truth.lines] == [(("JournalEntry", entry),), (("Expense", expense),)]
    assert (truth.total, truth.unapplied) == (70, 0), "more money came in for what was not on account"


def test_a_line_may_link_several_invoices_and_fills_them_in_order():
    world = books()
    one, two = world.add_invoice("1", 40), world.add_invoice("1", 40)
    payment = world.record_payment("1", 60)
    world.link_to_several(payment, [one, two], 60)
    assert (world.invoice(one).balance, world.invoice(two).balance) == (0, 20)
    assert len(world.payment(payment).lines) == 1


def test_an_amount_keeps_more_digits_than_its_currency_has():
    world = books()
    payment = world.record_payment("1", "10.005")
    assert world.payment(payment).total == Decimal("10.005")


def test_money_given_as_a_float_is_refused():
    with pytest.raises(TypeError, match="float"):
        books().record_payment("1", 10.5)


@pytest.mark.parametrize(("total", "applied", "unapplied"), [(40, [40], 0), (60, [60], 0), (150, [100], 50)])
def test_a_corrected_amount_carries_its_single_line_along(total, applied, unapplied):
    world = books()
    invoice = world.add_invoice("1", 100)
    payment = world.record_payment("1", 50, [(invoice, 50)])
    world.edit_payment(payment, total=total)
    truth = world.payment(payment)
    assert ([line.amount for line in truth.lines], truth.unapplied) == (applied, unapplied)


def test_a_smaller_total_takes_from_the_last_lines_first():
    world = books()
    one, two = world.add_invoice("1", 60), world.add_invoice("1", 60)
    payment = world.record_payment("1", 100, [(one, 60), (two, 40)])
    world.edit_payment(payment, total=50)
    assert (world.invoice(one).balance, world.invoice(two).balance) == (10, 60)


def test_a_refused_edit_changes_nothing():
    world = books()
    invoice = world.add_invoice("1", 50)
    payment = world.record_payment("1", 50, [(invoice, 50)], reference="a")
    before = world.payment(payment), world.invoice(invoice)
    with refused_with("2500"):
        world.edit_payment(payment, lines=[("999", 50)], reference="b")
    with refused_with("2050"):
        world.edit_payment(payment, reference="x" * 22)
    with refused_with("6000"):
        world.edit_payment(payment, lines=[(invoice, 50), {"amount": 10, "links": [{"type": "Check", "id": "9"}]}])
    assert (world.payment(payment), world.invoice(invoice)) == before


def test_the_currency_of_payment_customer_and_invoice_must_agree():
    world = books(multicurrency=True)
    euro = world.add_customer("Café", "EUR")
    invoice = world.add_invoice(euro, 50)
    assert world.invoice(invoice).currency == "EUR"
    with refused_with("6000"):
        world.record_payment(euro, 50, [(invoice, 50)], currency="USD")
    with refused_with("6000"):
        world.record_payment("1", 50, [(invoice, 50)])
    with refused_with("6000"):
        world.add_invoice(euro, 50, currency="USD")
    world.record_payment(euro, 50, [(invoice, 50)])
    assert world.invoice(invoice).balance == 0


def test_without_multicurrency_every_customer_has_the_home_currency():
    with refused_with("6000"):
        books().add_customer("Café", "EUR")


def test_a_parent_pays_for_its_sub_customer_but_nobody_else_does():
    world = books()
    job, stranger = world.add_customer("Red Rock Diner:Kitchen"), world.add_customer("Somebody")
    invoice = world.add_invoice(job, 50)
    with refused_with("6000"):
        world.record_payment(stranger, 50, [(invoice, 50)])
    world.record_payment("1", 50, [(invoice, 50)])


def test_an_invoice_that_shrinks_below_its_payments_gives_the_newest_one_its_money_back():
    world = books()
    invoice = world.add_invoice("1", 100)
    first, second = (world.record_payment("1", 50, [(invoice, 50)]) for _ in range(2))
    world.edit_invoice(invoice, total=70, doc_number="1025")
    assert world.invoice(invoice).balance == 0
    assert world.invoice(invoice).doc_number == "1025"
    assert (world.payment(first).unapplied, world.payment(second).unapplied) == (0, 30)


@pytest.mark.parametrize("undo", ["delete_invoice", "void_invoice"])
def test_an_undone_invoice_leaves_the_money_on_account(undo):
    world = books()
    invoice = world.add_invoice("1", 100)
    payment = world.record_payment("1", 100, [(invoice, 100)])
    getattr(world, undo)(invoice)
    assert (world.payment(payment).lines, world.payment(payment).unapplied) == ((), 100)


def test_a_deposit_on_the_invoice_form_lowers_the_balance_without_a_payment():
    world = books()
    invoice = world.add_invoice("1", 100, deposit=40)
    assert world.invoice(invoice).balance == 60


def test_ids_are_shared_by_all_transactions_and_repeat_in_other_companies():
    world = books()
    world.add_company("2")
    world.add_customer("Other", realm_id="2")
    invoice, payment = world.add_invoice("1", 1), world.record_payment("1", 1)
    assert int(payment) == int(invoice) + 1
    assert world.add_invoice("1", 1, realm_id="2") == invoice


def test_what_cannot_be_on_an_invoice_is_refused():
    world = books()
    invoice = world.add_invoice("1", 5)
    with refused_with("2050"):
        world.edit_invoice(invoice, doc_number="x" * 22)
    with refused_with("6000"):
        world.edit_invoice(invoice, balance=0)
    with refused_with("2020"):
        world.add_customer("")


def test_an_imported_history_carries_its_own_time():
    world = books()
    payment = world.record_payment("1", 5, at="2026-10-01T12:00:00+00:00")
    record = world.companies[REALM].payments.records[payment]
    assert record.updated_at.isoformat() == "2026-10-01T12:00:00+00:00"
    world.edit_payment(payment, note="touched")
    assert record.updated_at == world.clock.at.replace(microsecond=0)


def test_the_platforms_own_payment_is_known_as_such():
    world = books()
    invoice = world.add_invoice("1", 50)
    own = world.record_platform_payment("1", 50, [(invoice, 50)], note="receipt 1")
    assert world.payment(own).own
    assert not world.payment(world.record_payment("1", 50)).own


@pytest.mark.parametrize(
    "wrong", [{"nonsense": 1}, {"void_event": "gone"}, {"cdc_cap": "x"}, {"suspended": 1}, {"cdc_cap": -1}]
)
def test_a_switch_takes_only_what_it_knows(wrong):
    world = books()
    before = world.get_switches()
    with pytest.raises(ValueError):
        world.set_switches(cdc_inclusive=False, **wrong)
    assert world.get_switches() == before
