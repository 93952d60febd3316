"""/api/reconciliation: what the last comparison says, comparing now, the differences, and signed statements."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.statement import Period
from models.database import Session
from models.reconciliation_breaks import NOTE_CHARACTERS_MAX, BreakFilter, break_by_id, breaks_in, steps_of
from models.reconciliation_runs import run_by_id, runs_of
from models.views.reconciliation_documents import (
    BreaksOut,
    BreakStoryOut,
    ReconciliationOut,
    RunEvidenceOut,
    RunOut,
    RunsOut,
    SignedOut,
    SignedStatementOut,
    StatementsOut,
)
from usecases.reconciliation_overview import reconciliation_out, verdict_of
from usecases.reconciling import accept_break, start_reconciliation, withdraw_acceptance
from usecases.results import Rejected
from usecases.statements import draft, review_statement, sign_statement, signed_statement, signed_statements
from usecases.words import words_of
from web.api.access import Authorized, AuthorizedToManage, AuthorizedToWork, Caller
from web.api.pages import Limit, PlaceInBreaks, PlaceInComparisons, link_to_next
from web.api.repeated import REPEATABLE, WithKeptAnswers
from web.api.values import Day
from web.payments import ID_MAX
from web.problems import Problem, Refused
from web.reconciliation import NUMBER_CHARACTERS_MAX
from web.signed_in import context_of

router = APIRouter(prefix="/reconciliation", tags=["reconciliation"], route_class=WithKeptAnswers)

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
BreakId = Annotated[int, Path(ge=1, le=ID_MAX, description="as the list has it")]
# A NUL would be refused by PostgreSQL.
Text = Annotated[str, Field(min_length=1, max_length=NOTE_CHARACTERS_MAX, pattern=r"^[^\x00]*$")]


@router.get("", summary="Read how both systems stand")
def get_reconciliation(request: Request, caller: Authorized) -> ReconciliationOut:
    """What the last comparison says, with its evidence, and what is apart now."""
    with context_of(request).database.reading() as session:
        words = words_of(session, caller.organization_id)
        return reconciliation_out(session, caller.organization_id, words)


# --- runs ---


@router.get("/runs", summary="List the comparisons")
def get_comparisons(
    request: Request,
    response: Response,
    caller: Authorized,
    place: PlaceInComparisons,
    limit: Limit = 50,
) -> RunsOut:
    """Every comparison, the newest first."""
    with context_of(request).database.reading() as session:
        document = RunsOut.of(runs_of(session, caller.organization_id, limit + 1, place), limit)
    link_to_next(request, response, document.next_cursor)
    return document


@router.post("/runs", openapi_extra=REPEATABLE, summary="Compare both systems now")
def post_comparison(request: Request, caller: AuthorizedToWork) -> RunOut:
    """Compares both systems now; answers with the run under way if there is one. It takes metered reads."""
    started = start_reconciliation(context_of(request), caller.organization_id)
    if isinstance(started, Rejected):
        raise Refused(Problem.NOT_POSSIBLE, started.message)
    with context_of(request).database.reading() as session:
        run = run_by_id(session, caller.organization_id, started)
    assert run is not None
    return RunOut.of(run)


@router.get("/runs/{run_id}", summary="Read a comparison")
def get_comparison(request: Request, caller: Authorized, run_id: Id) -> RunEvidenceOut:
    """One comparison with its evidence."""
    with context_of(request).database.reading() as session:
        run = run_by_id(session, caller.organization_id, run_id)
        words = words_of(session, caller.organization_id)
    if run is None:
        raise Refused(Problem.NOT_FOUND, "There is no such comparison.")
    return RunEvidenceOut.told(run, verdict_of(run, words) if run.is_over else "")


# --- differences ---


@router.get("/breaks", summary="List the differences")
def get_breaks(
    request: Request,
    response: Response,
    caller: Authorized,
    place: PlaceInBreaks,
    standing: Annotated[Standing | None, Query(description="without one, all that are still there")] = None,
    kind: BreakKind | None = None,
    number: Annotated[str, Query(max_length=NUMBER_CHARACTERS_MAX, pattern=r"^[^\x00]*$")] = "",
    limit: Limit = 50,
) -> BreaksOut:
    """The differences, the longest known first."""
    chosen = BreakFilter(standing, kind, number.strip())
    with context_of(request).database.reading() as session:
        found = breaks_in(session, caller.organization_id, chosen, limit + 1, place or 0)
        document = BreaksOut.of(found, limit, words_of(session, caller.organization_id))
    link_to_next(request, response, document.next_cursor)
    return document


@router.get("/breaks/{break_id}", summary="Read a difference")
def get_break(request: Request, caller: Authorized, break_id: BreakId) -> BreakStoryOut:
    """One difference with its history."""
    with context_of(request).database.reading() as session:
        return _story(session, caller, break_id)


class AcceptIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Text
    limit: Annotated[
        Decimal | None, Field(ge=0, max_digits=18, decimal_places=5, description="without one: what it is now")
    ] = None
    until: Annotated[Day | None, Field(description="the last day on which it holds")] = None


@router.post("/breaks/{break_id}/accept", summary="Accept a difference")
def post_accept(request: Request, caller: AuthorizedToWork, break_id: BreakId, given: AcceptIn) -> BreakStoryOut:
    """Takes the difference as it is, until one of its amounts changes."""
    get_break(request, caller, break_id)
    refused = accept_break(
        context_of(request), caller.organization_id, break_id, given.reason, given.limit, given.until
    )
    return _after(request, caller, break_id, refused)


@router.post("/breaks/{break_id}/withdraw", summary="Take an acceptance back")
def post_withdraw(request: Request, caller: AuthorizedToWork, break_id: BreakId) -> BreakStoryOut:
    """Takes an acceptance back; the difference is open again."""
    get_break(request, caller, break_id)
    return _after(request, caller, break_id, withdraw_acceptance(context_of(request), caller.organization_id, break_id))


def _after(request: Request, caller: Caller, break_id: int, refused: Rejected | None) -> BreakStoryOut:
    if refused is not None:
        raise Refused(Problem.NOT_POSSIBLE, refused.message)
    with context_of(request).database.reading() as session:
        return _story(session, caller, break_id)


def _story(session: Session, caller: Caller, break_id: int) -> BreakStoryOut:
    row = break_by_id(session, caller.organization_id, break_id)
    if row is None:
        raise Refused(Problem.NOT_FOUND, "There is no such difference.")
    steps = steps_of(session, caller.organization_id, break_id)
    return BreakStoryOut.story(row, steps, words_of(session, caller.organization_id))


# --- statements ---


@router.get("/statements", summary="List the signed statements")
def get_statements(request: Request, caller: Authorized) -> StatementsOut:
    """The signed statements, the latest period first."""
    with context_of(request).database.reading() as session:
        signed = signed_statements(session, caller.organization_id)
    return StatementsOut(statements=[SignedOut.of(one.row, one.attention) for one in signed])


@router.get("/statements/draft", summary="Draft a statement")
def get_draft(request: Request, caller: Authorized, first: Day, last: Day) -> dict[str, Any]:
    """The statement of these days (UTC, the last one included) as the records give it now."""
    if first > last or last == date.max:
        raise Refused(Problem.NOT_POSSIBLE, "The first day of the period is after its last one.")
    with context_of(request).database.reading() as session:
        return draft(session, caller.organization_id, Period(first, last))


@router.get("/statements/{statement_id}", summary="Read a statement")
def get_statement(request: Request, caller: Authorized, statement_id: Id) -> SignedStatementOut:
    """A statement as it was signed, and what has changed in its period since."""
    with context_of(request).database.reading() as session:
        signed = signed_statement(session, caller.organization_id, statement_id)
    if signed is None:
        raise Refused(Problem.NOT_FOUND, "There is no such statement.")
    return SignedStatementOut.whole(signed.row, signed.attention, signed.document)


class PeriodIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    first: Day
    last: Day


@router.post("/statements", summary="Sign a statement")
def post_statement(request: Request, caller: AuthorizedToWork, given: PeriodIn) -> SignedStatementOut:
    """Signs the statement of these days, as a person with the dashboard's session: a program cannot sign."""
    signed = sign_statement(context_of(request), caller.organization_id, given.first, given.last)
    if isinstance(signed, Rejected):
        raise Refused(Problem.NOT_POSSIBLE, signed.message)
    return get_statement(request, caller, signed)


@router.post("/statements/{statement_id}/review", summary="Review a statement")
def post_review(request: Request, caller: AuthorizedToManage, statement_id: Id) -> SignedStatementOut:
    """Closes the period, as a person other than the one who signed."""
    get_statement(request, caller, statement_id)
    refused = review_statement(context_of(request), caller.organization_id, statement_id)
    if refused is not None:
        raise Refused(Problem.NOT_POSSIBLE, refused.message)
    return get_statement(request, caller, statement_id)
