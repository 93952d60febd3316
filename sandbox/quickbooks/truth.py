"""The true state of the books, for tests and demos to compare with a client's data."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

from sandbox.quickbooks.world.records import Customer, Invoice, Payment


def _money(value: Any) -> Decimal:
    return Decimal(str(value))


@dataclass(frozen=True)
class InvoiceTruth:
    id: str
    doc_number: str | None
    customer_id: str
    currency: str
    total: Decimal
    balance: Decimal
    sync_token: int
    applied: dict[str, Decimal]  # payment id -> amount
    tax: Decimal
    invoice_date: date
    note: str
    own: bool  # posted over the API, not typed by a person

    @classmethod
    def of(cls, invoice: Invoice) -> Self:
        return cls(
            id=invoice.id,
            doc_number=invoice.doc_number,
            customer_id=invoice.customer_id,
            currency=invoice.currency,
            total=invoice.total,
            balance=invoice.balance,
            sync_token=invoice.sync_token,
            applied=dict(invoice.applied),
            tax=invoice.tax,
            invoice_date=invoice.transaction_date,
            note=invoice.note,
            own=invoice.origin == "api",
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"invoice_date": self.invoice_date.isoformat()}

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        applied = {payment_id: _money(amount) for payment_id, amount in body["applied"].items()}
        money = {name: _money(body[name]) for name in ("total", "balance", "tax")}
        read = {"applied": applied, "invoice_date": date.fromisoformat(body["invoice_date"])}
        return cls(**(body | money | read))


@dataclass(frozen=True)
class CustomerTruth:
    id: str
    name: str
    currency: str
    active: bool

    @classmethod
    def of(cls, customer: Customer) -> Self:
        return cls(customer.id, customer.name, customer.currency, customer.active)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        return cls(**body)


@dataclass(frozen=True)
class LineTruth:
    amount: Decimal
    linked: tuple[tuple[str, str], ...]  # (type, id)


@dataclass(frozen=True)
class PaymentTruth:
    id: str
    customer_id: str
    currency: str
    total: Decimal
    unapplied: Decimal
    payment_date: date
    reference: str
    note: str
    voided: bool
    deposited: bool
    own: bool  # posted over the API, not typed by a person
    sync_token: int
    lines: tuple[LineTruth, ...]

    @classmethod
    def of(cls, payment: Payment) -> Self:
        lines = [
            LineTruth(line.amount, tuple((link.transaction_type, link.transaction_id) for link in line.links))
            for line in payment.lines
        ]
        return cls(
            id=payment.id,
            customer_id=payment.customer_id,
            currency=payment.currency,
            total=payment.total,
            unapplied=payment.unapplied,
            payment_date=payment.transaction_date,
            reference=payment.reference,
            note=payment.note,
            voided=payment.voided,
            deposited=bool(payment.deposit_id),
            own=payment.origin == "api",
            sync_token=payment.sync_token,
            lines=tuple(lines),
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"payment_date": self.payment_date.isoformat()}

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        lines = [
            LineTruth(_money(line["amount"]), tuple((kind, id_) for kind, id_ in line["linked"]))
            for line in body["lines"]
        ]
        read = {
            "total": _money(body["total"]),
            "unapplied": _money(body["unapplied"]),
            "payment_date": date.fromisoformat(body["payment_date"]),
            "lines": tuple(lines),
        }
        return cls(**(body | read))
