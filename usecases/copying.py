"""The Sync Tool for a person: the list, runs with their preview, customers, choices. The worker does the rest.

Called by: the Partner Dashboard and the command line.
Does: writes what is wanted, and nudges the worker. It calls no outside system.
Leaves behind: a run that a worker checks for its preview; a confirmed run whose invoices are due. An invoice that a
worker is at work on is left alone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from domain.activity import ActivityKind
from domain.copying.states import ALLOWED, CopyAction, CopyState, ItemState, RunState
from models.billed_invoices import billed_by_id
from models.billed_lists import BilledList, billed_list_of, want_list
from models.books_lists import BooksLists, books_lists_of, want_lists
from models.connections import Role, connection_in_role
from models.copy_runs import (
    INVOICES_PER_RUN_MAX,
    CopyRun,
    add_items,
    add_run,
    items_of,
    queue_ready_items,
    run_by_id,
    written_for,
)
from models.locks import lock_organization
from models.organizations import organization_with_connections
from models.views.copies import CopyFilter, ids_of_copies
from tasks.context import Context, Step
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()

# A list of this age is read again when somebody opens the page.
LIST_KEPT = timedelta(minutes=5)
LISTS_KEPT = timedelta(hours=24)
# More invoices at once are several runs: a person could look through none of this size.


@dataclass(frozen=True, slots=True)
class RunStarted:
    run_id: int
    invoices: int


def problem_with_tool(context: Context, organization_id: int) -> str | None:
    """Why the Sync Tool cannot be used, as a sentence; None if it can."""
    with context.database.reading() as session:
        organization, source, target = organization_with_connections(session, organization_id)
    words = context.words([source, target])
    if not organization.sync_tool_enabled:
        return "The Sync Tool is switched off. Switch it on under Integrations > Preferences."
    for connection, name in ((source, words.source), (target, words.target)):
        if connection is None or not connection.is_active:
            return f"{name} is not connected. Connect it under Integrations."
    return None


# --- the lists ---


def refresh_list(context: Context, organization_id: int, *, if_older_than: timedelta = timedelta(0)) -> Rejected | None:
    """Has the biller's list read again, unless it is read right now or was a moment ago."""
    problem = problem_with_tool(context, organization_id)
    if problem is not None:
        return Rejected(problem)
    now = context.clock.now()
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        target = connection_in_role(session, organization_id, Role.TARGET)
        assert target is not None
        current = billed_list_of(session, target.id)
        is_old = current is None or _is_older(current.finished_at, now - if_older_than)
        if current is None or (current.due_at is None and is_old):
            want_list(session, organization_id, target.id, now)
        elif current.failure or (is_old and current.due_at is not None and current.due_at > now):
            # A person has asked: no need to wait for the next try, or for the next time that it is read by itself.
            current.due_at = now
    context.nudge(Step.COPY, organization_id)
    return None


def refresh_books_lists(context: Context, organization_id: int, *, if_older_than: timedelta = LISTS_KEPT) -> None:
    """Has the books' items and tax codes read again, unless that was done lately."""
    now = context.clock.now()
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        source = connection_in_role(session, organization_id, Role.SOURCE)
        if source is None:
            return
        lists = books_lists_of(session, source.id)
        if lists is not None and not _is_older(lists.lists_read_at, now - if_older_than):
            return
        want_lists(session, organization_id, source.id, now)
    context.nudge(Step.COPY, organization_id)


def current_list(session: Session, organization_id: int) -> BilledList | None:
    """How far the listing has come; None if there never was one."""
    target = connection_in_role(session, organization_id, Role.TARGET)
    return billed_list_of(session, target.id) if target is not None else None


def is_being_read(row: BilledList | None, now: datetime) -> bool:
    """Whether the list is read right now, or as soon as a worker comes to it."""
    is_due = row is not None and row.due_at is not None and (row.due_at <= now or row.after is not None)
    return row is not None and is_due and not row.failure


def books_lists(session: Session, organization_id: int) -> BooksLists | None:
    """The books' items, tax codes and rules as last read; None if they never were."""
    source = connection_in_role(session, organization_id, Role.SOURCE)
    return books_lists_of(session, source.id) if source is not None else None


def _is_older(moment: datetime | None, than: datetime) -> bool:
    return moment is None or moment <= than


# --- runs ---


def start_run(
    context: Context,
    organization_id: int,
    action: CopyAction,
    chosen: Collection[int] | CopyFilter,
    by: str,
    *,
    confirmed_beforehand: bool = False,
) -> RunStarted | Rejected:
    """Begins a run: a worker checks each invoice for the preview. Nothing is written outside before it is confirmed.

    Args:
        chosen: the ids of the invoices, or a filter that shows them; those for which the action makes no sense are
            left out.
        by: who wants it, for the history.
        confirmed_beforehand: what can be done is done, without another word.
    """
    problem = problem_with_tool(context, organization_id)
    if problem is not None:
        return Rejected(problem)
    allowed = ALLOWED[action]
    now = context.clock.now()
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        if isinstance(chosen, CopyFilter):
            within = _within(chosen, allowed)
            # No state at all would be every state.
            ids: Sequence[int] = (
                ids_of_copies(session, organization_id, within, INVOICES_PER_RUN_MAX) if within.states else ()
            )
        else:
            rows = billed_by_id(session, organization_id, set(chosen))
            ids = [row.id for row in rows if CopyState(row.state) in allowed]
        if not ids:
            return Rejected("None of these invoices can be chosen for that at the moment.")
        run = add_run(session, organization_id, action, by, now, confirmed_beforehand=confirmed_beforehand)
        count = add_items(session, run, ids)
        run_id = run.id
    log.info("copy.run_started", organization_id=organization_id, run_id=run_id, action=action.value, invoices=count)
    context.nudge(Step.COPY, organization_id)
    return RunStarted(run_id, count)


def _within(chosen: CopyFilter, allowed: frozenset[CopyState]) -> CopyFilter:
    return replace(chosen, states=chosen.states & allowed if chosen.states else allowed)


def confirm_run(context: Context, organization_id: int, run_id: int, by: str) -> int | Rejected:
    """Says yes to a preview: whatever is ready is done. Returns how many invoices that are."""
    now = context.clock.now()
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        run = run_by_id(session, organization_id, run_id)
        if run is None:
            return Rejected("There is no such run.")
        if run.state != RunState.CHECKED.value:
            return Rejected(_NOT_CHECKED.get(RunState(run.state), "This run is over."))
        if not items_of(session, run.id, [ItemState.READY]):
            return Rejected("None of the invoices of this run can be done.")
        count = queue_ready_items(session, run, by, now)
        about = f"Run {run_id}: {CopyAction(run.action).value.replace('_', ' ')}, {count} invoices"
        note(context, session, organization_id, ActivityKind.RUN_CONFIRMED, about=about)
    log.info("copy.run_confirmed", organization_id=organization_id, run_id=run_id, invoices=count)
    context.nudge(Step.COPY, organization_id)
    return count


_NOT_CHECKED = {
    RunState.CHECKING: "The preview is not ready yet. Wait until all invoices are checked.",
    RunState.RUNNING: "This run is under way already.",
}


def check_again(context: Context, organization_id: int, run_id: int) -> int | Rejected:
    """Has the preview of a run worked out anew, after a choice was made for instance. Returns how many invoices."""
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        run = run_by_id(session, organization_id, run_id)
        if run is None or run.state not in (RunState.CHECKING.value, RunState.CHECKED.value):
            return Rejected("Only a run that has not begun can be checked again.")
        items = items_of(session, run.id, [ItemState.READY, ItemState.PROBLEM])
        for item in items:
            item.state = ItemState.CHECKING.value
        run.state, run.due_at = RunState.CHECKING.value, context.clock.now()
        run.checked_anew += 1
    context.nudge(Step.COPY, organization_id)
    return len(items)


def leave_out(context: Context, organization_id: int, run_id: int, item_ids: Collection[int]) -> int | Rejected:
    """Takes invoices out of a run that nobody has confirmed. Returns how many."""
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        run = run_by_id(session, organization_id, run_id)
        if run is None or run.state not in (RunState.CHECKING.value, RunState.CHECKED.value):
            return Rejected("Only a run that has not begun can be changed.")
        wanted = set(item_ids)
        left = [
            item
            for item in items_of(session, run.id, [ItemState.CHECKING, ItemState.READY, ItemState.PROBLEM])
            if item.id in wanted
        ]
        for item in left:
            item.state = ItemState.LEFT_OUT.value
    return len(left)


def stop_run(context: Context, organization_id: int, run_id: int) -> int | Rejected:
    """Ends a run. What has been sent is finished; what has not begun is not done. Returns how many were not."""
    now = context.clock.now()
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        run = run_by_id(session, organization_id, run_id)
        if run is None:
            return Rejected("There is no such run.")
        if run.state in (RunState.DONE.value, RunState.STOPPED.value):
            return Rejected("This run is over.")
        stopped = _stop(session, run)
        run.state, run.due_at, run.ended_at, run.waits_for = RunState.STOPPED.value, None, now, ""
        about = f"Run {run_id}: {stopped} invoices not done"
        note(context, session, organization_id, ActivityKind.RUN_STOPPED, about=about)
    log.info("copy.run_stopped", organization_id=organization_id, run_id=run_id, invoices=stopped)
    return stopped


def _stop(session: Session, run: CopyRun) -> int:
    """Takes back what has not begun: queued invoices about which nothing has been sent yet."""
    items = {
        item.billed_invoice_id: item
        for item in items_of(session, run.id, [ItemState.CHECKING, ItemState.READY, ItemState.QUEUED])
    }
    begun = written_for(session, run.id, items)
    for row in billed_by_id(session, run.organization_id, items):
        item = items[row.id]
        # A copy that is in the books already is finished as well: it is not available any more.
        is_in_books = row.books_id is not None and row.state_before == CopyState.AVAILABLE.value
        if row.run_id == run.id and (row.id in begun or is_in_books):
            del items[row.id]
            continue
        if row.run_id == run.id and row.state == CopyState.QUEUED.value:
            row.state, row.action, row.due_at = row.state_before or CopyState.AVAILABLE.value, None, None
        item.state = ItemState.LEFT_OUT.value
    return len(items)


def retry_held(context: Context, organization_id: int, run_id: int, by: str) -> RunStarted | Rejected:
    """Tries everything of a run again that is held, in a run of its own."""
    with context.database.reading() as session:
        run = run_by_id(session, organization_id, run_id)
        if run is None:
            return Rejected("There is no such run.")
        held = [item.billed_invoice_id for item in items_of(session, run.id, [ItemState.HELD, ItemState.PROBLEM])]
        action = CopyAction(run.action)
    return start_run(context, organization_id, action, held, by, confirmed_beforehand=True)
