"""Operations of a test or demo behind the API's back: set up the world, act as a person, read the truth."""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from sandbox.connectwise.rules import PaymentDraft, put_payment, take_payment
from sandbox.connectwise.switches import Permissions, Switches
from sandbox.connectwise.truth import InvoiceTruth
from sandbox.connectwise.world import INVOICE_TYPES, Company, Invoice, to_cents

Money = Decimal | int | str
# The person who edits in the ConnectWise desktop, as opposed to the API member.
DEFAULT_PERSON = "jsmith"
_NUMBER_LENGTH = 15  # "max 15" (Invoice schema)


class InvoiceFields(TypedDict, total=False):
    company_identifier: str
    company_name: str
    currency: str | None
    invoice_date: date
    invoice_type: str
    closed: bool
    posted: bool


class InvoiceChanges(InvoiceFields, total=False):
    number: str
    total: Money


_ATTRIBUTES = {"company_identifier": "client_identifier", "company_name": "client_name", "invoice_type": "type"}


class Operations:
    """Mixed into the sandbox; the control API has the same methods by the same names.

    `company_id=None` is the company the sandbox was made with.
    """

    lock: threading.RLock
    clock: Callable[[], datetime]
    companies: dict[str, Company]

    def add_company(
        self,
        company_id: str,
        *,
        public_key: str,
        private_key: str,
        client_id: str,
        name: str | None = None,
        switches: Switches | None = None,
    ) -> None:
        with self.lock:
            if company_id in self.companies:
                raise ValueError(f"The company {company_id} exists.")
            self.companies[company_id] = Company(
                company_id=company_id,
                name=name or company_id.title(),
                public_key=public_key,
                private_key=private_key,
                client_id=client_id,
                switches=switches or Switches(),
            )

    def set_keys(
        self,
        company_id: str | None = None,
        *,
        public_key: str | None = None,
        private_key: str | None = None,
        client_id: str | None = None,
        name: str | None = None,
    ) -> None:
        """Changes the given keys: after a rotation, for instance, the old key is refused."""
        with self.lock:
            company = self._company(company_id)
            company.public_key = public_key or company.public_key
            company.private_key = private_key or company.private_key
            company.client_id = client_id or company.client_id
            company.name = name or company.name

    def set_switches(self, company_id: str | None = None, **changes: Any) -> Switches:
        with self.lock:
            company = self._company(company_id)
            company.switches = company.switches.changed(**changes)
            return company.switches

    def set_permissions(self, company_id: str | None = None, **changes: bool) -> Permissions:
        with self.lock:
            company = self._company(company_id)
            company.permissions = company.permissions.changed(**changes)
            return company.permissions

    def refuse_queries_for(self, values: Iterable[str], company_id: str | None = None) -> None:
        """From now on every query that names one of these numbers or ids gets a 400; an empty list ends this."""
        with self.lock:
            self._company(company_id).refused_values = frozenset(values)

    def add_invoice(
        self,
        number: str,
        total: Money,
        *,
        company_id: str | None = None,
        company_identifier: str = "CascadeDental",
        company_name: str = "Cascade Dental",
        currency: str | None = "USD",
        invoice_date: date | None = None,
        invoice_type: str = "Standard",
        closed: bool = True,  # invoices reach the books only once they are closed
        posted: bool = False,
    ) -> int:
        with self.lock:
            company = self._company(company_id)
            _check(number=number, invoice_type=invoice_type)
            invoice = Invoice(
                id=company.next_invoice_id(),
                number=number,
                type=invoice_type,
                total=to_cents(total),
                client_id=company.client_id_of(company_identifier),
                client_identifier=company_identifier,
                client_name=company_name,
                currency=currency,
                invoice_date=invoice_date or self.clock().date(),
                closed=closed,
                posted=posted,
                updated_by=DEFAULT_PERSON,
                updated_at=self.clock(),
            )
            company.keep(invoice)
            return invoice.id

    def edit_invoice(
        self,
        invoice_id: int,
        *,
        company_id: str | None = None,
        **changes: Unpack[InvoiceChanges],
    ) -> None:
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            unknown = set(changes) - InvoiceChanges.__optional_keys__
            if unknown:
                raise ValueError(f"An invoice has no {', '.join(sorted(unknown))}.")
            _check(**changes)
            if "number" in changes:
                company.renumber(invoice, changes.pop("number"))
            if "total" in changes:
                invoice.total = to_cents(changes.pop("total"))
            for name, value in changes.items():
                setattr(invoice, _ATTRIBUTES.get(name, name), value)
            invoice.client_id = company.client_id_of(invoice.client_identifier)
            company.touch(invoice, DEFAULT_PERSON, self.clock())

    def remove_invoice(self, invoice_id: int, *, company_id: str | None = None) -> None:
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            company.drop(invoice)

    def invoices(self, *, company_id: str | None = None) -> list[InvoiceTruth]:
        """The truth: every invoice with every payment on it."""
        with self.lock:
            return [invoice.truth() for invoice in self._company(company_id).invoices.values()]

    def invoice(self, invoice_id: int, *, company_id: str | None = None) -> InvoiceTruth:
        with self.lock:
            return self._find(company_id, invoice_id)[1].truth()

    def type_payment(
        self,
        invoice_id: int,
        amount: Money,
        *,
        company_id: str | None = None,
        payment_date: date | None = None,
        person: str = DEFAULT_PERSON,
        payment_type: str = "P",
        credit_memo: str | None = None,
    ) -> int:
        """A person records a payment (or, with a credit memo's number, applies that); switches do not apply."""
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            draft = PaymentDraft(
                amount=to_cents(amount),
                payment_date=_midnight(payment_date or self.clock().date()),
                type=payment_type,
                credit=None if credit_memo is None else {"id": invoice.id, "identifier": credit_memo},
            )
            return put_payment(company, invoice, draft, person, self.clock()).id

    def change_payment(
        self,
        invoice_id: int,
        payment_id: int,
        *,
        company_id: str | None = None,
        amount: Money | None = None,
        payment_date: date | None = None,
        person: str = DEFAULT_PERSON,
    ) -> None:
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            payment = invoice.payments[payment_id]
            if amount is not None:
                payment.amount = to_cents(amount)
            if payment_date is not None:
                payment.payment_date = _midnight(payment_date)
            company.touch(payment, person, self.clock())
            company.touch(invoice, person, self.clock())

    def delete_payment(
        self,
        invoice_id: int,
        payment_id: int,
        *,
        company_id: str | None = None,
        person: str = DEFAULT_PERSON,
    ) -> None:
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            take_payment(company, invoice, invoice.payments[payment_id], person, self.clock())

    def _company(self, company_id: str | None) -> Company:
        return self.companies[next(iter(self.companies)) if company_id is None else company_id]

    def _find(self, company_id: str | None, invoice_id: int) -> tuple[Company, Invoice]:
        company = self._company(company_id)
        return company, company.invoices[invoice_id]


def _check(*, number: str = "", invoice_type: str = "Standard", **_: Any) -> None:
    if len(number) > _NUMBER_LENGTH:
        raise ValueError(f"An invoice number has at most {_NUMBER_LENGTH} characters.")
    if invoice_type not in INVOICE_TYPES:
        raise ValueError(f"An invoice's type is one of {', '.join(INVOICE_TYPES)}.")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
