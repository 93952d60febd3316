"""The statement of a period: as the records give it now, and as two people have signed it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.bridge import BridgeLine, BridgeRow
from domain.reconciliation.statement import Period
from domain.reconciliation.statement_files import archive, document_bytes, sha256_of, statement_files
from domain.reconciliation.words import break_label
from domain.words import Words
from usecases.results import Rejected
from usecases.statements import Signed, draft, review_statement, sign_statement, signed_statement, signed_statements
from usecases.words import words_of
from web.pages import render
from web.payments import ID_MAX
from web.reconciliation import bridges
from web.signed_in import FormInOrganization, InOrganization, ManagersForm, Member, context_of
from web.table_file import saved_file
from web.typed_text import day_in

router = APIRouter(include_in_schema=False)

# The tables have every line; a page with more is no longer read by a person.
LINES_ON_PAGE_MAX = 500
DAYS_UNREADABLE = "Choose the first and the last day of the period, the first one not after the last one."
DONE = {
    "signed": "You have signed the statement. Somebody else reviews it; then the period is closed.",
    "reviewed": "You have reviewed the statement. The period is closed.",
}
_MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
StatementId = Annotated[int, Path(ge=1, le=ID_MAX)]
FileName = Annotated[str, Path(pattern=r"^[a-z.-]{1,40}$")]


@router.get("/reconciliation/statements")
def statements_page(request: Request, member: InOrganization) -> Response:
    return _list(request, member)


@router.get("/reconciliation/statements/draft")
def draft_page(request: Request, member: InOrganization, first: str = "", last: str = "") -> Response:
    period = _period_in(first, last)
    if period is None:
        return _list(request, member, first, last, problem=DAYS_UNREADABLE, status_code=422)
    return _draft(request, member, period)


@router.get("/reconciliation/statements/draft/{name}")
def draft_file(request: Request, member: InOrganization, name: FileName, first: str = "", last: str = "") -> Response:
    """One of the statement's files, or all of them as a ZIP archive."""
    period = _period_in(first, last)
    if period is None:
        raise HTTPException(404)
    with context_of(request).database.reading() as session:
        document = draft(session, member.organization_id, period)
    return _file(name, statement_files(document))


@router.post("/reconciliation/statements")
def sign(
    request: Request,
    member: FormInOrganization,
    first: Annotated[str, Form()] = "",
    last: Annotated[str, Form()] = "",
) -> Response:
    period = _period_in(first, last)
    if period is None:
        return _list(request, member, first, last, problem=DAYS_UNREADABLE, status_code=422)
    signed = sign_statement(context_of(request), member.organization_id, period.first, period.last)
    if isinstance(signed, Rejected):
        return _draft(request, member, period, problem=signed.message, status_code=409)
    return RedirectResponse(f"/reconciliation/statements/{signed}?done=signed", 303)


@router.get("/reconciliation/statements/{statement_id}")
def statement_page(request: Request, member: InOrganization, statement_id: StatementId, done: str = "") -> Response:
    return _signed(request, member, statement_id, notice=DONE.get(done))


@router.get("/reconciliation/statements/{statement_id}/{name}")
def statement_file(request: Request, member: InOrganization, statement_id: StatementId, name: FileName) -> Response:
    """One of the files as they were signed, or all of them as a ZIP archive."""
    return _file(name, _found(request, member, statement_id).files)


@router.post("/reconciliation/statements/{statement_id}/review")
def review(request: Request, member: ManagersForm, statement_id: StatementId) -> Response:
    _found(request, member, statement_id)
    refused = review_statement(context_of(request), member.organization_id, statement_id)
    if refused is not None:
        return _signed(request, member, statement_id, problem=refused.message, status_code=409)
    return RedirectResponse(f"/reconciliation/statements/{statement_id}?done=reviewed", 303)


def _period_in(first: str, last: str) -> Period | None:
    begin, end = day_in(first), day_in(last)
    if begin is None or end is None or begin > end or end == date.max:
        return None
    return Period(begin, end)


def _file(name: str, files: dict[str, bytes]) -> Response:
    if name == "statement.zip":
        return saved_file(name, archive(files), "application/zip")
    if name not in files:
        raise HTTPException(404)
    return saved_file(name, files[name], _MEDIA_TYPES[name.rpartition(".")[2]])


def _found(request: Request, member: Member, statement_id: int) -> Signed:
    with context_of(request).database.reading() as session:
        signed = signed_statement(session, member.organization_id, statement_id)
    if signed is None:
        raise HTTPException(404)
    return signed


def _list(
    request: Request,
    member: Member,
    first: str | None = None,
    last: str | None = None,
    *,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    with context_of(request).database.reading() as session:
        rows = signed_statements(session, member.organization_id)
    # The month before this one is what is usually closed.
    end = context_of(request).clock.now().date().replace(day=1) - timedelta(days=1)
    return render(
        request,
        "statements.html",
        status_code,
        viewer=member.viewer,
        problem=problem,
        rows=rows,
        first=end.replace(day=1).isoformat() if first is None else first,
        last=end.isoformat() if last is None else last,
    )


def _draft(
    request: Request, member: Member, period: Period, *, problem: str | None = None, status_code: int = 200
) -> Response:
    with context_of(request).database.reading() as session:
        document = draft(session, member.organization_id, period)
        words = words_of(session, member.organization_id)
    is_over = period.ends_at <= context_of(request).clock.now()
    return render(
        request,
        "statement.html",
        status_code,
        viewer=member.viewer,
        problem=problem,
        signed=None,
        is_over=is_over,
        address="/reconciliation/statements/draft",
        query=f"?first={period.first}&last={period.last}",
        sha256=sha256_of(document_bytes(document)),
        **_shown(document, words),
    )


def _signed(
    request: Request,
    member: Member,
    statement_id: int,
    *,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    signed = _found(request, member, statement_id)
    with context_of(request).database.reading() as session:
        words = words_of(session, member.organization_id)
    return render(
        request,
        "statement.html",
        status_code,
        viewer=member.viewer,
        notice=notice,
        problem=problem,
        signed=signed,
        is_over=True,
        address=f"/reconciliation/statements/{statement_id}",
        query="",
        sha256=signed.row.sha256,
        **_shown(dict(signed.document), words),
    )


def _shown(document: dict[str, Any], words: Words) -> dict[str, Any]:
    run = document["last_run"]
    lines = document["breaks"][:LINES_ON_PAGE_MAX]
    rows = [
        BridgeRow(BridgeLine(line), currency, documents, Decimal(amount))
        for line, currency, documents, amount in (run["bridge"] if run else ())
    ]
    return {
        "document": document,
        "run": run,
        "bridges": bridges(rows, words),
        "lines": [(one, break_label(BreakKind(one["kind"]), words)) for one in lines],
        "left_out": len(document["breaks"]) - len(lines),
        "files": [*statement_files(document)],
        "sides": [(document["source"], run["source"]), (document["target"], run["target"])] if run else [],
    }
