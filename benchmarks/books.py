"""Tenants with paid invoices in all three places, before any webhook about them."""

import io
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.connections import connection_by_id
from sandbox.demo.tenants import Tenant, set_up_tenant
from sandbox.stack import Stack
from tasks.context import Context
from usecases.invoice_import import import_invoices

AMOUNT = "100.00"
CUSTOMER = "Cascade Dental"
CATCH_UP_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Book:
    """One tenant's payments, one for each invoice, in the order of recording."""

    tenant: Tenant
    payment_ids: tuple[str, ...]
    invoice_ids: tuple[str, ...]


def add_tenant(stack: Stack, context: Context, number: int) -> Tenant:
    return set_up_tenant(stack, context, f"msp-{number}", f"MSP {number}", CUSTOMER, str(9000 + number))


def record_payments(
    stack: Stack,
    context: Context,
    tenant: Tenant,
    count: int,
    *,
    at: datetime | None = None,
    apart: timedelta = timedelta(0),
) -> Book:
    """Records `count` invoices, each paid in full. No webhook is sent, and the first catch-up has already run.

    Args:
        at: when the first one was recorded, in the past; each of the others so much later than the one before.
    """
    with stack.quickbooks() as quickbooks:
        # Numbers continue after the last book: a number that two invoices share would be ambiguous.
        first = len(quickbooks.invoices(realm_id=tenant.realm_id)) + 1
        payment_ids = quickbooks.record_many_payments(
            tenant.customer_id,
            count,
            AMOUNT,
            first_number=first,
            at=None if at is None else at.isoformat(),
            apart_seconds=int(apart.total_seconds()),
            realm_id=tenant.realm_id,
        )
        numbers = {invoice.id: str(invoice.doc_number) for invoice in quickbooks.invoices(realm_id=tenant.realm_id)}
        paid = {one.id: one.lines[0].linked[0][1] for one in quickbooks.payments(realm_id=tenant.realm_id)}
    invoice_ids = tuple(paid[payment_id] for payment_id in payment_ids)
    _add_to_connectwise(stack, tenant, [numbers[invoice_id] for invoice_id in invoice_ids])
    rows = ["number,origin,quickbooks_id,connectwise_id,total,currency,customer"]
    rows += [f"{numbers[one]},sync_tool,{one},,{AMOUNT},USD,{tenant.customer}" for one in invoice_ids]
    import_invoices(context, tenant.organization_id, io.StringIO("\n".join([*rows, ""])))
    return Book(tenant, tuple(payment_ids), invoice_ids)


def _add_to_connectwise(stack: Stack, tenant: Tenant, numbers: list[str]) -> None:
    def add(some: list[str]) -> None:
        with stack.connectwise(tenant.company_id) as connectwise:
            for number in some:
                connectwise.add_invoice(number, AMOUNT, company_name=tenant.customer)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, (numbers[start::4] for start in range(4))))


def wait_for_first_catch_up(context: Context, *tenants: Tenant) -> None:
    """Waits for the poll that connecting triggers; for some minutes after it, payments arrive by webhook alone."""
    deadline = time.monotonic() + CATCH_UP_PATIENCE_SECONDS
    for tenant in tenants:
        while True:
            with context.database.reading() as session:
                if connection_by_id(session, tenant.source_id).caught_up_at is not None:
                    break
            if time.monotonic() > deadline:
                raise TimeoutError(f"{tenant.name} was never caught up")
            time.sleep(0.1)
