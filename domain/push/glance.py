"""A look at an untouched invoice that match made a moment ago: push need not ask the target again in the same second.

Stored with what match owes because of it, as JSON. The amount is decimal text, the time of day an ISO time in UTC, the
ticks are microseconds. Only invoices to which nothing was ever applied are kept: for any other push reads the list of
its payments, and the sums from just before that list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.clocks import Moment
from domain.push.sums import is_untouched
from domain.records import TargetInvoice

StoredGlance = dict[str, Any]
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Glance:
    """An untouched invoice, as far as push needs it: without its number and its customer.

    Attributes:
        asked: when the target was asked.
    """

    invoice: TargetInvoice
    asked: Moment


def glance_of(invoice: TargetInvoice, asked: Moment) -> StoredGlance | None:
    """The look in the form that is stored; None if something was applied to the invoice."""
    if not is_untouched(invoice):
        return None
    return {
        "id": invoice.external_id,
        "total": str(invoice.total),
        "currency": invoice.currency,
        "at": asked.at.isoformat(),
        "ticks": round(asked.ticks * _MICROSECONDS),
        "machine": asked.machine,
    }


def glance_in(stored: Mapping[str, Any] | None) -> Glance | None:
    """The stored look; None if there is none, or only one that another release wrote in another form."""
    if not stored:
        return None
    try:
        total = Decimal(stored["total"])
        asked = Moment(datetime.fromisoformat(stored["at"]), stored["ticks"] / _MICROSECONDS, str(stored["machine"]))
        invoice = TargetInvoice(
            external_id=str(stored["id"]),
            number="",
            total=total,
            balance=total,
            currency=stored["currency"],
            customer_names=(),
            paid=Decimal(0),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return None
    return Glance(invoice, asked)
