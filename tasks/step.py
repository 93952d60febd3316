"""Draining a lane: take its lease, work in slices, give it back, and leave nothing waiting."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from celery import current_app
from sqlalchemy.orm import Session

from connectors.aside import stepping_aside
from connectors.tally import TALLY
from connectors.traces import TRACES
from domain.measures import Measure
from models.database import again_when_busy
from models.lanes import LeaseLost, mark_lane, release_lane, renew_lane, take_unlocked_lane, when_committed
from models.locks import lock_and_give_back, lock_organization_of, lock_under_lease
from models.news import tell_at
from models.secrets import SecretsUnreadable
from models.unavailable import DatabaseUnavailable
from tasks.calls import note_unreadable
from tasks.context import Context, Step
from tasks.points import Point

log = structlog.get_logger()

# We begin an exchange only if this much of the lease is left beyond the exchange's own time limits.
_MARGIN = timedelta(seconds=2)


# What these see outside is good for seconds (`tasks/push/sums.py`), so their lanes come back from there at once.
_HURRIED = (Step.MATCH, Step.PUSH)


class Drained(StrEnum):
    """How a drain ended."""

    DONE = "done"
    # The slice was used up with more waiting; the lane has nudged itself to the back of the queue.
    MORE = "more"
    # Another worker has the lane; a mark asks it to look once more.
    TAKEN = "taken"
    # Our lease ran out during the work; the next holder does whatever was not committed.
    LOST = "lost"


@dataclass(slots=True)
class Lease:
    """The right to work on one lane, until it runs out."""

    context: Context
    step: Step
    owner_id: int
    fencing: int
    # The same moment twice: by the clock that never jumps, and by the one that other hosts check the lease against.
    _ends: float
    _ends_at: datetime
    # The endpoints that this holder has written notices for since they were last nudged.
    told: set[int] = field(default_factory=set)
    # With its last transaction: nothing more is done under it.
    is_given_back: bool = False

    def guard(self, session: Session, *, is_end: bool = False) -> None:
        """Call first in every transaction of a step: it proves that the lane is ours and locks the organization.

        Extends the lease once a third of it is over; raises LeaseLost if it is no longer in force.

        Args:
            is_end: the work on the lane ends with this transaction, which therefore gives the lane back. Not if it is
                marked: then `drain` does so, and has it looked at once more.
        """
        tell_at(session, self.context.clock.now(), self.told)
        if is_end:
            self._prove_and_give_back(session)
            return
        if self._outlasts(self.context.timing.lease * 2 / 3):
            now = self.context.clock.now()
            lock_under_lease(session, self.step.value, self.step.owner, self.owner_id, self.fencing, now)
            return
        self.renew(session)
        lock_organization_of(session, self.step.owner, self.owner_id)

    def _prove_and_give_back(self, session: Session) -> None:
        now = self.context.clock.now()
        if lock_and_give_back(session, self.step.value, self.step.owner, self.owner_id, self.fencing, now):
            when_committed(session, self._given_back)

    def _given_back(self) -> None:
        # Whoever would still send or write finds the lease over.
        self.is_given_back, self._ends = True, -math.inf

    def renew(self, session: Session) -> None:
        """The first half of `guard`, for a transaction that holds other lanes before it locks the organization."""
        length, started, now = self.context.timing.lease, self.context.clock.monotonic(), self.context.clock.now()
        renew_lane(session, self.step.value, self.owner_id, self.fencing, now, length)
        when_committed(session, lambda: self._extend(started + length.total_seconds(), now + length))

    def keep(self) -> None:
        """Extends the lease if it would not outlast another exchange; raises LeaseLost if it is no longer ours."""
        if not self.may_send():
            self.context.database.write(self.renew)

    def _extend(self, ends: float, ends_at: datetime) -> None:
        self._ends, self._ends_at = max(self._ends, ends), max(self._ends_at, ends_at)

    def may_send(self) -> bool:
        """Whether an exchange begun now ends before the lease does: a late holder never starts a send.

        Both clocks must agree: one may have stood still while the machine slept, the other may have been set back.
        """
        exchange = timedelta(seconds=self.context.platform.time_limits.exchange_seconds) + _MARGIN
        return self._outlasts(min(exchange, self.context.timing.lease * 0.9))

    def _outlasts(self, needed: timedelta) -> bool:
        clock = self.context.clock
        return clock.monotonic() + needed.total_seconds() < self._ends and clock.now() + needed < self._ends_at


def drain(context: Context, step: Step, owner_id: int, work: Callable[[Lease], bool]) -> Drained:
    """Works on the lane until nothing waits, the slice is used up, or the process is told to end.

    Args:
        work: does one bounded batch and returns whether more is waiting right now.
    """
    with context.turns.working(is_patient=step not in _HURRIED), stepping_aside(context.turns.aside):
        lease = _take(context, step, owner_id)
        return Drained.TAKEN if lease is None else _drain(context, lease, work)


def _drain(context: Context, lease: Lease, work: Callable[[Lease], bool]) -> Drained:
    step, owner_id = lease.step, lease.owner_id
    ends = context.clock.monotonic() + context.timing.slice.total_seconds()
    more = True
    try:
        while more:
            # A batch may be repeated from its beginning at any time, so we retry it after a conflict in the database;
            # but not what comes after the transaction that gave the lane back.
            with TRACES.slice(step.value):
                more = again_when_busy(lambda: not lease.is_given_back and work(lease))
            _nudge_told(lease)
            if context.clock.monotonic() >= ends or context.stopping.is_set():
                break
    except LeaseLost:
        log.warning("lane.lease_lost", step=step.value, owner_id=owner_id)
        TALLY.count(Measure.LEASES_LOST, step.value)
        return Drained.LOST
    except SecretsUnreadable as error:
        # Neither a bug of ours nor a vendor's failure: a person has to put a key back, and this tells them so.
        note_unreadable(context, error)
        more = False
    except DatabaseUnavailable:
        # Usually we cannot give it back either, and it runs out.
        with suppress(DatabaseUnavailable):
            _release(context, lease)
        raise
    except Exception:
        # A bug must not block the lane until the lease runs out. A killed process just dies, and its lease runs out.
        _release(context, lease)
        raise
    if _release(context, lease) or more:
        context.nudge(step, owner_id)
        return Drained.MORE
    return Drained.DONE


def _nudge_told(lease: Lease) -> None:
    """What the batch has written for endpoints is sent at once, where a nudge gets through."""
    while lease.told:
        lease.context.nudge(Step.NOTIFY, lease.told.pop())


def _take(context: Context, step: Step, owner_id: int) -> Lease | None:
    length, started, now = context.timing.lease, context.clock.monotonic(), context.clock.now()
    wanted = (step.value, owner_id, context.holder, now, length)
    fencing = context.database.write(lambda session: take_unlocked_lane(session, *wanted))
    if fencing is None:
        # A holder that fell silent in the middle of a transaction keeps its row locked for a while. Waiting for it, the
        # few lanes that work at a time (`tasks/turns.py`) would soon all be this one. The sweep asks again.
        fencing = context.database.write_unless_locked(lambda session: mark_lane(session, *wanted))
    if fencing is None:
        return None
    context.reached(Point(f"{step}.lane_taken"))
    return Lease(context, step, owner_id, fencing, started + length.total_seconds(), now + length)


def _release(context: Context, lease: Lease) -> bool:
    """Gives the lane back, if the work has not done so; True if it has been marked meanwhile."""
    marked = not lease.is_given_back and context.database.write(
        lambda session: release_lane(session, lease.step.value, lease.owner_id, lease.fencing)
    )
    context.reached(Point(f"{lease.step}.lane_released"))
    return marked


# --- for the Celery task at the foot of each step ---


@contextmanager
def database_may_be_away() -> Iterator[None]:
    """Logs an outage in one line, without a traceback for every nudge; the sweep comes back to due work."""
    try:
        yield
    except DatabaseUnavailable as error:
        log.error("step.database_unavailable", what=error.fate, error=str(error))


def process_context(step: Step | None = None, owner_id: int = 0) -> Context:
    """The context that `workers/composition.py` made. Also records that this lane's nudge has arrived."""
    context: Context = current_app.context()
    if step is not None:
        context.nudge.arrived(step, owner_id)
    return context
