"""Integrations > a change of preferences: what it would do, the word that makes it, and what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.match.foresight import Certainty, Outcome
from domain.preference_changes import changed_values, in_words
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.previews import (
    Chosen,
    Count,
    Preview,
    PreviewState,
    counts_of,
    has_changed_since,
    parts_left_to_decide,
    preview_by_id,
)
from models.views.payment_list import count_by_status
from models.views.preview_parts import list_parts
from usecases.previewing import save_preview
from usecases.words import words_of
from web.pages import render
from web.payments import ID_MAX
from web.preference_form import ShownPreferences, shown
from web.signed_in import InOrganization, ManagersForm, Member, context_of
from web.writing import Writing, writing_of

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
# More pages than a preview of a million payments has.
PAGES_MAX = 100_000
# What each outcome means, with the names of the two systems.
MEANINGS = {
    Outcome.SYNCED: "A payment would be created on the {target} invoice, or one entered by hand would be linked.",
    Outcome.CORRECTED: "The payment that we created in {target} would be changed or removed there.",
    Outcome.TAKEN_OUT: "It is on its way to {target} now, and would not be sent.",
    Outcome.HELD: "It would wait until its cause is gone, or for a person.",
    Outcome.SKIPPED: "By rule it would not be synced; what is in {target} stays as it is.",
    Outcome.UNCHANGED: "The change does nothing to it. What is being sent right now belongs here too.",
}
SAVED = "Your changes are saved. The payments they affect are being decided again."
PreviewId = Annotated[int, Path(ge=1, le=ID_MAX)]


def address_of(preview_id: int) -> str:
    return f"/integrations/previews/{preview_id}"


def previewed_form(request: Request, member: Member, preview_id: int | None) -> ShownPreferences | None:
    """The form as it was sent for this preview; None without one."""
    if preview_id is None:
        return None
    with context_of(request).database.reading() as session:
        preview = preview_by_id(session, member.organization_id, preview_id)
    return shown(preview.preferences_after) if preview is not None else None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of parts, with what they come to."""

    parts: int
    sums: str


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One line of the table: all parts with this outcome, those that are sure, and why.

    Attributes:
        asked: those about which ConnectWise is asked first.
    """

    outcome: Outcome
    every: Figure
    sure: Figure
    asked: Figure
    reasons: tuple[tuple[Reason, int], ...]


@router.get("/integrations/previews/{preview_id}")
def preview_page(request: Request, preview_id: PreviewId, member: InOrganization) -> Response:
    return _page(request, member, preview_id)


@router.get("/live/integrations/previews/{preview_id}")
def preview_fragment(request: Request, preview_id: PreviewId, member: InOrganization) -> Response:
    return render(request, "preview_live.html", viewer=member.viewer, **_values(request, member, preview_id))


@router.post("/integrations/previews/{preview_id}/save")
def save(request: Request, preview_id: PreviewId, member: ManagersForm) -> Response:
    _found(request, member, preview_id)
    refused = save_preview(context_of(request), member.organization_id, preview_id)
    if refused is not None:
        return _page(request, member, preview_id, problem=refused.message, status_code=409)
    return RedirectResponse(address_of(preview_id), 303)


def _chosen(outcome: str = "", sure: str = "", reason: str = "") -> Chosen:
    """What is listed; unreadable values narrow nothing."""
    return Chosen(
        Outcome(outcome) if outcome in list(Outcome) else Outcome.SYNCED,
        {"yes": True, "no": False}.get(sure),
        Reason(reason) if reason in list(Reason) else None,
    )


ChosenParts = Annotated[Chosen, Depends(_chosen)]


@router.get("/integrations/previews/{preview_id}/parts")
def parts_page(
    request: Request,
    preview_id: PreviewId,
    member: InOrganization,
    chosen: ChosenParts,
    page: Annotated[int, Query(ge=1, le=PAGES_MAX)] = 1,
) -> Response:
    preview = _found(request, member, preview_id)
    with context_of(request).database.reading() as session:
        found = list_parts(session, preview.id, chosen, offset=(page - 1) * ROWS_PER_PAGE, limit=ROWS_PER_PAGE)
        words = words_of(session, member.organization_id)
    return render(
        request,
        "preview_parts.html",
        viewer=member.viewer,
        preview=preview,
        address=address_of(preview.id),
        chosen=chosen,
        query=_as_query(chosen),
        rows=found.parts,
        page=page,
        is_last=found.is_last,
        total=sum(one.parts for one in counts_of(preview) if chosen.takes(one.foreseen)),
        words=words,
        Outcome=Outcome,
        Certainty=Certainty,
    )


def _as_query(chosen: Chosen) -> str:
    sure = {True: "yes", False: "no", None: ""}[chosen.is_sure]
    values = {"outcome": chosen.outcome.value, "sure": sure, "reason": chosen.reason.value if chosen.reason else ""}
    return "&".join(f"{name}={value}" for name, value in values.items() if value)


def _found(request: Request, member: Member, preview_id: int) -> Preview:
    """The organization's preview; another organization's is not there."""
    with context_of(request).database.reading() as session:
        preview = preview_by_id(session, member.organization_id, preview_id)
    if preview is None:
        raise HTTPException(404)
    return preview


def _page(
    request: Request, member: Member, preview_id: int, *, problem: str | None = None, status_code: int = 200
) -> Response:
    values = _values(request, member, preview_id)
    notice = SAVED if values["is_saved"] and values["preview"].compared_at is None and not problem else None
    return render(request, "preview.html", status_code, viewer=member.viewer, notice=notice, problem=problem, **values)


def _values(request: Request, member: Member, preview_id: int) -> dict[str, Any]:
    preview = _found(request, member, preview_id)
    state = PreviewState(preview.state)
    is_saved = preview.saved_at is not None
    with context_of(request).database.reading() as session:
        left = parts_left_to_decide(session, preview) if state is PreviewState.DECIDING else 0
        is_outdated = not is_saved and has_changed_since(session, preview)
        statuses = count_by_status(session, member.organization_id)
        words = words_of(session, member.organization_id)
    counts = counts_of(preview)
    before = preview.preferences_before
    writing = writing_of(member.organization.locality)
    changes = in_words(before, preview.preferences_after)
    return {
        "preview": preview,
        "state": state,
        "is_saved": is_saved,
        "address": address_of(preview.id),
        "back": _form_of(preview, member),
        "changes": changes,
        "rows": [row for outcome in Outcome if (row := _row(outcome, counts, writing)) is not None],
        "parts": sum(one.parts for one in counts),
        "has_other_preferences": not is_saved and member.organization.preferences != before,
        "is_outdated": is_outdated,
        "left": left,
        "came_out": _came_out(preview),
        "statuses": _statuses(preview, statuses),
        "words": words,
        "meanings": {outcome: text.format(target=words.target) for outcome, text in MEANINGS.items()},
        "warnings": [one.warning.format(source=words.source, target=words.target) for one in changes if one.warning],
        "Outcome": Outcome,
        "PreviewState": PreviewState,
    }


def _row(outcome: Outcome, counts: Iterable[Count], writing: Writing) -> OutcomeRow | None:
    these = [one for one in counts if one.foreseen.outcome is outcome]
    if not these:
        return None
    reasons: dict[Reason, int] = {}
    for one in these:
        reasons[one.foreseen.reason] = reasons.get(one.foreseen.reason, 0) + one.parts
    sure = [one for one in these if one.foreseen.certainty is Certainty.SURE]
    return OutcomeRow(
        outcome,
        _figure(these, writing),
        _figure(sure, writing),
        _figure([one for one in these if one not in sure], writing),
        tuple(sorted(reasons.items(), key=lambda one: -one[1])),
    )


def _figure(counts: Sequence[Count], writing: Writing) -> Figure:
    totals: dict[str, Decimal] = {}
    for one in counts:
        totals[one.currency or ""] = totals.get(one.currency or "", Decimal(0)) + one.total
    sums = " + ".join(writing.money(total, currency or None) for currency, total in sorted(totals.items()) if total)
    return Figure(sum(one.parts for one in counts), sums)


def _came_out(preview: Preview) -> list[tuple[Outcome, list[tuple[PaymentStatus, int]]]]:
    """What became of the parts of each outcome, except of those that were to stay as they are."""
    found: dict[Outcome, dict[PaymentStatus, int]] = {}
    for outcome, _, status, parts in preview.came_out:
        of = found.setdefault(Outcome(outcome), {})
        of[PaymentStatus(status)] = of.get(PaymentStatus(status), 0) + parts
    return [
        (outcome, [(status, found[outcome][status]) for status in PaymentStatus if status in found[outcome]])
        for outcome in Outcome
        if outcome in found and outcome is not Outcome.UNCHANGED
    ]


def _statuses(preview: Preview, now: Mapping[PaymentStatus, int]) -> list[tuple[PaymentStatus, int, int]]:
    """How many payments have each status: when the change was asked for, and now."""
    then: dict[str, int] = {}
    for status, _, payments in preview.statuses:
        then[status] = then.get(status, 0) + payments
    return [(status, then.get(status.value, 0), now[status]) for status in PaymentStatus]


def _form_of(preview: Preview, member: Member) -> str:
    """The page with the form that the change was typed into."""
    changed = set(changed_values(preview.preferences_before, preview.preferences_after))
    is_of_tool = member.organization.sync_tool_enabled and changed != {"sync_enabled"}
    return "/sync-invoices/preferences" if is_of_tool else "/integrations/preferences"
