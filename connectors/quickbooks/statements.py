"""One invoice with everything that has lowered its balance: its own record names the payments, one query reads them.

A credit memo or a journal entry is applied by a payment too (of zero, if no money came in), so it is among them. Money
taken on the invoice form has no payment; the form's field `Deposit` tells it.
"""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from connectors.base import ChangedEntity, Failure, FailureKind, Got, ReadResult
from connectors.quickbooks import wire
from connectors.quickbooks.amounts import ID_CHARACTERS_MAX, Amount, ARef, Moment, Ref, Text, Wire, as_object
from connectors.quickbooks.asking import NOT_WHAT_WE_ASKED_FOR
from connectors.quickbooks.by_id import ById, Reader
from connectors.quickbooks.client import Client
from domain.money import is_storable
from domain.records import InvoiceStatement, Trace

_PAYMENT = "payment"
_AMOUNTS_UNREADABLE = Failure(FailureKind.UNAVAILABLE, "the invoice's total or balance cannot be read")


class _Link(Wire):
    id: Text = Field("", alias="TxnId")
    type: Text = Field("", alias="TxnType")


def _links(value: Any) -> list[Any]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


class _Invoice(Wire):
    total: Amount = Field(None, alias="TotalAmt")
    balance: Amount = Field(None, alias="Balance")
    deposit: Amount = Field(None, alias="Deposit")
    linked: Annotated[list[_Link], BeforeValidator(_links)] = Field([], alias="LinkedTxn")


class _Meta(Wire):
    created_at: Moment = Field(None, alias="CreateTime")
    changed_by: ARef = Field(Ref(), alias="LastModifiedByRef")


class _Traced(Wire):
    meta: Annotated[_Meta, BeforeValidator(as_object)] = Field(_Meta.model_validate({}), alias="MetaData")


def read_statement(
    client: Client, reader: Reader, invoice_id: str, home_currency: str | None
) -> ReadResult[InvoiceStatement]:
    """The invoice, and the payments that it is linked to.

    We ask for the invoice by its own address: only that answers that it does not exist; a query just leaves it out.
    """
    answer = client.entity(ChangedEntity.INVOICE.value, invoice_id)
    if isinstance(answer, Failure):
        return answer
    told = answer.value.get("Invoice")
    if not isinstance(told, dict) or str(told.get("Id")) != invoice_id:
        return NOT_WHAT_WE_ASKED_FOR
    read = _Invoice.model_validate(told)
    if read.total is None or read.balance is None or not (is_storable(read.total) and is_storable(read.balance)):
        # Nothing stands in for the very amounts that are compared.
        return _AMOUNTS_UNREADABLE
    ids = {link.id for link in read.linked if link.type.strip().casefold() == _PAYMENT and _may_be_id(link.id)}
    payments = reader.read(ChangedEntity.PAYMENT, ids) if ids else ById([])
    if payments.failure is not None:
        return payments.failure
    return Got(
        InvoiceStatement(
            invoice=wire.invoice_from(told, home_currency),
            payments=tuple(wire.payment_from(one, home_currency) for one in payments.found),
            traces={str(one["Id"]): _trace(one) for one in payments.found},
            deposit=read.deposit if read.deposit is not None and is_storable(read.deposit) else Decimal(0),
            unread_ids=tuple(sorted({*payments.missing, *payments.refused, *payments.unread})),
            reads=1 + payments.queries,
        )
    )


def _may_be_id(value: str) -> bool:
    return 0 < len(value) <= ID_CHARACTERS_MAX


def _trace(payment: Any) -> Trace:
    meta = _Traced.model_validate(payment).meta
    return Trace(entered_at=meta.created_at, last_changed_by=meta.changed_by.value)
