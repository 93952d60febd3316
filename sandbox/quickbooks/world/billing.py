"""Invoices that an application creates, updates and deletes over the API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.world.applying import take_off
from sandbox.quickbooks.world.company import FIRST_DOC_NUMBER, Company
from sandbox.quickbooks.world.faults import business, duplicate_number, period_closed
from sandbox.quickbooks.world.invoices import void_invoice
from sandbox.quickbooks.world.records import NOTHING, Customer, Invoice, InvoiceLine
from sandbox.quickbooks.world.sales_tax import Sum, sum_of


@dataclass(kw_only=True)
class InvoiceContent:
    """The fields of an invoice that its writer chooses; everything else QuickBooks computes."""

    customer_id: str
    currency: str
    transaction_date: date
    doc_number: str | None = None
    due_date: date | None = None
    term_id: str = ""
    exchange_rate: Decimal | None = None
    # None: the lines and the total stay as they are.
    lines: tuple[InvoiceLine, ...] | None = None
    tax: Decimal | None = None
    tax_mode: str = ""
    note: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    may_repeat_number: bool = False


def create(company: Company, content: InvoiceContent) -> Invoice:
    _must_be_open(company, content.transaction_date)
    customer = company.active(company.customers, content.customer_id, "CustomerRef")
    _check_currency(content, customer)
    number = _number(company, content, None)
    summed = sum_of(company, content.lines or (), content.tax, content.tax_mode)
    _check_total(summed)
    due_date = _due_date(company, content)
    now = company.now()
    invoice = Invoice(
        # The number is assigned only after all checks, because a refused invoice leaves no gap.
        id=company.next_transaction_id(),
        created_at=now,
        changed_at=now,
        customer_id=content.customer_id,
        doc_number=number,
        total=summed.total,
        currency=content.currency,
        transaction_date=content.transaction_date,
        due_date=due_date,
        origin="api",
    )
    _assign(invoice, content, summed)
    company.created(company.invoices, invoice, "Invoice", "api")
    return invoice


def update(company: Company, invoice: Invoice, content: InvoiceContent) -> None:
    _must_be_open(company, invoice.transaction_date)
    _must_be_open(company, content.transaction_date)
    customer = company.customer(content.customer_id)
    if customer.id != invoice.customer_id:
        # Only a new customer has to be active.
        company.active(company.customers, customer.id, "CustomerRef")
    _check_currency(content, customer)
    number = _number(company, content, invoice)
    due_date = _due_date(company, content)
    summed = Sum(invoice.tax, invoice.total)
    if content.lines is not None:
        summed = sum_of(company, content.lines, content.tax, content.tax_mode)
    _check_total(summed)
    invoice.doc_number = number
    invoice.customer_id = content.customer_id
    invoice.due_date = due_date
    _assign(invoice, content, summed)
    if invoice.balance < NOTHING:
        take_off(company, invoice, -invoice.balance, "api")
    company.touched(company.invoices, invoice, "Invoice", "api")


def void(company: Company, invoice: Invoice) -> None:
    _must_be_open(company, invoice.transaction_date)
    void_invoice(company, invoice, "api")


def delete(company: Company, invoice: Invoice) -> None:
    _must_be_open(company, invoice.transaction_date)
    if invoice.applied:
        raise business("A payment is applied to this invoice. Remove the payment first.")
    company.deleted(company.invoices, invoice, "Invoice", "api")


def _must_be_open(company: Company, on: date) -> None:
    closed_on = company.preferences.books_closed_on
    if closed_on is not None and on <= closed_on:
        raise period_closed()


def _check_currency(content: InvoiceContent, customer: Customer) -> None:
    if content.currency != customer.currency:
        raise business(f"The customer's currency is {customer.currency}, not {content.currency}.")


def _check_total(summed: Sum) -> None:
    if summed.total < NOTHING:
        raise business("The amount of an invoice must be 0 or greater.")


def _number(company: Company, content: InvoiceContent, invoice: Invoice | None) -> str | None:
    """The DocNumber: the given one, or by automatic numbering the next one."""
    number = content.doc_number
    if not company.preferences.custom_numbers:
        kept = None if invoice is None else invoice.doc_number
        if company.switches.automatic_numbers == "use_sent" and number:
            return number
        return kept or _next_number(company)
    for other in company.invoices.records.values():
        if number and other is not invoice and other.doc_number == number and not content.may_repeat_number:
            raise duplicate_number(number, other.id)
    return number or None


def _next_number(company: Company) -> str:
    given = [one.doc_number or "" for one in company.invoices.records.values()]
    numbers = [int(number) for number in given if number.isdecimal()]
    return str(max(numbers, default=FIRST_DOC_NUMBER - 1) + 1)


def _assign(invoice: Invoice, content: InvoiceContent, summed: Sum) -> None:
    invoice.transaction_date = content.transaction_date
    invoice.exchange_rate = content.exchange_rate
    invoice.note = content.note
    invoice.details = dict(content.details)
    invoice.tax_mode = content.tax_mode
    if content.lines is not None:
        invoice.lines = content.lines
        invoice.tax = summed.tax
        invoice.total = summed.total


def _due_date(company: Company, content: InvoiceContent) -> date:
    days = company.active(company.terms, content.term_id, "SalesTermRef").due_days if content.term_id else 0
    return content.due_date or content.transaction_date + timedelta(days=days)
