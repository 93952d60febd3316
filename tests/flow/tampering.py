"""What people and ConnectWise do to a payment after it was synced."""

from collections.abc import Callable
from datetime import date

from tests.world import BothInvoices, World


def synced(world: World, amount: str = "40.00", number: str = "INV-1") -> tuple[BothInvoices, str]:
    invoice = world.invoice(number, "300.00")
    payment = world.pay(amount, (invoice, amount), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "synced"
    return invoice, payment


def adopted(world: World) -> tuple[BothInvoices, str]:
    invoice = world.invoice("INV-1", "300.00")
    type_in(world, invoice, "40.00")
    payment = world.pay("40.00", (invoice, "40.00"), on="2026-11-20")
    world.notice()
    assert world.reason(payment) == "adopted"
    return invoice, payment


def type_in(world: World, invoice: BothInvoices, amount: str, day: int = 20) -> int:
    identity = invoice.connectwise_id or 0
    return world.connectwise.type_payment(identity, amount, payment_date=date(2026, 11, day))


def delete(world: World, invoice: BothInvoices) -> None:
    world.connectwise.delete_payment(invoice.connectwise_id or 0, world.on(invoice)[0].id)


def change_amount(world: World, invoice: BothInvoices) -> None:
    world.connectwise.change_payment(invoice.connectwise_id or 0, world.on(invoice)[0].id, amount="60.00")


def change_date(world: World, invoice: BothInvoices) -> None:
    there = world.on(invoice)[0].id
    world.connectwise.change_payment(invoice.connectwise_id or 0, there, payment_date=date(2026, 11, 2))


def double(world: World, invoice: BothInvoices) -> None:
    type_in(world, invoice, "40.00")


def remove_invoice(world: World, invoice: BothInvoices) -> None:
    world.connectwise.remove_invoice(invoice.connectwise_id or 0)


def swap(world: World, invoice: BothInvoices) -> None:
    """Ours is removed, and other money of the same amount typed: the invoice's sum stays."""
    delete(world, invoice)
    type_in(world, invoice, "40.00", day=1)


Tampering = Callable[[World, BothInvoices], None]
