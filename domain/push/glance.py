"""A look at an untouched invoice that match made a moment ago: push need not ask the target again in the same second.

Stored with what match owes because of it, as JSON. Amounts are decimal text, the moment is an ISO time in UTC. Only
invoices to which nothing was ever applied are kept: for any other push reads the list of its payments, and the sums
from just before that list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.push.sums import is_untouched
from domain.records import TargetInvoice

Stored = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Glance:
    """An untouched invoice.

    Attributes:
        at: when the target was asked, UTC.
    """

    invoice: TargetInvoice
    at: datetime

    def age(self, now: datetime) -> timedelta | None:
        """How long ago that was; None if it seems to lie ahead, which another host's clock or a changed one does."""
        return now - self.at if self.at <= now else None


def glance_of(invoice: TargetInvoice, at: datetime) -> Stored | None:
    """The look in the form that is stored; None if something was applied to the invoice."""
    if not is_untouched(invoice):
        return None
    return {
        "at": at.isoformat(),
        "id": invoice.external_id,
        "number": invoice.number,
        "total": str(invoice.total),
        "currency": invoice.currency,
        "customers": list(invoice.customer_names),
    }


def glance_in(stored: Mapping[str, Any] | None) -> Glance | None:
    """The stored look; None if there is none."""
    if not stored:
        return None
    total = Decimal(stored["total"])
    invoice = TargetInvoice(
        external_id=stored["id"],
        number=stored["number"],
        total=total,
        balance=total,
        currency=stored["currency"],
        customer_names=tuple(stored["customers"]),
        paid=Decimal(0),
    )
    return Glance(invoice, datetime.fromisoformat(stored["at"]))
