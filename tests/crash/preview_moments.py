"""The moment at which a process is killed that works out the preview of a change; see `cases.py`."""

from dataclasses import replace

from sqlalchemy import select

from domain.match.foresight import Outcome
from domain.preference_changes import as_stored
from models.organizations import organization_by_id
from models.previews import Preview, PreviewState, add_preview, counts_of
from tests.crash.stage import Stage


def previewing_a_change(stage: Stage) -> None:
    """A payment is synced, and a person wants to know what switching off would do; nothing may be written for it."""
    world = stage.world
    invoice = stage.invoice("100.00", ends_with=["100.00"])
    world.pay("100.00", (invoice, "100.00"))
    stage.work()
    with world.context.database.writing() as session:
        before = organization_by_id(session, world.organization_id).preferences
        after = replace(before, sync_enabled=False)
        now = world.context.clock.now()
        add_preview(session, world.organization_id, as_stored(before), as_stored(after), "a person", now)


def it_is_ready(stage: Stage) -> None:
    """Each part was counted once."""
    with stage.world.context.database.reading() as session:
        [preview] = session.scalars(select(Preview)).all()
    assert preview.state == PreviewState.READY
    assert [(one.foreseen.outcome, one.parts) for one in counts_of(preview)] == [(Outcome.UNCHANGED, 1)]
