"""When an endpoint may be told alarms: quiet hours by the organization's clocks, and the distance of messages. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

DIGEST_HOURS_FIRST, DIGEST_HOURS_MAX = 4, 48
# What is urgent is told again sooner.
_URGENT_DISTANCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Hours:
    """What a person has chosen for an endpoint.

    Attributes:
        quiet_from, quiet_until: by the organization's clocks, over midnight if the first is the later one; both None or
            the same, for no quiet hours.
        urgent_anyway: what is urgent is told in quiet hours too.
        digest_hours: so long is between two messages about the same alarm.
    """

    quiet_from: time | None = None
    quiet_until: time | None = None
    urgent_anyway: bool = True
    digest_hours: int = DIGEST_HOURS_FIRST

    @property
    def quiet_written(self) -> tuple[str, str]:
        """Their beginning and their end as a person types them; both "" for no quiet hours."""
        if self.quiet_from is None or self.quiet_until is None:
            return "", ""
        return f"{self.quiet_from:%H:%M}", f"{self.quiet_until:%H:%M}"

    def distance(self, *, is_urgent: bool) -> timedelta:
        return _URGENT_DISTANCE if is_urgent else timedelta(hours=self.digest_hours)

    def loud_at(self, moment: datetime, zone: tzinfo, *, is_urgent: bool) -> datetime:
        """The moment itself, or the end of the quiet hours in which it is. In UTC, like the moment."""
        begins, ends = self.quiet_from, self.quiet_until
        if begins is None or ends is None or begins == ends or (is_urgent and self.urgent_anyway):
            return moment
        local = moment.astimezone(zone)
        now = local.time()
        is_quiet = begins <= now < ends if begins < ends else now >= begins or now < ends
        if not is_quiet:
            return moment
        day = local.date() if now < ends else local.date() + timedelta(days=1)
        end = datetime.combine(day, ends, zone).astimezone(moment.tzinfo)
        # On the night on which clocks are put back, the end may be an hour that has passed once already.
        return max(end, moment)


def time_in(typed: str) -> time | None:
    """The time of day that a person means, such as 22:00 or 7:30; None if it is none."""
    hours, colon, minutes = typed.strip().partition(":")
    if not colon or not (hours + minutes).isascii() or not (hours.isdigit() and minutes.isdigit()):
        return None
    if len(hours) > 2 or len(minutes) != 2:  # noqa: PLR2004 - digits of a clock
        return None
    try:
        return time(int(hours), int(minutes))
    except ValueError:
        return None
