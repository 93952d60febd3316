"""/api/sync-tool/runs: what the Sync Tool was asked for. A run is checked first, and done once it is confirmed."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.copying.states import CopyAction, ItemState, RunState
from domain.cursors import Listed, cursor_after
from models.copy_runs import CopyRun, counts_of_runs, run_by_id, runs_of
from models.views.copies import list_items, sums_of_run
from usecases.copying import RunStarted, check_again, confirm_run, leave_out, retry_held, start_run, stop_run
from usecases.results import Rejected
from usecases.words import words_of
from web.api.access import Caller, WithSyncTool, WorkingWithSyncTool
from web.api.copy_documents import RunDetailsOut, RunItemsOut, RunOut, RunsOut
from web.api.pages import Limit, PlaceInRunItems, PlaceInRuns, link_to_next
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.payments import ID_MAX
from web.problems import Problem, Refused
from web.signed_in import context_of

router = APIRouter(prefix="/sync-tool/runs", tags=["sync tool"], route_class=WithKeptAnswers)

INVOICES_PER_CALL_MAX = 1_000
RunId = Annotated[int, Path(ge=1, le=ID_MAX, description="as the list has it")]
RowId = Annotated[int, Field(ge=1, le=ID_MAX)]
# What is worth a sum: what would be done, or was.
_SUMMED = (ItemState.READY, ItemState.QUEUED, ItemState.DONE)


@router.get("", summary="List runs")
def get_runs(
    request: Request, response: Response, caller: WithSyncTool, place: PlaceInRuns, limit: Limit = 50
) -> RunsOut:
    """What people and programs have asked the Sync Tool for, the newest first."""
    with context_of(request).database.reading() as session:
        found = runs_of(session, caller.organization_id, limit + 1, place)
        shown = found[:limit]
        counts = counts_of_runs(session, [run.id for run in shown])
    following = cursor_after(Listed.RUNS, shown[-1].id if len(found) > limit else None)
    link_to_next(request, response, following)
    return RunsOut(runs=[RunOut.of(run, counts[run.id]) for run in shown], next_cursor=following)


class RunIn(BaseModel):
    """What to do with which invoices, by their ids in the Sync Tool's list."""

    model_config = ConfigDict(extra="forbid")

    action: CopyAction
    invoice_ids: Annotated[list[RowId], Field(min_length=1, max_length=INVOICES_PER_CALL_MAX)]


@router.post("", summary="Start a run")
def post_run(request: Request, caller: WorkingWithSyncTool, given: RunIn) -> RunDetailsOut:
    """Begins a run: a worker checks each invoice for the preview. Nothing is written outside before it is confirmed.

    Invoices for which the action makes no sense at the moment are left out.
    """
    context = context_of(request)
    started = start_run(context, caller.organization_id, given.action, given.invoice_ids, caller.name)
    return _begun(request, caller, started)


@router.get("/{run_id}", summary="Read a run")
def get_run(request: Request, caller: WithSyncTool, run_id: RunId) -> RunDetailsOut:
    """How a run stands."""
    with context_of(request).database.reading() as session:
        run = run_by_id(session, caller.organization_id, run_id)
        if run is None:
            raise _not_there()
        counts = counts_of_runs(session, [run.id])[run.id]
        at_rest = run.state not in (RunState.CHECKING.value, RunState.RUNNING.value)
        sums = sums_of_run(session, run.id, _SUMMED) if at_rest else ()
    return RunDetailsOut.of(RunOut.of(run, counts), sums)


@router.get("/{run_id}/items", summary="List the invoices of a run")
def get_items(
    request: Request,
    response: Response,
    caller: WithSyncTool,
    run_id: RunId,
    place: PlaceInRunItems,
    state: Annotated[list[ItemState] | None, Query(description="Any of these; may be given several times")] = None,
    limit: Limit = 50,
) -> RunItemsOut:
    """The invoices of a run: what would be written for each, what stands against it, what became of it."""
    _found(request, caller, run_id)
    with context_of(request).database.reading() as session:
        found = list_items(session, run_id, states=state or (), limit=limit + 1, after=place)
        words = words_of(session, caller.organization_id)
    document = RunItemsOut.of(found, limit, words)
    link_to_next(request, response, document.next_cursor)
    return document


@router.post("/{run_id}/confirm", summary="Confirm a run")
def post_confirm(request: Request, caller: WorkingWithSyncTool, run_id: RunId) -> RunDetailsOut:
    """Says yes to the preview: whatever is ready is done."""
    _found(request, caller, run_id)
    done = confirm_run(context_of(request), caller.organization_id, run_id, caller.name)
    return _answer(request, caller, run_id, done)


@router.post("/{run_id}/check-again", openapi_extra=REPEATABLE, summary="Check a run again")
def post_check_again(request: Request, caller: WorkingWithSyncTool, run_id: RunId) -> RunDetailsOut:
    """Has the preview worked out anew, after a customer was chosen for instance."""
    _found(request, caller, run_id)
    return _answer(request, caller, run_id, check_again(context_of(request), caller.organization_id, run_id))


class LeaveOutIn(BaseModel):
    """Which of the run's items are not to be done."""

    model_config = ConfigDict(extra="forbid")

    item_ids: Annotated[list[RowId], Field(min_length=1, max_length=INVOICES_PER_CALL_MAX)]


@router.post("/{run_id}/leave-out", openapi_extra=REPEATABLE, summary="Leave invoices out")
def post_leave_out(request: Request, caller: WorkingWithSyncTool, run_id: RunId, given: LeaveOutIn) -> RunDetailsOut:
    """Takes invoices out of a run that nobody has confirmed."""
    _found(request, caller, run_id)
    left = leave_out(context_of(request), caller.organization_id, run_id, given.item_ids)
    return _answer(request, caller, run_id, left)


@router.post("/{run_id}/stop", openapi_extra=REPEATABLE, summary="Stop a run")
def post_stop(request: Request, caller: WorkingWithSyncTool, run_id: RunId) -> RunDetailsOut:
    """Ends a run. What has been sent is finished; what has not begun is not done."""
    _found(request, caller, run_id)
    return _answer(request, caller, run_id, stop_run(context_of(request), caller.organization_id, run_id))


@router.post("/{run_id}/retry", summary="Retry a run")
def post_retry_run(request: Request, caller: WorkingWithSyncTool, run_id: RunId) -> RunDetailsOut:
    """Tries everything of the run again that is held, in a run of its own, which needs no other word."""
    _found(request, caller, run_id)
    started = retry_held(context_of(request), caller.organization_id, run_id, caller.name)
    return _begun(request, caller, started)


def _begun(request: Request, caller: Caller, started: RunStarted | Rejected) -> RunDetailsOut:
    if isinstance(started, Rejected):
        raise Refused(Problem.NOT_POSSIBLE, started.message)
    return get_run(request, caller, started.run_id)


def _answer(request: Request, caller: Caller, run_id: int, done: int | Rejected) -> RunDetailsOut:
    if isinstance(done, Rejected):
        raise Refused(Problem.NOT_POSSIBLE, done.message)
    return get_run(request, caller, run_id)


def _found(request: Request, caller: Caller, run_id: int) -> CopyRun:
    with context_of(request).database.reading() as session:
        run = run_by_id(session, caller.organization_id, run_id)
    if run is None:
        raise _not_there()
    return run


def _not_there() -> Refused:
    return Refused(Problem.NOT_FOUND, "There is no such run.")
