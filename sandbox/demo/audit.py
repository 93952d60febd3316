"""The audit: both systems side by side, invoice by invoice, to the cent, from their own truth and not from ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.ledger import ledger_of
from sandbox.demo.tenants import Tenant
from sandbox.stack import Stack
from tasks.context import Context


@dataclass(frozen=True)
class AuditLine:
    """One invoice. `explained` says why the sums may differ; None means that they must not."""

    tenant: str
    number: str
    quickbooks_total: Decimal
    # None where ConnectWise has no such invoice.
    connectwise_total: Decimal | None
    quickbooks_paid: Decimal
    connectwise_paid: Decimal
    payments_in_connectwise: int
    entries: int

    @property
    def difference(self) -> Decimal:
        return self.quickbooks_paid - self.connectwise_paid

    @property
    def totals_agree(self) -> bool:
        return self.quickbooks_total == self.connectwise_total


def audit(stack: Stack, context: Context, tenants: Sequence[Tenant]) -> list[AuditLine]:
    """Every invoice of every tenant; a payment in ConnectWise without a ledger entry would be one too many."""
    return [line for tenant in tenants for line in _audit_tenant(stack, context, tenant)]


def _audit_tenant(stack: Stack, context: Context, tenant: Tenant) -> list[AuditLine]:
    with stack.quickbooks() as quickbooks, stack.connectwise(tenant.company_id) as connectwise:
        books = quickbooks.invoices(realm_id=tenant.realm_id)
        psa = {invoice.number: invoice for invoice in connectwise.invoices()}
    with context.database.reading() as session:
        entries = ledger_of(session, tenant.organization_id)
    lines = []
    for invoice in sorted(books, key=lambda one: one.doc_number or ""):
        number = invoice.doc_number or ""
        twin = psa.get(number)
        lines.append(
            AuditLine(
                tenant=tenant.name,
                number=number,
                quickbooks_total=invoice.total,
                connectwise_total=twin.total if twin else None,
                quickbooks_paid=sum(invoice.applied.values(), Decimal(0)),
                connectwise_paid=twin.paid if twin else Decimal(0),
                payments_in_connectwise=len(twin.payments) if twin else 0,
                entries=sum(entry.target_invoice_id == str(twin.id) for entry in entries) if twin else 0,
            )
        )
    return lines
