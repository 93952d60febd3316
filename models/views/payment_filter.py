"""Which payments to list, and in which order; several conditions hold together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, literal, tuple_

from domain.money import amount_in
from domain.payment_order import PaymentOrder
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.payments import Payment


def columns_of(order: PaymentOrder) -> tuple[Any, ...]:
    """What a list is sorted by; the id only separates two that are alike otherwise."""
    by_day = Payment.listed_on, Payment.first_seen_at, Payment.id
    return (Payment.live_total, *by_day) if order is PaymentOrder.LARGEST else by_day


def sorted_by(order: PaymentOrder, columns: Sequence[Any]) -> list[Any]:
    """The columns as an ORDER BY has them."""
    return [one.asc() if order is PaymentOrder.OLDEST else one.desc() for one in columns]


def comes_after(order: PaymentOrder, place: Sequence[Any]) -> ColumnElement[bool]:
    """What comes after the payment with these values of the columns."""
    columns = columns_of(order)
    here = tuple_(*columns)
    there = tuple_(*[literal(value, one.type) for value, one in zip(place, columns, strict=True)])
    return here > there if order is PaymentOrder.OLDEST else here < there


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What has to be so of a payment; empty values ask for nothing.

    Attributes:
        since: its date in lists is this day or a later one.
        until: its date in lists is this day or an earlier one.
        amount: exactly this much, in any currency.
        customer: part of the customer's name.
        invoice: part of the number of an invoice that it pays.
        search: part of a customer's name, a reference or an invoice number, or a whole payment id or amount.
        searched_amount: the amount that the search is, where its writer writes amounts in another way than programs do.
    """

    status: PaymentStatus | None = None
    reason: Reason | None = None
    since: date | None = None
    until: date | None = None
    amount: Decimal | None = None
    customer: str = ""
    invoice: str = ""
    search: str = ""
    searched_amount: Decimal | None = None

    @property
    def amount_in_search(self) -> Decimal | None:
        """The amount that the search may be; None if it is none."""
        return amount_in(self.search) if self.searched_amount is None else self.searched_amount

    @property
    def is_any(self) -> bool:
        """Whether it asks for anything."""
        return self != PaymentFilter()

    def of_columns(self) -> list[ColumnElement[bool]]:
        """The conditions that a payment's own columns answer; texts are left to the search."""
        wanted: list[ColumnElement[bool]] = []
        if self.status is not None:
            wanted.append(Payment.status == self.status.value)
        if self.reason is not None:
            wanted.append(Payment.reason == self.reason.value)
        if self.since is not None:
            wanted.append(Payment.listed_on >= self.since)
        if self.until is not None:
            wanted.append(Payment.listed_on <= self.until)
        if self.amount is not None:
            wanted.append(Payment.live_total == self.amount)
        return wanted
