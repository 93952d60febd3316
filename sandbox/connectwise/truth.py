"""The world's contents for tests and demos: the same records in this process and over the control API."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self


@dataclass(frozen=True)
class PaymentTruth:
    id: int
    type: str
    amount: Decimal
    payment_date: datetime
    applied_by: str
    updated_by: str
    updated_at: datetime
    is_credit: bool

    def to_json(self) -> dict[str, Any]:
        return vars(self) | {
            "payment_date": self.payment_date.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        return cls(
            **fields
            | {
                "amount": Decimal(fields["amount"]),
                "payment_date": datetime.fromisoformat(fields["payment_date"]),
                "updated_at": datetime.fromisoformat(fields["updated_at"]),
            },
        )


@dataclass(frozen=True)
class InvoiceTruth:
    id: int
    number: str
    type: str
    company_identifier: str
    company_name: str
    currency: str | None
    invoice_date: date
    closed: bool
    posted: bool
    total: Decimal
    paid: Decimal
    credited: Decimal
    balance: Decimal
    payments: tuple[PaymentTruth, ...]
    status: str
    sales_tax: Decimal
    batch: str | None  # the identifier of the batch that it is in
    unbatched: str | None
    gl_entry_ids: tuple[int, ...]
    internal_notes: str

    def to_json(self) -> dict[str, Any]:
        return vars(self) | {
            "invoice_date": self.invoice_date.isoformat(),
            "payments": [payment.to_json() for payment in self.payments],
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        money = {name: Decimal(fields[name]) for name in ("total", "paid", "credited", "balance", "sales_tax")}
        return cls(
            **fields
            | money
            | {
                "invoice_date": date.fromisoformat(fields["invoice_date"]),
                "payments": tuple(PaymentTruth.from_json(one) for one in fields["payments"]),
                "gl_entry_ids": tuple(fields["gl_entry_ids"]),
            },
        )


@dataclass(frozen=True)
class BatchTruth:
    id: int
    identifier: str
    made_by: str
    gl_entry_ids: tuple[int, ...]
    invoice_numbers: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return vars(self).copy()

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        lists = {name: tuple(fields[name]) for name in ("gl_entry_ids", "invoice_numbers")}
        return cls(**fields | lists)
