"""The lines of invoices, each kind in its own list: /procurement/products, /time/entries, /expense/entries."""

from collections.abc import Callable
from typing import Any, ClassVar

from werkzeug.wrappers import Response

from sandbox.connectwise.api_request import ApiRequest
from sandbox.connectwise.fields import EXPENSE_FIELDS, PRODUCT_FIELDS, TIME_FIELDS
from sandbox.connectwise.records import ZERO, InvoiceLine, LineKind, to_cents
from sandbox.connectwise.references import (
    customer_json,
    invoice_reference_json,
    midnight,
    tax_code_json,
    without_empty,
)
from sandbox.connectwise.world import Invoice

Json = dict[str, Any]


class _Lines(ApiRequest):
    def _of_kind(self, kind: LineKind, shown: Callable[[Invoice, InvoiceLine, str], Json]) -> list[Json]:
        lines = [
            (invoice, line)
            for invoice in self._company.invoices.values()
            for line in invoice.lines
            if line.kind == kind
        ]
        lines.sort(key=lambda pair: pair[1].id)
        return [shown(invoice, line, self._site) for invoice, line in lines]


class Products(_Lines):
    area: ClassVar[str] = "products_"

    def list_products(self) -> Response:
        return self._list(self._of_kind("product", _product_json), PRODUCT_FIELDS)

    def count_products(self) -> Response:
        return self._count(self._of_kind("product", _product_json), PRODUCT_FIELDS)


class TimeEntries(_Lines):
    area: ClassVar[str] = "time_"

    def list_time_entries(self) -> Response:
        return self._list(self._of_kind("time", _time_json), TIME_FIELDS)

    def count_time_entries(self) -> Response:
        return self._count(self._of_kind("time", _time_json), TIME_FIELDS)


class ExpenseEntries(_Lines):
    area: ClassVar[str] = "expenses_"

    def list_expense_entries(self) -> Response:
        return self._list(self._of_kind("expense", _expense_json), EXPENSE_FIELDS)

    def count_expense_entries(self) -> Response:
        return self._count(self._of_kind("expense", _expense_json), EXPENSE_FIELDS)


def _product_json(invoice: Invoice, line: InvoiceLine, site: str) -> Json:
    fields = {
        "id": line.id,
        "catalogItem": {"id": line.id, "identifier": line.item},
        "description": line.description,
        "customerDescription": line.description,
        "quantity": line.quantity,
        "price": line.unit_price,
        "cost": line.cost,
        "extPrice": line.amount,
        "discount": to_cents(line.quantity * line.unit_price) - line.amount,
        "taxableFlag": line.taxable,
        "taxCode": tax_code_json(invoice.tax_code, site) if line.taxable else None,
        "billableOption": "Billable",
        "company": customer_json(invoice, site),
        "invoice": invoice_reference_json(invoice, site),
    }
    return without_empty(fields)


def _time_json(invoice: Invoice, line: InvoiceLine, site: str) -> Json:
    return {
        "id": line.id,
        "company": customer_json(invoice, site),
        "chargeToType": "ServiceTicket",
        "workRole": {"id": 1, "name": "Engineer"},
        "workType": {"id": 1, "name": line.item},
        "timeStart": midnight(invoice.invoice_date),
        "actualHours": line.quantity,
        "billableOption": "Billable",
        "notes": line.description,
        "invoiceHours": line.quantity,
        "hourlyRate": line.unit_price,
        "extendedInvoiceAmount": line.amount,
        "agreementHours": ZERO,
        "agreementAmount": ZERO,
        "invoice": invoice_reference_json(invoice, site),
    }


def _expense_json(invoice: Invoice, line: InvoiceLine, site: str) -> Json:
    return {
        "id": line.id,
        "company": customer_json(invoice, site),
        "type": {"id": 1, "name": line.item},
        "date": midnight(invoice.invoice_date),
        "amount": line.amount,
        "billAmount": line.amount,
        "invoiceAmount": line.amount,
        "billableOption": "Billable",
        "notes": line.description,
        "taxes": [],
        "invoice": invoice_reference_json(invoice, site),
    }
