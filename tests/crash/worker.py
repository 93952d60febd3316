"""What a process of the crash tests does: works off every lane until nothing is left to do, or disconnects a company.

`CRASH_POINT=push.intended python -m tests.crash.worker '{"database_url": ..., "quickbooks_url": ...}'`
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import simplejson
from requests.adapters import HTTPAdapter
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from connectors.quickbooks import changes
from domain.copying.states import AT_WORK
from domain.push.effect import OPEN
from models.billed_invoices import BilledInvoiceRow
from models.connections import Connection, Role
from models.effects import Effect
from tasks.context import Clock, Context, Step, SystemClock
from tasks.sweep import sweep
from tests.contexts import RecordingNudge, make_context, make_timing
from tests.crash.clock import HastyClock
from tests.queries import all_connections
from tests.world import STEPS
from usecases.disconnecting import disconnect
from workers.crash_points import chosen_crash_point

# Longer than a lease, a pause, a settle time or the first look again: what comes by itself has come by then.
LASTS_AT_LEAST = timedelta(minutes=3)
# A worker that has something open for so long is stuck.
LASTS_AT_MOST = timedelta(minutes=9)
IDLE = timedelta(seconds=15)


@dataclass(frozen=True)
class Job:
    """What the process is to do, and how it ends.

    Attributes:
        ahead_seconds: so much later than now it is for this process; None is the real clock, with a lease of seconds.
        dies_after: dies as soon as it has done so many of these: "commit" or "exchange".
        cap: so many changes make an answer of change data capture one that is cut off.
    """

    database_url: str
    quickbooks_url: str
    ahead_seconds: float | None = None
    disconnects: int | None = None
    dies_after: tuple[str, int] | None = None
    cap: int | None = None


def main() -> None:
    do(Job(**simplejson.loads(sys.argv[1])))


def do(job: Job) -> None:
    if job.cap is not None:
        changes.CHANGES_MAX = job.cap
    if job.dies_after is not None:
        _die_after(*job.dies_after)
    context = _context(job)
    if job.disconnects is not None:
        disconnect(context, job.disconnects)
        return
    started_at = context.clock.now()
    hasty = job.ahead_seconds is not None
    at_least = LASTS_AT_LEAST if hasty else timedelta(0)
    at_work = True
    while at_work:
        at_work = not _caught_up(context, started_at)
        # What waits for a cause to go away is looked at again and again, so that finding something to do is no reason
        # to stay; it is only for the real clock, where nothing but the work itself takes time.
        at_work |= _work_off(context) and not hasty
        at_work |= _something_is_open(context) or context.clock.now() < started_at + at_least
        if context.clock.now() > started_at + LASTS_AT_MOST:
            sys.exit("the worker found no end")
        context.clock.sleep(IDLE if hasty else IDLE / 300)


def _context(job: Job) -> Context:
    clock: Clock = SystemClock()
    timing = make_timing()
    if job.ahead_seconds is None:
        seconds = timedelta(seconds=0.5)
        timing = make_timing(lease=3 * seconds, settle=seconds, recheck_min=seconds, recheck_max=seconds)
    else:
        clock = HastyClock(timedelta(seconds=job.ahead_seconds))
    context = make_context(job.database_url, clock=clock, quickbooks_url=job.quickbooks_url, timing=timing)
    return replace(context, reached=chosen_crash_point(), holder=f"crash:{os.getpid()}")


def _die_after(what: str, times: int) -> None:
    """Whatever has a name or has none: the process dies behind its so-manieth commit, or exchange over HTTP."""
    remaining = [times]

    def count(*_: Any) -> None:
        remaining[0] -= 1
        if remaining[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if what == "commit":
        event.listen(Session, "after_commit", count)
    else:
        HTTPAdapter.send = _and_then(HTTPAdapter.send, count)  # type: ignore[method-assign]


def _and_then(send: Callable[..., Any], count: Callable[[], None]) -> Callable[..., Any]:
    def sent(*arguments: Any, **options: Any) -> Any:
        try:
            return send(*arguments, **options)
        finally:
            count()

    return sent


def _caught_up(context: Context, since: datetime) -> bool:
    """Whether every source has been asked since then; a lane that a dead process still holds is asked again."""
    behind = [one for one in _active(context, Role.SOURCE) if one.caught_up_at is None or one.caught_up_at < since]
    for connection in behind:
        STEPS[Step.CATCH_UP](context, connection.id)
    return not behind


def _work_off(context: Context) -> bool:
    """Sweeps and does what the sweep asks for; True if there was anything."""
    sweep(context)
    nudge = context.nudge
    assert isinstance(nudge, RecordingNudge)
    busy = bool(nudge.waiting)
    while nudge.waiting:
        step, owner_id = nudge.waiting.popleft()
        STEPS[step](context, owner_id)
    return busy


def _something_is_open(context: Context) -> bool:
    """Whether effects or copies are on their way that this worker could still finish."""
    with context.database.reading() as session:
        is_open = session.scalar(select(Effect.id).where(Effect.state.in_(OPEN)).limit(1)) is not None
        is_copied = session.scalar(select(BilledInvoiceRow.id).where(BilledInvoiceRow.state.in_(AT_WORK)).limit(1))
        return (is_open or is_copied is not None) and bool(_active(context, Role.TARGET))


def _active(context: Context, role: Role) -> list[Connection]:
    with context.database.reading() as session:
        return [one for one in all_connections(session) if one.role == role and one.is_active]


if __name__ == "__main__":
    main()
