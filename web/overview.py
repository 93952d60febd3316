"""The overview: the way to the first payment, what needs a person, numbers, charts, connections, latest payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from domain.set_up import SetUpStep
from domain.status import PaymentStatus
from models.connections import Role, connection_in_role
from models.views.payment_filter import PaymentFilter
from models.views.payment_list import list_payments
from usecases.backfill import request_catch_up
from usecases.connections import test_connection
from usecases.overview import Overview, overview_of
from usecases.reconciliation_overview import last_comparison
from usecases.words import words_of
from web import charts
from web.call_semaphores import call_slot, come_back_later
from web.connections import NO_PLACE, places_of
from web.pages import render
from web.signed_in import FormInOrganization, InOrganization, ManagersForm, Member, context_of

router = APIRouter(include_in_schema=False)

ATTENTION_ROWS = 5
LATEST_ROWS = 10
LOOKED = "QuickBooks is being asked for payments now. What it has appears here in a moment."
# From the floor of a bar upwards: what is done first, what needs a person on top.
_STACKED = tuple(reversed(PaymentStatus))
# The connections that a step's button tests.
_TESTED = {
    SetUpStep.CONNECT_SOURCE: (Role.SOURCE,),
    SetUpStep.CONNECT_TARGET: (Role.TARGET,),
    SetUpStep.CHECK_RIGHTS: (Role.SOURCE, Role.TARGET),
}


@dataclass(frozen=True, slots=True)
class TestedConnection:
    """The result of a test, line by line."""

    name: str
    ok: bool
    lines: tuple[str, ...]


@router.get("/overview")
def overview_page(request: Request, member: InOrganization, looked: bool = False) -> Response:
    return _page(request, member, notice=LOOKED if looked else None)


@router.get("/live/overview")
def overview_fragment(request: Request, member: InOrganization) -> Response:
    return render(request, "overview_live.html", viewer=member.viewer, **_values(request, member))


@router.post("/overview/check")
def check(request: Request, member: ManagersForm, step: Annotated[SetUpStep, Form()]) -> Response:
    """Tests the connections that a step of the checklist is about."""
    context = context_of(request)
    with context.database.reading() as session:
        found = [connection_in_role(session, member.organization_id, role) for role in _TESTED.get(step, ())]
    there = [connection for connection in found if connection is not None]
    if not there:
        raise HTTPException(404)
    with call_slot(request, member.organization_id) as free:
        if not free:
            return come_back_later(_page(request, member, problem=NO_PLACE, status_code=503))
        reports = []
        for connection in there:
            report = test_connection(context, connection.id)
            name = context.platform.vendors[connection.vendor].short_label
            reports.append(TestedConnection(name, report.ok, report.lines))
    return _page(request, member, reports=reports)


@router.post("/overview/look")
def look(request: Request, member: FormInOrganization) -> Response:
    """Asks the source for news now, instead of waiting for a webhook or the next catch-up."""
    context = context_of(request)
    with context.database.reading() as session:
        source = connection_in_role(session, member.organization_id, Role.SOURCE)
    if source is None or not source.is_active:
        raise HTTPException(404)
    request_catch_up(context, source.id)
    return RedirectResponse("/overview?looked=true", 303)


def _page(
    request: Request,
    member: Member,
    *,
    reports: Sequence[TestedConnection] = (),
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    return render(
        request,
        "overview.html",
        status_code,
        viewer=member.viewer,
        reports=reports,
        notice=notice,
        problem=problem,
        **_values(request, member),
    )


def _values(request: Request, member: Member) -> dict[str, Any]:
    context = context_of(request)
    organization_id = member.organization_id
    with context.database.reading() as session:
        overview = overview_of(context, session, member.organization)
        pressing = list_payments(
            session, organization_id, PaymentFilter(status=PaymentStatus.NEEDS_ATTENTION), limit=ATTENTION_ROWS
        ).rows
        latest = list_payments(session, organization_id, limit=LATEST_ROWS).rows
        words = words_of(session, organization_id)
        places = places_of(context, session, member.organization)
        comparison = last_comparison(session, organization_id, words)
    return {
        "overview": overview,
        "words": words,
        "pressing": pressing,
        "latest": latest,
        "places": places,
        "comparison": comparison,
        "charts": charts,
        **_drawn(overview),
    }


def _drawn(overview: Overview) -> dict[str, Any]:
    """Both charts, and whether there is anything in them."""
    outcomes = [{status.value: day.outcomes[status] for status in _STACKED} for day in overview.days]
    durations = [
        None
        if day.half_within_seconds is None or day.most_within_seconds is None
        else (day.half_within_seconds, day.most_within_seconds)
        for day in overview.days
    ]
    return {
        "outcomes": charts.bar_chart(outcomes),
        "has_outcomes": any(sum(day.values()) for day in outcomes),
        "durations": charts.span_chart(durations),
        "has_durations": any(durations),
    }
