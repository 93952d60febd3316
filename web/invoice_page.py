"""One invoice: what both systems said about it when they were read last, and reading them now."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from domain.comparing.comparison import NOT_READ
from domain.comparing.outcomes import Owed
from domain.comparing.words import headline, row_told
from models.organizations import organization_with_connections
from models.views.invoice_story import InvoiceStory, invoice_story
from usecases.reading_invoices import read_invoice_in_both
from usecases.results import Rejected
from usecases.words import words_of
from web.call_semaphores import call_slot, come_back_later
from web.outside_links import invoice_link
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import FormInOrganization, InOrganization, Member, context_of

router = APIRouter(include_in_schema=False)

BUSY = "Other look-ups are running right now. Try again in a minute."
READ = "Both systems have been read."

InvoiceId = Annotated[int, Path(ge=1, le=ID_MAX)]


@router.get("/invoices/{invoice_id}")
def invoice_page(request: Request, member: InOrganization, invoice_id: InvoiceId, read: bool = False) -> Response:
    """Shows what is stored; calls nothing."""
    values = _values(request, member, invoice_id)
    return _page(request, member, values, notice=READ if read and values["both_were_read"] else None)


@router.get("/live/invoices/{invoice_id}")
def invoice_fragment(request: Request, member: InOrganization, invoice_id: InvoiceId) -> Response:
    values = _values(request, member, invoice_id)
    return render(request, "invoice_live.html", viewer=member.viewer, **values)


@router.post("/invoices/{invoice_id}/read")
def read_both(request: Request, member: FormInOrganization, invoice_id: InvoiceId) -> Response:
    _story(request, member, invoice_id)
    with call_slot(request, member.organization_id) as free:
        if not free:
            values = _values(request, member, invoice_id)
            return come_back_later(_page(request, member, values, problem=BUSY, status_code=503))
        shown = read_invoice_in_both(context_of(request), member.organization_id, invoice_id)
    if isinstance(shown, Rejected):
        raise HTTPException(404)
    return RedirectResponse(f"/invoices/{invoice_id}?read=true", 303)


def _story(request: Request, member: Member, invoice_id: int) -> InvoiceStory:
    with context_of(request).database.reading() as session:
        story = invoice_story(session, member.organization_id, invoice_id)
    if story is None:
        raise HTTPException(404)
    return story


def _values(request: Request, member: Member, invoice_id: int) -> dict[str, Any]:
    story = _story(request, member, invoice_id)
    with context_of(request).database.reading() as session:
        words = words_of(session, member.organization_id)
        _, source, target = organization_with_connections(session, member.organization_id)
    vendors, reading = context_of(request).platform.vendors, story.reading
    return {
        "story": story,
        "row": story.row,
        "reading": reading,
        "told": None if reading is None else headline(reading.comparison, reading.sides, words),
        "both_were_read": reading is not None and reading.comparison.obstacle not in NOT_READ,
        "rows": [(one, row_told(one, words)) for one in story.rows],
        "currency": story.currency,
        "words": words,
        "source_link": invoice_link(vendors, source, story.row.source_id),
        "target_link": invoice_link(vendors, target, story.row.target_id),
        "has_sync_tool": member.organization.sync_tool_enabled,
        "Owed": Owed,
    }


def _page(
    request: Request,
    member: Member,
    values: dict[str, Any],
    *,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    return render(request, "invoice.html", status_code, viewer=member.viewer, notice=notice, problem=problem, **values)
