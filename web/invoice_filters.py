"""The filter of the list of invoices, as it stands in the page's address."""

from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from domain.comparing.outcomes import InvoiceOrder, Outcome, Owed
from domain.preferences import InvoiceOrigin
from models.views.invoice_list import InvoiceFilter
from web.typed_text import plain

TEXT_CHARACTERS_MAX = 200
# A larger offset only costs the database work.
PAGE_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The list's filter and order; what cannot be read filters nothing."""

    chosen: InvoiceFilter
    order: InvoiceOrder
    page: int

    def as_query(self, page: int | None = None) -> str:
        one = self.chosen
        values = {
            "state": one.outcome.value if one.outcome else "",
            "balance": one.owed.value if one.owed else "",
            "origin": one.origin.value if one.origin else "",
            "search": one.search,
            "customer": one.customer,
            "sort": "" if self.order is InvoiceOrder.NUMBER else self.order.value,
            "page": "" if page in (None, 1) else str(page),
        }
        return urlencode({name: value for name, value in values.items() if value != ""})

    def on(self, outcome: Outcome | None) -> "Narrowed":
        """The same filter with another outcome, from the first page on."""
        return Narrowed(replace(self.chosen, outcome=outcome), self.order, 1)

    @property
    def is_any(self) -> bool:
        """Whether anything but the outcome is filtered."""
        return self.chosen != InvoiceFilter(outcome=self.chosen.outcome)


EVERYTHING = Narrowed(InvoiceFilter(), InvoiceOrder.NUMBER, 1)

Text = Annotated[str, Query(max_length=TEXT_CHARACTERS_MAX)]


def _narrowed(
    state: str = "",
    balance: str = "",
    origin: str = "",
    search: Text = "",
    customer: Text = "",
    sort: str = "",
    page: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 1,
) -> Narrowed:
    chosen = InvoiceFilter(
        outcome=Outcome(state) if state in list(Outcome) else None,
        owed=Owed(balance) if balance in list(Owed) else None,
        origin=InvoiceOrigin(origin) if origin in list(InvoiceOrigin) else None,
        search=plain(search),
        customer=plain(customer),
    )
    return Narrowed(chosen, InvoiceOrder(sort) if sort in list(InvoiceOrder) else InvoiceOrder.NUMBER, page)


NarrowedInvoices = Annotated[Narrowed, Depends(_narrowed)]
