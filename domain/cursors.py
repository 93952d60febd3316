"""Where a list goes on: an opaque text that names the list, and its last row on the page before.

Nobody has to keep it secret, and nobody can reach another organization's rows with it: every query is the caller's own.
It is opaque so that programs hand it back as they got it, whatever it will mean later.
"""

import base64
import binascii
from enum import StrEnum

_PLACE_MAX = 2**63 - 1
CURSOR_CHARACTERS_MAX = 100


class Listed(StrEnum):
    """The lists that come in pages; a cursor of one is none of another."""

    PAYMENTS = "payments"
    OWN_PAYMENTS = "own_payments"
    INVOICES = "invoices"
    ACTIVITY = "activity"
    PREVIEW_PARTS = "preview_parts"
    COPIES = "copies"
    RUNS = "runs"
    RUN_ITEMS = "run_items"
    CUSTOMERS = "customers"
    NOTICES = "notices"
    COMPARISONS = "comparisons"
    BREAKS = "breaks"
    GAPS = "gaps"
    GAP_PAYMENTS = "gap_payments"


def cursor_after(listed: Listed, place: int | None) -> str | None:
    """The cursor of the page that follows this row; None after the last page."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(f"{listed.value}:{place}".encode()).decode().rstrip("=")


def place_of(listed: Listed, cursor: str) -> int | None:
    """The row after which the page begins; None if this is no cursor of this list."""
    try:
        name, _, place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return None
    if not place.isdecimal() or not 0 < int(place[:20]) <= _PLACE_MAX:
        return None
    # Only what we have written ourselves: the decoder passes over characters that do not belong there.
    return int(place) if name == listed and cursor_after(listed, int(place)) == cursor else None
