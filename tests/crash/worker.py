"""A worker process for the crash tests: works off every lane with real clocks until nothing is left to do.

`CRASH_POINT=push.intended python -m tests.crash.worker '{"database_url": ..., "quickbooks_url": ...}'`
"""

import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta

import simplejson

from models.connections import Role, all_connections
from models.effects import count_open
from tasks.context import Context, Step, SystemClock
from tasks.sweep import sweep
from tests.contexts import RecordingNudge, make_context, make_timing
from tests.world import STEPS
from workers.crash_points import chosen_crash_point

# Long enough for a settle time and a look; a worker that is still busy then is stuck.
SECONDS_MAX = 20


def main() -> None:
    options = simplejson.loads(sys.argv[1])
    context = crash_context(**options)
    started_at, ends = context.clock.now(), time.monotonic() + SECONDS_MAX
    while not caught_up(context, started_at) or work_off(context) or something_is_open(context):
        if time.monotonic() > ends:
            sys.exit("the worker found no end")
        time.sleep(0.05)


def crash_context(database_url: str, quickbooks_url: str) -> Context:
    """Seconds instead of minutes, and a real clock: a dead process's lease has to run out by itself."""
    timing = make_timing(
        lease=timedelta(seconds=1.5),
        settle=timedelta(seconds=0.5),
        recheck_min=timedelta(seconds=0.5),
        recheck_max=timedelta(seconds=0.5),
        backoff_min=timedelta(seconds=0.1),
        backoff_max=timedelta(seconds=0.2),
    )
    context = make_context(
        database_url, clock=SystemClock(), quickbooks_url=quickbooks_url, timing=timing, read_timeout_seconds=0.4
    )
    return replace(context, reached=chosen_crash_point(), holder=f"crash:{time.monotonic_ns()}")


def caught_up(context: Context, since: datetime) -> bool:
    """Whether every source has been asked since then; a lane that a dead process still holds is asked again."""
    with context.database.reading() as session:
        behind = [
            one
            for one in all_connections(session)
            if one.role == Role.SOURCE and (one.caught_up_at is None or one.caught_up_at < since)
        ]
    for connection in behind:
        STEPS[Step.CATCH_UP](context, connection.id)
    return not behind


def work_off(context: Context) -> bool:
    """Sweeps and does what the sweep asks for; True if there was anything."""
    sweep(context)
    nudge = context.nudge
    assert isinstance(nudge, RecordingNudge)
    busy = bool(nudge.waiting)
    while nudge.waiting:
        step, owner_id = nudge.waiting.popleft()
        STEPS[step](context, owner_id)
    return busy


def something_is_open(context: Context) -> bool:
    with context.database.reading() as session:
        return count_open(session) > 0


if __name__ == "__main__":
    main()
