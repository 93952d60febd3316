"""How far clocks can be trusted."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

# Synchronized clocks differ by seconds. If two clocks differ by more than this, one of them is wrong.
CLOCKS_APART_MAX: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment by both clocks of a machine, so that one that is wrong, or was set, is not gone by alone.

    Attributes:
        at: the time of day, UTC.
        ticks: seconds of the clock that never jumps; it begins anew with the machine.
        machine: the run of the machine whose clocks these are; "" if it cannot be told.
    """

    at: datetime
    ticks: float
    machine: str

    def age(self, now: "Moment") -> timedelta | None:
        """How long ago it was, by the clock that says more; None if these clocks cannot tell, or if it lies ahead."""
        ages = (now.at - self.at, timedelta(seconds=now.ticks - self.ticks))
        is_known = bool(self.machine) and self.machine == now.machine and min(ages) >= timedelta(0)
        return max(ages) if is_known else None


def from_day_to_day(
    first: date | None, last: date | None, zone: tzinfo = UTC
) -> tuple[datetime | None, datetime | None]:
    """The moments, in UTC, at which these days of the zone begin and end: the last one counts as a whole.

    None is no limit. A day begins with its first moment, also where clocks skip midnight or show it twice.
    """
    since = in_utc(datetime.combine(first, time(), zone)) if first else None
    until = in_utc(datetime.combine(last + timedelta(days=1), time(), zone)) if last and last < date.max else None
    return since, until


def written(moment: datetime) -> str:
    """The moment as our documents write it: in UTC, with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC, which is also the zone of one that names none."""
    with_zone = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return with_zone.astimezone(UTC)
    except OverflowError:
        # The first and the last day there are have no place for another zone.
        return with_zone.replace(tzinfo=UTC)
