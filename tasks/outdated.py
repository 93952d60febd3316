"""Does an effect that has just been delivered still say what the payment says?"""

from domain.delivery import EffectKind
from domain.records import PaymentState
from models.effects import Effect
from models.payments import Allocation, Payment


def is_outdated(effect: Effect, allocation: Allocation, payment: Payment) -> bool:
    """Whether the payment changed while the effect was on its way."""
    wanted = payment.state == PaymentState.LIVE and not allocation.removed and allocation.amount > 0
    if effect.kind == EffectKind.REVERSE:
        return wanted
    return not wanted or (allocation.amount, payment.paid_on) != (effect.amount, effect.paid_on)
