"""From QuickBooks to ConnectWise on days when nothing goes wrong."""

from datetime import date

import pytest

from tests.world import World

pytestmark = pytest.mark.both_databases


def test_an_invoice_paid_in_full_is_paid_in_full_in_connectwise(world: World) -> None:
    invoice = world.invoice("INV-1", "100.00")
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-19")
    world.notice()
    assert world.reason(payment) == "synced"
    [created] = world.on(invoice)
    assert str(created.amount) == "100.00"
    assert created.payment_date.date() == date(2026, 11, 19)
    assert world.balance_of(invoice) == "0.00"


def test_a_partial_payment_leaves_the_rest_open(world: World) -> None:
    invoice = world.invoice("INV-1", "100.00")
    world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert world.balance_of(invoice) == "60.00"


def test_one_payment_over_three_invoices_is_three_payments_in_connectwise(world: World) -> None:
    invoices = [world.invoice(f"INV-{number}", "100.00") for number in (1, 2, 3)]
    world.pay("250.00", *zip(invoices, ("100.00", "100.00", "50.00"), strict=True))
    world.notice()
    assert [world.amounts_on(invoice) for invoice in invoices] == [["100.00"], ["100.00"], ["50.00"]]


def test_the_unapplied_part_waits_as_a_customer_credit_and_says_so(world: World) -> None:
    invoice = world.invoice("INV-1", "100.00")
    payment = world.pay("130.00", (invoice, "100.00"))
    world.notice()
    assert world.reason(payment, invoice) == "synced"
    assert world.reason(payment, kind="unapplied") == "unapplied"


def test_two_payments_on_one_invoice_are_two_payments(world: World) -> None:
    invoice = world.invoice("INV-1", "100.00")
    world.pay("60.00", (invoice, "60.00"))
    world.pay("40.00", (invoice, "40.00"))
    world.notice()
    assert world.amounts_on(invoice) == ["40.00", "60.00"]


def test_three_identical_cheques_are_three_payments(world: World) -> None:
    invoice = world.invoice("INV-1", "300.00")
    for _ in range(3):
        world.pay("100.00", (invoice, "100.00"), on="2026-11-19")
    world.notice()
    assert world.amounts_on(invoice) == ["100.00", "100.00", "100.00"]


def test_hearing_of_the_same_payment_again_changes_nothing(world: World) -> None:
    invoice = world.invoice("INV-1", "200.00")
    world.pay("100.00", (invoice, "100.00"))
    world.notice()
    for _ in range(3):
        world.notice()
        world.later(minutes=1)
    assert world.amounts_on(invoice) == ["100.00"]
    assert world.calls("POST /finance/invoices/{id}/payments") == 1
