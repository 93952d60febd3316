"""How a list goes on: the cursor that the page before ended with."""

from cli.failures import Refusal
from domain.cursors import Listed, place_of


def place_in(listed: Listed, cursor: str | None) -> int | None:
    """The row after which the page begins; None on the first page."""
    if cursor is None:
        return None
    place = place_of(listed, cursor)
    if place is None:
        raise Refusal(f"'{cursor}' is no cursor of this list; take `next_cursor` of the page before as it is")
    return place
