"""POST /api/invoices/look-up and /api/invoices: adding one invoice by its number."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from models.views.documents import VerdictOut
from usecases.adding_invoices import NUMBER_CHARACTERS_MAX, InvoiceShown, add_invoice, look_up_invoice
from usecases.results import Rejected
from web.api.access import REFUSALS, Authorized
from web.call_semaphores import COME_BACK_SECONDS, call_slot
from web.signed_in import context_of

router = APIRouter(tags=["invoices"], responses=REFUSALS)

_BUSY = "Other look-ups are running right now. Try again in a minute."
# A NUL would be refused by PostgreSQL.
Number = Annotated[str, Field(min_length=1, max_length=NUMBER_CHARACTERS_MAX, pattern=r"^[^\x00]*$")]
Id = Annotated[str, Field(pattern=r"^[!-~]{1,50}$", description="as returned by the look-up")]


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
