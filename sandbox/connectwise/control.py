"""The ConnectWise sandbox's control API for other processes: the sandbox's own operations by the same names."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Unpack
from urllib.parse import quote

from sandbox.connectwise.billing_operations import SECOND_TOOL, LineFields
from sandbox.connectwise.operations import DEFAULT_PERSON, InvoiceChanges, InvoiceFields, Money
from sandbox.connectwise.records import LineKind
from sandbox.connectwise.truth import BatchTruth, InvoiceTruth
from sandbox.control_client import ControlClient


class ConnectWiseControl(ControlClient):
    def __init__(self, base_url: str, company_id: str = "acme") -> None:
        """`company_id` is the default company of all methods."""
        super().__init__(base_url)
        self.company_id = company_id

    def add_company(
        self,
        company_id: str,
        *,
        public_key: str,
        private_key: str,
        client_id: str,
        name: str | None = None,
        switches: dict[str, Any] | None = None,
    ) -> None:
        body = {
            "company_id": company_id,
            "public_key": public_key,
            "private_key": private_key,
            "client_id": client_id,
            "name": name,
            "switches": switches or {},
        }
        self._call("POST", "/control/companies", body)

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
        body = {"public_key": public_key, "private_key": private_key, "client_id": client_id, "name": name}
        self._call("PATCH", self._path(company_id, "keys"), body)

    def set_switches(self, company_id: str | None = None, **changes: Any) -> dict[str, Any]:
        return dict(self._call("PATCH", self._path(company_id, "switches"), changes))

    def set_permissions(self, company_id: str | None = None, **changes: bool) -> dict[str, bool]:
        return dict(self._call("PATCH", self._path(company_id, "permissions"), changes))

    def refuse_queries_for(self, values: Iterable[str], company_id: str | None = None) -> None:
        self._call("PUT", self._path(company_id, "refused-values"), {"values": list(values)})

    def limit_locations(self, locations: Iterable[str] | None, company_id: str | None = None) -> None:
        named = None if locations is None else list(locations)
        self._call("PUT", self._path(company_id, "locations"), {"locations": named})

    def add_invoice(
        self,
        number: str,
        total: Money,
        *,
        company_id: str | None = None,
        **fields: Unpack[InvoiceFields],
    ) -> int:
        body = {"number": number, "total": total, **fields}
        return int(self._call("POST", self._path(company_id, "invoices"), body)["id"])

    def edit_invoice(
        self,
        invoice_id: int,
        *,
        company_id: str | None = None,
        **changes: Unpack[InvoiceChanges],
    ) -> None:
        self._call("PATCH", self._path(company_id, "invoices", invoice_id), dict(changes))

    def remove_invoice(self, invoice_id: int, *, company_id: str | None = None) -> None:
        self._call("DELETE", self._path(company_id, "invoices", invoice_id))

    def invoices(self, *, company_id: str | None = None) -> list[InvoiceTruth]:
        return [InvoiceTruth.from_json(one) for one in self._call("GET", self._path(company_id, "invoices"))]

    def invoice(self, invoice_id: int, *, company_id: str | None = None) -> InvoiceTruth:
        return InvoiceTruth.from_json(self._call("GET", self._path(company_id, "invoices", invoice_id)))

    def add_tax_code(
        self, identifier: str, levels: list[dict[str, Any]] | None = None, *, company_id: str | None = None
    ) -> None:
        self._call("POST", self._path(company_id, "tax-codes"), {"identifier": identifier, "levels": levels})

    def add_line(
        self,
        invoice_id: int,
        kind: LineKind,
        description: str,
        unit_price: Money,
        quantity: Money = 1,
        *,
        company_id: str | None = None,
        **fields: Unpack[LineFields],
    ) -> int:
        body = {"kind": kind, "description": description, "unit_price": unit_price, "quantity": quantity, **fields}
        return int(self._call("POST", self._path(company_id, "invoices", invoice_id, "lines"), body)["id"])

    def set_status(
        self, invoice_id: int, status: str, *, company_id: str | None = None, person: str = DEFAULT_PERSON
    ) -> None:
        path = self._path(company_id, "invoices", invoice_id, "status")
        self._call("PUT", path, {"status": status, "person": person})

    def close_invoice(self, invoice_id: int, *, company_id: str | None = None) -> None:
        self.set_status(invoice_id, "Closed", company_id=company_id)

    def reopen_invoice(self, invoice_id: int, *, company_id: str | None = None) -> None:
        self.set_status(invoice_id, "GL Reload", company_id=company_id)

    def batch_invoice(
        self,
        invoice_id: int,
        identifier: str | None = None,
        *,
        company_id: str | None = None,
        person: str = DEFAULT_PERSON,
        first_entries: int | None = None,
    ) -> int:
        body = {"identifier": identifier, "person": person, "first_entries": first_entries}
        return int(self._call("POST", self._path(company_id, "invoices", invoice_id, "batch"), body)["id"])

    def batch_after_next_read(
        self,
        invoice_id: int,
        after: str = "gl_entries",
        *,
        company_id: str | None = None,
        identifier: str | None = None,
        person: str = SECOND_TOOL,
    ) -> None:
        path = self._path(company_id, "invoices", invoice_id, "planned-batch")
        self._call("POST", path, {"after": after, "identifier": identifier, "person": person})

    def unbatch_invoice(self, invoice_id: int, *, company_id: str | None = None, person: str = DEFAULT_PERSON) -> None:
        self._call("DELETE", self._path(company_id, "invoices", invoice_id, "batch"), {"person": person})

    def delete_batch(self, batch_id: int, *, company_id: str | None = None, person: str = DEFAULT_PERSON) -> None:
        self._call("DELETE", self._path(company_id, "batches", batch_id), {"person": person})

    def edit_after_close(
        self,
        invoice_id: int,
        *,
        company_id: str | None = None,
        rebatch: bool = False,
        **changes: Unpack[InvoiceChanges],
    ) -> None:
        path = self._path(company_id, "invoices", invoice_id, "edit-after-close")
        self._call("POST", path, {"rebatch": rebatch, **changes})

    def batches(self, *, company_id: str | None = None) -> list[BatchTruth]:
        return [BatchTruth.from_json(one) for one in self._call("GET", self._path(company_id, "batches"))]

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
        body = {
            "amount": amount,
            "payment_date": payment_date,
            "person": person,
            "payment_type": payment_type,
            "credit_memo": credit_memo,
        }
        return int(self._call("POST", self._path(company_id, "invoices", invoice_id, "payments"), body)["id"])

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
        path = self._path(company_id, "invoices", invoice_id, "payments", payment_id)
        self._call("PATCH", path, {"amount": amount, "payment_date": payment_date, "person": person})

    def delete_payment(
        self,
        invoice_id: int,
        payment_id: int,
        *,
        company_id: str | None = None,
        person: str = DEFAULT_PERSON,
    ) -> None:
        path = self._path(company_id, "invoices", invoice_id, "payments", payment_id)
        self._call("DELETE", path, {"person": person})

    def _path(self, company_id: str | None, *parts: str | int) -> str:
        company = quote(self.company_id if company_id is None else company_id, safe="")
        return "/".join(["/control/companies", company, *map(str, parts)])
