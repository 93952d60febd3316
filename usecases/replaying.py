"""Retrying payments by a filter, over all organizations: previewed, named, confirmed, stopped, gone on with.

Called by: the operator's pages and command line.
Does: lists the payments once; `tasks/replay/step.py` retries them once it is confirmed.
Leaves behind: a request that nobody has confirmed for a day, any other for good, and entries of the activity.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from domain.activity import PLATFORM, ActivityKind, Change
from models.held_payments import HeldFilter
from models.long_works import WorkState
from models.replays import NAME_CHARACTERS_MAX, ReplayShare, add_replay, locked_shares, replay_by_id
from tasks.context import Context, Step
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()

NOT_THERE = "This preview is no longer there. Choose the payments again."
_NO_NAME = "Give it a name that says why, such as 'after the outage of 28 November'."
_NOTHING = "No held payment is as this filter asks for, so there is nothing to retry."


def ask_replay(context: Context, name: str, wanted: HeldFilter) -> int | Rejected:
    """Begins the preview of retrying the payments that the filter finds now; returns its id. Retries nothing yet."""
    name = " ".join(name.split())[:NAME_CHARACTERS_MAX]
    if not name:
        return Rejected(_NO_NAME)
    with context.database.writing() as session:
        replay = add_replay(session, name, wanted, context.actor or PLATFORM, context.clock.now())
        if replay is None:
            return Rejected(_NOTHING)
    log.info("replay.asked", replay_id=replay.id, by=context.actor)
    return replay.id


def confirm_replay(context: Context, replay_id: int) -> Rejected | None:
    """Begins to retry what was previewed, in each organization."""
    by = context.actor or PLATFORM
    return _change(
        context,
        replay_id,
        WorkState.READY,
        lambda share, now: share.begin(by, now),
        ActivityKind.REPLAY_CONFIRMED,
        "This was confirmed before.",
    )


def stop_replay(context: Context, replay_id: int) -> Rejected | None:
    """Retries no more payments. What was retried already goes on."""
    by = context.actor or PLATFORM
    return _change(
        context,
        replay_id,
        WorkState.TAKING,
        lambda share, _now: share.stop(by),
        ActivityKind.REPLAY_STOPPED,
        "It is not under way, so there is nothing to stop.",
    )


def continue_replay(context: Context, replay_id: int) -> Rejected | None:
    """Goes on with what was stopped."""
    return _change(
        context,
        replay_id,
        WorkState.STOPPED,
        lambda share, now: share.go_on(now),
        ActivityKind.REPLAY_WENT_ON,
        "It is not stopped.",
    )


def _change(
    context: Context,
    replay_id: int,
    state: WorkState,
    change: Callable[[ReplayShare, datetime], None],
    kind: ActivityKind,
    otherwise: str,
) -> Rejected | None:
    """Changes the shares of all organizations that are in this state, in a few statements."""
    with context.database.writing() as session:
        replay = replay_by_id(session, replay_id)
        if replay is None:
            return Rejected(NOT_THERE)
        shares = locked_shares(session, replay_id, state)
        for share in shares:
            change(share, context.clock.now())
            changes = [Change("payments gone through", "", f"{share.looked_at:,} of {share.payments:,}")]
            note(context, session, share.organization_id, kind, about=replay.name, changes=changes)
        organization_ids = [share.organization_id for share in shares]
    if not organization_ids:
        return Rejected(otherwise)
    for organization_id in organization_ids:
        context.nudge(Step.REPLAY, organization_id)
    log.info("replay.changed", replay_id=replay_id, organizations=len(organization_ids), by=context.actor)
    return None
