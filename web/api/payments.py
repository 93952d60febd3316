"""GET /api/payments and /api/payments/{id}: what the dashboard shows, for programs."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request

from domain.status import PaymentStatus
from models.story import list_payments, payment_story
from web.api.access import NOT_THERE, REFUSALS, Authorized
from web.api.schemas import PaymentOut, PaymentsOut, PaymentStoryOut
from web.payments import ID_MAX, SEARCH_CHARACTERS_MAX
from web.signed_in import context_of

router = APIRouter(tags=["payments"], responses=REFUSALS)

LIMIT_MAX = 200
# Printable and without blanks, as all ids of QuickBooks are; a NUL would be refused by PostgreSQL.
ID_PATTERN = r"^[!-~]{1,50}$"
WITHOUT_NUL = r"^[^\x00]*$"


@router.get("/payments")
def get_payments(
    request: Request,
    caller: Authorized,
    status: PaymentStatus | None = None,
    search: Annotated[str, Query(max_length=SEARCH_CHARACTERS_MAX, pattern=WITHOUT_NUL)] = "",
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 50,
    before: Annotated[int | None, Query(ge=1, le=ID_MAX, description="`next_before` of the page before")] = None,
) -> PaymentsOut:
    """The organization's payments, the latest first: by their own date, then as they came in."""
    with context_of(request).database.reading() as session:
        page = list_payments(
            session, caller.organization_id, status=status, search=search, limit=limit, before_id=before
        )
    return PaymentsOut(payments=[PaymentOut.of(row) for row in page.rows], next_before=page.next_before_id)


@router.get("/payments/{payment_id}", responses=NOT_THERE)
def get_payment(
    request: Request,
    caller: Authorized,
    payment_id: Annotated[str, Path(pattern=ID_PATTERN, description="The payment's id in QuickBooks")],
) -> PaymentStoryOut:
    """One payment's whole story."""
    context = context_of(request)
    with context.database.reading() as session:
        story = payment_story(session, caller.organization_id, payment_id, context.clock.now())
    if story is None:
        raise HTTPException(404, "There is no such payment.")
    return PaymentStoryOut.of(story)
