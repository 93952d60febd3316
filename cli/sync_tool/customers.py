"""`sync-tool customers`: which QuickBooks customer each ConnectWise company is, chosen once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.asking import who_asks
from cli.failures import Refusal
from cli.opening import find_organization, opened_context, opened_session
from cli.output import AsJson, print_json, print_table, say
from cli.sync_tool.options import Org
from workers.terminal import Column

if TYPE_CHECKING:
    from models.customer_links import CustomerLink
    from usecases.results import Rejected

CompanyId = Annotated[str, typer.Argument(metavar="COMPANY_ID", help="The company's id, as `customers` lists it.")]


def customers(slug: Org, as_json: AsJson = False) -> None:
    """Lists the companies of the listed invoices, those without a choice first, with the customer or a proposal."""
    from models.customer_links import all_links

    with opened_session() as session:
        links = all_links(session, find_organization(session, slug).id)
    if as_json:
        print_json([_as_json(link) for link in links])
        return
    columns = [
        Column("company id"),
        Column("company", wraps=True),
        Column("customer id"),
        Column("customer", wraps=True),
        Column("choice", wraps=True, place="below"),
    ]
    rows = [
        (link.company_id, link.company, link.customer_id, link.customer or link.create_as, _choice(link))
        for link in links
    ]
    print_table(
        columns,
        rows,
        "No company was met yet; `list --refresh` meets them.",
    )


def customers_link(
    slug: Org,
    company_id: CompanyId,
    customer_id: Annotated[str, typer.Argument(metavar="CUSTOMER_ID", help="The customer's id in QuickBooks.")],
    as_json: AsJson = False,
) -> None:
    """Says that a company is this customer; the next preview shows the customer's name."""
    from models.customer_links import links_of
    from usecases.copy_choices import link_customer

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
            known = links_of(session, organization_id, [company_id]).get(company_id)
        is_proposal = known is not None and known.found_id == customer_id.strip()
        name = known.found if known is not None and is_proposal else ""
        _tell(link_customer(context, organization_id, company_id, customer_id, name, who_asks()), slug, as_json)


def customers_create(
    slug: Org,
    company_id: CompanyId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new customer's name in QuickBooks.")],
    as_json: AsJson = False,
) -> None:
    """Has a customer with this name created in QuickBooks before the company's first invoice is copied."""
    from usecases.copy_choices import create_customer_as

    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        _tell(create_customer_as(context, organization_id, company_id, name, who_asks()), slug, as_json)


def _tell(link: CustomerLink | Rejected, slug: str, as_json: bool) -> None:
    from usecases.results import Rejected

    if isinstance(link, Rejected):
        raise Refusal(f"{link.message} See: python -m cli sync-tool customers {slug}")
    if as_json:
        print_json(_as_json(link))
    elif link.create_as is not None:
        say(f"{link.company}: the customer '{link.create_as}' is created before the first copy.")
    else:
        named = f" ({link.customer})" if link.customer else ""
        say(f"{link.company} is customer {link.customer_id}{named}.")


def _choice(link: CustomerLink) -> str:
    if link.customer_id is not None:
        return ""
    if link.create_as is not None:
        return "is created before the first copy"
    found = link.proposal
    if found is None:
        return "none; nobody in QuickBooks has this name" if link.looked_at is not None else "none yet"
    inactive = "" if found.active else "inactive "
    return f"none; proposed: {inactive}{found.owner.value} {found.external_id} ({found.name})"


def _as_json(link: CustomerLink) -> dict[str, Any]:
    found = link.proposal
    return {
        "company_id": link.company_id,
        "identifier": link.identifier,
        "company": link.company,
        "customer_id": link.customer_id,
        "customer": link.customer,
        "create_as": link.create_as,
        "proposal": None
        if found is None
        else {"id": found.external_id, "name": found.name, "is": found.owner.value, "active": found.active},
        "looked_at": link.looked_at,
        "chosen_by": link.chosen_by,
        "chosen_at": link.chosen_at,
    }
