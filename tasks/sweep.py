"""Beat's routines that nudge what is due, because any message may have been lost: sweep, catch-up, reconciliation.

Called by: beat, each by its name and at its own interval (settings/celery.py).
Does: one statement for all steps, each part of it through an index, and one for rows that a clock that went back has
left in the future (`models/moments_ahead.py`); locks nothing unless there are such rows. Every half minute it compares
what is stored about each organization that wants to be told alarms with what was told, in a few statements for all of
them together: a lane of its own for each would be work without news.
Leaves behind: nudges. Too many are harmless: a nudge that finds nothing to do ends at once.
So beat may tick twice, or two of them may run.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from sqlalchemy.orm import Session

from connectors.tally import TALLY
from domain.alarms.deciding import Situation, decide
from domain.ingest.deletions import LOOK_AGAIN_AFTER
from domain.later_looks import INTERVALS
from domain.measures import Measure
from domain.notices.trying import PAUSE_MAX as PAUSE_OF_NOTICES_MAX
from domain.notices.trying import REST_MAX
from domain.push.refusals import TRY_AGAIN_MAX
from models.alarms import organizations_to_watch, put_off_watches, situations
from models.billed_invoices import organizations_with_due_copies
from models.billed_lists import organizations_with_due_lists
from models.books_lists import organizations_with_lists_to_read
from models.connections import sources_due_for_catch_up, sources_to_try_again, targets_to_try_again
from models.copy_runs import organizations_with_runs_to_check
from models.due_owners import Question, owners_of_each
from models.effects import targets_with_due_effects, targets_with_owed_read_backs
from models.gaps import sources_with_gaps_to_prove, sources_with_open_scans
from models.inbox import connections_with_waiting_events
from models.locks import lock_organization
from models.long_works import KEPT_FOR as WORK_KEPT_FOR
from models.looks import targets_with_due_looks
from models.moments_ahead import Longest, bring_back, organizations_with_moments_ahead
from models.notices import endpoints_with_due_notices
from models.payments import organizations_with_due_allocations
from models.previews import KEPT_FOR, organizations_with_due_previews
from models.reconciliation_runs import organizations_to_reconcile, organizations_with_due_runs
from models.replays import organizations_with_due_replays
from models.undos import organizations_with_due_undos
from tasks.calls import PAUSE_MAX
from tasks.context import Context, Step, Timing
from tasks.points import Point
from tasks.routines import carry_out

log = structlog.get_logger()

# So many organizations are looked at for alarms in one sweep; the next one goes on.
_WATCHED_AT_A_TIME = 2_000


# The way of a payment, and what else somebody waits for; of the comparisons those that were asked for.
OF_THE_SWEEP = (
    Step.INGEST,
    Step.MATCH,
    Step.PUSH,
    Step.LOOK_AGAIN,
    Step.COPY,
    Step.PREVIEW,
    Step.UNDO,
    Step.REPLAY,
    Step.WATCH,
    Step.NOTIFY,
    Step.RECONCILE,
)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many lanes were nudged, step by step."""

    ingest: int = 0
    match: int = 0
    push: int = 0
    catch_up: int = 0
    look_again: int = 0
    copy: int = 0
    preview: int = 0
    undo: int = 0
    replay: int = 0
    reconcile: int = 0
    watch: int = 0
    notify: int = 0


def sweep(context: Context, steps: Collection[Step] = tuple(Step), *, begins_comparisons: bool = True) -> Swept:
    """Nudges every lane of these steps that has something due.

    Args:
        begins_comparisons: also looks for organizations that were not compared for a day.
    """
    now = context.clock.now()
    with context.database.reading() as session:
        # A look is never as urgent as a payment, and nobody waits for a reconciliation: they come last.
        lanes = owners_of_each(session, now, {step: asked for step, asked in _DUE.items() if step in steps})
        if begins_comparisons and Step.RECONCILE in steps:
            to_begin = organizations_to_reconcile(session, now, context.timing.reconcile)
            lanes[Step.RECONCILE] = sorted({*lanes[Step.RECONCILE], *to_begin})
        watched: Mapping[int, Situation] = {}
        if Step.WATCH in steps:
            watched = situations(session, organizations_to_watch(session, now, _WATCHED_AT_A_TIME), now)
            lanes[Step.WATCH] = [one for one, situation in watched.items() if decide(situation, now)]
        ahead = organizations_with_moments_ahead(session, now, longest(context.timing))
    context.reached(Point.SWEEP_LOOKED)
    if watched:
        context.database.write(lambda session: put_off_watches(session, watched, now))
    for organization_id in ahead:
        _bring_back(context, organization_id, now)
    for step, owners in lanes.items():
        for owner_id in owners:
            context.nudge(step, owner_id)
        if owners:
            TALLY.count(Measure.LANES_SWEPT, step.value, more=len(owners))
    counts = {step.value: len(owners) for step, owners in lanes.items()}
    if any(counts.values()):
        log.info("sweep.nudged", **counts)
    return Swept(**counts)


# Whom each step has work for: any of these.
_DUE: Mapping[Step, tuple[Question, ...]] = {
    Step.INGEST: (connections_with_waiting_events,),
    Step.MATCH: (organizations_with_due_allocations,),
    Step.PUSH: (targets_with_due_effects, targets_with_owed_read_backs, targets_to_try_again),
    Step.CATCH_UP: (
        sources_due_for_catch_up,
        sources_with_open_scans,
        sources_with_gaps_to_prove,
        sources_to_try_again,
    ),
    Step.LOOK_AGAIN: (targets_with_due_looks,),
    Step.COPY: (
        organizations_with_due_copies,
        organizations_with_runs_to_check,
        organizations_with_lists_to_read,
        organizations_with_due_lists,
    ),
    Step.PREVIEW: (organizations_with_due_previews,),
    Step.UNDO: (organizations_with_due_undos,),
    Step.REPLAY: (organizations_with_due_replays,),
    Step.RECONCILE: (organizations_with_due_runs,),
    Step.NOTIFY: (endpoints_with_due_notices,),
}


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
        long_work=WORK_KEPT_FOR,
        reconcile=PAUSE_MAX,
        # Quiet hours put it off as well, by less than a day.
        notice=max(PAUSE_OF_NOTICES_MAX, timedelta(days=1)),
        endpoint=REST_MAX,
        proof=max(timing.catch_up_overlap, timing.recheck_min),
    )


# --- what beat calls ---


@shared_task(name="payments.sweep")
def sweep_task() -> None:
    carry_out("sweep", lambda context: sweep(context, OF_THE_SWEEP, begins_comparisons=False))


@shared_task(name="payments.start_catch_ups")
def catch_ups_task() -> None:
    carry_out("catch-up", lambda context: sweep(context, (Step.CATCH_UP,)))


@shared_task(name="payments.start_reconciliations")
def reconciliations_task() -> None:
    carry_out("reconciliation", lambda context: sweep(context, (Step.RECONCILE,)))
