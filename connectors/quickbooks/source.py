"""QuickBooks Online as a source of payments."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from connectors.base import (
    ChangedEntity,
    ChangedPage,
    Changes,
    Failure,
    GoneFound,
    Got,
    InvoicesRead,
    PaymentsRead,
    ReadResult,
)
from connectors.foreign_text import NAME_CHARACTERS_MAX, cleaned
from connectors.keeping import ReadMeter, Secrets
from connectors.quickbooks import wire
from connectors.quickbooks.by_id import ById, Reader
from connectors.quickbooks.changes import count_window, read_changes, read_window
from connectors.quickbooks.client import Client
from connectors.quickbooks.statements import read_statement
from domain.records import InvoiceStatement, SourceInvoice, SourcePayment


class QuickBooksSource:
    def __init__(self, client: Client, home_currency: str | None) -> None:
        self._client = client
        self._reader = Reader(client)
        self._home_currency = home_currency

    def keeping(
        self, keep: Callable[[], None], meter: ReadMeter | None = None, secrets: Secrets | None = None
    ) -> "QuickBooksSource":
        kept = QuickBooksSource(self._client.keeping(keep, meter, secrets), self._home_currency)
        kept._reader = self._reader.through(kept._client)
        return kept

    def check(self) -> ReadResult[str]:
        result = self._client.company_info()
        if isinstance(result, Failure):
            return result
        info = result.value.get("CompanyInfo")
        return Got(cleaned(str(info.get("CompanyName", "")), NAME_CHARACTERS_MAX) if isinstance(info, dict) else "")

    def prove_access(self) -> Failure | None:
        result = self._client.company_info()
        return result if isinstance(result, Failure) else None

    def read_payments(self, ids: Collection[str]) -> ReadResult[PaymentsRead]:
        reading = self._reader.read(ChangedEntity.PAYMENT, ids)
        if reading.failure is not None and reading.brought_nothing:
            return reading.failure
        payments = tuple(wire.payment_from(one, self._home_currency) for one in reading.found)
        return Got(PaymentsRead(**_settled(reading), payments=payments))

    def read_invoices(self, ids: Collection[str]) -> ReadResult[InvoicesRead]:
        reading = self._reader.read(ChangedEntity.INVOICE, ids)
        if reading.failure is not None and reading.brought_nothing:
            return reading.failure
        invoices = tuple(wire.invoice_from(one, self._home_currency) for one in reading.found)
        return Got(InvoicesRead(**_settled(reading), invoices=invoices))

    def find_invoices(self, number: str) -> ReadResult[tuple[SourceInvoice, ...]]:
        result = self._reader.with_number(number)
        if isinstance(result, Failure):
            return result
        found = (wire.invoice_from(one, self._home_currency) for one in result.value)
        return Got(tuple(one for one in found if one.number == number))

    def read_statement(self, invoice_id: str) -> ReadResult[InvoiceStatement]:
        return read_statement(self._client, self._reader, invoice_id, self._home_currency)

    def changes_since(self, cursor: datetime) -> ReadResult[Changes]:
        return read_changes(self._client, cursor)

    def list_changed(self, entity: ChangedEntity, since: datetime, until: datetime) -> ReadResult[ChangedPage]:
        return read_window(self._client, entity, since, until)

    def count_changed(self, entity: ChangedEntity, since: datetime, until: datetime) -> ReadResult[int]:
        return count_window(self._client, entity, since, until)

    def find_gone(self, entity: ChangedEntity, ids: Collection[str]) -> ReadResult[GoneFound]:
        return self._reader.find_gone(entity, ids)

    def parse_payment(self, payload: str) -> SourcePayment:
        return wire.payment_from(wire.parse(payload), self._home_currency)

    def parse_invoice(self, payload: str) -> SourceInvoice:
        return wire.invoice_from(wire.parse(payload), self._home_currency)


def _settled(reading: ById) -> dict[str, Any]:
    return {
        "missing_ids": frozenset(reading.missing),
        "refused_ids": frozenset(reading.refused),
        "unread_ids": frozenset(reading.unread),
        "failure": reading.failure,
    }
