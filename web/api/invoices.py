"""/api/invoices: the list, one invoice in both systems, reading both now, and adding one by its number."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from domain.comparing.outcomes import InvoiceOrder, Outcome, Owed
from domain.preferences import InvoiceOrigin
from models.views.documents import VerdictOut
from models.views.invoice_documents import InvoicesOut, InvoiceStoryOut
from models.views.invoice_list import InvoiceFilter, list_invoices
from models.views.invoice_story import invoice_story
from usecases.adding_invoices import NUMBER_CHARACTERS_MAX, InvoiceShown, add_invoice, look_up_invoice
from usecases.reading_invoices import read_invoice_in_both
from usecases.results import Rejected
from usecases.words import words_of
from web.api.access import NOT_THERE, REFUSALS, Authorized
from web.call_semaphores import COME_BACK_SECONDS, call_slot
from web.invoice_filters import TEXT_CHARACTERS_MAX
from web.payments import ID_MAX
from web.signed_in import context_of

router = APIRouter(tags=["invoices"], responses=REFUSALS)

_BUSY = "Other look-ups are running right now. Try again in a minute."
_NO_INVOICE = "There is no such invoice."
LIMIT_MAX = 200
OFFSET_MAX = 10_000_000
Text = Annotated[str, Query(max_length=TEXT_CHARACTERS_MAX, pattern=r"^[^\x00]*$")]
InvoiceId = Annotated[int, Path(ge=1, le=ID_MAX, description="as the list has it")]
# A NUL would be refused by PostgreSQL.
Number = Annotated[str, Field(min_length=1, max_length=NUMBER_CHARACTERS_MAX, pattern=r"^[^\x00]*$")]
Id = Annotated[str, Field(pattern=r"^[!-~]{1,50}$", description="as returned by the look-up")]


@router.get("/invoices")
def get_invoices(
    request: Request,
    caller: Authorized,
    state: Outcome | None = None,
    balance: Owed | None = None,
    origin: InvoiceOrigin | None = None,
    search: Text = "",
    customer: Text = "",
    sort: InvoiceOrder = InvoiceOrder.NUMBER,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 50,
    offset: Annotated[int, Query(ge=0, le=OFFSET_MAX)] = 0,
) -> InvoicesOut:
    """The organization's invoices; `state` is as both systems were last read, `balance` as last reported."""
    chosen = InvoiceFilter(state, balance, origin, search.strip(), customer.strip())
    with context_of(request).database.reading() as session:
        page = list_invoices(session, caller.organization_id, chosen, order=sort, limit=limit, offset=offset)
    return InvoicesOut.of(page)


@router.get("/invoices/{invoice_id}", responses=NOT_THERE)
def get_invoice(request: Request, caller: Authorized, invoice_id: InvoiceId) -> InvoiceStoryOut:
    """What both systems said about the invoice when they were last read; calls nothing."""
    with context_of(request).database.reading() as session:
        story = invoice_story(session, caller.organization_id, invoice_id)
        words = words_of(session, caller.organization_id)
    if story is None:
        raise HTTPException(404, _NO_INVOICE)
    return InvoiceStoryOut.of(story, words)


@router.post("/invoices/{invoice_id}/read", responses=NOT_THERE)
def post_read(request: Request, caller: Authorized, invoice_id: InvoiceId) -> InvoiceStoryOut:
    """Reads the invoice in both systems now; changes nothing there. Takes metered calls, so not to be done in bulk."""
    context, organization_id = context_of(request), caller.organization_id
    with call_slot(request, organization_id) as free:
        if not free:
            raise HTTPException(503, _BUSY, {"Retry-After": str(COME_BACK_SECONDS)})
        read = read_invoice_in_both(context, organization_id, invoice_id)
    if isinstance(read, Rejected):
        raise HTTPException(404, _NO_INVOICE)
    return get_invoice(request, caller, invoice_id)


class LookUpIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: Number


class AddIn(LookUpIn):
    source_id: Id
    target_id: Id


class InvoiceShownOut(BaseModel):
    """The invoice in both systems; it can be added if `problem` is empty."""

    number: str
    source_id: str | None
    target_id: str | None
    verdicts: list[VerdictOut]
    problem: str

    @classmethod
    def of(cls, shown: InvoiceShown) -> "InvoiceShownOut":
        return cls(
            number=shown.number,
            source_id=shown.source.external_id if shown.source else None,
            target_id=shown.target.external_id if shown.target else None,
            verdicts=[VerdictOut.of(one) for one in shown.verdicts],
            problem=shown.problem,
        )


@router.post("/invoices/look-up")
def post_look_up(request: Request, caller: Authorized, given: LookUpIn) -> InvoiceShownOut:
    """Asks both systems for the invoice with exactly this number; changes nothing."""
    with call_slot(request, caller.organization_id) as free:
        if not free:
            raise HTTPException(503, _BUSY, {"Retry-After": str(COME_BACK_SECONDS)})
        return _answer(look_up_invoice(context_of(request), caller.organization_id, given.number))


@router.post("/invoices")
def post_invoice(request: Request, caller: Authorized, given: AddIn) -> InvoiceShownOut:
    """Adds the invoice if both systems still show exactly these two, and they match; payments that waited continue."""
    context, organization_id = context_of(request), caller.organization_id
    with call_slot(request, organization_id) as free:
        if not free:
            raise HTTPException(503, _BUSY, {"Retry-After": str(COME_BACK_SECONDS)})
        return _answer(add_invoice(context, organization_id, given.number, given.source_id, given.target_id))


def _answer(shown: InvoiceShown | Rejected) -> InvoiceShownOut:
    if isinstance(shown, Rejected):
        raise HTTPException(409, shown.message)
    return InvoiceShownOut.of(shown)
