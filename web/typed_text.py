"""What people type into the fields and addresses of pages."""

from datetime import date


def plain(typed: str) -> str:
    # PostgreSQL stores no NUL in a text and refuses a query with one.
    return typed.replace("\0", "").strip()


def day_in(typed: str) -> date | None:
    """The day; None if there is none, or if it cannot be read."""
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None
