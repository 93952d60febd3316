"""Pausing and resuming the sending of payments: of everything, of one organization, or of one connection.

Called by: the operator's pages and command line.
Does: writes the pause where `tasks/push/record.py` asks for it, in the transaction in which a send is intended. Nothing
is decided anew: what is owed waits in the outbox. What was sent already is answered, recorded and looked for as ever.
Leaves behind: an entry of the activity of each organization that it concerns.
"""

from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from domain.activity import PLATFORM, ActivityKind, Change
from models.connections import Connection, Role, connection_in_role
from models.due_owners import owners
from models.effects import targets_with_due_effects, targets_with_owed_read_backs
from models.locks import lock_every_organization, lock_organization
from models.organizations import Organization, organization_by_id
from models.pausable import WHY_CHARACTERS_MAX, installation
from models.views.on_the_wire import OnTheWire, on_the_wire
from tasks.context import Context, Step
from usecases.activity import note, note_everywhere
from usecases.results import Rejected

log = structlog.get_logger()

_NO_REASON = "Say in a few words why, so that others know when it may be resumed."
EVERYTHING = "all organizations"


@dataclass(frozen=True, slots=True)
class Paused:
    """What is paused or resumed now, as a person calls it."""

    what: str


def pause_everything(context: Context, why: str) -> Paused | Rejected:
    """Sends nothing new for any organization, also for one that is created later."""
    why = _in_one_line(why)
    if not why:
        return Rejected(_NO_REASON)
    # The locks wait for the transactions of sends that are being intended now: after this one there are none.
    with context.database.writing() as session:
        row = installation(session, locked=True)
        if row.paused_at is not None:
            return Rejected(f"It is paused already: {row.pause_in_words}")
        lock_every_organization(session)
        row.pause(context.actor or PLATFORM, why, context.clock.now())
        note_everywhere(context, session, ActivityKind.SENDING_PAUSED, about=f"{EVERYTHING}: {why}")
    log.warning("sending.paused", what=EVERYTHING, by=context.actor)
    return Paused(EVERYTHING)


def resume_everything(context: Context) -> Paused | Rejected:
    """Ends the pause of everything; organizations and connections that are paused themselves stay so."""
    with context.database.writing() as session:
        row = installation(session, locked=True)
        if row.paused_at is None:
            return Rejected("Nothing is paused for all organizations.")
        before = row.pause_in_words
        row.resume()
        note_everywhere(context, session, ActivityKind.SENDING_RESUMED, about=f"{EVERYTHING}: {before}")
    with context.database.reading() as session:
        targets = owners(session, context.clock.now(), targets_with_due_effects, targets_with_owed_read_backs)
    for connection_id in targets:
        context.nudge(Step.PUSH, connection_id)
    log.warning("sending.resumed", what=EVERYTHING, by=context.actor)
    return Paused(EVERYTHING)


def pause_organization(context: Context, organization_id: int, why: str) -> Paused | Rejected:
    """Sends nothing new for this organization, whichever target it connects meanwhile."""
    return _pause(context, organization_id, None, why)


def pause_connection(context: Context, organization_id: int, vendor: str, why: str) -> Paused | Rejected:
    """Sends nothing new to this connection."""
    return _pause(context, organization_id, vendor, why)


def resume_organization(context: Context, organization_id: int) -> Paused | Rejected:
    """Ends the organization's own pause."""
    return _resume(context, organization_id, None)


def resume_connection(context: Context, organization_id: int, vendor: str) -> Paused | Rejected:
    """Ends the connection's own pause."""
    return _resume(context, organization_id, vendor)


def what_is_on_the_wire(context: Context, organization_id: int | None) -> OnTheWire:
    """What a drain waits for; of everything if no organization is named."""
    with context.database.reading() as session:
        return on_the_wire(session, organization_id)


def _pause(context: Context, organization_id: int, vendor: str | None, why: str) -> Paused | Rejected:
    why = _in_one_line(why)
    if not why:
        return Rejected(_NO_REASON)
    # The lock waits for the transaction of a send that is being intended now: after this one there is none.
    with context.database.writing() as session:
        found = _paused_row(session, organization_id, vendor)
        if isinstance(found, Rejected):
            return found
        if found.paused_at is not None:
            return Rejected(f"It is paused already: {found.pause_in_words}")
        found.pause(context.actor or PLATFORM, why, context.clock.now())
        what = _name(session, organization_id, vendor)
        changes = [Change("sending", "on", "paused")]
        note(context, session, organization_id, ActivityKind.SENDING_PAUSED, about=f"{what}: {why}", changes=changes)
    log.warning("sending.paused", what=what, organization_id=organization_id, by=context.actor)
    return Paused(what)


def _resume(context: Context, organization_id: int, vendor: str | None) -> Paused | Rejected:
    with context.database.writing() as session:
        found = _paused_row(session, organization_id, vendor)
        if isinstance(found, Rejected):
            return found
        if found.paused_at is None:
            return Rejected("It is not paused.")
        before = found.pause_in_words
        found.resume()
        what = _name(session, organization_id, vendor)
        changes = [Change("sending", "paused", "on")]
        about = f"{what}; {before}"
        note(context, session, organization_id, ActivityKind.SENDING_RESUMED, about=about, changes=changes)
        target = connection_in_role(session, organization_id, Role.TARGET)
    if target is not None:
        context.nudge(Step.PUSH, target.id)
    log.warning("sending.resumed", what=what, organization_id=organization_id, by=context.actor)
    return Paused(what)


def _paused_row(session: Session, organization_id: int, vendor: str | None) -> Organization | Connection | Rejected:
    lock_organization(session, organization_id)
    organization = organization_by_id(session, organization_id)
    if vendor is None:
        return organization
    target = connection_in_role(session, organization_id, Role.TARGET)
    if target is None or target.vendor != vendor:
        return Rejected(f"{organization.slug} has no connection to {vendor} to which payments are sent.")
    return target


def _name(session: Session, organization_id: int, vendor: str | None) -> str:
    slug = organization_by_id(session, organization_id).slug
    return slug if vendor is None else f"{slug}'s connection to {vendor}"


def _in_one_line(why: str) -> str:
    return " ".join(why.split())[:WHY_CHARACTERS_MAX]
