"""Breaks as pages show them: what each means, what ends it, and where that is done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.comparing.words import Told
from domain.reconciliation.breaks import Break
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.words import WAY_OUT_LABELS, break_label, break_told
from domain.words import Words
from models.connections import Role, connection_in_role
from models.database import Session
from models.invoices import invoices_with_ids
from models.payments import payments_by_external_id
from models.reconciliation_breaks import ReconciliationBreak


@dataclass(frozen=True, slots=True)
class ShownBreak:
    """One break.

    Attributes:
        invoice_id: of the invoice's page; None where the platform has no record of it.
        payment_ids: of those of its payments that have a page.
    """

    row: ReconciliationBreak
    found: Break
    label: str
    told: Told
    way_out: str
    invoice_id: int | None
    payment_ids: tuple[str, ...]

    @property
    def standing(self) -> Standing:
        return Standing(self.row.standing)

    @property
    def name(self) -> str:
        """The invoice's number, or the id of one that has none."""
        return self.row.number or self.row.source_invoice_id or self.row.target_invoice_id


def shown_breaks(
    session: Session, organization_id: int, rows: Sequence[ReconciliationBreak], words: Words
) -> list[ShownBreak]:
    """The breaks with the addresses of what they are about, in as few queries for many as for one."""
    invoices = _invoice_pages(session, organization_id, rows)
    payments = _payments_with_page(session, organization_id, rows)
    return [_shown(row, words, invoices, payments) for row in rows]


def _shown(
    row: ReconciliationBreak, words: Words, invoices: dict[tuple[str, str], int], payments: set[str]
) -> ShownBreak:
    found = row.as_break()
    return ShownBreak(
        row=row,
        found=found,
        label=break_label(found.kind, words),
        told=break_told(found, words),
        way_out=WAY_OUT_LABELS[found.way_out],
        invoice_id=invoices.get(("source", row.source_invoice_id)) or invoices.get(("target", row.target_invoice_id)),
        payment_ids=tuple(one for one in found.source_payment_ids if one in payments),
    )


def _invoice_pages(
    session: Session, organization_id: int, rows: Iterable[ReconciliationBreak]
) -> dict[tuple[str, str], int]:
    sources = {row.source_invoice_id for row in rows} - {""}
    targets = {row.target_invoice_id for row in rows} - {""}
    if not sources and not targets:
        return {}
    found: dict[tuple[str, str], int] = {}
    for invoice in invoices_with_ids(session, organization_id, sources, targets):
        found["source", invoice.source_id or ""] = invoice.id
        found["target", invoice.target_id or ""] = invoice.id
    return found


def _payments_with_page(session: Session, organization_id: int, rows: Iterable[ReconciliationBreak]) -> set[str]:
    source = connection_in_role(session, organization_id, Role.SOURCE)
    if source is None:
        return set()
    return set(payments_by_external_id(session, source.id, {one for row in rows for one in row.source_payment_ids}))
