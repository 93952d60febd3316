"""The list of the platform's invoices, and adding one by its number."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from models.invoices import invoices_of
from usecases.adding_invoices import NUMBER_CHARACTERS_MAX, InvoiceShown, add_invoice, look_up_invoice
from usecases.results import Rejected
from usecases.words import words_of
from web.call_semaphores import call_slot, come_back_later
from web.pages import render
from web.signed_in import FormInOrganization, InOrganization, Member, context_of

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
# A larger offset only costs the database work.
PAGE_MAX = 100_000


ADDED = "The invoice is in your list now. Payments that waited for it are being decided."
BUSY = "Other look-ups are running right now. Try again in a minute."


@router.get("/invoices")
def invoices_page(
    request: Request,
    member: InOrganization,
    page: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 1,
    added: bool = False,
) -> Response:
    return _list(request, member, page=page, notice=ADDED if added else None)


@router.post("/invoices/look-up")
def look_up(request: Request, member: FormInOrganization, number: Annotated[str, Form()] = "") -> Response:
    """Shows the invoice in both systems; changes nothing."""
    with call_slot(request, member.organization_id) as free:
        if not free:
            return come_back_later(_list(request, member, number=number, problem=BUSY, status_code=503))
        shown = look_up_invoice(context_of(request), member.organization_id, number)
    if isinstance(shown, Rejected):
        return _list(request, member, number=number, problem=shown.message, status_code=422)
    return _list(request, member, number=number, shown=shown)


@router.post("/invoices/add")
def add(
    request: Request,
    member: FormInOrganization,
    number: Annotated[str, Form()] = "",
    source_id: Annotated[str, Form()] = "",
    target_id: Annotated[str, Form()] = "",
) -> Response:
    with call_slot(request, member.organization_id) as free:
        if not free:
            return come_back_later(_list(request, member, number=number, problem=BUSY, status_code=503))
        added = add_invoice(context_of(request), member.organization_id, number, source_id, target_id)
    if isinstance(added, Rejected):
        return _list(request, member, number=number, problem=added.message, status_code=409)
    return RedirectResponse("/invoices?added=true", 303)


def _list(
    request: Request,
    member: Member,
    *,
    page: int = 1,
    number: str = "",
    shown: InvoiceShown | None = None,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    with context_of(request).database.reading() as session:
        words = words_of(session, member.organization_id)
        found = invoices_of(session, member.organization_id, limit=ROWS_PER_PAGE + 1, offset=(page - 1) * ROWS_PER_PAGE)
    return render(
        request,
        "invoices.html",
        status_code,
        viewer=member.viewer,
        invoices=found[:ROWS_PER_PAGE],
        page=page,
        has_more=len(found) > ROWS_PER_PAGE,
        words=words,
        number=number,
        number_characters_max=NUMBER_CHARACTERS_MAX,
        shown=shown,
        notice=notice,
        problem=problem,
    )
