"""Companies, customers and invoices set up by a person, and their true state."""

from typing import Any

from sandbox.quickbooks.operations.base import Operations
from sandbox.quickbooks.operations.inputs import Day, Instant, Money, day, instant, money
from sandbox.quickbooks.truth import InvoiceTruth, PaymentTruth
from sandbox.quickbooks.world import invoices
from sandbox.quickbooks.world.company import Company


class BookOperations(Operations):
    def add_company(
        self,
        realm_id: str,
        name: str = "Sandbox Company",
        currency: str = "USD",
        *,
        multicurrency: bool = False,
        country: str = "US",
    ) -> str:
        with self.lock:
            if realm_id in self.companies:
                raise ValueError(f"there is a company {realm_id!r} already")
            self.companies[realm_id] = Company(
                realm_id,
                name,
                currency,
                multicurrency=multicurrency,
                switches=self.switches,
                clock=self.clock,
                emit=self.webhooks.tell,
                country=country,
            )
            return realm_id

    def add_customer(self, name: str, currency: str | None = None, *, realm_id: str | None = None) -> str:
        """Adds a customer; "Freeman:55 Twin Lane" is a sub-customer of Freeman."""
        with self.lock:
            return invoices.add_customer(self._company(realm_id), name, currency).id

    def rename_customer(self, customer_id: str, name: str, *, realm_id: str | None = None) -> None:
        """Renames the customer on its invoices too; neither their SyncToken nor their time of change shows it."""
        with self.lock:
            invoices.rename_customer(self._company(realm_id), customer_id, name)

    def add_invoice(
        self,
        customer_id: str,
        total: Money,
        doc_number: str | None = None,
        *,
        currency: str | None = None,
        invoice_date: Day = None,
        deposit: Money = 0,
        note: str = "",
        at: Instant = None,
        realm_id: str | None = None,
    ) -> str:
        """Adds an invoice, always in its customer's currency. `at` puts it into the past, without a webhook."""
        with self.lock:
            company = self._company(realm_id)
            with company.in_the_past(instant(at)):
                invoice = invoices.add_invoice(
                    company,
                    customer_id=customer_id,
                    total=money(total),
                    doc_number=doc_number,
                    currency=currency,
                    transaction_date=day(invoice_date),
                    deposit=money(deposit),
                    note=note,
                )
            return invoice.id

    def edit_invoice(self, /, invoice_id: str, *, realm_id: str | None = None, **values: Any) -> None:
        """Change doc_number, total, invoice_date, deposit or note."""
        with self.lock:
            company = self._company(realm_id)
            if "invoice_date" in values:
                values["transaction_date"] = day(values.pop("invoice_date"))
            for name in values.keys() & {"total", "deposit"}:
                values[name] = money(values[name])
            invoices.edit_invoice(company, company.invoice(invoice_id), values)

    def void_invoice(self, invoice_id: str, *, realm_id: str | None = None) -> None:
        with self.lock:
            company = self._company(realm_id)
            invoices.void_invoice(company, company.invoice(invoice_id))

    def delete_invoice(self, invoice_id: str, *, realm_id: str | None = None) -> None:
        with self.lock:
            company = self._company(realm_id)
            invoices.delete_invoice(company, company.invoice(invoice_id))

    def add_credit_memo(
        self,
        customer_id: str,
        total: Money,
        doc_number: str = "",
        *,
        memo_date: Day = None,
        realm_id: str | None = None,
    ) -> str:
        """Adds a credit memo that nothing uses up yet."""
        with self.lock:
            company = self._company(realm_id)
            return invoices.add_credit_memo(company, customer_id, money(total), day(memo_date), doc_number).id

    def add_journal_entry(
        self,
        customer_id: str,
        amount: Money,
        doc_number: str = "",
        *,
        entry_date: Day = None,
        realm_id: str | None = None,
    ) -> str:
        """Books an amount straight to a customer's receivables; below zero it is in the customer's favour."""
        with self.lock:
            company = self._company(realm_id)
            return invoices.add_journal_entry(company, customer_id, money(amount), day(entry_date), doc_number).id

    def add_bank_deposit(
        self, customer_id: str, amount: Money, *, deposit_date: Day = None, realm_id: str | None = None
    ) -> str:
        """Adds money that a bank deposit credits to a customer, without a payment."""
        with self.lock:
            return invoices.add_bank_deposit(self._company(realm_id), customer_id, money(amount), day(deposit_date)).id

    def invoices(self, *, realm_id: str | None = None) -> list[InvoiceTruth]:
        with self.lock:
            return [InvoiceTruth.of(one) for one in self._company(realm_id).invoices.records.values()]

    def invoice(self, invoice_id: str, *, realm_id: str | None = None) -> InvoiceTruth:
        with self.lock:
            return InvoiceTruth.of(self._company(realm_id).invoice(invoice_id))

    def payments(self, *, realm_id: str | None = None) -> list[PaymentTruth]:
        with self.lock:
            return [PaymentTruth.of(one) for one in self._company(realm_id).payments.records.values()]

    def payment(self, payment_id: str, *, realm_id: str | None = None) -> PaymentTruth:
        with self.lock:
            return PaymentTruth.of(self._company(realm_id).payment(payment_id))

    def deleted_invoices(self, *, realm_id: str | None = None) -> list[str]:
        with self.lock:
            return [stone.id for stone in self._company(realm_id).invoices.tombstones]

    def deleted_payments(self, *, realm_id: str | None = None) -> list[str]:
        with self.lock:
            return [stone.id for stone in self._company(realm_id).payments.tombstones]
