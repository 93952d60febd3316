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


def after_read(connection: Connection, now: datetime, *, waiting_saves: bool) -> dict[str, Any]:
    """What to record of the read with its connection.

    Args:
        waiting_saves: the read came soon, and brought several objects, or we must save reads whatever that costs in
            time.
    """
    streak = min(connection.read_streak + 1, len(_GROWTH) - 1) if waiting_saves else 0
    return {"read_streak": streak, "read_at": now}


def came_soon(connection: Connection, distance: timedelta, now: datetime) -> bool:
    """Whether a read of now comes about as soon after the last one as it may, as those of a burst do."""
    return connection.read_at is not None and now - connection.read_at < _distance(connection, distance) * 1.5


def _distance(connection: Connection, distance: timedelta) -> timedelta:
    return distance * _GROWTH[min(connection.read_streak, len(_GROWTH) - 1)]
