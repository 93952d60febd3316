"""Gap statements: the stretches of time in which news did not come as it should, and what can be said of each."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.gap_statement.conclusion import VERDICT_LABELS
from domain.gap_statement.findings import FOUND_BY_LABELS, HAPPENED_LABELS, FoundBy, Happened, sums_of
from domain.gaps import GAP_KIND_LABELS
from domain.money import plain_amount
from models.database import Session
from models.gap_proofs import GapPayment, customers_of, payments_of_gap
from models.views.gap_statements import GapStatement, Stated
from usecases.gap_statements import count_again, gap_statement, gap_statements
from usecases.results import Rejected
from usecases.words import words_of
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import FormInOrganization, InOrganization, Member, context_of
from web.table_file import table_file
from web.writing import Writing, writing_of

router = APIRouter(include_in_schema=False)

GAPS_PER_PAGE = 50
PAYMENTS_PER_PAGE = 50
# A spreadsheet with more rows is no longer read by a person.
ROWS_IN_TABLE_MAX = 20_000
ASKED_FOR = "Both sides are being counted. The statement follows in a few minutes."
GapId = Annotated[int, Path(ge=1, le=ID_MAX)]


@router.get("/gaps")
def gaps_page(
    request: Request, member: InOrganization, before: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None
) -> Response:
    with context_of(request).database.reading() as session:
        words = words_of(session, member.organization_id)
        found = gap_statements(session, member.organization_id, words, GAPS_PER_PAGE + 1, before)
    rows = found[:GAPS_PER_PAGE]
    return render(
        request,
        "gaps.html",
        viewer=member.viewer,
        rows=rows,
        is_first=before is None,
        older=rows[-1].gap.id if len(found) > GAPS_PER_PAGE else None,
        words=words,
    )


@router.get("/gaps.csv")
def gaps_as_table(request: Request, member: InOrganization) -> Response:
    """All stretches, one a row."""
    with context_of(request).database.reading() as session:
        words = words_of(session, member.organization_id)
        found = gap_statements(session, member.organization_id, words, ROWS_IN_TABLE_MAX)
    writing = writing_of(member.organization.locality)
    zone = writing.locality.time_zone
    heads = (
        "Gap",
        "What",
        f"From ({zone})",
        f"To ({zone})",
        "New",
        "Changed",
        "Deleted",
        "Conclusion",
        "Told",
        "Advice",
    )
    return table_file(
        "gaps.csv",
        heads,
        [
            [
                str(one.gap.id),
                GAP_KIND_LABELS[one.kind],
                writing.cell(one.gap.from_at),
                _cell(writing, None if one.gap.is_open else one.gap.until_at),
                *(str(count) if one.gap.has_numbers else "" for count in _counts(one)),
                VERDICT_LABELS[one.verdict],
                one.told.sentence,
                one.told.advice,
            ]
            for one in found
        ],
    )


@router.get("/gaps/{gap_id}")
def gap_page(
    request: Request,
    member: InOrganization,
    gap_id: GapId,
    after: Annotated[int, Query(ge=0, le=ID_MAX)] = 0,
    asked: bool = False,
) -> Response:
    return _page(request, member, gap_id, after, notice=ASKED_FOR if asked else None)


@router.get("/gaps/{gap_id}/payments.csv")
def gap_payments_as_table(request: Request, member: InOrganization, gap_id: GapId) -> Response:
    """The payments of one stretch, one a row."""
    with context_of(request).database.reading() as session:
        gap = _found(session, member, gap_id).stated.gap
        rows = payments_of_gap(session, gap, ROWS_IN_TABLE_MAX)
        customers = customers_of(session, gap.connection_id, [row.external_id for row in rows])
    writing = writing_of(member.organization.locality)
    zone = writing.locality.time_zone
    heads = ("Payment", "Customer", "Amount", "Currency", "What happened", "Found by")
    moments = (f"Happened ({zone})", f"Heard ({zone})", "Late by (seconds)")
    return table_file(
        f"gap-{gap_id}.csv",
        (*heads, *moments),
        [_cells(row, customers.get(row.external_id, ""), writing) for row in rows],
    )


@router.post("/gaps/{gap_id}/count")
def count_gap(request: Request, member: FormInOrganization, gap_id: GapId) -> Response:
    """Has both sides counted again; the page shows how far it is."""
    with context_of(request).database.reading() as session:
        _found(session, member, gap_id)
    refused = count_again(context_of(request), member.organization_id, gap_id)
    if isinstance(refused, Rejected):
        return _page(request, member, gap_id, problem=refused.message, status_code=409)
    return RedirectResponse(f"/gaps/{gap_id}?asked=true", 303)


def _counts(one: Stated) -> tuple[int, int, int]:
    return one.gap.new_count, one.gap.changed_count, one.gap.deleted_count


def _cells(row: GapPayment, customer: str, writing: Writing) -> list[str]:
    return [
        row.external_id,
        customer,
        plain_amount(row.amount, row.currency),
        row.currency or "",
        HAPPENED_LABELS[Happened(row.happened)],
        FOUND_BY_LABELS[FoundBy(row.found_by)],
        _cell(writing, row.happened_at),
        writing.cell(row.heard_at),
        "" if row.late_seconds is None else str(row.late_seconds),
    ]


def _cell(writing: Writing, moment: datetime | None) -> str:
    return "" if moment is None else writing.cell(moment)


def _found(session: Session, member: Member, gap_id: int) -> GapStatement:
    statement = gap_statement(session, member.organization_id, gap_id, words_of(session, member.organization_id))
    if statement is None:
        raise HTTPException(404)
    return statement


def _page(
    request: Request,
    member: Member,
    gap_id: int,
    after: int = 0,
    *,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    with context_of(request).database.reading() as session:
        statement = _found(session, member, gap_id)
        gap = statement.stated.gap
        found = payments_of_gap(session, gap, PAYMENTS_PER_PAGE + 1, after)
        rows = found[:PAYMENTS_PER_PAGE]
        customers = customers_of(session, gap.connection_id, [row.external_id for row in rows])
        words = words_of(session, member.organization_id)
    return render(
        request,
        "gap.html",
        status_code,
        viewer=member.viewer,
        notice=notice,
        problem=problem,
        statement=statement,
        one=statement.stated,
        finders=_by_finder(statement),
        rows=rows,
        customers=customers,
        is_first=not after,
        more=rows[-1].id if len(found) > PAYMENTS_PER_PAGE else None,
        words=words,
    )


def _by_finder(statement: GapStatement) -> list[dict[str, Any]]:
    """Each one who told us of payments first, with how many of what, their sums, and how late the latest was."""
    rows = []
    for finder in FoundBy:
        groups = [one for one in statement.groups if one.found_by is finder]
        if groups:
            counts = {what: sum(one.payments for one in groups if one.happened is what) for what in Happened}
            rows.append({"finder": finder, "counts": counts, "all": sums_of(groups)})
    return rows
