"""Our knowledge of the payments on target invoices before anything is sent: whose they are, and whether they stay."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from sqlalchemy import Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, contains_eager

from domain.push.effect import Doubt, EffectKind, EffectState
from domain.push.strategy import Entry
from domain.records import PaymentState
from models.base import one_of
from models.decisions import Action, DecisionRow
from models.effects import Effect
from models.ledger import LedgerEntry
from models.payments import Allocation, Payment


@dataclass(frozen=True, slots=True)
class Claims:
    """Our knowledge of the payments on one target invoice.

    Attributes:
        entries: the live ledger entries of ours, oldest first.
        claimed: ids of the payments that stand for some allocation, or once did: we keep ids.
        outlived: ids of claimed payments that should no longer be there, but may be.
        found_by_look: ids of those that we know only because a look found them after a creation with a lost answer.
    """

    entries: tuple[Entry, ...] = ()
    claimed: frozenset[str] = frozenset()
    outlived: frozenset[str] = frozenset()
    found_by_look: frozenset[str] = frozenset()


def parts_with_claims(
    session: Session, connection_id: int, effect_ids: Collection[int]
) -> tuple[dict[int, Allocation], dict[str, Claims]]:
    """What the effects are about: the allocations with their payments, by id, and the claims on their invoices.

    Leaves out invoices that never had any claim.
    """
    asked = {"of_connection": connection_id, "ids": list(effect_ids)}
    rows = session.execute(_parts_with_entries(), asked).all()
    # An entry comes once for each effect of its invoice.
    entries = {entry.id: entry for _, entry in rows if entry is not None}
    return {one.id: one for one, _ in rows}, _claims_of(session, connection_id, entries.values())


@cache
def _parts_with_entries() -> Select[Allocation, LedgerEntry | None]:
    """Made once: every batch of push asks this."""
    on_invoice = and_(
        LedgerEntry.connection_id == Effect.connection_id, LedgerEntry.target_invoice_id == Effect.target_invoice_id
    )
    return (
        select(Allocation, LedgerEntry)
        .select_from(Effect)
        .join(Allocation, Allocation.id == Effect.allocation_id)
        .join(Allocation.payment)
        .options(contains_eager(Allocation.payment))
        .outerjoin(LedgerEntry, on_invoice)
        .where(Effect.connection_id == bindparam("of_connection"), one_of(Effect.id, named="ids"))
        .order_by(LedgerEntry.id)
    )


def claims_on_invoices(session: Session, connection_id: int, target_invoice_ids: Collection[str]) -> dict[str, Claims]:
    """The claims on the payments of each of these invoices; leaves out invoices that never had any."""
    on_invoices = [LedgerEntry.connection_id == connection_id, LedgerEntry.target_invoice_id.in_(target_invoice_ids)]
    entries = session.scalars(select(LedgerEntry).where(*on_invoices).order_by(LedgerEntry.id))
    return _claims_of(session, connection_id, entries)


def _claims_of(session: Session, connection_id: int, oldest_first: Iterable[LedgerEntry]) -> dict[str, Claims]:
    rows: dict[str, list[LedgerEntry]] = {}
    for entry in oldest_first:
        rows.setdefault(entry.target_invoice_id, []).append(entry)
    if not rows:
        return {}
    outlived = unwanted_and_staying(session, connection_id, rows)
    found = _found_by_looks(session, connection_id, rows)
    return {
        invoice_id: Claims(
            entries=tuple(
                Entry(one.allocation_id, one.target_payment_id, one.amount, one.paid_on)
                for one in entries
                if one.ours and one.removed_at is None
            ),
            claimed=frozenset(one.target_payment_id for one in entries),
            outlived=frozenset(outlived.get(invoice_id, ())),
            found_by_look=frozenset(found.get(invoice_id, ())),
        )
        for invoice_id, entries in rows.items()
    }


def unwanted_and_staying(
    session: Session, connection_id: int, target_invoice_ids: Collection[str]
) -> dict[str, set[str]]:
    """Ids, by invoice, of payments that should no longer be on these invoices but may be.

    Their own payment is gone from QuickBooks, and a person typed them, or their removal is held: they stay until a
    person acts. Or we assumed that a person had removed them, because the invoice was not found.
    """
    is_held = exists().where(
        DecisionRow.allocation_id == LedgerEntry.allocation_id,
        DecisionRow.current,
        DecisionRow.action == Action.HOLD.value,
    )
    is_unwanted = or_(Allocation.removed, Allocation.amount <= Decimal(0), Payment.state != PaymentState.LIVE.value)
    stays = or_(~LedgerEntry.ours, is_held)
    statement = (
        select(LedgerEntry.target_invoice_id, LedgerEntry.target_payment_id)
        .join(Allocation, Allocation.id == LedgerEntry.allocation_id)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(
            LedgerEntry.connection_id == connection_id,
            LedgerEntry.target_invoice_id.in_(target_invoice_ids),
            or_(
                and_(LedgerEntry.removed_at.is_(None), ~LedgerEntry.shared, is_unwanted, stays),
                and_(LedgerEntry.removed_by_hand, ~LedgerEntry.handed_over),
            ),
        )
    )
    found: dict[str, set[str]] = {}
    for invoice_id, payment_id in session.execute(statement):
        found.setdefault(invoice_id, set()).add(payment_id)
    return found


def _found_by_looks(session: Session, connection_id: int, target_invoice_ids: Collection[str]) -> dict[str, set[str]]:
    statement = select(Effect.target_invoice_id, Effect.target_payment_id).where(
        Effect.connection_id == connection_id,
        Effect.target_invoice_id.in_(target_invoice_ids),
        Effect.target_payment_id.is_not(None),
        Effect.kind == EffectKind.CREATE.value,
        Effect.state == EffectState.DELIVERED.value,
        Effect.doubt.in_([one.value for one in Doubt if one.is_unanswered]),
        # A payment of ours that a look found enlarged was known before.
        Effect.sent_into.is_(None),
    )
    found: dict[str, set[str]] = {}
    for invoice_id, payment_id in session.execute(statement):
        found.setdefault(invoice_id, set()).add(payment_id or "")
    return found


def claimed_payment_ids(session: Session, connection_id: int, target_invoice_id: str) -> set[str]:
    """Ids of this invoice's payments that stand for some allocation already, including removed ones: we keep ids."""
    statement = select(LedgerEntry.target_payment_id).where(
        LedgerEntry.connection_id == connection_id, LedgerEntry.target_invoice_id == target_invoice_id
    )
    return set(session.scalars(statement))
