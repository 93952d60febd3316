"""The moments at which a process is killed that takes back a span of time; see `cases.py`."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from domain.activity import ActivityKind
from models.activity import Activity
from models.long_works import WorkState
from models.undos import Undo, UndoItem, UndoItemState
from tests.crash.stage import Stage
from usecases.undoing import ask_undo, confirm_undo


def taking_back_a_span(stage: Stage) -> None:
    """Two payments are synced, a person has typed one beside them, and all that we wrote is to go."""
    world = stage.world
    since = world.clock.now() - timedelta(minutes=1)
    one, other = stage.invoice("100.00", ends_with=["7.00"]), stage.invoice("100.00", ends_with=[])
    world.connectwise.type_payment(one.connectwise_id or 0, "7.00")
    world.pay("40.00", (one, "40.00"))
    world.pay("60.00", (other, "60.00"))
    stage.work()
    context = replace(stage.person(), actor="a person")
    undo_id = ask_undo(context, world.organization_id, since, None)
    assert isinstance(undo_id, int)
    assert confirm_undo(context, world.organization_id, undo_id, "northwind") is None


def it_is_done_once(stage: Stage) -> None:
    """Each payment was taken back once, and the person's name stands at it."""
    with stage.world.context.database.reading() as session:
        [undo] = session.scalars(select(Undo)).all()
        states = session.scalars(select(UndoItem.state)).all()
        taken = session.scalars(select(Activity).where(Activity.kind == ActivityKind.PAYMENT_TAKEN_BACK.value)).all()
    assert (undo.state, undo.looked_at, undo.payments) == (WorkState.DONE, 2, 2)
    assert states == [UndoItemState.TAKEN, UndoItemState.TAKEN]
    assert [one.actor for one in taken] == ["a person", "a person"]
