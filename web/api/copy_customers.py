"""/api/sync-tool/customers: which customer of the books a company is."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.customer_links import links_of
from models.views.copies import list_links
from usecases.copy_choices import CUSTOMER_NAME_CHARACTERS_MAX, create_customer_as, link_customer, unlink_customer
from usecases.results import Rejected
from web.api.access import WithSyncTool, WorkingWithSyncTool
from web.api.copy_documents import CustomerOut, CustomersOut
from web.api.pages import Limit, PlaceInCustomers, link_to_next
from web.api.payments import ID_PATTERN, WITHOUT_NUL, Text
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.api.values import ID_CHARACTERS_MAX, ID_IN_ADDRESS
from web.problems import Problem, Refused
from web.signed_in import context_of

router = APIRouter(prefix="/sync-tool/customers", tags=["sync tool"], route_class=WithKeptAnswers)

CompanyId = Annotated[
    str, Path(pattern=ID_IN_ADDRESS, max_length=ID_CHARACTERS_MAX, description="The company's id in ConnectWise")
]
Name = Annotated[str, Field(min_length=1, max_length=CUSTOMER_NAME_CHARACTERS_MAX, pattern=WITHOUT_NUL)]


@router.get("", summary="List customers")
def get_customers(
    request: Request,
    response: Response,
    caller: WithSyncTool,
    place: PlaceInCustomers,
    chosen: Annotated[bool | None, Query(description="Only those with a choice, or only those without")] = None,
    search: Annotated[Text, Query(description="Part of a company's or a customer's name")] = "",
    limit: Limit = 50,
) -> CustomersOut:
    """The companies of ConnectWise that have invoices, each with its customer in QuickBooks, by name."""
    with context_of(request).database.reading() as session:
        page = list_links(
            session, caller.organization_id, chosen=chosen, search=search.strip(), limit=limit, after=place
        )
    document = CustomersOut.of(page)
    link_to_next(request, response, document.next_cursor)
    return document


class CustomerIn(BaseModel):
    """Give either the customer's `id` with its `name`, or `create_as`; nothing takes the choice back."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=ID_PATTERN)] | None = None
    name: Name | None = None
    create_as: Name | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "CustomerIn":
        if self.create_as is not None and self.id is not None:
            raise ValueError("give either id or create_as")
        return self


@router.put("/{company_id}", openapi_extra=REPEATABLE, summary="Choose a customer")
def put_customer(
    request: Request, caller: WorkingWithSyncTool, company_id: CompanyId, given: CustomerIn
) -> CustomerOut:
    """Chooses the customer of one company, has one created before the first copy, or takes the choice back."""
    context, organization_id = context_of(request), caller.organization_id
    with context.database.reading() as session:
        if not links_of(session, organization_id, [company_id]):
            raise Refused(Problem.NOT_FOUND, "There is no such company.")
    if given.create_as is not None:
        made = create_customer_as(context, organization_id, company_id, given.create_as, caller.name)
    elif given.id is not None:
        made = link_customer(context, organization_id, company_id, given.id, given.name or "", caller.name)
    else:
        made = unlink_customer(context, organization_id, company_id, caller.name)
    if isinstance(made, Rejected):
        raise Refused(Problem.NOT_POSSIBLE, made.message)
    return CustomerOut.of(made)
