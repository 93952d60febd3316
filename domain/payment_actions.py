"""What a person can do about a payment, and why not where they cannot. Pure, so every case is one row of a test."""

from dataclasses import dataclass
from enum import StrEnum

from domain.leaving_out import LeftOut
from domain.reasons import Reason
from domain.status import PaymentStatus


class PaymentAction(StrEnum):
    RETRY = "retry"
    DISMISS = "dismiss"
    TAKE_BACK = "take_back"
    MARK_OWN = "mark_own"
    SYNC_AFTER_ALL = "sync_after_all"


@dataclass(frozen=True, slots=True)
class Situation:
    """How a payment stands, as far as a person's choice depends on it.

    Attributes:
        reason: of its most pressing part; None if nothing has been decided yet.
        is_own: it is marked as made by this platform.
        is_on_its_way: something of it is being sent, or was sent and we do not know what became of it.
        has_ours: a payment that we wrote stands for it at the target.
    """

    status: PaymentStatus
    reason: Reason | None
    left_out: LeftOut | None
    is_own: bool
    is_on_its_way: bool
    has_ours: bool


_ON_ITS_WAY = (
    "It is being sent, or was sent and we do not know what became of it. Wait for the check, or look at the invoice."
)
_HELD = frozenset({PaymentStatus.NEEDS_ATTENTION, PaymentStatus.WAITING})


def why_not(action: PaymentAction, at: Situation) -> str | None:
    """Why a person cannot do this now, as a sentence; None if they can."""
    match action:
        case PaymentAction.RETRY:
            return _why_no_retry(at)
        case PaymentAction.DISMISS:
            return _why_no_dismissal(at)
        case PaymentAction.TAKE_BACK:
            return _why_not_taken_back(at)
        case PaymentAction.MARK_OWN:
            return _why_not_own(at)
        case PaymentAction.SYNC_AFTER_ALL:
            return None if at.left_out is not None or at.is_own else "Nobody has left it out."


def _why_no_retry(at: Situation) -> str | None:
    match at.status:
        case PaymentStatus.SYNCED:
            return "It is synced."
        case PaymentStatus.ON_ITS_WAY:
            return "It is on its way already."
        case PaymentStatus.SKIPPED if at.left_out is not None or at.is_own:
            return "A person left it out; choose 'Sync it after all'."
        case _:
            return None


def _why_no_dismissal(at: Situation) -> str | None:
    if at.left_out is not None:
        return "It is left out already."
    if at.is_on_its_way:
        return _ON_ITS_WAY
    match at.status:
        case PaymentStatus.SYNCED:
            return "It is synced, so there is nothing to dismiss."
        case PaymentStatus.SKIPPED:
            return "It is skipped, so there is nothing to dismiss."
        case PaymentStatus.ON_ITS_WAY:
            return "It is on its way; it can be dismissed if it gets held."
        case _:
            return None


def _why_not_taken_back(at: Situation) -> str | None:
    if at.left_out is LeftOut.TAKEN_BACK:
        return "It is taken back already."
    if at.is_on_its_way:
        return _ON_ITS_WAY
    return None if at.has_ours else "We have entered nothing for it, so there is nothing to take back."


def _why_not_own(at: Situation) -> str | None:
    if at.is_own:
        return "It is marked as our own already."
    if at.is_on_its_way:
        return _ON_ITS_WAY
    return "It is synced as an external payment; take it back first." if at.has_ours else None
