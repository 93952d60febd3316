"""Fills the sandbox from a JSON file.

{"companies": [{"company_id": "acme", "public_key": "...", "private_key": "...", "client_id": "...", "name": "...",
                "switches": {"second_payment": "reject"}, "permissions": {"delete": false},
                "invoices": [{"number": "INV-1001", "total": 500.00, "currency": "USD", "closed": true, ...,
                              "payments": [{"amount": 100.00, "payment_date": "2026-11-01"}]}]}]}

An invoice has the arguments of `add_invoice`, a payment those of `type_payment`. A company that the sandbox has
already needs no keys: it keeps those it has.
"""

from datetime import date
from typing import Any

from sandbox.connectwise.operations import Operations
from sandbox.connectwise.switches import Switches


def load_companies(operations: Operations, world: Any) -> None:
    for company in world["companies"]:
        _load_company(operations, dict(company))


def _load_company(operations: Operations, company: dict[str, Any]) -> None:
    company_id = company["company_id"]
    invoices = company.pop("invoices", [])
    switches = company.pop("switches", {})
    permissions = company.pop("permissions", {})
    if company_id not in operations.companies:
        operations.add_company(**company, switches=Switches())
    else:
        operations.set_keys(**company)
    operations.set_switches(company_id, **switches)
    operations.set_permissions(company_id, **permissions)
    for invoice in invoices:
        payments = invoice.get("payments", [])
        fields = _with_dates({name: value for name, value in invoice.items() if name != "payments"})
        invoice_id = operations.add_invoice(**fields, company_id=company_id)
        for payment in payments:
            operations.type_payment(invoice_id, **_with_dates(payment), company_id=company_id)


def _with_dates(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: date.fromisoformat(value) if name.endswith("_date") and value is not None else value
        for name, value in fields.items()
    }
