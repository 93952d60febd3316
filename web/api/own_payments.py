"""/api/own-payments: the platform names the QuickBooks payments that it made itself; they are not external."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.cursors import Listed, cursor_after
from domain.ingest.own_payments import MARKER_CHARACTERS_MAX, MARKER_CHARACTERS_MIN, Intent, intent_of
from models.connections import Role, connection_in_role
from models.payments import list_own_payments
from models.views.documents import Cursor
from usecases.own_payments import register, register_intent
from web.api.access import Authorized, AuthorizedToWork
from web.api.pages import Limit, PlaceInOwnPayments, link_to_next
from web.api.payments import ID_PATTERN
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.api.values import Day
from web.problems import FieldError, Problem, Refused
from web.signed_in import context_of

router = APIRouter(tags=["own payments"], route_class=WithKeptAnswers)

IDS_MAX = 1000


class OwnPaymentsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Annotated[str, Field(pattern=ID_PATTERN)]], Field(min_length=1, max_length=IDS_MAX)]


class OwnPaymentsOut(BaseModel):
    """How many of the ids were new; registering an id twice is not an error."""

    registered: int


# A text, because a JSON number is a float to most writers.
Amount = Annotated[str, Field(pattern=r"^\d{1,13}(\.\d{1,5})?$", examples=["125.00"])]


class IntentInvoiceIn(BaseModel):
    """The part of the payment that goes to one invoice."""

    model_config = ConfigDict(extra="forbid")

    invoice_id: Annotated[str, Field(pattern=ID_PATTERN)]
    amount: Amount


class IntentIn(BaseModel):
    """A payment that is about to be posted; the marker goes into its PrivateNote or PaymentRefNum.

    Give either `invoice_id`, if the whole payment goes to one invoice, or `invoices`, if it goes to several or part
    of it stays unapplied.
    """

    model_config = ConfigDict(extra="forbid")

    marker: Annotated[str, Field(min_length=MARKER_CHARACTERS_MIN, max_length=MARKER_CHARACTERS_MAX)]
    amount: Amount
    paid_on: Day
    invoice_id: Annotated[str, Field(pattern=ID_PATTERN)] | None = None
    invoices: Annotated[list[IntentInvoiceIn], Field(max_length=IDS_MAX)] | None = None

    def as_intent(self) -> Intent:
        """The announced payment.

        Raises:
            ValueError: the paid invoices are missing, or given in two ways.
        """
        if (self.invoice_id is None) == (self.invoices is None):
            raise ValueError("give either invoice_id or invoices")
        total = Decimal(self.amount)
        parts = [(one.invoice_id, Decimal(one.amount)) for one in self.invoices or []]
        return intent_of(self.marker, total, self.paid_on, [(self.invoice_id, total)] if self.invoice_id else parts)


class IntentOut(BaseModel):
    """Whether the intent is new; registering it twice is not an error."""

    registered: bool


class OwnPaymentListOut(BaseModel):
    """Ids in QuickBooks, the last registered first."""

    ids: list[str]
    next_cursor: Cursor


@router.get("/own-payments", summary="List own payments")
def get_own_payments(
    request: Request, response: Response, caller: Authorized, place: PlaceInOwnPayments, limit: Limit = 50
) -> OwnPaymentListOut:
    """The payments that are registered as the platform's own; those that are only announced are not among them."""
    with context_of(request).database.reading() as session:
        source = connection_in_role(session, caller.organization_id, Role.SOURCE)
        found = list_own_payments(session, source.id, limit + 1, place) if source is not None else ()
    shown = found[:limit]
    following = cursor_after(Listed.OWN_PAYMENTS, shown[-1].id if len(found) > limit else None)
    link_to_next(request, response, following)
    return OwnPaymentListOut(ids=[one.external_id for one in shown], next_cursor=following)


@router.post("/own-payments/intents", openapi_extra=REPEATABLE, summary="Announce an own payment")
def post_intent(request: Request, caller: AuthorizedToWork, given: IntentIn) -> IntentOut:
    """Call this before you post the payment to QuickBooks, so that it is never taken for an external one."""
    try:
        intent = given.as_intent()
        return IntentOut(registered=register_intent(context_of(request), caller.organization_id, intent))
    except LookupError:
        raise Refused(
            Problem.NOT_READY, "QuickBooks is not connected, so the payment cannot be posted there."
        ) from None
    except ValueError as error:
        raise _not_valid("", f"The intent cannot be registered: {error}.") from None


@router.post("/own-payments", openapi_extra=REPEATABLE, summary="Register own payments")
def post_own_payments(request: Request, caller: AuthorizedToWork, own: OwnPaymentsIn) -> OwnPaymentsOut:
    """Accepts ids that we have not yet seen in QuickBooks: best called right after you post the payment there."""
    try:
        return OwnPaymentsOut(registered=register(context_of(request), caller.organization_id, own.ids))
    except LookupError:
        raise Refused(
            Problem.NOT_READY, "QuickBooks is not connected, so it is unknown which company the ids belong to."
        ) from None
    except ValueError as error:
        raise _not_valid("/ids", f"The ids cannot be registered: {error}.") from None


def _not_valid(pointer: str, sentence: str) -> Refused:
    return Refused(Problem.NOT_VALID, sentence, errors=[FieldError(pointer=pointer, detail=sentence)])
