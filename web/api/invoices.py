"""/api/invoices: the list, one invoice in both systems, reading both now, and adding one by its number."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
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
from web.api.access import Authorized, AuthorizedToWork
from web.api.pages import Limit, PlaceInInvoices, link_to_next
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.call_semaphores import COME_BACK_SECONDS, call_slot
from web.invoice_filters import TEXT_CHARACTERS_MAX
from web.payments import ID_MAX
from web.problems import Problem, Refused
from web.signed_in import context_of

router = APIRouter(tags=["invoices"], route_class=WithKeptAnswers)

_BUSY = "Other look-ups are running right now. Try again in a minute."
_NO_INVOICE = "There is no such invoice."
Text = Annotated[str, Query(max_length=TEXT_CHARACTERS_MAX, pattern=r"^[^\x00]*$")]
InvoiceId = Annotated[int, Path(ge=1, le=ID_MAX, description="as the list has it")]
# A NUL would be refused by PostgreSQL.
Number = Annotated[str, Field(min_length=1, max_length=NUMBER_CHARACTERS_MAX, pattern=r"^[^\x00]*$")]
Id = Annotated[str, Field(pattern=r"^[!-~]{1,50}$", description="as returned by the look-up")]


@router.get("/invoices", summary="List invoices")
def get_invoices(
    request: Request,
    response: Response,
    caller: Authorized,
    place: PlaceInInvoices,
    state: Annotated[Outcome | None, Query(description="As both systems were last read")] = None,
    balance: Annotated[Owed | None, Query(description="As the source last reported")] = None,
    origin: Annotated[InvoiceOrigin | None, Query(description="How the invoice came into the platform")] = None,
    search: Annotated[Text, Query(description="Part of the number, or a whole id in one of the two systems")] = "",
    customer: Annotated[Text, Query(description="Part of the customer's name")] = "",
    sort: Annotated[InvoiceOrder, Query(description="What comes first")] = InvoiceOrder.NUMBER,
    limit: Limit = 50,
) -> InvoicesOut:
    """The platform's own records of invoices that fit everything asked for; calls nothing."""
    chosen = InvoiceFilter(state, balance, origin, search.strip(), customer.strip())
    with context_of(request).database.reading() as session:
        page = list_invoices(session, caller.organization_id, chosen, order=sort, limit=limit, after_id=place)
    document = InvoicesOut.of(page)
    link_to_next(request, response, document.next_cursor)
    return document


@router.get("/invoices/{invoice_id}", summary="Read an invoice in both systems")
def get_invoice(request: Request, caller: Authorized, invoice_id: InvoiceId) -> InvoiceStoryOut:
    """What both systems said about the invoice when they were last read; calls nothing."""
    with context_of(request).database.reading() as session:
        story = invoice_story(session, caller.organization_id, invoice_id)
        words = words_of(session, caller.organization_id)
    if story is None:
        raise Refused(Problem.NOT_FOUND, _NO_INVOICE)
    return InvoiceStoryOut.of(story, words)


@router.post("/invoices/{invoice_id}/read", openapi_extra=REPEATABLE, summary="Read both systems now")
def post_read(request: Request, caller: AuthorizedToWork, invoice_id: InvoiceId) -> InvoiceStoryOut:
    """Reads the invoice in both systems now; changes nothing there. Takes metered calls, so not to be done in bulk."""
    context, organization_id = context_of(request), caller.organization_id
    with call_slot(request, organization_id) as free:
        if not free:
            raise _busy()
        read = read_invoice_in_both(context, organization_id, invoice_id)
    if isinstance(read, Rejected):
        raise Refused(Problem.NOT_FOUND, _NO_INVOICE)
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


@router.post("/invoice-look-ups", openapi_extra=REPEATABLE, summary="Look an invoice up")
def post_look_up(request: Request, caller: AuthorizedToWork, given: LookUpIn) -> InvoiceShownOut:
    """Asks both systems for the invoice with exactly this number; changes nothing."""
    with call_slot(request, caller.organization_id) as free:
        if not free:
            raise _busy()
        return _answer(look_up_invoice(context_of(request), caller.organization_id, given.number))


@router.post("/invoices", openapi_extra=REPEATABLE, summary="Add an invoice")
def post_invoice(request: Request, caller: AuthorizedToWork, given: AddIn) -> InvoiceShownOut:
    """Adds the invoice if both systems still show exactly these two, and they match; payments that waited continue."""
    context, organization_id = context_of(request), caller.organization_id
    with call_slot(request, organization_id) as free:
        if not free:
            raise _busy()
        return _answer(add_invoice(context, organization_id, given.number, given.source_id, given.target_id))


def _busy() -> Refused:
    return Refused(Problem.BUSY, _BUSY, headers={"Retry-After": str(COME_BACK_SECONDS)})


def _answer(shown: InvoiceShown | Rejected) -> InvoiceShownOut:
    if isinstance(shown, Rejected):
        raise Refused(Problem.NOT_POSSIBLE, shown.message)
    return InvoiceShownOut.of(shown)
