"""Customers, and all documents but payments, as a person at the QuickBooks screen handles them."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.world.applying import take_off
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import Refused, business, required
from sandbox.quickbooks.world.records import NOTHING, BankDeposit, CreditMemo, Customer, Invoice, JournalEntry

PAYMENT_TERM_DAYS = 30
DOC_NUMBER_LENGTH = 21


def add_customer(company: Company, name: str, currency: str | None = None) -> Customer:
    if not name:
        raise required("DisplayName")
    if currency not in (None, company.currency) and not company.multicurrency:
        raise business("Multicurrency is off in this company.")
    now = company.now()
    customer = Customer(
        id=company.next_list_id("Customer"),
        created_at=now,
        changed_at=now,
        name=name,
        currency=currency or company.currency,
    )
    company.created(company.customers, customer, "Customer", "user")
    return customer


def rename_customer(company: Company, customer_id: str, name: str) -> None:
    """Puts the new name on all transactions of the customer; none of them is reported as changed."""
    customer = company.customer(customer_id)
    if not name:
        raise required("DisplayName")
    customer.name = name
    company.touched(company.customers, customer, "Customer", "user")


def add_invoice(
    company: Company,
    *,
    customer_id: str,
    total: Decimal,
    doc_number: str | None = None,
    currency: str | None = None,
    transaction_date: date | None = None,
    deposit: Decimal = NOTHING,
    note: str = "",
) -> Invoice:
    """A new invoice in its customer's currency. DocNumber may be missing, and may repeat, as in real books."""
    customer = company.customer(customer_id)
    _check_doc_number(doc_number)
    if currency not in (None, customer.currency):
        raise business(f"The customer's currency is {customer.currency}, not {currency}.")
    now = company.now()
    on = transaction_date or company.today()
    invoice = Invoice(
        id=company.next_transaction_id(),
        created_at=now,
        changed_at=now,
        customer_id=customer_id,
        doc_number=doc_number,
        total=total,
        currency=customer.currency,
        transaction_date=on,
        due_date=on + timedelta(days=PAYMENT_TERM_DAYS),
        deposit=deposit,
        note=note,
    )
    company.created(company.invoices, invoice, "Invoice", "user")
    return invoice


EDITABLE = frozenset({"doc_number", "total", "transaction_date", "deposit", "note"})


def edit_invoice(company: Company, invoice: Invoice, values: Mapping[str, Any]) -> None:
    """Change fields by name; an amount below what is applied takes the excess off the newest payments."""
    unknown = values.keys() - EDITABLE
    if unknown:
        raise business(f"An invoice has no {', '.join(sorted(unknown))} to edit.")
    _check_doc_number(values.get("doc_number"))
    for name, value in values.items():
        setattr(invoice, name, value)
    if "total" in values:
        invoice.lines, invoice.tax = (), NOTHING
    if invoice.balance < NOTHING:
        take_off(company, invoice, -invoice.balance, "user")
    company.touched(company.invoices, invoice, "Invoice", "user")


def void_invoice(company: Company, invoice: Invoice, origin: str = "user") -> None:
    take_off(company, invoice, sum(invoice.applied.values(), NOTHING), origin)
    invoice.total = NOTHING
    invoice.lines, invoice.tax = (), NOTHING
    invoice.deposit = NOTHING
    invoice.note = company.switches.void_note + invoice.note if invoice.note else "Voided"
    company.touched(company.invoices, invoice, "Invoice", origin, "Void")


def delete_invoice(company: Company, invoice: Invoice) -> None:
    """Deletes the invoice; its payments stay, and their amounts on it become unapplied again."""
    take_off(company, invoice, sum(invoice.applied.values(), NOTHING), "user")
    company.deleted(company.invoices, invoice, "Invoice", "user")


def add_credit_memo(
    company: Company, customer_id: str, total: Decimal, transaction_date: date | None = None, doc_number: str = ""
) -> CreditMemo:
    customer = company.customer(customer_id)
    now = company.now()
    memo = CreditMemo(
        id=company.next_transaction_id(),
        created_at=now,
        changed_at=now,
        customer_id=customer_id,
        total=total,
        currency=customer.currency,
        transaction_date=transaction_date or company.today(),
        doc_number=doc_number,
    )
    company.created(company.credit_memos, memo, "CreditMemo", "user")
    return memo


def add_journal_entry(
    company: Company, customer_id: str, amount: Decimal, transaction_date: date | None, doc_number: str
) -> JournalEntry:
    """An entry on a customer's receivables; below zero it is in the customer's favour."""
    customer = company.customer(customer_id)
    now = company.now()
    entry = JournalEntry(
        id=company.next_transaction_id(),
        created_at=now,
        changed_at=now,
        customer_id=customer_id,
        amount=amount,
        currency=customer.currency,
        transaction_date=transaction_date or company.today(),
        doc_number=doc_number,
    )
    if amount < NOTHING:
        company.credit_entry_ids.add(entry.id)
    company.created(company.journal_entries, entry, "JournalEntry", "user")
    return entry


def add_bank_deposit(company: Company, customer_id: str, amount: Decimal, transaction_date: date | None) -> BankDeposit:
    """A line of a bank deposit that names a customer and the receivables: a credit of the customer, and no payment."""
    customer = company.customer(customer_id)
    now = company.now()
    deposit = BankDeposit(
        id=company.next_transaction_id(),
        created_at=now,
        changed_at=now,
        customer_id=customer_id,
        amount=amount,
        currency=customer.currency,
        transaction_date=transaction_date or company.today(),
    )
    company.created(company.bank_deposits, deposit, "Deposit", "user")
    return deposit


def _check_doc_number(doc_number: str | None) -> None:
    if doc_number is not None and len(doc_number) > DOC_NUMBER_LENGTH:
        raise Refused("2050", "String length specified is too long", f"DocNumber, Max:{DOC_NUMBER_LENGTH}")
