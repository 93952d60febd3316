"""TinyBooks keeps each shop's payments and invoices in one file. It has no webhooks, and nothing in it is ever deleted."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.base import (
    Change,
    ChangedEntity,
    ChangedPage,
    Changes,
    Failure,
    FailureKind,
    GoneFound,
    Got,
    InvoicesRead,
    PaymentsRead,
    ReadResult,
)
from connectors.keeping import ReadMeter, Secrets
from domain.records import (
    AllocationKind,
    InvoiceStatement,
    PaymentState,
    SourceAllocation,
    SourceInvoice,
    SourcePayment,
)


@dataclass(frozen=True)
class TinySource:
    book: Path
    pin: str
    currency: str | None
    now: Callable[[], datetime]

    def keeping(
        self, keep: Callable[[], None], meter: ReadMeter | None = None, secrets: Secrets | None = None
    ) -> "TinySource":
        return self

    def check(self) -> ReadResult[str]:
        opened = self._open()
        return opened if isinstance(opened, Failure) else Got(opened.value["shop"])

    def prove_access(self) -> Failure | None:
        opened = self._open()
        return opened if isinstance(opened, Failure) else None

    def read_payments(self, ids: Collection[str]) -> ReadResult[PaymentsRead]:
        opened = self._open()
        if isinstance(opened, Failure):
            return opened
        found = [self.parse_payment(json.dumps(one)) for one in opened.value["payments"] if one["id"] in ids]
        missing = frozenset(ids) - {one.external_id for one in found}
        return Got(PaymentsRead(payments=tuple(found), missing_ids=missing))

    def read_invoices(self, ids: Collection[str]) -> ReadResult[InvoicesRead]:
        opened = self._open()
        if isinstance(opened, Failure):
            return opened
        found = [self.parse_invoice(json.dumps(one)) for one in opened.value["invoices"] if one["id"] in ids]
        missing = frozenset(ids) - {one.external_id for one in found}
        return Got(InvoicesRead(invoices=tuple(found), missing_ids=missing))

    def find_invoices(self, number: str) -> ReadResult[tuple[SourceInvoice, ...]]:
        opened = self._open()
        if isinstance(opened, Failure):
            return opened
        found = [self.parse_invoice(json.dumps(one)) for one in opened.value["invoices"]]
        return Got(tuple(one for one in found if one.number == number))

    def read_statement(self, invoice_id: str) -> ReadResult[InvoiceStatement]:
        opened = self._open()
        if isinstance(opened, Failure):
            return opened
        named = [self.parse_invoice(json.dumps(one)) for one in opened.value["invoices"] if one["id"] == invoice_id]
        if not named:
            return Failure(FailureKind.NOT_FOUND, f"there is no invoice {invoice_id}")
        paid = [self.parse_payment(json.dumps(one)) for one in opened.value["payments"] if one["invoice"] == invoice_id]
        return Got(InvoiceStatement(invoice=named[0], payments=tuple(paid)))

    def changes_since(self, cursor: datetime) -> ReadResult[Changes]:
        opened = self._open()
        if isinstance(opened, Failure):
            return opened
        changes = [change for entity in ChangedEntity for change in _changes(opened.value, entity, cursor, self.now())]
        return Got(Changes(tuple(changes), self.now()))

    def list_changed(self, entity: ChangedEntity, since: datetime, until: datetime) -> ReadResult[ChangedPage]:
        opened = self._open()
        if isinstance(opened, Failure):
            return opened
        return Got(ChangedPage(tuple(_changes(opened.value, entity, since, until)), None))

    def count_changed(self, entity: ChangedEntity, since: datetime, until: datetime) -> ReadResult[int]:
        opened = self._open()
        return opened if isinstance(opened, Failure) else Got(len(_changes(opened.value, entity, since, until)))

    def find_gone(self, entity: ChangedEntity, ids: Collection[str]) -> ReadResult[GoneFound]:
        return Got(GoneFound(()))

    def parse_payment(self, payload: str) -> SourcePayment:
        told = json.loads(payload)
        return SourcePayment(
            external_id=told["id"],
            version=told["version"],
            changed_at=_moment(told),
            state=PaymentState.LIVE,
            paid_on=date.fromisoformat(told["day"]),
            total=Decimal(told["amount"]),
            unapplied=Decimal(0),
            currency=self.currency,
            customer_id=told["customer"],
            customer_name=told["customer"],
            reference="",
            note="",
            allocations=(SourceAllocation(AllocationKind.INVOICE, told["invoice"], Decimal(told["amount"])),),
        )

    def parse_invoice(self, payload: str) -> SourceInvoice:
        told = json.loads(payload)
        return SourceInvoice(
            external_id=told["id"],
            version=told["version"],
            changed_at=_moment(told),
            number=told["number"],
            total=Decimal(told["total"]),
            balance=Decimal(told["balance"]),
            currency=self.currency,
            customer_name=told["customer"],
        )

    def _open(self) -> ReadResult[dict[str, Any]]:
        try:
            book = json.loads(self.book.read_text())
        except FileNotFoundError:
            return Failure(FailureKind.NOT_FOUND, f"there is no book {self.book.name}")
        if book["pin"] != self.pin:
            return Failure(FailureKind.CREDENTIALS, "that is not the book's PIN")
        return Got(book)


def _changes(book: dict[str, Any], entity: ChangedEntity, since: datetime, until: datetime) -> list[Change]:
    return [
        Change(entity, one["id"], f"{entity}-{one['id']}-{one['version']}", "updated", _moment(one), json.dumps(one))
        for one in book[f"{entity}s"]
        if since <= _moment(one) <= until
    ]


def _moment(told: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(told["changed_at"]).astimezone(UTC)
