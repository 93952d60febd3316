"""The filter of the list of payments, as it stands in the page's address."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from domain.payment_order import PaymentOrder
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.views.payment_filter import PaymentFilter
from web.signed_in import InOrganization
from web.typed_text import day_in, plain
from web.writing import writing_of

TEXT_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class NarrowedPayments:
    """The list's filter and order; what cannot be read filters nothing.

    Attributes:
        amount: as it was typed.
    """

    wanted: PaymentFilter
    order: PaymentOrder
    amount: str

    def as_query(self, **more: str | int) -> str:
        one = self.wanted
        values = {
            "status": one.status.value if one.status else "",
            "reason": one.reason.value if one.reason else "",
            "search": one.search,
            "customer": one.customer,
            "invoice": one.invoice,
            "amount": self.amount if one.amount is not None else "",
            "since": one.since.isoformat() if one.since else "",
            "until": one.until.isoformat() if one.until else "",
            "order": "" if self.order is PaymentOrder.NEWEST else self.order.value,
        }
        return urlencode({name: value for name, value in (values | more).items() if value != ""})

    @property
    def is_detailed(self) -> bool:
        """Whether one of the fields is used that are folded away; an amount that cannot be read says so there."""
        one = self.wanted
        return bool(one.customer or one.invoice or self.amount or one.since or one.until or one.reason)


Text = Annotated[str, Query(max_length=TEXT_CHARACTERS_MAX)]


def _narrowed(
    member: InOrganization,
    status: str = "",
    reason: str = "",
    search: Text = "",
    customer: Text = "",
    invoice: Text = "",
    amount: Text = "",
    since: str = "",
    until: str = "",
    order: str = "",
) -> NarrowedPayments:
    writing = writing_of(member.organization.locality)
    return NarrowedPayments(
        PaymentFilter(
            status=PaymentStatus(status) if status in list(PaymentStatus) else None,
            reason=Reason(reason) if reason in list(Reason) else None,
            since=day_in(since),
            until=day_in(until),
            amount=writing.amount_in(amount),
            customer=plain(customer),
            invoice=plain(invoice),
            search=plain(search),
            searched_amount=writing.amount_in(search),
        ),
        PaymentOrder(order) if order in list(PaymentOrder) else PaymentOrder.NEWEST,
        plain(amount),
    )


Narrowed = Annotated[NarrowedPayments, Depends(_narrowed)]
