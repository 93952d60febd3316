"""Applies a payment's lines to invoices and credit memos: the only place where a balance changes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import business, invalid_reference
from sandbox.quickbooks.world.records import (
    CHARGE_TYPES,
    CREDIT_TYPES,
    NOTHING,
    CreditMemo,
    Invoice,
    JournalEntry,
    Line,
    Payment,
)

Applied = dict[str, Decimal]
Linked = Invoice | CreditMemo | JournalEntry


def checked_lines(company: Company, payment: Payment, lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines as QuickBooks would keep them: references checked, amounts within the open balances."""
    kept = []
    taken: Applied = defaultdict(Decimal)
    for line in lines:
        _check_links(company, payment, line)
        amount = _within_balance(company, payment, line, taken)
        if amount > NOTHING:
            is_credit = any(one in company.credit_entry_ids for one in line.linked_ids("JournalEntry"))
            kept.append(Line(amount, line.links, uses_entry_as_credit=is_credit))
    return tuple(kept)


def apply_lines(company: Company, payment: Payment, origin: str) -> None:
    """Makes invoices and credit memos agree with the payment's lines; touches and reports each that changes."""
    shares = _shares(company, payment)
    for record_id in list(dict.fromkeys([*payment.laid_on, *shares])):
        share = shares.get(record_id, NOTHING)
        invoice = company.invoices.get(record_id)
        memo = company.credit_memos.get(record_id)
        entry = company.journal_entries.get(record_id)
        if invoice is not None and _set_share(invoice, payment, share):
            company.touched(company.invoices, invoice, "Invoice", origin)
        elif memo is not None and _set_share(memo, payment, share):
            company.touched(company.credit_memos, memo, "CreditMemo", origin)
        elif entry is not None and _set_share(entry, payment, share):
            company.touched(company.journal_entries, entry, "JournalEntry", origin)


def take_off(company: Company, invoice: Invoice, excess: Decimal, origin: str) -> None:
    """Unapplies `excess` from an invoice, newest payment first, as QuickBooks does when the total shrinks below."""
    for payment_id in sorted(invoice.applied, key=int, reverse=True):
        if excess <= NOTHING:
            return
        payment = company.payments.records[payment_id]
        taken = min(excess, invoice.applied[payment_id])
        excess -= taken
        payment.lines = tuple(_without(payment.lines, invoice.id, taken))
        company.touched(company.payments, payment, "Payment", origin)
        _set_share(invoice, payment, invoice.applied[payment_id] - taken)


def _without(lines: Iterable[Line], invoice_id: str, taken: Decimal) -> Iterable[Line]:
    for line in lines:
        if invoice_id not in line.linked_ids("Invoice"):
            yield line
            continue
        less = min(taken, line.amount)
        taken -= less
        if line.amount > less:
            yield replace(line, amount=line.amount - less)


def _check_links(company: Company, payment: Payment, line: Line) -> None:
    if not line.links:
        raise business("A payment line needs a linked transaction.")
    for link in line.links:
        if link.transaction_type not in CHARGE_TYPES + CREDIT_TYPES:
            raise invalid_reference("LinkedTxn")
        linked = _linked(company, link.transaction_type, link.transaction_id)
        if linked is None:
            continue
        if linked.currency != payment.currency:
            raise business("The currency of the payment and of the linked transaction must be the same.")
        if _family(company, linked.customer_id) != _family(company, payment.customer_id):
            raise business("The linked transaction belongs to another customer.")


def _linked(company: Company, transaction_type: str, transaction_id: str) -> Linked | None:
    """The document; expenses and most journal entries live outside of this sandbox and are only named."""
    found: Linked | None
    if transaction_type == "Invoice":
        found = company.invoices.get(transaction_id)
    elif transaction_type == "CreditMemo":
        found = company.credit_memos.get(transaction_id)
    else:
        return company.journal_entries.get(transaction_id) if transaction_type == "JournalEntry" else None
    if found is None:
        raise invalid_reference("LinkedTxn")
    return found


def _family(company: Company, customer_id: str) -> str:
    """A sub-customer "Freeman:55 Twin Lane" may be paid for by "Freeman"."""
    return company.customer(customer_id).name.split(":")[0]


def _open_for(record: Linked, payment: Payment, taken: Applied) -> Decimal:
    open_amount = record.balance if isinstance(record, Invoice) else record.remaining
    return max(open_amount + record.applied.get(payment.id, NOTHING) - taken[record.id], NOTHING)


def _within_balance(company: Company, payment: Payment, line: Line, taken: Applied) -> Decimal:
    linked = [_linked(company, link.transaction_type, link.transaction_id) for link in line.links]
    known = [record for record in linked if record is not None]
    if len(known) < len(linked):
        return line.amount
    open_amount = sum((_open_for(record, payment, taken) for record in known), NOTHING)
    rule = company.switches.line_over_balance
    if line.amount > open_amount and rule == "reject":
        raise business("The amount applied is more than the open balance of the linked transaction.")
    amount = min(line.amount, open_amount) if rule == "clamp" else line.amount
    rest = amount
    for record in known:
        share = min(rest, _open_for(record, payment, taken))
        taken[record.id] += share
        rest -= share
    taken[known[-1].id] += rest
    return amount


def _shares(company: Company, payment: Payment) -> Applied:
    """The amount for each invoice or credit memo; a line with several links fills them in their order."""
    shares: Applied = defaultdict(Decimal)
    for line in payment.lines:
        rest = line.amount
        linked = [_linked(company, link.transaction_type, link.transaction_id) for link in line.links]
        known = [record for record in linked if record is not None]
        for record in known[:-1]:
            share = min(rest, _open_for(record, payment, shares))
            shares[record.id] += share
            rest -= share
        if known:
            shares[known[-1].id] += rest
    return shares


def _set_share(record: Linked, payment: Payment, share: Decimal) -> bool:
    """Sets the share; returns whether it changed."""
    if record.applied.get(payment.id, NOTHING) == share:
        return False
    if share == NOTHING:
        del record.applied[payment.id]
        payment.laid_on.remove(record.id)
    else:
        record.applied[payment.id] = share
        if record.id not in payment.laid_on:
            payment.laid_on.append(record.id)
    return True
