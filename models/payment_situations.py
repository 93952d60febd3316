"""How payments stand, as far as a person's choice about them depends on it: few statements for many payments."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from domain.payment_actions import Situation
from domain.push.effect import OPEN_ON_THE_WIRE, Doubt, EffectState
from domain.reasons import Reason
from domain.status import PaymentStatus
from models.effects import Effect, latest_effects
from models.ledger import LedgerEntry, synced_payments
from models.payments import Payment, own_among


@dataclass(frozen=True, slots=True)
class PaymentStanding:
    """One payment.

    Attributes:
        effects: the newest one of each part.
        ours: the ledger's entries for payments that we wrote and that still stand for it.
    """

    payment: Payment
    effects: Mapping[int, Effect]
    ours: Sequence[LedgerEntry]
    situation: Situation


def standings_of(session: Session, payments: Collection[Payment]) -> list[PaymentStanding]:
    """How each of these payments stands, in their order."""
    parts = [allocation.id for payment in payments for allocation in payment.allocations]
    effects, entries = latest_effects(session, parts), synced_payments(session, parts)
    own = own_among(session, payments)
    return [_standing(payment, effects, entries, is_own=payment.id in own) for payment in payments]


def _standing(
    payment: Payment, effects: Mapping[int, Effect], entries: Mapping[int, LedgerEntry], *, is_own: bool
) -> PaymentStanding:
    parts = [allocation.id for allocation in payment.allocations]
    newest = {part: effects[part] for part in parts if part in effects}
    ours = [entries[part] for part in parts if part in entries and entries[part].ours]
    situation = Situation(
        status=PaymentStatus(payment.status),
        reason=Reason(payment.reason) if payment.reason else None,
        left_out=payment.left_out_now,
        is_own=is_own,
        is_on_its_way=any(_is_on_its_way(effect) for effect in newest.values()),
        has_ours=bool(ours),
    )
    return PaymentStanding(payment, newest, ours, situation)


def _is_on_its_way(effect: Effect) -> bool:
    """Whether it may have done something at the target that we do not know of."""
    state = EffectState(effect.state)
    has_ended = state in (EffectState.DELIVERED, EffectState.CANCELLED)
    return state in OPEN_ON_THE_WIRE or (not has_ended and Doubt(effect.doubt) is not Doubt.NONE)
