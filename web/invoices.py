"""The list of the platform's invoices, and adding one by its number."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from domain.comparing.outcomes import InvoiceOrder, Outcome, Owed
from domain.preferences import InvoiceOrigin
from models.views.invoice_list import COUNT_MAX, count_by_outcome, count_invoices, list_invoices
from usecases.adding_invoices import NUMBER_CHARACTERS_MAX, InvoiceShown, add_invoice, look_up_invoice
from usecases.results import Rejected
from usecases.words import words_of
from web.call_semaphores import call_slot, come_back_later
from web.invoice_filters import EVERYTHING, Narrowed, NarrowedInvoices
from web.pages import render
from web.signed_in import FormInOrganization, InOrganization, Member, context_of

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
ADDED = "The invoice is in your list now. Payments that waited for it are being decided."
BUSY = "Other look-ups are running right now. Try again in a minute."


@router.get("/invoices")
def invoices_page(
    request: Request, member: InOrganization, narrowed: NarrowedInvoices, added: bool = False
) -> Response:
    return _list(request, member, narrowed, notice=ADDED if added else None)


@router.get("/live/invoices")
def invoices_fragment(request: Request, member: InOrganization, narrowed: NarrowedInvoices) -> Response:
    return render(request, "invoices_live.html", viewer=member.viewer, **_values(request, member, narrowed))


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


def _values(request: Request, member: Member, narrowed: Narrowed) -> dict[str, Any]:
    organization_id = member.organization_id
    with context_of(request).database.reading() as session:
        found = list_invoices(
            session,
            organization_id,
            narrowed.chosen,
            order=narrowed.order,
            limit=ROWS_PER_PAGE,
            offset=(narrowed.page - 1) * ROWS_PER_PAGE,
        )
        counts = count_by_outcome(session, organization_id)
        # Without any other filter the outcome's own number is known already.
        matching = count_invoices(session, organization_id, narrowed.chosen) if narrowed.is_any else None
        words = words_of(session, organization_id)
    page = narrowed.page
    return {
        "rows": found.rows,
        "counts": counts,
        "every": sum(counts.values()),
        "matching": matching,
        "count_max": COUNT_MAX,
        "narrowed": narrowed,
        "words": words,
        "Outcome": Outcome,
        "previous_query": narrowed.as_query(page - 1) if page > 1 else None,
        "next_query": narrowed.as_query(page + 1) if found.has_more else None,
        "live_query": narrowed.as_query(page),
    }


def _list(
    request: Request,
    member: Member,
    narrowed: Narrowed = EVERYTHING,
    *,
    number: str = "",
    shown: InvoiceShown | None = None,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    return render(
        request,
        "invoices.html",
        status_code,
        viewer=member.viewer,
        number=number,
        number_characters_max=NUMBER_CHARACTERS_MAX,
        shown=shown,
        notice=notice,
        problem=problem,
        owed=list(Owed),
        origins=list(InvoiceOrigin),
        orders=list(InvoiceOrder),
        **_values(request, member, narrowed),
    )
