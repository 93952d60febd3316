"""Registers invoices that the platform had never heard of, once both systems show them identical.

Called by: match, in the transaction that records its decisions, before anything is owed for them. Nobody else adds
invoices meanwhile: whoever imports some takes the lane of match away first (`tasks/new_facts.py`).
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from domain.match.decisions import Push
from domain.preferences import InvoiceOrigin
from models.invoices import CUSTOMER_CHARACTERS_MAX, Invoice, invoices_with_ids
from tasks.match.facts import Decided

log = structlog.get_logger()


def register_found(session: Session, decided: Sequence[Decided], now: datetime) -> set[int]:
    """Adds a record for each unknown invoice that a payment goes to.

    Returns:
        The allocations whose invoice has a record by now after all, or whose target invoice belongs to another one.
    """
    found = [(one, one.decision) for one in decided if one.case.invoice is None and isinstance(one.decision, Push)]
    if not found:
        return set()
    organization_id = found[0][0].case.due.allocation.organization_id
    source_ids = {one.case.due.allocation.document_id for one, _ in found}
    target_ids = {decision.target_invoice_id for _, decision in found}
    known = invoices_with_ids(session, organization_id, source_ids, target_ids)
    links = {(record.source_id, record.target_id) for record in known}
    taken, new = set(), 0
    for one, decision in found:
        link = (one.case.due.allocation.document_id, decision.target_invoice_id)
        if link not in links and any(link[0] == source or link[1] == target for source, target in links):
            taken.add(one.case.due.allocation.id)
        elif link not in links:
            links.add(link)
            session.add(_record(one, decision, now))
            new += 1
    log.info("invoices.found", organization_id=organization_id, new=new)
    return taken


def _record(one: Decided, decision: Push, now: datetime) -> Invoice:
    allocation, invoice = one.case.due.allocation, one.case.facts.source_invoice
    if invoice is None or invoice.number is None:
        raise AssertionError("an invoice was found by a number that it does not have")
    return Invoice(
        organization_id=allocation.organization_id,
        number=invoice.number,
        origin=InvoiceOrigin.MATCHED.value,
        source_id=allocation.document_id,
        target_id=decision.target_invoice_id,
        link_learned=True,
        total=invoice.total,
        currency=decision.currency,
        customer=invoice.customer_name[:CUSTOMER_CHARACTERS_MAX],
        updated_at=now,
    )
