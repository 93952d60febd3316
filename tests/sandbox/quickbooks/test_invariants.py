"""Whatever people and applications do to the books, in whatever order, the sums agree."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal

import pytest

from sandbox.quickbooks.world.faults import Refused
from tests.sandbox.quickbooks.support import REALM, Caller, books, calling

STEPS = 600


def one_step(world, dice):
    company = world.companies[REALM]
    invoices, payments = list(company.invoices.records), list(company.payments.records)
    amount = Decimal(dice.randrange(1, 9000)) / 100
    if len(invoices) < 3:
        return world.add_invoice("1", amount)
    invoice, other = dice.sample(invoices, 2)
    lines = [(invoice, amount / 2), (other, amount / 4)]
    if not payments:
        return world.record_payment("1", amount, lines)
    payment = dice.choice(payments)
    world.clock.advance(dice.random())
    return dice.choice(
        [
            lambda: world.add_invoice("1", amount),
            lambda: world.edit_invoice(invoice, total=amount),
            lambda: world.void_invoice(invoice),
            lambda: world.delete_invoice(invoice),
            lambda: world.record_payment("1", amount, lines),
            lambda: world.record_platform_payment("1", amount, lines),
            lambda: world.edit_payment(payment, total=amount),
            lambda: world.split_payment(payment, lines),
            lambda: world.move_payment(payment, invoice, other),
            lambda: world.apply_payment(payment, invoice, amount),
            lambda: world.link_to_several(payment, [invoice, other], amount),
            lambda: world.link_to_journal_entry(payment, amount),
            lambda: world.apply_credit_memo(invoice, amount),
            lambda: world.void_payment(payment),
            lambda: world.delete_payment(payment),
            lambda: world.deposit_payment(payment),
            lambda: world.remove_from_deposit(payment),
        ]
    )()


def assert_the_sums_agree(world):
    company = world.companies[REALM]
    applied = {}
    for payment in company.payments.records.values():
        assert payment.unapplied >= 0
        assert not payment.voided or (payment.total, payment.lines) == (0, ())
        for line in payment.lines:
            if line.linked_ids("Invoice"):
                applied[payment.id] = applied.get(payment.id, 0) + line.amount
    shares = {}
    for invoice in company.invoices.records.values():
        assert 0 <= invoice.balance <= invoice.total
        for payment_id, share in invoice.applied.items():
            assert share > 0
            assert invoice.id in company.payments.records[payment_id].laid_on
            shares[payment_id] = shares.get(payment_id, 0) + share
    assert shares == applied


@pytest.mark.parametrize("seed", range(5))
def test_lines_and_balances_agree_after_every_step(seed):
    world, dice = books(), random.Random(seed)
    for _ in range(STEPS):
        with suppress(Refused):
            one_step(world, dice)
        assert_the_sums_agree(world)


def test_change_data_capture_knows_every_survivor_and_every_loss():
    world, dice = books(), random.Random(7)
    start = world.clock.at
    for _ in range(STEPS):
        with suppress(Refused):
            one_step(world, dice)
    world.set_switches(cdc_cap=100_000)
    company = world.companies[REALM]
    with calling(world) as api:
        found = api.changes(start.replace(microsecond=0))
    for name, table in (("Payment", company.payments), ("Invoice", company.invoices)):
        alive = {one["Id"] for one in found[name] if "status" not in one}
        assert alive == set(table.records)
        assert {one["Id"] for one in found[name] if "status" in one} == {stone.id for stone in table.tombstones}
        times = [one["MetaData"]["LastUpdatedTime"] for one in found[name] if "status" not in one]
        assert times == sorted(times)


def test_eight_callers_at_once_leave_one_payment_per_request_id():
    world = books()
    invoice = world.add_invoice("1", 1000)
    line = {"Amount": 10, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 10, "Line": [line]}
    with calling(world) as api:

        def post(number: int) -> int:
            with type(api.session)() as session:
                return Caller(api.url, world, session).post("payment", body, requestid=f"r{number % 20}").status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(post, range(80))) == {200}
    assert len(world.payments()) == 20
    assert world.invoice(invoice).balance == 800


def test_a_journal_entry_in_the_customers_favour_pays_like_a_credit_memo():
    world = books()
    invoice = world.add_invoice("1", 80)
    payment = world.apply_journal_credit(invoice, 50, received=10)
    truth = world.payment(payment)
    assert (truth.total, truth.unapplied) == (10, 0)
    assert [(line.linked[0][0], line.amount) for line in truth.lines] == [("Invoice", 60), ("JournalEntry", 50)]
    assert world.invoice(invoice).balance == 20
    world.edit_payment(payment, note="looked at")
    assert world.payment(payment).unapplied == 0, "still a credit after it has been saved again"
