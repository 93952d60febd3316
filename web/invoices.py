"""The list of the platform's invoices."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from models.invoices import invoices_of
from web.pages import render
from web.signed_in import InOrganization, context_of

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
# A larger offset only costs the database work.
PAGE_MAX = 100_000


@router.get("/invoices")
def invoices_page(
    request: Request, member: InOrganization, page: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 1
) -> Response:
    with context_of(request).database.reading() as session:
        found = invoices_of(session, member.organization_id, limit=ROWS_PER_PAGE + 1, offset=(page - 1) * ROWS_PER_PAGE)
    return render(
        request,
        "invoices.html",
        viewer=member.viewer,
        invoices=found[:ROWS_PER_PAGE],
        page=page,
        has_more=len(found) > ROWS_PER_PAGE,
    )
