"""Payments > take back a span: what would be removed, the word that does it, how far it is, and what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from domain.reasons import Reason
from domain.undoing import Stays
from models.long_works import WorkState
from models.undos import Undo, UndoItemState, counts_of_undo, payments_with, undo_by_id, undos_of
from models.views.undos import Removal, removals_of_undo, rows_of_undo
from usecases.results import Rejected
from usecases.undo_out import removal_sentence, stays_sentence
from usecases.undoing import ask_undo, confirm_undo, continue_undo, stop_undo
from usecases.words import words_of
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import InOrganization, ManagersForm, Member, context_of
from web.typed_text import moment_in, plain
from web.writing import Writing, writing_of

router = APIRouter(include_in_schema=False)

FORM = "/payments/undo"
ROWS_MAX = 100
LISTED_MAX = 20
UndoId = Annotated[int, Path(ge=1, le=ID_MAX)]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into the form."""

    since: str = ""
    until: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Some parts of payments, what they come to, and what is said about them.

    Attributes:
        reason: where it says why they are held: links to the payments with it.
    """

    parts: int
    sums: str
    sentence: str
    reason: Reason | None = None


def address_of(undo_id: int) -> str:
    return f"{FORM}/{undo_id}"


@router.get(FORM)
def undo_form(request: Request, member: InOrganization) -> Response:
    return _form(request, member, Typed())


@router.post(FORM)
def ask(
    request: Request,
    member: ManagersForm,
    since: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
    why: Annotated[str, Form()] = "",
) -> Response:
    """Begins the preview; changes nothing else."""
    typed = Typed(plain(since), plain(until), plain(why))
    zone = member.organization.locality.zone
    begins, ends = moment_in(typed.since, zone), moment_in(typed.until, zone)
    if begins is None or (typed.until and ends is None):
        return _form(
            request, member, typed, "Give the beginning as a day and a time, like 2026-11-20T09:00; the end too."
        )
    asked = ask_undo(context_of(request), member.organization_id, begins, ends, typed.why)
    if isinstance(asked, Rejected):
        return _form(request, member, typed, asked.message)
    return RedirectResponse(address_of(asked), 303)


@router.get("/payments/undo/{undo_id}")
def undo_page(request: Request, undo_id: UndoId, member: InOrganization) -> Response:
    return _page(request, member, undo_id)


@router.get("/live/payments/undo/{undo_id}")
def undo_fragment(request: Request, undo_id: UndoId, member: InOrganization) -> Response:
    return render(request, "undo_live.html", viewer=member.viewer, **_values(request, member, undo_id))


@router.post("/payments/undo/{undo_id}/confirm")
def confirm(request: Request, undo_id: UndoId, member: ManagersForm, typed: Annotated[str, Form()] = "") -> Response:
    _found(request, member, undo_id)
    refused = confirm_undo(context_of(request), member.organization_id, undo_id, typed)
    return _answer(request, member, undo_id, refused, typed=plain(typed))


@router.post("/payments/undo/{undo_id}/stop")
def stop(request: Request, undo_id: UndoId, member: ManagersForm) -> Response:
    _found(request, member, undo_id)
    return _answer(request, member, undo_id, stop_undo(context_of(request), member.organization_id, undo_id))


@router.post("/payments/undo/{undo_id}/continue")
def go_on(request: Request, undo_id: UndoId, member: ManagersForm) -> Response:
    _found(request, member, undo_id)
    return _answer(request, member, undo_id, continue_undo(context_of(request), member.organization_id, undo_id))


def _answer(request: Request, member: Member, undo_id: int, refused: Rejected | None, *, typed: str = "") -> Response:
    if refused is not None:
        return _page(request, member, undo_id, problem=refused.message, typed=typed)
    return RedirectResponse(address_of(undo_id), 303)


def _form(request: Request, member: Member, typed: Typed, problem: str | None = None) -> Response:
    with context_of(request).database.reading() as session:
        undos = undos_of(session, member.organization_id, LISTED_MAX)
        words = words_of(session, member.organization_id)
    return render(
        request,
        "undos.html",
        200 if problem is None else 422,
        viewer=member.viewer,
        problem=problem,
        typed=typed,
        undos=undos,
        words=words,
        WorkState=WorkState,
    )


def _page(request: Request, member: Member, undo_id: int, *, problem: str | None = None, typed: str = "") -> Response:
    values = _values(request, member, undo_id) | {"typed": typed}
    status_code = 200 if problem is None else 409
    return render(request, "undo.html", status_code, viewer=member.viewer, problem=problem, **values)


def _found(request: Request, member: Member, undo_id: int) -> Undo:
    """The organization's request; another organization's is not there."""
    with context_of(request).database.reading() as session:
        undo = undo_by_id(session, member.organization_id, undo_id)
    if undo is None:
        raise HTTPException(404)
    return undo


def _values(request: Request, member: Member, undo_id: int) -> dict[str, Any]:
    undo = _found(request, member, undo_id)
    state, writing = WorkState(undo.state), writing_of(member.organization.locality)
    # Adding up a hundred thousand parts is for a preview and for the end, not for each look at the bar.
    at_work = state in (WorkState.COUNTING, WorkState.TAKING)
    with context_of(request).database.reading() as session:
        counts = [] if at_work else counts_of_undo(session, undo.id)
        removals = [] if at_work else removals_of_undo(session, undo.id)
        payments = 0 if at_work else payments_with(session, undo.id, UndoItemState.POSSIBLE)
        listed = UndoItemState.TAKEN if undo.confirmed_at else UndoItemState.POSSIBLE
        rows = [] if at_work else rows_of_undo(session, undo.id, listed, ROWS_MAX)
        kept = [] if at_work else rows_of_undo(session, undo.id, UndoItemState.STAYS, ROWS_MAX)
        words = words_of(session, member.organization_id)
    possible = [one for one in counts if one.state is UndoItemState.POSSIBLE]
    stays = [
        Line(
            sum(one.parts for one in counts if one.stays is why),
            _sums(((one.total, one.currency) for one in counts if one.stays is why), writing),
            stays_sentence(words, why),
        )
        for why in Stays
        if any(one.stays is why for one in counts)
    ]
    return {
        "undo": undo,
        "state": state,
        "address": address_of(undo.id),
        "payments": payments,
        "possible": Line(
            sum(one.parts for one in possible), _sums(((one.total, one.currency) for one in possible), writing), ""
        ),
        "stays": stays,
        "came_out": [
            Line(
                one.parts,
                writing.money(one.total, one.currency),
                removal_sentence(words, one.removal, one.reason),
                Reason(one.reason) if one.removal is Removal.HELD and one.reason else None,
            )
            for one in removals
        ],
        "is_under_way": any(one.removal is Removal.UNDER_WAY for one in removals),
        "rows": rows,
        "rows_max": ROWS_MAX,
        "kept": kept,
        "stays_of": {why: stays_sentence(words, why) for why in Stays},
        "words": words,
        "typed": "",
        "WorkState": WorkState,
    }


def _sums(amounts: Iterable[tuple[Decimal, str | None]], writing: Writing) -> str:
    totals: dict[str | None, Decimal] = {}
    for amount, currency in amounts:
        totals[currency] = totals.get(currency, Decimal(0)) + amount
    return " + ".join(writing.money(total, currency) for currency, total in totals.items())
