"""The moments at which a process is killed that retries payments by a filter; see `cases.py`."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from domain.activity import ActivityKind
from domain.reasons import Reason
from models.activity import Activity
from models.held_payments import HeldFilter
from models.long_works import WorkState
from models.payments import Allocation
from models.replays import ReplayItem, ReplayItemState, ReplayShare
from sandbox.faults import Fault
from tests.crash.stage import Stage
from usecases.replaying import ask_replay, confirm_replay


def retrying_by_a_filter(stage: Stage) -> None:
    """ConnectWise has refused two payments; it no longer does, and an operator retries what was refused."""
    world = stage.world
    one, other = stage.invoice("100.00", ends_with=["40.00"]), stage.invoice("100.00", ends_with=["60.00"])
    world.pay("40.00", (one, "40.00"))
    world.pay("60.00", (other, "60.00"))
    world.connectwise.faults.add(Fault(kind="error", status=400, times=None, method="POST", path=r"/payments$"))
    stage.work()
    world.connectwise.faults.clear()
    context = replace(stage.person(), actor="an operator")
    # By ourselves we would look again in some hours.
    with context.database.writing() as session:
        session.execute(update(Allocation).values(match_due_at=context.clock.now() + timedelta(hours=5)))
    replay_id = ask_replay(context, "after the outage", HeldFilter(reason=Reason.TARGET_REFUSED))
    assert isinstance(replay_id, int)
    assert confirm_replay(context, replay_id) is None


def each_was_retried_once(stage: Stage) -> None:
    with stage.world.context.database.reading() as session:
        [share] = session.scalars(select(ReplayShare)).all()
        states = session.scalars(select(ReplayItem.state)).all()
        retried = session.scalars(select(Activity).where(Activity.kind == ActivityKind.PAYMENT_RETRIED.value)).all()
    assert (share.state, share.looked_at, share.payments) == (WorkState.DONE, 2, 2)
    assert states == [ReplayItemState.RETRIED, ReplayItemState.RETRIED]
    assert [one.actor for one in retried] == ["an operator", "an operator"]
