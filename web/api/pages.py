"""Lists in pages: the parameter `cursor`, `next_cursor` in the answer, and the same as a link in a header."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response

from domain.cursors import CURSOR_CHARACTERS_MAX, Listed, place_of
from web.problems import FieldError, Problem, Refused

LIMIT_MAX = 200
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="So many at most")]
_UNREADABLE = "This is no cursor of this list. Take `next_cursor` of the page before as it is, or leave it out."


def _reader_of(listed: Listed) -> Callable[[str | None], int | None]:
    def place(
        cursor: Annotated[
            str | None,
            Query(max_length=CURSOR_CHARACTERS_MAX, description="`next_cursor` of the page before, with its filters"),
        ] = None,
    ) -> int | None:
        if cursor is None:
            return None
        found = place_of(listed, cursor)
        if found is None:
            raise Refused(Problem.NOT_VALID, errors=[FieldError(parameter="cursor", detail=_UNREADABLE)])
        return found

    return place


# The row after which the page begins; None on the first one.
PlaceInPayments = Annotated[int | None, Depends(_reader_of(Listed.PAYMENTS))]
PlaceInOwnPayments = Annotated[int | None, Depends(_reader_of(Listed.OWN_PAYMENTS))]
PlaceInInvoices = Annotated[int | None, Depends(_reader_of(Listed.INVOICES))]
PlaceInActivity = Annotated[int | None, Depends(_reader_of(Listed.ACTIVITY))]
PlaceInPreviewParts = Annotated[int | None, Depends(_reader_of(Listed.PREVIEW_PARTS))]
PlaceInCopies = Annotated[int | None, Depends(_reader_of(Listed.COPIES))]
PlaceInRuns = Annotated[int | None, Depends(_reader_of(Listed.RUNS))]
PlaceInRunItems = Annotated[int | None, Depends(_reader_of(Listed.RUN_ITEMS))]
PlaceInNotices = Annotated[int | None, Depends(_reader_of(Listed.NOTICES))]
PlaceInComparisons = Annotated[int | None, Depends(_reader_of(Listed.COMPARISONS))]
PlaceInBreaks = Annotated[int | None, Depends(_reader_of(Listed.BREAKS))]
PlaceInGaps = Annotated[int | None, Depends(_reader_of(Listed.GAPS))]
PlaceInGapPayments = Annotated[int | None, Depends(_reader_of(Listed.GAP_PAYMENTS))]
PlaceInCustomers = Annotated[int | None, Depends(_reader_of(Listed.CUSTOMERS))]


def link_to_next(request: Request, response: Response, next_cursor: str | None) -> None:
    """Where the list goes on, with everything else that was asked for; nothing on the last page."""
    if next_cursor is None:
        return
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    query = urlencode([*kept, ("cursor", next_cursor)])
    response.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
