"""All changes to a payment, by a person at the screen or by an application over the API."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sandbox.quickbooks.world.applying import apply_lines, checked_lines
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import business, deposited, too_long
from sandbox.quickbooks.world.records import NOTHING, Line, Payment

NOTE_LENGTH = 4000


@dataclass(kw_only=True)
class Content:
    """The fields of a payment that its writer chooses."""

    customer_id: str
    total: Decimal
    currency: str
    transaction_date: date
    lines: Iterable[Line] = ()
    reference: str = ""
    note: str = ""
    method_id: str = ""


def content_of(payment: Payment) -> Content:
    return Content(
        customer_id=payment.customer_id,
        total=payment.total,
        currency=payment.currency,
        transaction_date=payment.transaction_date,
        lines=payment.lines,
        reference=payment.reference,
        note=payment.note,
        method_id=payment.method_id,
    )


def create(company: Company, content: Content, *, origin: str) -> Payment:
    now = company.now()
    payment = Payment(
        # The number is assigned only after all checks, because a refused payment leaves no gap.
        id="",
        created_at=now,
        changed_at=now,
        customer_id=content.customer_id,
        total=content.total,
        currency=content.currency,
        transaction_date=content.transaction_date,
        origin=origin,
    )
    _write(company, payment, content)
    payment.id = company.next_transaction_id()
    company.created(company.payments, payment, "Payment", origin)
    apply_lines(company, payment, origin)
    return payment


def update(company: Company, payment: Payment, content: Content, *, origin: str) -> None:
    _must_be_free(payment)
    _write(company, payment, content)
    company.touched(company.payments, payment, "Payment", origin)
    apply_lines(company, payment, origin)


def void(company: Company, payment: Payment, *, origin: str) -> None:
    """The amount becomes zero, the lines go, and "Voided" comes before the note (Intuit's Payment reference)."""
    _must_be_free(payment)
    payment.total = NOTHING
    payment.lines = ()
    payment.voided = True
    payment.note = company.switches.void_note + payment.note if payment.note else "Voided"
    company.touched(company.payments, payment, "Payment", origin, "Void")
    apply_lines(company, payment, origin)


def delete(company: Company, payment: Payment, *, origin: str) -> None:
    """A hard delete: only change data capture still knows the id."""
    _must_be_free(payment)
    payment.lines = ()
    company.deleted(company.payments, payment, "Payment", origin)
    apply_lines(company, payment, origin)


def deposit(company: Company, payment: Payment) -> str:
    """Put the payment into a bank deposit; it is frozen until it leaves it."""
    _must_be_free(payment)
    payment.deposit_id = company.next_transaction_id()
    company.touched(company.payments, payment, "Payment", "user")
    company.tell("Deposit", payment.deposit_id, "Create", company.now(), "user")
    return payment.deposit_id


def take_out_of_deposit(company: Company, payment: Payment) -> None:
    if not payment.deposit_id:
        raise business("The payment is not in a deposit.")
    company.tell("Deposit", payment.deposit_id, "Update", company.now(), "user")
    payment.deposit_id = ""
    company.touched(company.payments, payment, "Payment", "user")


def _must_be_free(payment: Payment) -> None:
    if payment.deposit_id:
        raise deposited()


def _write(company: Company, payment: Payment, content: Content) -> None:
    """Check everything first, then change everything: a refusal leaves the payment as it was."""
    customer = company.customer(content.customer_id)
    if content.currency != customer.currency:
        raise business(f"The customer's currency is {customer.currency}, not {content.currency}.")
    if content.total < NOTHING:
        raise business("The amount of a payment cannot be negative.")
    if len(content.reference) > company.switches.payment_reference_length:
        raise too_long("PaymentRefNum", company.switches.payment_reference_length)
    if len(content.note) > NOTE_LENGTH:
        raise too_long("PrivateNote", NOTE_LENGTH)
    before = content_of(payment)
    _assign(payment, content)
    try:
        payment.lines = checked_lines(company, payment, content.lines)
        _must_add_up(payment)
    except Exception:
        _assign(payment, before)
        payment.lines = tuple(before.lines)
        raise
    # A voided payment that gets an amount again is no longer void.
    payment.voided = payment.voided and not (payment.total or payment.lines)


def _must_add_up(payment: Payment) -> None:
    if payment.unapplied < NOTHING:
        raise business("The amounts applied are more than the amount received and the credits.")


def _assign(payment: Payment, content: Content) -> None:
    payment.customer_id = content.customer_id
    payment.total = content.total
    payment.currency = content.currency
    payment.transaction_date = content.transaction_date
    payment.reference = content.reference
    payment.note = content.note
    payment.method_id = content.method_id
