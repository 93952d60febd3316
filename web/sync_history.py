"""Sync Invoices > History: the runs, one run as a table to save, and the whole story of one invoice."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.copying.states import ALLOWED, CopyAction, CopyState, ItemState
from domain.money import plain_amount
from domain.words import Words
from models.billed_invoices import BilledInvoiceRow, billed_by_id
from models.copy_runs import INVOICES_PER_RUN_MAX, attempts_of_copies, counts_of_runs, run_by_id, runs_of
from models.invoices import invoices_with_ids
from models.organizations import organization_with_connections
from models.views.copies import ItemRow, list_items, runs_of_invoice
from usecases.copying import start_run
from usecases.results import Rejected
from usecases.words import words_of
from web import copy_wording
from web.labels import COPY_ACTION_LABELS, COPY_STATE_LABELS, INVOICE_KIND_LABELS, ITEM_STATE_LABELS
from web.outside_links import invoice_link
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import FormWithSyncTool, Member, WithSyncTool, context_of
from web.sync_runs import RunId, found_run
from web.table_file import table_file

router = APIRouter(include_in_schema=False)

RUNS_PER_PAGE = 25
CSV_HEADS = (
    "Run",
    "What",
    "Invoice",
    "Date",
    "Customer",
    "Company",
    "Kind",
    "Currency",
    "Total in ConnectWise",
    "Total in QuickBooks",
    "ConnectWise id",
    "QuickBooks id",
    "Batch in ConnectWise",
    "Result",
    "Invoice now",
    "Reason",
    "Detail",
)
RowId = Annotated[int, Path(ge=1, le=ID_MAX)]


@router.get("/sync-invoices/history")
def history_page(
    request: Request, member: WithSyncTool, before: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None
) -> Response:
    with context_of(request).database.reading() as session:
        found = runs_of(session, member.organization_id, RUNS_PER_PAGE + 1, before)
        runs = found[:RUNS_PER_PAGE]
        counts = counts_of_runs(session, [run.id for run in runs])
        words = words_of(session, member.organization_id)
    return render(
        request,
        "sync_history.html",
        viewer=member.viewer,
        runs=runs,
        counts=counts,
        totals={run_id: sum(of_run.values()) for run_id, of_run in counts.items()},
        is_first=before is None,
        older=runs[-1].id if len(found) > RUNS_PER_PAGE else None,
        words=words,
    )


@router.get("/sync-invoices/runs/{run_id}.csv")
def run_as_table(request: Request, run_id: RunId, member: WithSyncTool) -> Response:
    with context_of(request).database.reading() as session:
        run = found_run(run_by_id(session, member.organization_id, run_id))
        rows = list_items(session, run.id, limit=INVOICES_PER_RUN_MAX)
        words = words_of(session, member.organization_id)
    label = COPY_ACTION_LABELS[CopyAction(run.action)]
    cells = [[str(run.id), label, *_cells(row, words)] for row in rows]
    return table_file(f"sync-invoices-run-{run.id}.csv", CSV_HEADS, cells)


def _cells(row: ItemRow, words: Words) -> list[str]:
    item, invoice = row.item, row.invoice
    return [
        invoice.number,
        invoice.issued_on.isoformat() if invoice.issued_on else "",
        invoice.bill_to,
        invoice.company,
        INVOICE_KIND_LABELS[invoice.as_record().kind],
        invoice.currency or "",
        plain_amount(invoice.total, invoice.currency),
        plain_amount(invoice.books_total, invoice.currency) if invoice.books_total is not None else "",
        invoice.external_id,
        item.books_id or invoice.books_id or "",
        invoice.batch_identifier or "",
        ITEM_STATE_LABELS[ItemState(item.state)],
        COPY_STATE_LABELS[CopyState(invoice.state)],
        copy_wording.sentence(item.reason, words) if item.reason else "",
        item.detail,
    ]


@router.get("/sync-invoices/invoices/{row_id}")
def invoice_page(request: Request, row_id: RowId, member: WithSyncTool) -> Response:
    return _invoice_page(request, member, row_id)


@router.get("/live/sync-invoices/invoices/{row_id}")
def invoice_fragment(request: Request, row_id: RowId, member: WithSyncTool) -> Response:
    values = _invoice_values(request, member, row_id)
    return render(request, "sync_invoice_live.html", viewer=member.viewer, **values)


@router.post("/sync-invoices/invoices/{row_id}")
def start_one(
    request: Request, row_id: RowId, member: FormWithSyncTool, what: Annotated[CopyAction, Form()]
) -> Response:
    """Begins a run with this invoice alone; its preview is confirmed like any other."""
    _invoice_values(request, member, row_id)
    run = start_run(context_of(request), member.organization_id, what, [row_id], member.viewer.user.email)
    if isinstance(run, Rejected):
        return _invoice_page(request, member, row_id, problem=run.message, status_code=409)
    return RedirectResponse(f"/sync-invoices/runs/{run.run_id}", 303)


def _invoice_values(request: Request, member: Member, row_id: int) -> dict[str, Any]:
    with context_of(request).database.reading() as session:
        found = billed_by_id(session, member.organization_id, [row_id])
        if not found:
            raise HTTPException(404)
        row = found[0]
        runs = runs_of_invoice(session, member.organization_id, row.id)
        attempts = attempts_of_copies(session, [row.id])
        listed = invoices_with_ids(
            session, member.organization_id, [row.books_id] if row.books_id else [], [row.external_id]
        )
        words = words_of(session, member.organization_id)
        _, source, target = organization_with_connections(session, member.organization_id)
    vendors = context_of(request).platform.vendors
    return {
        "row": row,
        "target_link": invoice_link(vendors, target, row.external_id),
        "source_link": invoice_link(vendors, source, row.books_id),
        "invoice_id": listed[0].id if listed else None,
        "runs": runs,
        "attempts": attempts,
        "actions": _actions_for(row),
        "has_changed": row.state == CopyState.CHANGED.value and row.books_total is not None,
        "words": words,
        "CopyAction": CopyAction,
        "CopyState": CopyState,
    }


def _actions_for(row: BilledInvoiceRow) -> list[CopyAction]:
    """What can be asked for now. Without a copy of ours there is nothing to take back, to update or to leave."""
    about_a_copy = {CopyAction.TAKE_BACK, CopyAction.UPDATE, CopyAction.LEAVE}
    has_none = row.state == CopyState.HELD.value and row.books_id is None
    return [
        action
        for action in CopyAction
        if CopyState(row.state) in ALLOWED[action] and not (has_none and action in about_a_copy)
    ]


def _invoice_page(
    request: Request, member: Member, row_id: int, *, problem: str | None = None, status_code: int = 200
) -> Response:
    values = _invoice_values(request, member, row_id)
    return render(request, "sync_invoice.html", status_code, viewer=member.viewer, problem=problem, **values)
