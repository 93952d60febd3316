"""What the commands of the Sync Tool have in common: their arguments, and the filter that these make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from domain.copying.billed import InvoiceKind
from domain.copying.states import CopyState

if TYPE_CHECKING:
    from models.views.copies import CopyFilter

Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")]
Numbers = Annotated[
    list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Numbers of invoices, as ConnectWise has them.")
]
RunId = Annotated[int, typer.Argument(metavar="RUN", help="The run's number, as `runs` lists it.")]
Everything = Annotated[bool, typer.Option("--all", help="All that can be chosen, or all that the filters show.")]
States = Annotated[list[CopyState] | None, typer.Option("--state", help="Only these; may be repeated.")]
Customer = Annotated[str, typer.Option(help="Part of the customer's name or short name.")]
Location = Annotated[str, typer.Option(help="The ConnectWise location, by its whole name.")]
Kind = Annotated[InvoiceKind | None, typer.Option(help="Only invoices of this kind.")]
Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Dated this day or later.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Dated this day or earlier.")]
Search = Annotated[str, typer.Option(help="Part of an invoice number, or a whole total.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Read ConnectWise's list first.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
AcceptProposals = Annotated[
    bool,
    typer.Option(
        "--accept-proposals", help="A company without a choice is the QuickBooks customer that has its very name."
    ),
]
CreateCustomers = Annotated[
    bool,
    typer.Option("--create-customers", help="Where nobody in QuickBooks has the company's name, create a customer."),
]


def filter_of(
    states: Sequence[CopyState] | None = None,
    customer: str = "",
    location: str = "",
    kind: InvoiceKind | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    search: str = "",
) -> CopyFilter:
    """The filter that these options make."""
    from models.views.copies import CopyFilter

    return CopyFilter(
        states=frozenset(states or ()),
        kind=kind,
        customer=customer,
        location=location,
        since=_day(since),
        until=_day(until),
        search=search,
    )


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment is not None else None
