"""Customers, vendors and employees share their names: one owner each, whatever kind it is."""

from collections.abc import Mapping
from typing import Any

from sandbox.quickbooks.world.company import Company
from sandbox.quickbooks.world.faults import business, duplicate_name, invalid_text, required, too_long
from sandbox.quickbooks.world.records import Customer, ListRecord
from sandbox.quickbooks.world.table import Table

NAME_LENGTH = 500
OTHER_KINDS = ("vendor", "employee")


def create_customer(
    company: Company, name: str, *, parent_id: str = "", currency: str = "", details: Mapping[str, Any]
) -> Customer:
    """A customer as an application creates it, below its parent if it names one."""
    _check_name(company, name)
    parent = company.active(company.customers, parent_id, "ParentRef") if parent_id else None
    chosen = currency or (company.currency if parent is None else parent.currency)
    if chosen != company.currency and not company.multicurrency:
        raise business("Multicurrency is off in this company.")
    now = company.now()
    customer = Customer(
        id=company.next_list_id("Customer"),
        created_at=now,
        changed_at=now,
        name=name if parent is None else f"{parent.name}:{name}",
        currency=chosen,
        details=details,
    )
    company.created(company.customers, customer, "Customer", "api")
    return customer


def add_other(company: Company, kind: str, name: str) -> None:
    if kind not in OTHER_KINDS:
        raise ValueError(f"the kind is one of {', '.join(OTHER_KINDS)}, not {kind!r}")
    entity, now = kind.capitalize(), company.now()
    other = ListRecord(id=company.next_list_id(entity), created_at=now, changed_at=now, name=name)
    company.created(_others(company)[kind], other, entity, "user")


def _others(company: Company) -> Mapping[str, Table[ListRecord]]:
    return dict(zip(OTHER_KINDS, (company.vendors, company.employees), strict=True))


def display_name(customer: Customer) -> str:
    return customer.name.rpartition(":")[2]


def _check_name(company: Company, name: str) -> None:
    if not name.strip():
        raise required("DisplayName")
    if len(name) > NAME_LENGTH:
        raise too_long("DisplayName", NAME_LENGTH)
    if set(name) & set(":\t\n\r"):
        raise invalid_text("DisplayName")
    for kind, others in _others(company).items():
        if any(one.name.casefold() == name.casefold() for one in others.records.values()):
            raise duplicate_name(kind)
    # Inactive customers keep their names, too.
    if any(display_name(one).casefold() == name.casefold() for one in company.customers.records.values()):
        raise duplicate_name("customer")
