"""Sweep: nudges everything that is due, because any message may have been lost.

Called by: beat, every few seconds.
Does: a few indexed queries, at most four for each step, and one for rows that a clock that went back has left in the
future (`models/moments_ahead.py`); locks nothing unless there are such rows, and decides nothing.
Leaves behind: nudges. Too many are harmless: a nudge that finds nothing to do ends at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from domain.ingest.deletions import LOOK_AGAIN_AFTER
from domain.later_looks import INTERVALS
from domain.notices.trying import PAUSE_MAX as PAUSE_OF_NOTICES_MAX
from domain.notices.trying import REST_MAX
from domain.push.refusals import TRY_AGAIN_MAX
from models.billed_invoices import organizations_with_due_copies
from models.billed_lists import organizations_with_due_lists
from models.books_lists import organizations_with_lists_to_read
from models.connections import Role, refused_to_try_again, sources_due_for_catch_up
from models.copy_runs import organizations_with_runs_to_check
from models.effects import targets_with_due_effects
from models.gaps import sources_with_gaps_to_prove, sources_with_open_scans
from models.inbox import connections_with_waiting_events
from models.locks import lock_organization
from models.looks import targets_with_due_looks
from models.moments_ahead import Longest, bring_back, organizations_with_moments_ahead
from models.notices import endpoints_with_due_notices
from models.payments import organizations_with_due_allocations
from models.previews import KEPT_FOR, organizations_with_due_previews
from models.reconciliation_runs import organizations_to_reconcile, organizations_with_due_runs
from models.undos import KEPT_FOR as UNDO_KEPT_FOR
from models.undos import organizations_with_due_undos
from tasks.calls import PAUSE_MAX
from tasks.context import Context, Step, Timing
from tasks.points import Point
from tasks.step import database_may_be_away, process_context

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Swept:
    """How many lanes were nudged, step by step."""

    ingest: int
    match: int
    push: int
    catch_up: int
    look_again: int
    copy: int
    preview: int
    undo: int
    reconcile: int
    notify: int


def sweep(context: Context) -> Swept:
    """Nudges every lane that has something due."""
    now = context.clock.now()
    with context.database.reading() as session:
        lanes = {
            Step.INGEST: connections_with_waiting_events(session, now),
            Step.MATCH: organizations_with_due_allocations(session, now),
            Step.PUSH: sorted(
                {*targets_with_due_effects(session, now), *refused_to_try_again(session, Role.TARGET, now)}
            ),
            Step.CATCH_UP: sorted(
                {
                    *sources_due_for_catch_up(session, now),
                    *sources_with_open_scans(session, now),
                    *sources_with_gaps_to_prove(session, now),
                    *refused_to_try_again(session, Role.SOURCE, now),
                }
            ),
            # Also last in the queue: a look is never as urgent as a payment.
            Step.LOOK_AGAIN: targets_with_due_looks(session, now),
            Step.COPY: sorted(
                {
                    *organizations_with_due_copies(session, now),
                    *organizations_with_runs_to_check(session, now),
                    *organizations_with_lists_to_read(session, now),
                    *organizations_with_due_lists(session, now),
                }
            ),
            Step.PREVIEW: organizations_with_due_previews(session, now),
            Step.UNDO: organizations_with_due_undos(session, now),
            # The last of all: it costs many calls and nobody waits for it.
            Step.RECONCILE: sorted(
                {
                    *organizations_with_due_runs(session, now),
                    *organizations_to_reconcile(session, now, context.timing.reconcile),
                }
            ),
            Step.NOTIFY: endpoints_with_due_notices(session, now),
        }
        ahead = organizations_with_moments_ahead(session, now, longest(context.timing))
    context.reached(Point.SWEEP_LOOKED)
    for organization_id in ahead:
        _bring_back(context, organization_id, now)
    for step, owners in lanes.items():
        for owner_id in owners:
            context.nudge(step, owner_id)
    swept = Swept(**{step.value: len(owners) for step, owners in lanes.items()})
    if any(lanes.values()):
        log.info("sweep.nudged", **{step.value: len(owners) for step, owners in lanes.items()})
    return swept


def _bring_back(context: Context, organization_id: int, now: datetime) -> None:
    """The next sweep finds the work that this makes due."""

    def at_once(session: Session) -> None:
        lock_organization(session, organization_id)
        bring_back(session, organization_id, now, longest(context.timing))

    context.database.write(at_once)
    log.warning("sweep.clock_went_back", organization_id=organization_id)


def longest(timing: Timing) -> Longest:
    """How far ahead the steps set their due times at most."""
    pause = max(timing.recheck_max, timing.backoff_max, PAUSE_MAX)
    return Longest(
        look=max(timing.recheck_max, timing.recheck_min),
        event=max(*LOOK_AGAIN_AFTER, timing.recheck_min),
        effect=max(pause, timing.settle, timing.lease),
        pause=pause,
        refusal=max(pause, TRY_AGAIN_MAX),
        catch_up=max(timing.catch_up, timing.catch_up_silent, timing.catch_up_overlap),
        rest=timing.breaker_max,
        probe=timing.lease,
        later_look=max(INTERVALS),
        settle=max(timing.settle, timing.lease),
        # Also the distance of two lists that are read by themselves (`tasks/copying/listing.py`).
        copy=max(timing.settle, timing.lease, timedelta(minutes=15)),
        preview=KEPT_FOR,
        undo=UNDO_KEPT_FOR,
        reconcile=PAUSE_MAX,
        notice=PAUSE_OF_NOTICES_MAX,
        endpoint=REST_MAX,
        proof=max(timing.catch_up_overlap, timing.recheck_min),
    )


@shared_task(name="payments.sweep")
def sweep_task() -> None:
    with database_may_be_away():
        sweep(process_context())
