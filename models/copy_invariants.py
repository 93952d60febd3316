"""Conditions of the Sync Tool that must hold at any moment; `models/invariants.py` runs them with all others."""

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from domain.copying.states import AT_WORK, CopyState, ItemState
from domain.preferences import InvoiceOrigin
from models.base import of_one_or_all
from models.billed_invoices import BilledInvoiceRow
from models.copy_runs import CopyRun, CopyRunItem
from models.invoices import Invoice

_AT_WORK = [state.value for state in AT_WORK]


def copied_without_copy(_session: Session, organization_id: int | None) -> Select[int]:
    """Said to be copied, and nothing says where; or said to be marked only, and there is a copy."""
    row = BilledInvoiceRow
    nowhere = and_(row.state == CopyState.COPIED.value, row.books_id.is_(None))
    marked = and_(row.state == CopyState.PRESENT.value, or_(row.books_id.is_not(None), row.batch_identifier.is_(None)))
    return select(row.id).where(or_(nowhere, marked), *of_one_or_all(row.organization_id, organization_id))


def forgotten_work(_session: Session, organization_id: int | None) -> Select[int]:
    """Somebody wants something done, and no time is set for it; or a time is set and nothing is to be done."""
    row = BilledInvoiceRow
    waits = row.state.in_(_AT_WORK)
    return select(row.id).where(
        or_(
            and_(waits, or_(row.due_at.is_(None), row.action.is_(None))),
            and_(row.state.not_in(_AT_WORK), row.due_at.is_not(None)),
        ),
        *of_one_or_all(row.organization_id, organization_id),
    )


def forgotten_item(_session: Session, organization_id: int | None) -> Select[int]:
    """A run waits for an invoice on which nobody is at work."""
    at_work = exists().where(
        BilledInvoiceRow.id == CopyRunItem.billed_invoice_id,
        BilledInvoiceRow.run_id == CopyRunItem.run_id,
        BilledInvoiceRow.state.in_(_AT_WORK),
    )
    of_runs = []
    if organization_id is not None:
        of_runs = [CopyRunItem.run_id.in_(select(CopyRun.id).where(CopyRun.organization_id == organization_id))]
    return select(CopyRunItem.id).where(CopyRunItem.state == ItemState.QUEUED.value, ~at_work, *of_runs)


def copy_without_link(_session: Session, organization_id: int | None) -> Select[int]:
    """A copy that payments would not find."""
    row = BilledInvoiceRow
    linked = exists().where(
        Invoice.organization_id == row.organization_id,
        Invoice.source_id == row.books_id,
        Invoice.target_id == row.external_id,
        Invoice.origin == InvoiceOrigin.SYNC_TOOL.value,
    )
    of_this = of_one_or_all(row.organization_id, organization_id)
    return select(row.id).where(row.state == CopyState.COPIED.value, ~linked, *of_this)
