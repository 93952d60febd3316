"""One difference: both values, its history, taking it as it is, and taking that back."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from domain.money import amount_in, plain_amount
from domain.reconciliation.breaks import FOR_INFORMATION, BreakKind
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.words import break_label
from models.organizations import organization_with_connections
from models.reconciliation_breaks import NOTE_CHARACTERS_MAX, break_by_id, steps_of
from usecases.reconciling import accept_break, withdraw_acceptance
from usecases.results import Rejected
from usecases.words import words_of
from web.break_rows import shown_breaks
from web.outside_links import invoice_link
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import FormInOrganization, InOrganization, Member, context_of
from web.typed_text import day_in, plain

router = APIRouter(include_in_schema=False)

LIMIT_UNREADABLE = "The limit is not an amount. Write it like 12.50, or leave it empty."
DAY_UNREADABLE = "The last day is not a date. Write it like 2026-12-31, or leave it empty."
DONE = {
    "accepted": "The difference is accepted. It opens again by itself if either amount changes.",
    "withdrawn": "The difference is open again.",
}
BreakId = Annotated[int, Path(ge=1, le=ID_MAX)]


@router.get("/reconciliation/breaks/{break_id}")
def break_page(request: Request, member: InOrganization, break_id: BreakId, done: str = "") -> Response:
    return _page(request, member, break_id, notice=DONE.get(done))


@router.post("/reconciliation/breaks/{break_id}/accept")
def accept(
    request: Request,
    member: FormInOrganization,
    break_id: BreakId,
    reason: Annotated[str, Form()] = "",
    limit: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
) -> Response:
    _is_there(request, member, break_id)
    amount, day = amount_in(limit), day_in(until)
    problem: str | None = None
    if limit.strip() and amount is None:
        problem = LIMIT_UNREADABLE
    elif until.strip() and day is None:
        problem = DAY_UNREADABLE
    else:
        refused = accept_break(context_of(request), member.organization_id, break_id, plain(reason), amount, day)
        problem = refused.message if isinstance(refused, Rejected) else None
    if problem is not None:
        typed = {"reason": reason, "limit": limit, "until": until}
        return _page(request, member, break_id, typed=typed, problem=problem, status_code=422)
    return RedirectResponse(f"/reconciliation/breaks/{break_id}?done=accepted", 303)


@router.post("/reconciliation/breaks/{break_id}/withdraw")
def withdraw(request: Request, member: FormInOrganization, break_id: BreakId) -> Response:
    _is_there(request, member, break_id)
    refused = withdraw_acceptance(context_of(request), member.organization_id, break_id)
    if refused is not None:
        return _page(request, member, break_id, problem=refused.message, status_code=409)
    return RedirectResponse(f"/reconciliation/breaks/{break_id}?done=withdrawn", 303)


def _is_there(request: Request, member: Member, break_id: int) -> None:
    with context_of(request).database.reading() as session:
        if break_by_id(session, member.organization_id, break_id) is None:
            raise HTTPException(404)


def _page(
    request: Request,
    member: Member,
    break_id: int,
    *,
    typed: dict[str, str] | None = None,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    with context_of(request).database.reading() as session:
        row = break_by_id(session, member.organization_id, break_id)
        if row is None:
            raise HTTPException(404)
        words = words_of(session, member.organization_id)
        (shown,) = shown_breaks(session, member.organization_id, [row], words)
        steps = steps_of(session, member.organization_id, break_id)
        _, source, target = organization_with_connections(session, member.organization_id)
    vendors = context_of(request).platform.vendors
    is_acceptable = shown.standing is Standing.OPEN and shown.found.kind not in FOR_INFORMATION
    return render(
        request,
        "reconciliation_break.html",
        status_code,
        viewer=member.viewer,
        notice=notice,
        problem=problem,
        one=shown,
        row=row,
        words=words,
        history=[(step, break_label(BreakKind(step.kind), words)) for step in reversed(steps)],
        source_link=invoice_link(vendors, source, row.source_invoice_id or None),
        target_link=invoice_link(vendors, target, row.target_invoice_id or None),
        typed=typed or {"reason": "", "limit": plain_amount(abs(row.share), row.currency), "until": ""},
        note_characters_max=NOTE_CHARACTERS_MAX,
        is_acceptable=is_acceptable,
        Standing=Standing,
    )
