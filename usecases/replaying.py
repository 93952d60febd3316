"""Retrying payments by a filter, over all organizations: previewed, named, confirmed, stopped, gone on with.

Called by: the operator's pages and command line.
Does: lists the payments once; `tasks/replay/step.py` retries them once it is confirmed.
Leaves behind: a request that nobody has confirmed for a day, any other for good, and entries of the activity.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from domain.activity import PLATFORM, ActivityKind, Change
from models.held_payments import HeldFilter
from models.locks import lock_organization
from models.long_works import WorkState
from models.replays import (
    NAME_CHARACTERS_MAX,
    ReplayShare,
    add_replay,
    replay_by_id,
    share_of,
    shares_of,
)
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

    def confirm(share: ReplayShare, now: datetime) -> ActivityKind | None:
        if share.state != WorkState.READY:
            return None
        share.begin(context.actor or PLATFORM, now)
        return ActivityKind.REPLAY_CONFIRMED

    return _change(context, replay_id, confirm, "This was confirmed before.")


def stop_replay(context: Context, replay_id: int) -> Rejected | None:
    """Retries no more payments. What was retried already goes on."""

    def stop(share: ReplayShare, _now: datetime) -> ActivityKind | None:
        if share.state != WorkState.TAKING:
            return None
        share.stop(context.actor or PLATFORM)
        return ActivityKind.REPLAY_STOPPED

    return _change(context, replay_id, stop, "It is not under way, so there is nothing to stop.")


def continue_replay(context: Context, replay_id: int) -> Rejected | None:
    """Goes on with what was stopped."""

    def go_on(share: ReplayShare, now: datetime) -> ActivityKind | None:
        if share.state != WorkState.STOPPED:
            return None
        share.go_on(now)
        return ActivityKind.REPLAY_WENT_ON

    return _change(context, replay_id, go_on, "It is not stopped.")


def _change(
    context: Context, replay_id: int, change: Callable[[ReplayShare, datetime], ActivityKind | None], otherwise: str
) -> Rejected | None:
    """Changes each organization's share, one after the other: each in a transaction that holds its organization.

    A death in between leaves some shares unchanged; the same word once more reaches them.
    """
    with context.database.reading() as session:
        replay = replay_by_id(session, replay_id)
        organization_ids = [organization.id for _, organization in shares_of(session, replay_id)]
    if replay is None or not organization_ids:
        return Rejected(NOT_THERE)
    changed = [one for one in organization_ids if _change_share(context, replay_id, replay.name, one, change)]
    if not changed:
        return Rejected(otherwise)
    for organization_id in changed:
        context.nudge(Step.REPLAY, organization_id)
    log.info("replay.changed", replay_id=replay_id, organizations=len(changed), by=context.actor)
    return None


def _change_share(
    context: Context,
    replay_id: int,
    name: str,
    organization_id: int,
    change: Callable[[ReplayShare, datetime], ActivityKind | None],
) -> bool:
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        share = share_of(session, replay_id, organization_id)
        kind = change(share, context.clock.now()) if share is not None else None
        if share is None or kind is None:
            return False
        _note(context, session, share, kind, name)
        return True


def _note(context: Context, session: Session, share: ReplayShare, kind: ActivityKind, name: str) -> None:
    changes = [Change("payments gone through", "", f"{share.looked_at:,} of {share.payments:,}")]
    note(context, session, share.organization_id, kind, about=name, changes=changes)
