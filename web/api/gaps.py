"""/api/gaps: the stretches of time in which news did not come as it should, and what can be said of each."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from models.gap_proofs import customers_of, payments_of_gap
from models.gaps import gap_of
from models.views.gap_documents import GapPaymentsOut, GapsOut, GapStatementOut
from usecases.gap_statements import count_again, gap_statement, gap_statements
from usecases.results import Rejected
from usecases.words import words_of
from web.api.access import Authorized, AuthorizedToWork
from web.api.pages import Limit, PlaceInGapPayments, PlaceInGaps, link_to_next
from web.api.repeated import WithKeptAnswers
from web.payments import ID_MAX
from web.problems import Problem, Refused
from web.signed_in import context_of

router = APIRouter(prefix="/gaps", tags=["gaps"], route_class=WithKeptAnswers)

GapId = Annotated[int, Path(ge=1, le=ID_MAX, description="as the list has it")]
_NO_SUCH_GAP = "There is no such gap."


@router.get("", summary="List the gaps")
def get_gaps(
    request: Request, response: Response, caller: Authorized, place: PlaceInGaps, limit: Limit = 50
) -> GapsOut:
    """Every stretch of time in which news did not come as it should, the latest first."""
    with context_of(request).database.reading() as session:
        words = words_of(session, caller.organization_id)
        document = GapsOut.of(gap_statements(session, caller.organization_id, words, limit + 1, place), limit)
    link_to_next(request, response, document.next_cursor)
    return document


@router.get("/{gap_id}", summary="Read a gap statement")
def get_gap(request: Request, caller: Authorized, gap_id: GapId) -> GapStatementOut:
    """One stretch with its numbers, both counts, and whether anything is missing."""
    with context_of(request).database.reading() as session:
        words = words_of(session, caller.organization_id)
        statement = gap_statement(session, caller.organization_id, gap_id, words)
    if statement is None:
        raise Refused(Problem.NOT_FOUND, _NO_SUCH_GAP)
    return GapStatementOut.whole(statement)


@router.get("/{gap_id}/payments", summary="List the payments of a gap")
def get_gap_payments(
    request: Request,
    response: Response,
    caller: Authorized,
    gap_id: GapId,
    place: PlaceInGapPayments,
    limit: Limit = 50,
) -> GapPaymentsOut:
    """The payments that were recorded, changed or deleted in the stretch, with who told of each first."""
    with context_of(request).database.reading() as session:
        gap = gap_of(session, caller.organization_id, gap_id)
        if gap is None:
            raise Refused(Problem.NOT_FOUND, _NO_SUCH_GAP)
        rows = payments_of_gap(session, gap, limit + 1, place or 0)
        customers = customers_of(session, gap.connection_id, [row.external_id for row in rows])
    document = GapPaymentsOut.of(rows, customers, limit)
    link_to_next(request, response, document.next_cursor)
    return document


@router.post("/{gap_id}/count", summary="Count a gap again")
def post_gap_count(request: Request, caller: AuthorizedToWork, gap_id: GapId) -> GapStatementOut:
    """Has the payments of a closed gap listed and counted again on both sides. It takes a metered read."""
    get_gap(request, caller, gap_id)
    refused = count_again(context_of(request), caller.organization_id, gap_id)
    if isinstance(refused, Rejected):
        raise Refused(Problem.NOT_POSSIBLE, refused.message)
    return get_gap(request, caller, gap_id)
