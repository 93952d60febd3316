"""The ledger's rows about a payment, each with its whole history: for the page, the API and the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from domain.later_looks import Finding
from domain.ledger_changes import EntryChange
from models.ledger import LedgerEntry
from models.ledger_changes import LedgerChange, changes_of
from models.looks import InvoiceLook


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change of a row, and what the row said from then on.

    Attributes:
        actor: the person or program that asked for it; "" where the sync acted by itself.
    """

    changed_at: datetime
    kind: EntryChange
    actor: str
    amount: Decimal
    paid_on: date
    stands: bool
    finding: Finding | None
    harmed: bool


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """The target payment that stands for the part, or stood for it until `removed_at`."""

    target_invoice_id: str
    target_payment_id: str
    amount: Decimal
    paid_on: date
    ours: bool
    created_at: datetime
    removed_at: datetime | None
    # When we last looked at the invoice, after the payment was written or linked.
    looked_at: datetime | None
    # Oldest first.
    history: tuple[ChangeLine, ...]

    @property
    def stands(self) -> bool:
        """Whether it still stands for the part."""
        return self.removed_at is None

    def as_of(self, at: datetime) -> ChangeLine | None:
        """What the row said at that moment; None if its history begins later."""
        return next((one for one in reversed(self.history) if one.changed_at <= at), None)


def ledger_lines(
    session: Session, organization_id: int, entries: Sequence[LedgerEntry], looks: Mapping[str, InvoiceLook]
) -> dict[int, LedgerLine]:
    """These rows, by their ids.

    Args:
        looks: the later looks at their invoices.
    """
    history: dict[int, list[ChangeLine]] = {}
    for change in changes_of(session, organization_id, [entry.id for entry in entries]) if entries else ():
        history.setdefault(change.entry_id, []).append(_change_line(change))
    return {
        entry.id: _line(entry, looks.get(entry.target_invoice_id), tuple(history.get(entry.id, ())))
        for entry in entries
    }


def _line(entry: LedgerEntry, look: InvoiceLook | None, history: tuple[ChangeLine, ...]) -> LedgerLine:
    looked_at = look.looked_at if look is not None else None
    return LedgerLine(
        target_invoice_id=entry.target_invoice_id,
        target_payment_id=entry.target_payment_id,
        amount=entry.amount,
        paid_on=entry.paid_on,
        ours=entry.ours,
        created_at=entry.created_at,
        removed_at=entry.removed_at,
        looked_at=looked_at if looked_at is not None and looked_at > entry.created_at else None,
        history=history,
    )


def _change_line(change: LedgerChange) -> ChangeLine:
    return ChangeLine(
        changed_at=change.changed_at,
        kind=EntryChange(change.kind),
        actor=change.actor,
        amount=change.amount,
        paid_on=change.paid_on,
        stands=change.removed_at is None,
        finding=Finding(change.finding) if change.finding else None,
        harmed=change.harmed,
    )
