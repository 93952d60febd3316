"""Operations of a test or demo behind the API's back: set up the world, act as a person, read the truth."""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from sandbox.connectwise import booking
from sandbox.connectwise.records import CLOSED, NEW, Named, to_cents
from sandbox.connectwise.rules import PaymentDraft, put_payment, take_payment
from sandbox.connectwise.switches import Permissions, Switches
from sandbox.connectwise.truth import InvoiceTruth
from sandbox.connectwise.world import BILLING_TERMS, INVOICE_TYPES, Company, Invoice

Money = Decimal | int | str
# The person who edits in the ConnectWise desktop, as opposed to the API member.
DEFAULT_PERSON = "jsmith"
_NUMBER_LENGTH = 15  # "max 15" (Invoice schema)


class InvoiceFields(TypedDict, total=False):
    company_identifier: str
    company_name: str
    bill_to_identifier: str
    bill_to_name: str
    currency: str | None
    invoice_date: date
    due_date: date
    billing_terms: str
    invoice_type: str
    location: str
    department: str
    tax_code: str | None
    sales_tax: Money
    agreement_amount: Money
    service_adjustment: Money
    downpayment_applied: Money
    internal_notes: str
    gl_mapped: bool
    closed: bool
    posted: bool


class InvoiceChanges(InvoiceFields, total=False):
    number: str
    total: Money


# The identifier of the batch that holds the invoices that are simply said to be posted.
_POSTED = "GL-1"
_MONEY = frozenset({"total", "sales_tax", "agreement_amount", "service_adjustment", "downpayment_applied"})
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

    def limit_locations(self, locations: Iterable[str] | None, company_id: str | None = None) -> None:
        """From now on the API member sees only the invoices of these locations; None ends this."""
        with self.lock:
            self._company(company_id).locations = None if locations is None else frozenset(locations)

    def add_invoice(
        self,
        number: str,
        total: Money,
        *,
        company_id: str | None = None,
        company_identifier: str = "CascadeDental",
        company_name: str = "Cascade Dental",
        bill_to_identifier: str | None = None,
        bill_to_name: str | None = None,
        currency: str | None = "USD",
        invoice_date: date | None = None,
        due_date: date | None = None,
        billing_terms: str = "Net 30",
        invoice_type: str = "Standard",
        location: str = "Main Office",
        department: str = "Services",
        tax_code: str | None = None,
        sales_tax: Money = 0,
        agreement_amount: Money = 0,
        service_adjustment: Money = 0,
        downpayment_applied: Money = 0,
        internal_notes: str = "",
        gl_mapped: bool = True,
        closed: bool = True,  # invoices reach the books only once they are closed
        posted: bool = False,
    ) -> int:
        """Adds an invoice; `total` is the whole of it, the sales tax and the other amounts are its parts."""
        with self.lock:
            company = self._company(company_id)
            _check(number=number, invoice_type=invoice_type, billing_terms=billing_terms)
            on = invoice_date or self.clock().date()
            bill_to = bill_to_identifier or company_identifier
            invoice = Invoice(
                id=company.next_invoice_id(),
                number=number,
                type=invoice_type,
                total=to_cents(total),
                client_id=company.id_of("company", company_identifier),
                client_identifier=company_identifier,
                client_name=company_name,
                bill_to_id=company.id_of("company", bill_to),
                bill_to_identifier=bill_to,
                bill_to_name=bill_to_name or (company_name if bill_to == company_identifier else bill_to),
                currency=currency,
                invoice_date=on,
                due_date=due_date or on + timedelta(days=BILLING_TERMS[billing_terms]),
                billing_terms=billing_terms,
                location=Named(company.id_of("location", location), location),
                department=Named(company.id_of("department", department), department),
                updated_by=DEFAULT_PERSON,
                updated_at=self.clock(),
                sales_tax=to_cents(sales_tax),
                agreement_amount=to_cents(agreement_amount),
                service_adjustment=to_cents(service_adjustment),
                downpayment_applied=to_cents(downpayment_applied),
                tax_code=None if tax_code is None else company.tax_codes[tax_code],
                internal_notes=internal_notes,
                gl_mapped=gl_mapped,
            )
            company.keep(invoice)
            if closed:
                booking.set_status(company, invoice, CLOSED, DEFAULT_PERSON, self.clock())
            if posted:
                self._set_posted(company, invoice, posted=True)
            return invoice.id

    def edit_invoice(
        self,
        invoice_id: int,
        *,
        company_id: str | None = None,
        **changes: Unpack[InvoiceChanges],
    ) -> None:
        """A person changes the given fields; the entries of a closed invoice follow, unless a batch holds them."""
        with self.lock:
            company, invoice = self._find(company_id, invoice_id)
            values: dict[str, Any] = dict(changes)
            unknown = values.keys() - InvoiceChanges.__optional_keys__
            if unknown:
                raise ValueError(f"An invoice has no {', '.join(sorted(unknown))}.")
            _check(**values)
            if "number" in values:
                company.renumber(invoice, values.pop("number"))
            closed, posted = values.pop("closed", invoice.closed), values.pop("posted", invoice.posted)
            if invoice.bill_to_id == invoice.client_id:
                values = _with_bill_to(values)
            for name, value in values.items():
                setattr(invoice, _ATTRIBUTES.get(name, name), _read(company, name, value))
            invoice.client_id = company.id_of("company", invoice.client_identifier)
            invoice.bill_to_id = company.id_of("company", invoice.bill_to_identifier)
            if posted != invoice.posted:
                self._set_posted(company, invoice, posted=posted)
            if closed != invoice.closed:
                booking.set_status(company, invoice, CLOSED if closed else NEW, DEFAULT_PERSON, self.clock())
            elif _MONEY & values.keys():
                booking.book_again(company, invoice)
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
            company.touch_by_payment(invoice, person, self.clock())

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

    def _set_posted(self, company: Company, invoice: Invoice, *, posted: bool) -> None:
        at = self.clock()
        if not posted:
            booking.take_out_of_batch(company, invoice, DEFAULT_PERSON, at)
            return
        batch = booking.batch_named(company, _POSTED) or booking.add_batch(company, _POSTED, DEFAULT_PERSON, at)
        booking.put_into_batch(company, batch, invoice, invoice.entries, DEFAULT_PERSON, at)

    def _company(self, company_id: str | None) -> Company:
        return self.companies[next(iter(self.companies)) if company_id is None else company_id]

    def _find(self, company_id: str | None, invoice_id: int) -> tuple[Company, Invoice]:
        company = self._company(company_id)
        return company, company.invoices[invoice_id]


def _with_bill_to(values: dict[str, Any]) -> dict[str, Any]:
    """Who owes an invoice changes with its company, where the two were the same and nothing else is said."""
    names = {"company_identifier": "bill_to_identifier", "company_name": "bill_to_name"}
    return {names[name]: value for name, value in values.items() if name in names} | values


def _read(company: Company, name: str, value: Any) -> Any:
    if name in _MONEY:
        return to_cents(value)
    if name in {"location", "department"}:
        return Named(company.id_of(name, value), value)
    return company.tax_codes[value] if name == "tax_code" and value is not None else value


def _check(*, number: str = "", invoice_type: str = "Standard", billing_terms: str = "Net 30", **_: Any) -> None:
    if len(number) > _NUMBER_LENGTH:
        raise ValueError(f"An invoice number has at most {_NUMBER_LENGTH} characters.")
    if invoice_type not in INVOICE_TYPES:
        raise ValueError(f"An invoice's type is one of {', '.join(INVOICE_TYPES)}.")
    if billing_terms not in BILLING_TERMS:
        raise ValueError(f"Billing terms are one of {', '.join(BILLING_TERMS)}.")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
