"""A process does not begin on a schema that is too old for it: every statement would fail, and none would say why.

A newer one is good: migrations leave the release before them working (docs/upgrading.md).
"""

from domain.readiness import check_of_schema
from models.schema import schema_state
from models.unavailable import DatabaseUnavailable


def end_on_an_old_schema(url: str) -> None:
    """Ends the process with what to do about it. A database that is away is waited for later, as at any other time."""
    try:
        state = schema_state(url)
    except DatabaseUnavailable:
        return
    if not state.can_be_worked_with:
        found = check_of_schema(state.current, state.needed, is_newer=False)
        raise SystemExit(f"error: {found.what} {found.advice}")
