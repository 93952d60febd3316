"""What the reconciliation asks about many invoices at once: which belong together, and how many we know."""

from collections.abc import Collection

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from models.base import one_of
from models.invoices import Invoice, SourceInvoiceRow


def links_between(
    session: Session, organization_id: int, source_ids: Collection[str], target_ids: Collection[str]
) -> dict[str, str]:
    """The target's id by the source's id, for the organization's records that name one of these invoices."""
    ours = select(Invoice.source_id, Invoice.target_id).where(
        Invoice.organization_id == organization_id, Invoice.source_id.is_not(None), Invoice.target_id.is_not(None)
    )
    # Not joined by "or": neither database uses two indexes well for one question about thousands of invoices.
    both = union(ours.where(one_of(Invoice.source_id, source_ids)), ours.where(one_of(Invoice.target_id, target_ids)))
    return {one: other for one, other in session.execute(both) if one is not None and other is not None}


def count_source_invoices(session: Session, connection_id: int) -> int:
    """How many invoices of the source we have heard of."""
    statement = select(func.count()).where(SourceInvoiceRow.connection_id == connection_id)
    return session.scalar(statement) or 0
