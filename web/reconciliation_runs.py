"""The past comparisons, and the evidence of one: what was asked, counted, added up and read, for whoever checks it."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import Response

from models.invariants import sentence_about
from models.reconciliation_runs import run_by_id, runs_of
from usecases.reconciliation_overview import unidentified_of, verdict_of
from usecases.words import words_of
from web.pages import render
from web.payments import ID_MAX
from web.reconciliation import bridges, kind_rows
from web.signed_in import InOrganization, context_of

router = APIRouter(include_in_schema=False)

RUNS_PER_PAGE = 50


@router.get("/reconciliation/runs")
def runs_page(
    request: Request, member: InOrganization, before: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None
) -> Response:
    with context_of(request).database.reading() as session:
        found = runs_of(session, member.organization_id, RUNS_PER_PAGE + 1, before)
    rows = found[:RUNS_PER_PAGE]
    return render(
        request,
        "reconciliation_runs.html",
        viewer=member.viewer,
        rows=rows,
        is_first=before is None,
        older=rows[-1].id if len(found) > RUNS_PER_PAGE else None,
    )


@router.get("/reconciliation/runs/{run_id}")
def run_page(request: Request, member: InOrganization, run_id: Annotated[int, Path(ge=1, le=ID_MAX)]) -> Response:
    with context_of(request).database.reading() as session:
        run = run_by_id(session, member.organization_id, run_id)
        words = words_of(session, member.organization_id)
    if run is None:
        raise HTTPException(404)
    return render(
        request,
        "reconciliation_run.html",
        viewer=member.viewer,
        run=run,
        sentence_about=sentence_about,
        words=words,
        verdict=verdict_of(run, words) if run.is_over else "This comparison is under way.",
        unidentified=unidentified_of(run) if run.is_over else None,
        kinds=kind_rows(run.sums, words),
        bridges=bridges(run.bridge_rows, words),
        sides=[(words.source, run.source), (words.target, run.target)],
    )
