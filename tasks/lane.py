"""Draining a lane: take its lease, work in slices, give it back, and leave nothing waiting."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import structlog
from sqlalchemy.orm import Session

from models.lanes import LeaseLost, release_lane, renew_lane, take_lane, when_committed
from tasks.context import Context, Step
from tasks.points import Point

log = structlog.get_logger()

# An exchange is only begun while this much of the lease is left beyond the exchange's own time limits.
_MARGIN = timedelta(seconds=2)


class Drained(StrEnum):
    """How a drain ended."""

    DONE = "done"
    # The slice was used up with more waiting; the lane has nudged itself to the back of the queue.
    MORE = "more"
    # Somebody else has the lane; a mark tells them to look once more.
    TAKEN = "taken"
    # Our lease ran out under us; what was not committed is the next holder's work.
    LOST = "lost"


@dataclass(slots=True)
class Lease:
    """The right to work on one lane, until it runs out."""

    context: Context
    step: Step
    owner_id: int
    fencing: int
    _ends: float

    def guard(self, session: Session) -> None:
        """Proves in this transaction that the lane is still ours, and extends the lease; LeaseLost if it is not."""
        length, started = self.context.timing.lease, self.context.clock.monotonic()
        renew_lane(session, self.step.value, self.owner_id, self.fencing, self.context.clock.now(), length)
        when_committed(session, lambda: self._extend(started + length.total_seconds()))

    def keep(self) -> None:
        """Extends the lease when it would not outlast another exchange; LeaseLost if it is no longer ours."""
        if not self.may_send():
            with self.context.database.writing() as session:
                self.guard(session)

    def _extend(self, ends: float) -> None:
        self._ends = max(self._ends, ends)

    def may_send(self) -> bool:
        """Whether an exchange begun now ends before the lease does: a late holder never starts a send."""
        limits = self.context.platform.time_limits
        needed = limits.connect_seconds + limits.read_seconds + _MARGIN.total_seconds()
        length = self.context.timing.lease.total_seconds()
        return self.context.clock.monotonic() + min(needed, length * 0.9) < self._ends


def drain(context: Context, step: Step, owner_id: int, work: Callable[[Lease], bool]) -> Drained:
    """Works the lane off until nothing waits or the slice is used up.

    Args:
        work: does one bounded batch and says whether more is waiting right now.
    """
    lease = _take(context, step, owner_id)
    if lease is None:
        return Drained.TAKEN
    ends = context.clock.monotonic() + context.timing.slice.total_seconds()
    more = True
    try:
        while more and context.clock.monotonic() < ends:
            more = work(lease)
    except LeaseLost:
        log.warning("lane.lease_lost", step=step.value, owner_id=owner_id)
        return Drained.LOST
    except Exception:
        # A bug must not block the lane until the lease runs out. Whoever is told to die just dies: the lease runs out.
        _release(context, lease)
        raise
    if _release(context, lease) or more:
        context.nudge(step, owner_id)
        return Drained.MORE
    return Drained.DONE


def _take(context: Context, step: Step, owner_id: int) -> Lease | None:
    length, started = context.timing.lease, context.clock.monotonic()
    with context.database.writing() as session:
        fencing = take_lane(session, step.value, owner_id, context.holder, context.clock.now(), length)
    if fencing is None:
        return None
    context.reached(Point(f"{step}.lane_taken"))
    return Lease(context, step, owner_id, fencing, started + length.total_seconds())


def _release(context: Context, lease: Lease) -> bool:
    with context.database.writing() as session:
        marked = release_lane(session, lease.step.value, lease.owner_id, lease.fencing)
    context.reached(Point(f"{lease.step}.lane_released"))
    return marked
