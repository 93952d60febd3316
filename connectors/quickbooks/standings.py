"""How invoices stand, as QuickBooks writes them: total, balance, and what has lowered it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from connectors.quickbooks.amounts import ID_CHARACTERS_MAX, Amount, Day, Text, Wire
from connectors.quickbooks.wire import invoice_from
from domain.money import is_storable
from domain.reconciliation.documents import SourceStanding
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted

_PAYMENT = "payment"


class _Link(Wire):
    id: Text = Field("", alias="TxnId")
    type: Text = Field("", alias="TxnType")


class _Customer(Wire):
    id: Text = Field("", alias="value")


def _objects(value: Any) -> list[Any]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


class _Invoice(Wire):
    dated: Day = Field(None, alias="TxnDate")
    total: Amount = Field(None, alias="TotalAmt")
    balance: Amount = Field(None, alias="Balance")
    deposit: Amount = Field(None, alias="Deposit")
    customer: Annotated[_Customer, BeforeValidator(lambda value: value if isinstance(value, dict) else {})] = Field(
        _Customer.model_validate({}), alias="CustomerRef"
    )
    linked: Annotated[list[_Link], BeforeValidator(_objects)] = Field([], alias="LinkedTxn")


def standings_from(objects: Iterable[Any], home_currency: str | None) -> tuple[SourceStanding, ...] | Untrusted:
    """All of them, or the reason why one of them cannot be read: a list without it proves nothing."""
    standings = []
    for one in objects:
        standing = standing_from(one, home_currency)
        if standing is None:
            name = str(one.get("Id", ""))[:ID_CHARACTERS_MAX] if isinstance(one, dict) else ""
            return Untrusted(WhyUntrusted.ROW_UNREADABLE, f"invoice {name}".strip())
        standings.append(standing)
    return tuple(standings)


def standing_from(told: Any, home_currency: str | None) -> SourceStanding | None:
    """How one invoice stands; None if its id, total or balance cannot be read exactly."""
    if not isinstance(told, dict):
        return None
    read = _Invoice.model_validate(told)
    if read.total is None or read.balance is None or not (is_storable(read.total) and is_storable(read.balance)):
        return None
    try:
        invoice = invoice_from(told, home_currency)
    except ValueError:
        return None
    return SourceStanding(
        external_id=invoice.external_id,
        number=invoice.number or "",
        customer_id=read.customer.id[:ID_CHARACTERS_MAX],
        customer_name=invoice.customer_name,
        dated=read.dated,
        currency=invoice.currency,
        total=read.total,
        balance=read.balance,
        deposit=read.deposit if read.deposit is not None and is_storable(read.deposit) else Decimal(0),
        payment_ids=tuple(link.id for link in read.linked if link.type.strip().casefold() == _PAYMENT),
        changed_at=invoice.changed_at,
    )
