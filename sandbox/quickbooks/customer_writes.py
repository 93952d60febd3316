"""POST /customer: an application creates a customer."""

from typing import Any

from sandbox.quickbooks.body import reference
from sandbox.quickbooks.wire_lists import customer_json
from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import malformed, unsupported
from sandbox.quickbooks.world.names import create_customer

# Kept and shown as they were sent.
_DETAILS = (
    "CompanyName",
    "GivenName",
    "FamilyName",
    "PrimaryEmailAddr",
    "PrimaryPhone",
    "BillAddr",
    "ShipAddr",
    "SalesTermRef",
    "Taxable",
    "ResaleNum",
    "Notes",
)


def write(company: Company, body: Any, operation: str = "") -> dict[str, Any]:
    if not isinstance(body, dict):
        raise malformed("The body is not a customer")
    if operation not in {"", "create"} or "Id" in body:
        raise unsupported("update of a customer")
    customer = create_customer(
        company,
        str(body.get("DisplayName") or ""),
        parent_id=reference(body, "ParentRef"),
        currency=reference(body, "CurrencyRef"),
        details={name: body[name] for name in _DETAILS if body.get(name) is not None},
    )
    return customer_json(company, customer)
