"""The overview: numbers by status, payments that need a person, the connections' health, and the latest events."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from domain.status import PaymentStatus
from models.views.payment_filter import PaymentFilter
from models.views.payment_list import count_by_status, list_payments
from usecases.words import words_of
from web.connections import places_of
from web.pages import render
from web.signed_in import InOrganization, Member, context_of

router = APIRouter(include_in_schema=False)

ATTENTION_ROWS = 5
LATEST_ROWS = 10


@router.get("/overview")
def overview_page(request: Request, member: InOrganization) -> Response:
    return render(request, "overview.html", viewer=member.viewer, **_values(request, member))


@router.get("/live/overview")
def overview_fragment(request: Request, member: InOrganization) -> Response:
    return render(request, "overview_live.html", viewer=member.viewer, **_values(request, member))


def _values(request: Request, member: Member) -> dict[str, Any]:
    context = context_of(request)
    organization_id = member.organization_id
    with context.database.reading() as session:
        counts = count_by_status(session, organization_id)
        pressing = list_payments(
            session, organization_id, PaymentFilter(status=PaymentStatus.NEEDS_ATTENTION), limit=ATTENTION_ROWS
        ).rows
        latest = list_payments(session, organization_id, limit=LATEST_ROWS).rows
        words = words_of(session, organization_id)
        places = places_of(context, session, member.organization)
    return {
        "counts": counts,
        "words": words,
        "pressing": pressing,
        "latest": latest,
        "places": places,
    }
