"""How long hinted objects wait for others, so that a burst of hints becomes few reads of many objects.

A single payment never waits. The interval between two reads of one company grows only while waiting saves reads: while
each read that had to wait brings several objects (an import of a thousand). If an accountant records one payment every
few seconds, we read each at once, unless the month's reads are used up faster than the month passes.
"""

from datetime import datetime, timedelta
from typing import Any

from models.connections import Connection

# Multiplies the interval from the settings, by how many reads in a row came as soon as allowed and saved others.
_GROWTH = (1, 1, 1, 2, 4, 8)


def wait_before_read(connection: Connection, distance: timedelta, now: datetime) -> timedelta:
    """How long to wait; zero when the hinted objects may be read now."""
    if connection.read_at is None:
        return timedelta(0)
    # A read that seems to lie in the future was noted by a clock that has gone back since.
    return max(min(connection.read_at, now) + _distance(connection, distance) - now, timedelta(0))


def after_read(connection: Connection, distance: timedelta, now: datetime, *, waiting_saves: bool) -> dict[str, Any]:
    """What to record of the read with its connection. One that comes as soon as it may belongs to a burst.

    Args:
        waiting_saves: one read brought several objects, or we must save reads whatever that costs in time.
    """
    soon = connection.read_at is not None and now - connection.read_at < _distance(connection, distance) * 1.5
    streak = min(connection.read_streak + 1, len(_GROWTH) - 1) if soon and waiting_saves else 0
    return {"read_streak": streak, "read_at": now}


def _distance(connection: Connection, distance: timedelta) -> timedelta:
    return distance * _GROWTH[min(connection.read_streak, len(_GROWTH) - 1)]
