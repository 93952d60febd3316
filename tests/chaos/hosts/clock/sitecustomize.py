"""Python imports this at its start on a host of the run: its clock is ahead of the others', or behind them.

The kernel has one time of day for all namespaces, so it is the system's own clock that is set off.
"""

import os
from datetime import UTC, datetime, timedelta

from tasks.context import SystemClock

AHEAD = timedelta(seconds=float(os.environ["CLOCK_AHEAD_SECONDS"]))


def now(_clock: SystemClock) -> datetime:
    return datetime.now(UTC) + AHEAD


SystemClock.now = now  # type: ignore[method-assign]
