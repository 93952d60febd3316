"""Payments that a person at the screen records, corrects and undoes; and the platform's own payments."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sandbox.quickbooks import payment_writes
from sandbox.quickbooks.operations.base import Operations
from sandbox.quickbooks.operations.inputs import Day, Instant, LineInput, Money, day, instant, money, read_lines
from sandbox.quickbooks.world import invoices, payments
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.payments import Content, content_of
from sandbox.quickbooks.world.records import NOTHING, Line, Link, Payment


class PaymentOperations(Operations):
    def record_payment(
        self,
        customer_id: str,
        total: Money,
        lines: Iterable[LineInput] = (),
        *,
        payment_date: Day = None,
        reference: str = "",
        note: str = "",
        currency: str | None = None,
        at: Instant = None,
        realm_id: str | None = None,
    ) -> str:
        """Records money received. Lines may leave a rest on account; `at` puts it into the past, without a webhook."""
        with self.lock:
            company = self._company(realm_id)
            content = Content(
                customer_id=customer_id,
                total=money(total),
                currency=currency or company.customer(customer_id).currency,
                transaction_date=day(payment_date) or company.today(),
                lines=read_lines(lines),
                reference=reference,
                note=note,
            )
            with company.in_the_past(instant(at)):
                return payments.create(company, content, origin="user").id

    def record_many_payments(
        self,
        customer_id: str,
        count: int,
        total: Money = 100,
        *,
        first_number: int = 1,
        at: Instant = None,
        apart_seconds: int = 0,
        realm_id: str | None = None,
    ) -> list[str]:
        """Records `count` invoices, each paid in full by a payment of its own.

        Args:
            at: puts the first one into the past, without a webhook, and each of the others so much later than the one
                before.
        """
        with self.lock:
            ids, first = [], instant(at)
            for place, number in enumerate(range(first_number, first_number + count)):
                company = self._company(realm_id)
                then = None if first is None else first + timedelta(seconds=apart_seconds * place)
                with company.in_the_past(then):
                    invoice = invoices.add_invoice(
                        company,
                        customer_id=customer_id,
                        total=money(total),
                        doc_number=f"M-{number}",
                    )
                paid = [(invoice.id, total)]
                ids.append(self.record_payment(customer_id, total, paid, at=then, realm_id=company.realm_id))
            return ids

    def record_platform_payment(
        self,
        customer_id: str,
        total: Money,
        lines: Iterable[LineInput] = (),
        *,
        payment_date: Day = None,
        reference: str = "",
        note: str = "",
        realm_id: str | None = None,
    ) -> str:
        """Records the platform's own payment through POST /payment, with its JSON."""
        with self.lock:
            company = self._company(realm_id)
            body = {
                "CustomerRef": {"value": customer_id},
                "TotalAmt": money(total),
                "TxnDate": (day(payment_date) or company.today()).isoformat(),
                "PaymentRefNum": reference,
                "PrivateNote": note,
                "Line": [_wire_line(line) for line in read_lines(lines)],
            }
            return str(payment_writes.write(company, body)["Id"])

    def edit_payment(
        self,
        payment_id: str,
        *,
        total: Money | None = None,
        payment_date: Day = None,
        lines: Iterable[LineInput] | None = None,
        reference: str | None = None,
        note: str | None = None,
        customer_id: str | None = None,
        realm_id: str | None = None,
    ) -> None:
        """Changes the given values. A new total without new lines changes the applied amounts, as the screen does."""

        def change(_: Company, payment: Payment) -> Content:
            content = content_of(payment)
            if total is not None:
                content = replace(content, total=money(total), lines=_fitted(payment, money(total)))
            return replace(
                content,
                lines=content.lines if lines is None else read_lines(lines),
                transaction_date=day(payment_date) or content.transaction_date,
                reference=content.reference if reference is None else reference,
                note=content.note if note is None else note,
                customer_id=customer_id or content.customer_id,
            )

        self._change(realm_id, payment_id, change)

    def split_payment(self, payment_id: str, lines: Iterable[LineInput], *, realm_id: str | None = None) -> None:
        """Applies the payment to these invoices instead."""
        self.edit_payment(payment_id, lines=lines, realm_id=realm_id)

    def move_payment(
        self,
        payment_id: str,
        from_invoice_id: str,
        to_invoice_id: str,
        *,
        realm_id: str | None = None,
    ) -> None:
        """Moves the amount applied to one invoice to another."""

        def moved(line: Line) -> Line:
            links = [
                Link(to_invoice_id, "Invoice") if link == Link(from_invoice_id, "Invoice") else link
                for link in line.links
            ]
            return replace(line, links=tuple(links))

        def change(_: Company, payment: Payment) -> Content:
            return replace(content_of(payment), lines=tuple(moved(line) for line in payment.lines))

        self._change(realm_id, payment_id, change)

    def apply_payment(self, payment_id: str, invoice_id: str, amount: Money, *, realm_id: str | None = None) -> None:
        """Apply money that was on account to an invoice: an update of the old payment."""
        self._add_line(realm_id, payment_id, Line(money(amount), (Link(invoice_id, "Invoice"),)))

    def link_to_several(
        self,
        payment_id: str,
        invoice_ids: Iterable[str],
        amount: Money,
        *,
        realm_id: str | None = None,
    ) -> None:
        """One line with several LinkedTxn: the schema allows it, the samples never show it."""
        links = tuple(Link(str(invoice_id), "Invoice") for invoice_id in invoice_ids)
        self.edit_payment(
            payment_id,
            lines=[
                {
                    "amount": amount,
                    "links": [{"type": link.transaction_type, "id": link.transaction_id} for link in links],
                }
            ],
            realm_id=realm_id,
        )

    def link_to_journal_entry(self, payment_id: str, amount: Money, *, realm_id: str | None = None) -> str:
        """Settles a journal entry with money on account, or with more money; returns its id."""
        return self._link_to_new(realm_id, payment_id, "JournalEntry", money(amount))

    def link_to_expense(self, payment_id: str, amount: Money, *, realm_id: str | None = None) -> str:
        """Offsets a refund that was paid to the customer as an expense; returns its id."""
        return self._link_to_new(realm_id, payment_id, "Expense", money(amount))

    def apply_credit_memo(self, invoice_id: str, amount: Money, *, realm_id: str | None = None) -> str:
        """Lowers an invoice by a credit memo through a payment of zero; returns that payment's id."""
        with self.lock:
            company = self._company(realm_id)
            invoice = company.invoice(invoice_id)
            memo = invoices.add_credit_memo(company, invoice.customer_id, money(amount))
            content = Content(
                customer_id=invoice.customer_id,
                total=NOTHING,
                currency=invoice.currency,
                transaction_date=company.today(),
                lines=(
                    Line(money(amount), (Link(invoice_id, "Invoice"),)),
                    Line(money(amount), (Link(memo.id, "CreditMemo"),)),
                ),
            )
            return payments.create(company, content, origin="user").id

    def apply_journal_credit(
        self, invoice_id: str, amount: Money, *, received: Money = 0, realm_id: str | None = None
    ) -> str:
        """Lowers an invoice by a journal entry in the customer's favour, and by money; returns the payment's id."""
        with self.lock:
            company = self._company(realm_id)
            invoice = company.invoice(invoice_id)
            entry_id = company.next_transaction_id()
            company.credit_entry_ids.add(entry_id)
            content = Content(
                customer_id=invoice.customer_id,
                total=money(received),
                currency=invoice.currency,
                transaction_date=company.today(),
                lines=(
                    Line(money(amount) + money(received), (Link(invoice_id, "Invoice"),)),
                    Line(money(amount), (Link(entry_id, "JournalEntry"),)),
                ),
            )
            return payments.create(company, content, origin="user").id

    def void_payment(self, payment_id: str, *, realm_id: str | None = None) -> None:
        with self.lock:
            company = self._company(realm_id)
            payments.void(company, company.payment(payment_id), origin="user")

    def delete_payment(self, payment_id: str, *, realm_id: str | None = None) -> None:
        with self.lock:
            company = self._company(realm_id)
            payments.delete(company, company.payment(payment_id), origin="user")

    def deposit_payment(self, payment_id: str, *, realm_id: str | None = None) -> str:
        """Puts the payment into a bank deposit, which freezes it; returns the deposit's id."""
        with self.lock:
            company = self._company(realm_id)
            return payments.deposit(company, company.payment(payment_id))

    def remove_from_deposit(self, payment_id: str, *, realm_id: str | None = None) -> None:
        with self.lock:
            company = self._company(realm_id)
            payments.take_out_of_deposit(company, company.payment(payment_id))

    def _change(self, realm_id: str | None, payment_id: str, change: Callable[[Company, Payment], Content]) -> None:
        with self.lock:
            company = self._company(realm_id)
            payment = company.payment(payment_id)
            payments.update(company, payment, change(company, payment), origin="user")

    def _add_line(self, realm_id: str | None, payment_id: str, line: Line) -> None:
        def change(_: Company, payment: Payment) -> Content:
            missing = max(line.amount - payment.unapplied, NOTHING)
            content = content_of(payment)
            return replace(content, lines=(*payment.lines, line), total=content.total + missing)

        self._change(realm_id, payment_id, change)

    def _link_to_new(self, realm_id: str | None, payment_id: str, kind: str, amount: Decimal) -> str:
        with self.lock:
            linked_id = self._company(realm_id).next_transaction_id()
            self._add_line(realm_id, payment_id, Line(amount, (Link(linked_id, kind),)))
            return linked_id


def _fitted(payment: Payment, total: Decimal) -> tuple[Line, ...]:
    """Lines for a corrected total: the last ones shrink first; a single line with the whole total keeps the whole."""
    if len(payment.lines) == 1 and payment.lines[0].amount == payment.total:
        return (replace(payment.lines[0], amount=total),)
    excess = max(payment.total - payment.unapplied - total, NOTHING)
    fitted: list[Line] = []
    for line in reversed(payment.lines):
        less = NOTHING if line.is_credit else min(excess, line.amount)
        excess -= less
        if line.amount > less:
            fitted.insert(0, replace(line, amount=line.amount - less))
    return tuple(fitted)


def _wire_line(line: Line) -> dict[str, object]:
    linked = [{"TxnId": link.transaction_id, "TxnType": link.transaction_type} for link in line.links]
    return {"Amount": line.amount, "LinkedTxn": linked}
