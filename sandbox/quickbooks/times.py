"""Instants as Intuit writes and reads them."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

# Times come with the Pacific offset whatever the company's zone (an Intuit engineer, QuickBooks-V3-Java-SDK #26).
PACIFIC = ZoneInfo("America/Los_Angeles")


def metadata_time(at: datetime) -> str:
    """MetaData has whole seconds: 2015-01-16T15:08:12-08:00."""
    return at.astimezone(PACIFIC).isoformat(timespec="seconds")


def server_time(at: datetime) -> str:
    """The envelope's `time` has milliseconds: 2015-07-28T15:16:15.435-07:00."""
    return at.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def epoch_milliseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1000 + at.microsecond // 1000


def nanosecond_time(at: datetime, nanoseconds: int) -> str:
    """Webhook times have nanoseconds; the clock has microseconds, so the last three digits are given."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}{nanoseconds:03d}Z"


def parse_time(text: str) -> datetime:
    """Reads a date or a dateTime; without an offset it is Pacific. ValueError when it is neither."""
    try:
        at = datetime.combine(date.fromisoformat(text), time())
    except ValueError:
        at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=PACIFIC)).astimezone(UTC)
