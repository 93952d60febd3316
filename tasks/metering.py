"""Counts the metered reads of a connection, and warns before the month's are used up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from models.database import Database
from models.metered_reads import add_reads, reads_of_all
from tasks.points import Point

log = structlog.get_logger()

# Shares of the cap at which the log says so.
WARN_PERCENTS = (80, 95)
# Our counter may be behind (another program of the workspace reads as well): from here on a refusal means the month's
# cap and not the pace, and is asked again soon; beyond the cap rarely, because somebody may have raised it.
_NEARLY_PERCENT = 95
_NEARLY_WAIT = timedelta(minutes=15)
_USED_UP_WAIT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class DatabaseReadMeter:
    database: Database
    now: Callable[[], datetime]
    connection_id: int
    reached: Callable[[Point], None]
    # Nought is no cap.
    monthly_reads_max: int

    def count(self) -> None:
        self.reached(Point.READS_ANSWERED)
        total = self.database.write(lambda session: add_reads(session, self.connection_id, 1, self.now()))
        self.reached(Point.READS_COUNTED)
        for percent in WARN_PERCENTS:
            # Said once: by whoever makes the read that reaches it.
            if self.monthly_reads_max and total == -(-self.monthly_reads_max * percent // 100):
                log.warning("metered_reads.warning", percent=percent, reads=total, cap=self.monthly_reads_max)

    def used_up(self) -> timedelta | None:
        if not self.monthly_reads_max:
            return None
        now = self.now()
        with self.database.reading() as session:
            total = reads_of_all(session, now)
        if total * 100 < self.monthly_reads_max * _NEARLY_PERCENT:
            return None
        wait = _USED_UP_WAIT if total >= self.monthly_reads_max else _NEARLY_WAIT
        return min(wait, _next_month(now) - now)


def _next_month(now: datetime) -> datetime:
    return (now.replace(day=28) + timedelta(days=4)).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0)
