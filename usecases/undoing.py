"""Taking back what was written to the target in a span of time: previewed, confirmed, stopped, gone on with.

Called by: the Partner Dashboard, the command line and the JSON API.
Does: stores the request with its parts. One about few payments is judged at once, any other by `tasks/undo/step.py`.
Leaves behind: a request that nobody has confirmed for a day, any other for good, and entries of the activity.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import structlog
from sqlalchemy.orm import Session

from domain.activity import PLATFORM, ActivityKind, Change
from domain.money import money_text
from models.connections import Role, connection_in_role
from models.locks import lock_organization
from models.long_works import NOTE_CHARACTERS_MAX, WorkState
from models.organizations import organization_by_id
from models.undos import Undo, UndoItemState, add_undo, begin_taking, counts_of_undo, undo_by_id
from tasks.context import Context, Step
from tasks.undo.pieces import judge_next
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()

# So many are judged while a person waits for the page.
PAYMENTS_AT_ONCE_MAX = 1_000
_SWITCHED_OFF = (
    "External payments sync is switched off, so nothing can be removed from the other system. Switch it on first."
)
_NOT_THERE = "This preview is no longer there. Choose the span of time again."


def ask_undo(
    context: Context, organization_id: int, since: datetime, until: datetime | None, why: str = ""
) -> int | Rejected:
    """Begins the preview of taking back what was entered from one moment on and before another; returns its id.

    Args:
        until: None for now.
        why: a person's words, which everybody reads who opens one of the payments.
    """
    now = context.clock.now()
    until = until or now
    if until > now:
        return Rejected("The span ends in the future. Choose an end that has passed, or leave it empty for now.")
    if since >= until:
        return Rejected("The span ends before it begins. Choose a beginning that is earlier than the end.")
    why = " ".join(why.split())[:NOTE_CHARACTERS_MAX]
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        if connection_in_role(session, organization_id, Role.TARGET) is None:
            return Rejected("No target is connected, so there is nothing that could be taken back.")
        undo = add_undo(session, organization_id, since, until, why, context.actor or PLATFORM, now)
        if undo.payments <= PAYMENTS_AT_ONCE_MAX:
            while judge_next(session, undo):
                pass
            undo.get_ready(now)
    if undo.state == WorkState.COUNTING:
        context.nudge(Step.UNDO, organization_id)
    log.info("undo.asked", organization_id=organization_id, undo_id=undo.id, payments=undo.payments)
    return undo.id


def confirm_undo(context: Context, organization_id: int, undo_id: int, typed: str) -> Rejected | None:
    """Begins to take back what was previewed.

    Args:
        typed: the organization's short name, as a person has typed it: nobody confirms this by a slip of the hand.
    """

    def confirm(session: Session, undo: Undo, now: datetime) -> Rejected | None:
        organization = organization_by_id(session, organization_id)
        if undo.confirmed_at is not None:
            return Rejected(f"This was confirmed before, by {undo.confirmed_by}.")
        if undo.state != WorkState.READY:
            return Rejected("The preview is not finished yet. Wait a moment.")
        if typed.strip() != organization.slug:
            return Rejected(f"Type {organization.slug} to confirm; that is the organization's short name.")
        if not organization.preferences.may_sync:
            return Rejected(_SWITCHED_OFF)
        possible = [one for one in counts_of_undo(session, undo.id) if one.state is UndoItemState.POSSIBLE]
        if not possible:
            return Rejected("There is nothing in this span that can be taken back.")
        begin_taking(session, undo, context.actor or PLATFORM, now)
        sums: dict[str | None, Decimal] = {}
        for one in possible:
            sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.total
        changes = [
            Change("payments", "", f"{undo.payments:,}"),
            Change("together", "", " + ".join(money_text(total, currency) for currency, total in sums.items())),
        ]
        _note(context, session, undo, ActivityKind.UNDO_CONFIRMED, changes)
        return None

    return _change(context, organization_id, undo_id, confirm)


def stop_undo(context: Context, organization_id: int, undo_id: int) -> Rejected | None:
    """Takes back no more payments of this span. What has been taken back already is removed all the same."""

    def stop(session: Session, undo: Undo, _now: datetime) -> Rejected | None:
        if undo.state != WorkState.TAKING:
            return Rejected("It is not under way, so there is nothing to stop.")
        undo.stop(context.actor or PLATFORM)
        _note(context, session, undo, ActivityKind.UNDO_STOPPED, _progress(undo))
        return None

    return _change(context, organization_id, undo_id, stop)


def continue_undo(context: Context, organization_id: int, undo_id: int) -> Rejected | None:
    """Goes on with a request that was stopped."""

    def go_on(session: Session, undo: Undo, now: datetime) -> Rejected | None:
        if undo.state != WorkState.STOPPED:
            return Rejected("It is not stopped.")
        if not organization_by_id(session, organization_id).preferences.may_sync:
            return Rejected(_SWITCHED_OFF)
        undo.go_on(now)
        _note(context, session, undo, ActivityKind.UNDO_WENT_ON, _progress(undo))
        return None

    return _change(context, organization_id, undo_id, go_on)


def _change(
    context: Context,
    organization_id: int,
    undo_id: int,
    change: Callable[[Session, Undo, datetime], Rejected | None],
) -> Rejected | None:
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        undo = undo_by_id(session, organization_id, undo_id)
        if undo is None:
            return Rejected(_NOT_THERE)
        refused = change(session, undo, context.clock.now())
    if refused is None:
        context.nudge(Step.UNDO, organization_id)
        log.info("undo.changed", organization_id=organization_id, undo_id=undo_id, by=context.actor)
    return refused


def _progress(undo: Undo) -> list[Change]:
    return [Change("payments gone through", "", f"{undo.looked_at:,} of {undo.payments:,}")]


def _note(context: Context, session: Session, undo: Undo, kind: ActivityKind, changes: list[Change]) -> None:
    span = [Change("entered from", "", _moment(undo.since)), Change("entered before", "", _moment(undo.until))]
    about = f"span {undo.id}{f': {undo.why}' if undo.why else ''}"
    note(context, session, undo.organization_id, kind, about=about, changes=[*span, *changes])


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
