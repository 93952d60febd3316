"""What people type into the fields and addresses of pages."""

from datetime import UTC, date, datetime, tzinfo


def plain(typed: str) -> str:
    # PostgreSQL stores no NUL in a text and refuses a query with one.
    return typed.replace("\0", "").strip()


def day_in(typed: str) -> date | None:
    """The day; None if there is none, or if it cannot be read."""
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None


def moment_in(typed: str, zone: tzinfo) -> datetime | None:
    """The moment, by the clocks of this zone unless it says otherwise; None if there is none, or if it cannot be read.

    Of an hour that happens twice it is the first one; a time that no clock there showed is as if it had not been
    changed yet.
    """
    try:
        moment = datetime.fromisoformat(typed.strip())
        return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
