"""The operator's home: every organization with what waits in it, its connections, and whether payments are sent."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from models.organizations import is_organization
from models.pausable import pause_of_everything
from models.users import choose_organization
from models.views.all_organizations import held_by_reason, list_organizations, numbers_of_all
from tasks.context import Context
from usecases.pausing import (
    Paused,
    pause_connection,
    pause_everything,
    pause_organization,
    resume_connection,
    resume_everything,
    resume_organization,
)
from usecases.results import Rejected
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import Operator, OperatorsForm, Viewer, context_of, form_token
from web.typed_text import plain
from web.writing import EVERYBODY

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
SEARCH_CHARACTERS_MAX = 200
# A larger offset only costs the database work.
PAGE_MAX = 10_000

Search = Annotated[str, Query(max_length=SEARCH_CHARACTERS_MAX)]
PageNumber = Annotated[int, Query(ge=1, le=PAGE_MAX)]
# Zero stands for all organizations.
Which = Annotated[int, Form(ge=0, le=ID_MAX)]


@router.get("/operator")
def operator_page(request: Request, viewer: Operator, search: Search = "", page: PageNumber = 1) -> Response:
    return _page(request, viewer, plain(search), page)


@router.post("/operator/pause")
def pause(
    request: Request,
    viewer: OperatorsForm,
    organization_id: Which,
    vendor: Annotated[str, Form()] = "",
    why: Annotated[str, Form()] = "",
) -> Response:
    """Sends nothing new: for one organization, for one of its connections, or for anybody."""
    context, why, vendor = context_of(request), plain(why), plain(vendor)
    _check(context, organization_id)
    if not organization_id:
        done = pause_everything(context, why)
    elif vendor:
        done = pause_connection(context, organization_id, vendor, why)
    else:
        done = pause_organization(context, organization_id, why)
    return _answer(request, viewer, done, typed={"organization_id": organization_id, "why": why, "vendor": vendor})


@router.post("/operator/resume")
def resume(
    request: Request, viewer: OperatorsForm, organization_id: Which, vendor: Annotated[str, Form()] = ""
) -> Response:
    context, vendor = context_of(request), plain(vendor)
    _check(context, organization_id)
    if not organization_id:
        done = resume_everything(context)
    elif vendor:
        done = resume_connection(context, organization_id, vendor)
    else:
        done = resume_organization(context, organization_id)
    return _answer(request, viewer, done)


@router.post("/operator/open")
def open_organization(
    request: Request,
    viewer: OperatorsForm,
    organization_id: Annotated[int, Form(ge=1, le=ID_MAX)],
    payment: Annotated[str, Form()] = "",
) -> Response:
    """From now on the operator works in this organization, beginning with its overview or with one payment."""
    context = context_of(request)
    _check(context, organization_id)
    with context.database.writing() as session:
        choose_organization(session, viewer.session_id, organization_id)
    # A payment's id is the source's own; whatever else is typed here is a page that is not there.
    is_id = payment.isalnum() and payment.isascii()
    return RedirectResponse(f"/payments/{payment}" if is_id else "/overview", 303)


def _check(context: Context, organization_id: int) -> None:
    """Raises 404 unless there is such an organization, or all are meant."""
    with context.database.reading() as session:
        if organization_id and not is_organization(session, organization_id):
            raise HTTPException(404)


def _answer(request: Request, viewer: Viewer, done: Paused | Rejected, typed: dict[str, Any] | None = None) -> Response:
    if isinstance(done, Rejected):
        return _page(request, viewer, "", 1, problem=done.message, typed=typed)
    return RedirectResponse("/operator", 303)


def _page(
    request: Request,
    viewer: Viewer,
    search: str,
    page: int,
    *,
    problem: str | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    context = context_of(request)
    with context.database.reading() as session:
        found = list_organizations(session, search, offset=(page - 1) * ROWS_PER_PAGE, limit=ROWS_PER_PAGE)
        numbers, reasons = numbers_of_all(session), held_by_reason(session)
        everything = pause_of_everything(session)
    return render(
        request,
        "operator.html",
        200 if problem is None else 409,
        viewer=viewer,
        writing=EVERYBODY,
        token=form_token(request, None),
        problem=problem,
        typed=typed or {"organization_id": None, "why": "", "vendor": ""},
        search=search,
        page=page,
        pages=-(-found.found // ROWS_PER_PAGE),
        rows=found.rows,
        found=found.found,
        numbers=numbers,
        reasons=reasons,
        everything=everything,
        words=context.platform.words(context.platform.vendors),
    )
