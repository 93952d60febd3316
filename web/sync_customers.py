"""Sync Invoices > Customers: which customer of the books each company is."""

from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from models.customer_links import CustomerLink
from models.views.copies import counts_of_links, list_links
from usecases.copy_choices import CUSTOMER_NAME_CHARACTERS_MAX, accept_proposals, create_customer_as, unlink_customer
from usecases.results import Rejected
from usecases.words import words_of
from web.copy_filters import TEXT_CHARACTERS_MAX
from web.copy_wording import counted
from web.pages import render, writing_for
from web.payments import ID_MAX
from web.signed_in import FormWithSyncTool, Member, WithSyncTool, context_of
from web.typed_text import plain

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
NO_PROPOSAL = "There is no customer of this name to choose any more. Reload the page."
NO_PROPOSALS = "No company without a customer has a proposal."


class Show(StrEnum):
    OPEN = "open"
    CHOSEN = "chosen"
    ALL = "all"


class Do(StrEnum):
    USE = "use"
    CREATE = "create"
    UNDO = "undo"


class Companies:
    """Which companies are listed, as the page's address says."""

    def __init__(
        self,
        show: str = "",
        search: Annotated[str, Query(max_length=TEXT_CHARACTERS_MAX)] = "",
        after: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    ) -> None:
        self.show = Show(show) if show in list(Show) else Show.ALL
        self.search = plain(search)
        self.after = after

    @property
    def chosen(self) -> bool | None:
        return {Show.OPEN: False, Show.CHOSEN: True, Show.ALL: None}[self.show]

    def as_query(self, **more: str | int) -> str:
        values = {"show": "" if self.show is Show.ALL else self.show.value, "search": self.search, **more}
        return urlencode({name: value for name, value in values.items() if value != ""})


Listed = Annotated[Companies, Depends()]


@router.get("/sync-invoices/customers")
def customers_page(request: Request, member: WithSyncTool, companies: Listed, done: int | None = None) -> Response:
    notice = f"{counted(done, writing_for(member.viewer), 'choice')} made." if done is not None else None
    return _page(request, member, companies, notice=notice)


@router.post("/sync-invoices/customers")
def choose(
    request: Request,
    member: FormWithSyncTool,
    companies: Listed,
    do: Annotated[Do, Form()] = Do.USE,
    company_id: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
) -> Response:
    """Chooses the customer of one company, or takes the choice back."""
    context, organization_id, by = context_of(request), member.organization_id, member.viewer.user.email
    company_id = plain(company_id)
    made: CustomerLink | Rejected | int
    if do is Do.CREATE:
        made = create_customer_as(context, organization_id, company_id, plain(name), by)
    elif do is Do.UNDO:
        made = unlink_customer(context, organization_id, company_id, by)
    else:
        made = accept_proposals(context, organization_id, by, {company_id}) or Rejected(NO_PROPOSAL)
    if isinstance(made, Rejected):
        return _page(request, member, companies, problem=made.message, status_code=409)
    query = companies.as_query(after=companies.after or "")
    return RedirectResponse(f"/sync-invoices/customers{'?' if query else ''}{query}", 303)


@router.post("/sync-invoices/customers/use-proposals")
def use_proposals(request: Request, member: FormWithSyncTool, create: Annotated[str, Form()] = "") -> Response:
    """Takes every proposal; with `create` also lets customers be created where nobody has the name."""
    context = context_of(request)
    made = accept_proposals(context, member.organization_id, member.viewer.user.email, create=bool(create))
    if not made:
        return _page(request, member, Companies(), problem=NO_PROPOSALS, status_code=409)
    return RedirectResponse(f"/sync-invoices/customers?done={made}", 303)


def new_name(link: CustomerLink) -> str:
    """A name for a new customer that is free, as far as we know: the company's own unless somebody has it."""
    name = link.company.replace(":", " ")
    if link.proposal is None or not link.identifier:
        return name
    return f"{name} ({link.identifier})"[:CUSTOMER_NAME_CHARACTERS_MAX]


def _page(
    request: Request,
    member: Member,
    companies: Companies,
    *,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    with context_of(request).database.reading() as session:
        page = list_links(
            session,
            member.organization_id,
            chosen=companies.chosen,
            search=companies.search,
            limit=ROWS_PER_PAGE,
            after=companies.after,
        )
        counts = counts_of_links(session, member.organization_id)
        words = words_of(session, member.organization_id)
    tabs = [
        (Show.ALL, "All", counts.open + counts.chosen),
        (Show.OPEN, "Without a customer", counts.open),
        (Show.CHOSEN, "Chosen", counts.chosen),
    ]
    return render(
        request,
        "sync_customers.html",
        status_code,
        viewer=member.viewer,
        notice=notice,
        problem=problem,
        links=page.links,
        companies=companies,
        query=companies.as_query(after=companies.after or ""),
        next_query=companies.as_query(after=page.next_after) if page.next_after is not None else None,
        counts=counts,
        tabs=tabs,
        new_name=new_name,
        name_characters_max=CUSTOMER_NAME_CHARACTERS_MAX,
        words=words,
    )
