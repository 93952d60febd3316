"""Writing down who changed what, in the transaction of the change."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from domain.activity import PLATFORM, ActivityKind, Change
from models.activity import note_activity, note_for_everybody
from models.users import User
from tasks.context import Context


def note(
    context: Context,
    session: Session,
    organization_id: int,
    kind: ActivityKind,
    *,
    about: str = "",
    payment_id: str = "",
    changes: Sequence[Change] = (),
) -> None:
    """Whoever this context acts for has done this.

    Args:
        about: what it was done to, as a person calls it.
        payment_id: the payment it was done to, by its id in the source.
    """
    note_activity(
        session,
        organization_id,
        kind,
        context.actor or PLATFORM,
        context.clock.now(),
        about=about,
        payment_id=payment_id,
        changes=changes,
    )


def note_everywhere(context: Context, session: Session, kind: ActivityKind, *, about: str) -> None:
    """Whoever this context acts for has done this, and it concerns every organization."""
    note_for_everybody(session, kind, context.actor or PLATFORM, context.clock.now(), about=about)


def note_about(
    context: Context, session: Session, user: User, kind: ActivityKind, *, changes: Sequence[Change] = ()
) -> None:
    """Something was done to this user. An operator belongs to no organization: the log alone has it."""
    if user.organization_id is not None:
        note(context, session, user.organization_id, kind, about=user.email, changes=changes)
