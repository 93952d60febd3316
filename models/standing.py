"""Our knowledge of the payments on a target invoice before we look at it again, and the result of the look."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from domain.later_looks import Finding, Written
from domain.push.before_image import ids_in, seen_in
from domain.push.effect import OPEN, Doubt, EffectKind, EffectState
from domain.push.strategy import standing_for
from models.effects import Effect
from models.ledger import LedgerEntry
from models.payments import Allocation


@dataclass(frozen=True, slots=True)
class Standing:
    """Our knowledge of one invoice before we look at it.

    Attributes:
        entries: the ledger's, oldest first, including those taken back that may have left a double.
        explained: ids of the payments that stand for something, or that we are asking a person about.
        busy: something is on its way to it, or may be on it: a look would prove nothing.
    """

    entries: tuple[LedgerEntry, ...]
    written: tuple[Written, ...]
    explained: frozenset[str]
    busy: bool

    @property
    def fingerprint(self) -> tuple[tuple[object, ...], ...]:
        """Changes whenever a look that began earlier would mean something else."""
        return tuple(
            (entry.id, entry.amount, entry.paid_on, entry.removed_at, entry.finding, str(entry.found))
            for entry in self.entries
        )


def standing_on(session: Session, connection_id: int, target_invoice_ids: Collection[str]) -> dict[str, Standing]:
    """Our knowledge of these invoices, in a handful of queries whatever their number."""
    entries: dict[str, list[LedgerEntry]] = {one: [] for one in target_invoice_ids}
    claimed: dict[str, set[str]] = {one: set() for one in target_invoice_ids}
    rows = session.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.connection_id == connection_id, LedgerEntry.target_invoice_id.in_(target_invoice_ids))
        .order_by(LedgerEntry.id)
    )
    for entry in rows:
        claimed[entry.target_invoice_id].add(entry.target_payment_id)
        if entry.removed_at is None or entry.finding == Finding.DOUBLED:
            entries[entry.target_invoice_id].append(entry)
    images = _images(session, connection_id, target_invoice_ids)
    asked, busy = _questions(session, connection_id, target_invoice_ids)
    return {
        one: Standing(
            tuple(entries[one]),
            tuple(_written(entries[one], images)),
            frozenset(claimed[one] | asked.get(one, set())),
            one in busy,
        )
        for one in target_invoice_ids
    }


def _written(entries: Sequence[LedgerEntry], images: Mapping[tuple[str, str], frozenset[str]]) -> list[Written]:
    by_payment: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        by_payment.setdefault(entry.target_payment_id, []).append(entry)
    written = []
    for payment_id, parts in by_payment.items():
        live = [part for part in parts if part.removed_at is None]
        amount, paid_on = standing_for((part.amount, part.paid_on) for part in live or parts)
        known = images.get((parts[0].target_invoice_id, payment_id), frozenset())
        written.append(
            Written(
                payment_id=payment_id,
                amount=amount,
                paid_on=paid_on,
                ours=all(part.ours for part in parts),
                other_money=known.union(*(part.other_money_ids or () for part in parts)),
                doubles=frozenset(
                    str(row[0]) for part in parts if part.finding == Finding.DOUBLED for row in part.found or ()
                ),
                taken_back=not live,
            )
        )
    return written


def _images(
    session: Session, connection_id: int, target_invoice_ids: Collection[str]
) -> dict[tuple[str, str], frozenset[str]]:
    """The payments on the invoices before each of our payments was created."""
    statement = select(Effect.target_invoice_id, Effect.target_payment_id, Effect.before_image).where(
        Effect.connection_id == connection_id,
        Effect.target_invoice_id.in_(target_invoice_ids),
        Effect.state == EffectState.DELIVERED.value,
        Effect.kind == EffectKind.CREATE.value,
    )
    return {
        (invoice_id, payment_id): frozenset(ids_in(seen_in(image)))
        for invoice_id, payment_id, image in session.execute(statement)
        if payment_id is not None
    }


def _questions(
    session: Session, connection_id: int, target_invoice_ids: Collection[str]
) -> tuple[dict[str, set[str]], set[str]]:
    """Payments that we ask a person about beside another one, and invoices that may have unknown money of ours."""
    statement = (
        select(Effect.target_invoice_id, Effect.state, Effect.doubt, Allocation.similar_payment_ids)
        .join(Allocation, Allocation.id == Effect.allocation_id)
        .where(
            Effect.connection_id == connection_id,
            Effect.target_invoice_id.in_(target_invoice_ids),
            or_(
                Effect.state.in_([state.value for state in OPEN]),
                and_(Effect.state == EffectState.HELD.value, Effect.kind == EffectKind.CREATE.value),
            ),
        )
    )
    asked: dict[str, set[str]] = {}
    busy: set[str] = set()
    for invoice_id, state, doubt, similar in session.execute(statement):
        asked.setdefault(invoice_id, set()).update(similar or ())
        if state in OPEN or doubt != Doubt.NONE:
            busy.add(invoice_id)
    return asked, busy
