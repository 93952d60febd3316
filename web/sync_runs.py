"""Sync Invoices > a run: what would be done, the word that does it, how far it is, and what came of it."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.copying.booked import NameOwner
from domain.copying.reasons import CopyReason, explain_copy
from domain.copying.states import ENDED_RUNS, CopyAction, ItemState, RunState
from models.copy_runs import CopyRun, counts_of_runs, run_by_id
from models.customer_links import CustomerLink
from models.views.copies import list_items, list_links, reasons_of_run, sums_of_run
from usecases.copy_choices import accept_proposals
from usecases.copying import books_lists, check_again, confirm_run, leave_out, refresh_books_lists, retry_held, stop_run
from usecases.results import Rejected
from usecases.words import words_of
from web.copy_wording import counted
from web.pages import render, writing_for
from web.payments import ID_MAX
from web.signed_in import FormWithSyncTool, Member, WithSyncTool, context_of
from web.writing import Writing

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 100
# One of these having a proposal is enough to offer it.
LINKS_MAX = 200
# What the button says that does it, and what it means for both systems.
CONFIRM_WORDS = {
    CopyAction.COPY: "Sync {}",
    CopyAction.MARK: "Mark {}",
    CopyAction.TAKE_BACK: "Take back {}",
    CopyAction.UPDATE: "Update {}",
    CopyAction.LEAVE: "Leave {} as they are",
}
MEANINGS = {
    CopyAction.COPY: "Each invoice is created in {source}, then put into an accounting batch of its own in {target}.",
    CopyAction.MARK: (
        "Nothing is created in {source}. Each invoice gets an accounting batch of its own in {target}, so that no tool "
        "offers it again."
    ),
    CopyAction.TAKE_BACK: (
        "Our copies are deleted in {source}, and their accounting batches removed in {target}. Invoices that were in "
        "{source} before are not touched."
    ),
    CopyAction.UPDATE: "Our copies in {source} are set to what {target} says now. No second copy is made.",
    CopyAction.LEAVE: "Our copies in {source} stay as they are, and the invoices get a batch in {target} again.",
}
# Reasons that a choice on the page of customers ends.
ABOUT_CUSTOMERS = frozenset(
    {
        CopyReason.CUSTOMER_NOT_LINKED,
        CopyReason.CUSTOMER_NAME_TAKEN,
        CopyReason.CUSTOMER_GONE,
        CopyReason.CUSTOMER_CURRENCY,
    }
)
RunId = Annotated[int, Path(ge=1, le=ID_MAX)]


@dataclass(frozen=True, slots=True)
class Shown:
    """Which of the run's invoices are listed, and from where on."""

    state: ItemState | None
    after: int | None

    def as_query(self, after: int | None = None) -> str:
        values = {"show": self.state.value if self.state else "", "after": after or ""}
        return "&".join(f"{name}={value}" for name, value in values.items() if value != "")


def _shown(show: str = "", after: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None) -> Shown:
    return Shown(ItemState(show) if show in list(ItemState) else None, after)


ShownItems = Annotated[Shown, Depends(_shown)]


@router.get("/sync-invoices/runs/{run_id}")
def run_page(request: Request, run_id: RunId, member: WithSyncTool, shown: ShownItems) -> Response:
    # The preview names the books' items.
    refresh_books_lists(context_of(request), member.organization_id)
    return _page(request, member, run_id, shown)


@router.get("/live/sync-invoices/runs/{run_id}")
def run_fragment(request: Request, run_id: RunId, member: WithSyncTool, shown: ShownItems) -> Response:
    values = _values(request, member, run_id, shown)
    return render(request, "sync_run_live.html", viewer=member.viewer, **values)


@router.post("/sync-invoices/runs/{run_id}/confirm")
def confirm(request: Request, run_id: RunId, member: FormWithSyncTool) -> Response:
    _must_be_there(request, member, run_id)
    done = confirm_run(context_of(request), member.organization_id, run_id, member.viewer.user.email)
    return _answer(request, member, run_id, done)


@router.post("/sync-invoices/runs/{run_id}/check-again")
def check(request: Request, run_id: RunId, member: FormWithSyncTool) -> Response:
    _must_be_there(request, member, run_id)
    return _answer(request, member, run_id, check_again(context_of(request), member.organization_id, run_id))


@router.post("/sync-invoices/runs/{run_id}/leave-out")
def leave(
    request: Request, run_id: RunId, member: FormWithSyncTool, invoice: Annotated[list[int] | None, Form()] = None
) -> Response:
    _must_be_there(request, member, run_id)
    if not invoice:
        return _answer(request, member, run_id, Rejected("Tick the invoices that are to be left out."))
    return _answer(request, member, run_id, leave_out(context_of(request), member.organization_id, run_id, invoice))


@router.post("/sync-invoices/runs/{run_id}/use-proposals")
def use_proposals(
    request: Request, run_id: RunId, member: FormWithSyncTool, create: Annotated[str, Form()] = ""
) -> Response:
    """Takes the customers that were found by name, then works the preview out anew."""
    _must_be_there(request, member, run_id)
    context, email = context_of(request), member.viewer.user.email
    made = accept_proposals(context, member.organization_id, email, create=bool(create))
    if not made:
        return _answer(request, member, run_id, Rejected("There is no proposal left. Choose under Customers."))
    return _answer(request, member, run_id, check_again(context, member.organization_id, run_id))


@router.post("/sync-invoices/runs/{run_id}/stop")
def stop(request: Request, run_id: RunId, member: FormWithSyncTool) -> Response:
    _must_be_there(request, member, run_id)
    return _answer(request, member, run_id, stop_run(context_of(request), member.organization_id, run_id))


@router.post("/sync-invoices/runs/{run_id}/retry")
def retry(request: Request, run_id: RunId, member: FormWithSyncTool) -> Response:
    _must_be_there(request, member, run_id)
    started = retry_held(context_of(request), member.organization_id, run_id, member.viewer.user.email)
    if isinstance(started, Rejected):
        return _answer(request, member, run_id, started)
    return RedirectResponse(f"/sync-invoices/runs/{started.run_id}", 303)


def _answer(request: Request, member: Member, run_id: int, done: int | Rejected) -> Response:
    if isinstance(done, Rejected):
        return _page(request, member, run_id, Shown(None, None), problem=done.message, status_code=409)
    return RedirectResponse(f"/sync-invoices/runs/{run_id}", 303)


def _must_be_there(request: Request, member: Member, run_id: int) -> None:
    with context_of(request).database.reading() as session:
        found_run(run_by_id(session, member.organization_id, run_id))


def found_run(run: CopyRun | None) -> CopyRun:
    """The organization's run; another organization's is not there."""
    if run is None:
        raise HTTPException(404)
    return run


def _values(request: Request, member: Member, run_id: int, shown: Shown) -> dict[str, Any]:
    with context_of(request).database.reading() as session:
        run = found_run(run_by_id(session, member.organization_id, run_id))
        counts = dict.fromkeys(ItemState, 0) | counts_of_runs(session, [run.id])[run.id]
        states = [shown.state] if shown.state else []
        found = list_items(session, run.id, states=states, limit=ROWS_PER_PAGE + 1, after=shown.after)
        # Adding up tens of thousands of invoices is for a preview and for the end, not for each look at the bar.
        at_rest = run.state not in (RunState.CHECKING.value, RunState.RUNNING.value)
        sums = {state: sums_of_run(session, run.id, [state]) for state in _SUMMED if at_rest and counts[state]}
        reasons = reasons_of_run(session, run.id)
        lists = books_lists(session, member.organization_id)
        not_linked = any(one.reason is CopyReason.CUSTOMER_NOT_LINKED for one in reasons)
        open_links = (
            list_links(session, member.organization_id, chosen=False, limit=LINKS_MAX).links if not_linked else ()
        )
        has_proposals = any(_is_answer_at_hand(link) for link in open_links)
        words = words_of(session, member.organization_id)
    rows = found[:ROWS_PER_PAGE]
    action, total = CopyAction(run.action), sum(counts.values())
    is_preview = run.state in (RunState.CHECKING.value, RunState.CHECKED.value)
    return {
        "run": run,
        "action": action,
        "counts": counts,
        "total": total,
        "progress": _progress(run, counts),
        "rows": rows,
        "sums": sums,
        "reasons": reasons,
        "about_customers": any(one.reason in ABOUT_CUSTOMERS for one in reasons),
        "about_choices": any(
            explain_copy(one.reason).is_choice and one.reason not in ABOUT_CUSTOMERS for one in reasons
        ),
        "has_proposals": has_proposals,
        "items": lists.item_names if lists is not None else {},
        "shown": shown,
        "next_query": shown.as_query(rows[-1].item.id) if len(found) > ROWS_PER_PAGE else None,
        "live_query": shown.as_query(shown.after),
        "is_preview": is_preview,
        "is_over": RunState(run.state) in ENDED_RUNS,
        "may_leave_out": is_preview and bool(rows),
        "confirm_label": _confirm_label(action, counts[ItemState.READY], writing_for(member.viewer)),
        "meaning": MEANINGS[action].format(source=words.source, target=words.target),
        "words": words,
        "ItemState": ItemState,
        "RunState": RunState,
        "CopyAction": CopyAction,
    }


def _is_answer_at_hand(link: CustomerLink) -> bool:
    """Whether the button for proposals makes a choice for this company (`usecases/copy_choices.py`)."""
    found = link.proposal
    if found is None:
        return link.looked_at is not None and ":" not in link.company
    return found.owner is NameOwner.CUSTOMER and found.active


_SUMMED = (ItemState.READY, ItemState.PROBLEM, ItemState.DONE, ItemState.HELD)


def _confirm_label(action: CopyAction, count: int, writing: Writing) -> str:
    label = CONFIRM_WORDS[action].format(counted(count, writing))
    return label.replace("as they are", "as it is") if count == 1 else label


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of how many are over with, for the bar."""

    done: int
    of: int


def _progress(run: CopyRun, counts: dict[ItemState, int]) -> Progress:
    if run.state == RunState.CHECKING.value:
        of = sum(counts.values())
        return Progress(of - counts[ItemState.CHECKING], of)
    done = counts[ItemState.DONE] + counts[ItemState.HELD]
    return Progress(done, done + counts[ItemState.QUEUED])


def _page(
    request: Request,
    member: Member,
    run_id: int,
    shown: Shown,
    *,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    values = _values(request, member, run_id, shown)
    return render(request, "sync_run.html", status_code, viewer=member.viewer, problem=problem, **values)
