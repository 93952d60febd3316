"""A change of preferences, before it is saved: what it would do; and after: what it did.

Called by: the Partner Dashboard and the command line.
Does: stores the preview. One about few payments is worked out at once, any other by the step `tasks/preview/step.py`.
Leaves behind: a preview for a day. Nothing else changes before it is saved, and nobody outside is asked.
"""

import structlog
from sqlalchemy.orm import Session

from domain.activity import PLATFORM
from domain.preference_changes import as_stored, changed_values
from models.organizations import organization_by_id
from models.previews import (
    Preview,
    PreviewState,
    add_preview,
    end_counting,
    mark_saved,
    preview_by_id,
    store_piece,
)
from tasks.context import Context, Step
from tasks.preview.counting import PAYMENTS_AT_A_TIME, Piece, RecordsNearby, look_at_next
from usecases.organizations import PreferenceChanges, change_preferences, preferences_with
from usecases.results import Rejected

log = structlog.get_logger()


def preview_change(context: Context, organization_id: int, changes: PreferenceChanges) -> int | Rejected:
    """Begins the preview of these changes; returns its id."""
    preview = context.database.write(lambda session: _new_preview(context, session, organization_id, changes))
    if preview is None:
        return Rejected("Nothing would change: these are the preferences that are in force.")
    if preview.state == PreviewState.COUNTING:
        context.nudge(Step.PREVIEW, organization_id)
    log.info("preview.asked", organization_id=organization_id, preview_id=preview.id, payments=preview.payments)
    return preview.id


def save_preview(context: Context, organization_id: int, preview_id: int) -> Rejected | None:
    """Makes the previewed change. Preferences that it is not about stay as they are by now."""
    with context.database.reading() as session:
        preview = preview_by_id(session, organization_id, preview_id)
    if preview is None:
        return Rejected("This preview is no longer there. Look at the preferences, and preview the change again.")
    if preview.saved_at is not None:
        return Rejected(f"This change was saved before, by {preview.saved_by}.")
    changes = PreferenceChanges(**changed_values(preview.preferences_before, preview.preferences_after))

    def mark(session: Session) -> None:
        current = preview_by_id(session, organization_id, preview_id)
        if current is not None and current.saved_at is None:
            mark_saved(session, current, context.actor or PLATFORM, context.clock.now())

    change_preferences(context, organization_id, changes, also=mark)
    context.nudge(Step.PREVIEW, organization_id)
    return None


def save_changes(context: Context, organization_id: int, changes: PreferenceChanges) -> int | None:
    """Makes the changes without a preview before; returns the id of the one that tells what they did.

    None if they make no difference.
    """
    preview = context.database.write(lambda session: _new_preview(context, session, organization_id, changes))
    if preview is None:
        return None
    save_preview(context, organization_id, preview.id)
    return preview.id


def _new_preview(
    context: Context, session: Session, organization_id: int, changes: PreferenceChanges
) -> Preview | None:
    before = organization_by_id(session, organization_id).preferences
    after = preferences_with(before, changes)
    if after == before:
        return None
    now = context.clock.now()
    preview = add_preview(session, organization_id, as_stored(before), as_stored(after), context.actor or PLATFORM, now)
    if preview.payments <= PAYMENTS_AT_A_TIME:
        _work_out(context, session, preview)
    return preview


def _work_out(context: Context, session: Session, preview: Preview) -> None:
    nearby, now = RecordsNearby(), context.clock.now()
    while isinstance(found := look_at_next(session, preview, nearby, now), Piece):
        store_piece(session, preview, found.last_id, found.payments, found.parts, found.due_anyway)
    end_counting(preview, now)
