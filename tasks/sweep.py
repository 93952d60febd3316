"""Sweep: nudges whatever is due, because any message may have been lost.

Called by: beat, every few seconds.
Does: a few indexed queries, at most three for each step; nothing is locked, nothing is decided.
Leaves behind: nudges. Too many are harmless: a nudge that finds nothing to do ends at once.
"""

from dataclasses import dataclass

import structlog
from celery import shared_task

from models.connections import Role, refused_to_try_again, sources_due_for_catch_up
from models.effects import targets_with_due_effects
from models.gaps import sources_with_open_scans
from models.inbox import connections_with_waiting_events
from models.looks import targets_with_due_looks
from models.payments import organizations_with_due_allocations
from tasks.context import Context, Step
from tasks.points import Point
from tasks.process import database_may_be_away, process_context

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Swept:
    """How many lanes were nudged, step by step."""

    ingest: int
    match: int
    push: int
    catch_up: int
    look_again: int


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
                    *refused_to_try_again(session, Role.SOURCE, now),
                }
            ),
            # The last in the queue, too: it is never as urgent as a payment.
            Step.LOOK_AGAIN: targets_with_due_looks(session, now),
        }
    context.reached(Point.SWEEP_LOOKED)
    for step, owners in lanes.items():
        for owner_id in owners:
            context.nudge(step, owner_id)
    swept = Swept(**{step.value: len(owners) for step, owners in lanes.items()})
    if any(lanes.values()):
        log.info("sweep.nudged", **{step.value: len(owners) for step, owners in lanes.items()})
    return swept


@shared_task(name="payments.sweep")
def sweep_task() -> None:
    with database_may_be_away():
        sweep(process_context())
