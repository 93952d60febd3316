"""The properties of an entity that a query may use, and the types they are compared as."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.quickbooks.times import parse_time
from sandbox.quickbooks.world.faults import Refused


@dataclass(frozen=True)
class Field:
    read: Callable[[Any], Any]
    parse: Callable[[str], Any]
    operators: frozenset[str] = frozenset({"=", "<", ">", "<=", ">=", "IN", "LIKE"})
    sortable: bool = True


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error


def _text(text: str) -> str:
    return text.lower()


# Id takes only = and IN (query page); it is sortable until Intuit ends that, as announced in 2025-11.
_ID = Field(lambda record: record.id, str, frozenset({"=", "IN"}))
_COMMON = {
    "id": _ID,
    "metadata.createtime": Field(lambda record: record.created_at.replace(microsecond=0), parse_time),
    "metadata.lastupdatedtime": Field(lambda record: record.updated_at, parse_time),
}
_TRANSACTION = _COMMON | {
    "customerref": Field(lambda record: record.customer_id, str, frozenset({"=", "IN", "LIKE"}), sortable=False),
    "txndate": Field(lambda record: record.transaction_date.isoformat(), str),
    "totalamt": Field(lambda record: record.total, _decimal),
}
_LIST = _COMMON | {
    "active": Field(lambda record: str(record.active).lower(), _text, frozenset({"=", "IN"}), sortable=False),
}
_NAMED = _LIST | {"name": Field(lambda record: record.name.lower(), _text)}
_SHOWN = _LIST | {"displayname": Field(lambda record: record.name.lower(), _text)}
FIELDS: dict[str, dict[str, Field]] = {
    "Payment": _TRANSACTION | {"paymentrefnum": Field(lambda record: record.reference.lower(), _text)},
    "Invoice": _TRANSACTION
    | {
        "docnumber": Field(lambda record: (record.doc_number or "").lower(), _text),
        "duedate": Field(lambda record: record.due_date.isoformat(), str),
        "balance": Field(lambda record: record.balance, _decimal),
    },
    "CreditMemo": _TRANSACTION | {"docnumber": Field(lambda record: record.doc_number.lower(), _text)},
    "JournalEntry": _COMMON
    | {
        "txndate": Field(lambda record: record.transaction_date.isoformat(), str),
        "docnumber": Field(lambda record: record.doc_number.lower(), _text),
    },
    "Deposit": _COMMON | {"txndate": Field(lambda record: record.transaction_date.isoformat(), str)},
    "Item": _NAMED
    | {
        "sku": Field(lambda record: record.sku.lower(), _text),
        "type": Field(lambda record: record.kind.lower(), _text),
    },
    "TaxCode": _NAMED,
    "TaxRate": _NAMED,
    "Term": _NAMED,
    "Vendor": _SHOWN,
    "Employee": _SHOWN,
    "Customer": _LIST
    | {
        "displayname": Field(lambda record: record.name.rpartition(":")[2].lower(), _text),
        "fullyqualifiedname": Field(lambda record: record.name.lower(), _text),
    },
}


def field_of(entity: str, name: str) -> Field:
    """The field, or fault 4001: PrivateNote, LinkedTxn and the like can be read but not queried."""
    field = FIELDS[entity].get(name.lower())
    if field is None:
        raise Refused("4001", "Invalid query", f"QueryValidationError: property '{name}' is not queryable")
    return field
