"""One piece of taking back a span of time: the next payments are judged, or taken back if that is still possible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from sqlalchemy.orm import Session

from domain.activity import ActivityKind
from domain.leaving_out import LeftOut
from domain.push.effect import EffectKind, EffectState
from domain.undoing import Stays, Written, what_stays
from models.activity import note_activity
from models.effects import Effect
from models.ledger import LedgerEntry
from models.payment_situations import PaymentStanding, standings_of
from models.payments import match_again
from models.retries import payments_by_id
from models.undos import Entries, Undo, UndoItem, UndoItemState, entries_of, next_items
from tasks.long_work import PAYMENTS_PER_PIECE

_HELD = frozenset({EffectState.HELD, EffectState.DEAD})


@dataclass(frozen=True, slots=True)
class _Judged:
    """One part as it is now.

    Attributes:
        entry: what the ledger has about it.
        stays: why it stays; None if it may be taken back.
    """

    item: UndoItem
    entry: LedgerEntry | None
    amount: Decimal
    currency: str | None
    stays: Stays | None


def judge_next(session: Session, undo: Undo) -> bool:
    """Judges the parts of the next payments. False if there are none left."""
    items = next_items(session, undo, UndoItemState.LISTED, PAYMENTS_PER_PIECE)
    for _, judged in _judge(session, undo, items):
        for one in judged:
            one.item.state = (UndoItemState.STAYS if one.stays else UndoItemState.POSSIBLE).value
            one.item.stays = one.stays.value if one.stays else ""
            one.item.amount, one.item.currency = one.amount, one.currency
            one.item.entry_id = one.entry.id if one.entry else None
    return _count(undo, items)


def take_next(session: Session, undo: Undo, now: datetime) -> bool:
    """Takes back the next payments, unless something about them has changed. False if there are none left.

    The organization is locked, and match and ingest write nothing meanwhile (`tasks/new_facts.py`).
    """
    items = next_items(session, undo, UndoItemState.POSSIBLE, PAYMENTS_PER_PIECE)
    due: list[int] = []
    for standing, judged in _judge(session, undo, items):
        # More than what a person has confirmed is never taken back, and never another thing than that.
        changed = [one.stays or (None if _is_as_confirmed(one) else Stays.DIFFERS) for one in judged]
        worst = next((why for why in changed if why is not None), None)
        for one, why in zip(judged, changed, strict=True):
            one.item.state = (UndoItemState.TAKEN if worst is None else UndoItemState.STAYS).value
            one.item.stays = "" if worst is None else (why or Stays.DIFFERS).value
        if worst is None:
            _take_back(session, undo, standing, now)
            due += [allocation.id for allocation in standing.payment.allocations]
    match_again(session, due, now)
    return _count(undo, items)


def _is_as_confirmed(one: _Judged) -> bool:
    entry_id = one.entry.id if one.entry else None
    return (one.item.entry_id, one.item.amount, one.item.currency) == (entry_id, one.amount, one.currency)


def _take_back(session: Session, undo: Undo, standing: PaymentStanding, now: datetime) -> None:
    payment = standing.payment
    payment.leave_out(LeftOut.TAKEN_BACK, undo.why, undo.confirmed_by, now)
    about = f"{payment.in_words}{f': {undo.why}' if undo.why else ''}"
    kind, by = ActivityKind.PAYMENT_TAKEN_BACK, undo.confirmed_by
    note_activity(session, undo.organization_id, kind, by, now, about=about, payment_id=payment.external_id)


def _count(undo: Undo, items: Sequence[UndoItem]) -> bool:
    if not items:
        return False
    undo.note_progress(items[-1].payment_id, len({one.payment_id for one in items}))
    return True


def _judge(session: Session, undo: Undo, items: Sequence[UndoItem]) -> list[tuple[PaymentStanding, list[_Judged]]]:
    """Each payment with its parts that were asked about; all of its parts count for what is said of them."""
    payments = payments_by_id(session, undo.organization_id, {one.payment_id for one in items})
    standings = {one.payment.id: one for one in standings_of(session, payments)}
    every = [allocation.id for payment in payments for allocation in payment.allocations]
    entries = entries_of(session, undo, every)
    found = []
    for payment_id, of_payment in groupby(items, lambda one: one.payment_id):
        standing = standings[payment_id]
        found.append((standing, _judge_one(standing, list(of_payment), entries)))
    return found


def _judge_one(standing: PaymentStanding, items: Sequence[UndoItem], entries: Mapping[int, Entries]) -> list[_Judged]:
    by_part = {one.allocation_id: one for one in items}
    parts = [allocation.id for allocation in standing.payment.allocations]
    # What was entered outside of the span is no part of the request, and yet it counts.
    asked = [part for part in parts if part in by_part or _stands(entries.get(part))]
    chosen = {part: _chosen(entries.get(part)) for part in asked}
    written = [_written(chosen[part], entries.get(part), standing.effects.get(part)) for part in asked]
    whys = dict(zip(asked, what_stays(standing.situation, written), strict=True))
    return [
        _Judged(
            item=item,
            entry=entry,
            amount=entry.amount if entry else Decimal(0),
            currency=(entry.currency if entry else None) or standing.payment.currency,
            stays=whys[part],
        )
        for part, item in by_part.items()
        for entry in [chosen[part]]
    ]


def _stands(of_part: Entries | None) -> bool:
    return of_part is not None and of_part.live is not None


def _chosen(of_part: Entries | None) -> LedgerEntry | None:
    """The entry that the part is judged by: the newest of the span, else the one that stands."""
    return (of_part.in_span or of_part.live) if of_part else None


def _written(entry: LedgerEntry | None, of_part: Entries | None, effect: Effect | None) -> Written | None:
    if entry is None or of_part is None:
        return None
    return Written(
        amount=entry.amount,
        in_span=entry is of_part.in_span,
        is_there=entry.removed_at is None,
        ours=entry.ours,
        removed_by_hand=entry.removed_by_hand,
        harmed=entry.harmed,
        finding=entry.what_was_found,
        is_held=effect is not None and effect.kind != EffectKind.CREATE and EffectState(effect.state) in _HELD,
    )
