"""The parts of payments behind a number of a preview, a page at a time."""

from dataclasses import dataclass
from itertools import islice

from sqlalchemy.orm import Session

from domain.match.foresight import Foreseen
from models.previews import Chosen, parts_behind
from models.views.payment_rows import AllocationRow, PaymentRow, rows_of_parts


@dataclass(frozen=True, slots=True)
class PreviewedPart:
    """One part, as it is now, with what the preview said about it."""

    payment: PaymentRow
    part: AllocationRow
    foreseen: Foreseen


@dataclass(frozen=True, slots=True)
class PartsPage:
    """Some of the parts, and whether more come after them."""

    parts: tuple[PreviewedPart, ...]
    is_last: bool


def list_parts(session: Session, preview_id: int, chosen: Chosen, *, offset: int, limit: int) -> PartsPage:
    """The chosen parts from this place on; leaves out those whose payment is no longer there."""
    found = list(islice(parts_behind(session, preview_id, chosen), offset, offset + limit + 1))
    rows = rows_of_parts(session, [allocation_id for allocation_id, _ in found[:limit]])
    parts = tuple(
        PreviewedPart(*rows[allocation_id], foreseen)
        for allocation_id, foreseen in found[:limit]
        if allocation_id in rows
    )
    return PartsPage(parts, len(found) <= limit)
