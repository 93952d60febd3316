"""What a person wants to know first about a payment: done, on its way, waiting, stuck, or left out. Pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from domain.explanations import explain
from domain.push.effect import EffectState
from domain.reasons import Reason


class PaymentStatus(StrEnum):
    """The order is the order of precedence: a payment gets the first of these that one of its parts has."""

    NEEDS_ATTENTION = "needs_attention"  # held until a person acts
    WAITING = "waiting"  # held, and this payment needs nothing from a person
    ON_ITS_WAY = "on_its_way"  # not decided yet, or decided and not delivered yet
    SYNCED = "synced"  # the target says what the source says, through us or through a person
    SKIPPED = "skipped"  # by rule nothing is synced


STATUS_LABELS = {
    PaymentStatus.NEEDS_ATTENTION: "Needs attention",
    PaymentStatus.WAITING: "Waiting",
    PaymentStatus.ON_ITS_WAY: "On its way",
    PaymentStatus.SYNCED: "Synced",
    PaymentStatus.SKIPPED: "Skipped",
}

PRECEDENCE = tuple(PaymentStatus)
_MOVING = frozenset({EffectState.PENDING, EffectState.SENDING})


def allocation_status(action: str | None, reason: Reason | None, effect_state: EffectState | None) -> PaymentStatus:
    """The status of one part of a payment.

    Args:
        action: the current decision's, as the decision table spells it; None when nothing has been decided yet.
        effect_state: of the newest effect, if there is one.
    """
    if action is None or reason is None:
        return PaymentStatus.ON_ITS_WAY
    if action == "skip":
        return PaymentStatus.SKIPPED
    if action != "hold":
        return PaymentStatus.SYNCED if explain(reason).is_done else PaymentStatus.ON_ITS_WAY
    if not explain(reason).needs_person:
        return PaymentStatus.WAITING
    # The hold was for a person; now another try is due, because the person asked for it or the time has come.
    return PaymentStatus.ON_ITS_WAY if effect_state in _MOVING else PaymentStatus.NEEDS_ATTENTION


def status_alone(action: str | None, reason: Reason | None) -> PaymentStatus | None:
    """The status of one part where the decision alone says it; None for a hold, which also depends on the effect."""
    return None if action == "hold" else allocation_status(action, reason, None)


def is_alike_for_status(one: EffectState, other: EffectState) -> bool:
    """Whether an effect that goes from one state to the other leaves every status as it is.

    Each send goes through `sending`. If that were a status of its own, each payment would be stored twice more.
    """
    return one is other or {one, other} <= _MOVING


SETTLED = frozenset({PaymentStatus.SYNCED, PaymentStatus.SKIPPED})


def is_past(status: PaymentStatus, *, removed: bool) -> bool:
    """Whether a part no longer counts for its payment's status, as long as another part does.

    The payment was moved away from it, and nothing is left to do about that.
    """
    return removed and status in SETTLED


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One part of a payment.

    Attributes:
        reason: of its current decision; None when nothing has been decided yet.
        removed: the payment was moved away from it.
    """

    status: PaymentStatus
    reason: Reason | None = None
    removed: bool = False


def outcome_of_parts(parts: Iterable[PartStatus]) -> PartStatus:
    """What is told about a payment: the status of its most pressing part, and the reason of that part."""
    every = list(parts)
    counting = [one for one in every if not is_past(one.status, removed=one.removed)] or every
    status = payment_status(one.status for one in counting)
    return next((one for one in counting if one.status is status), PartStatus(status))


def stored_reason(outcome: PartStatus) -> str:
    """The reason that is stored and counted with a payment's status; "" where nothing has stopped or ended.

    A payment on its way says why it goes where its decision is shown. Storing that here as well would write each
    payment once more between its arrival and its delivery.
    """
    return "" if outcome.status is PaymentStatus.ON_ITS_WAY or outcome.reason is None else outcome.reason.value


def payment_status(statuses: Iterable[PaymentStatus]) -> PaymentStatus:
    """The most pressing of the parts' statuses; a payment without any part is not decided yet."""
    return min(statuses, key=PRECEDENCE.index, default=PaymentStatus.ON_ITS_WAY)
