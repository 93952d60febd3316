r"""The life of an effect: what we owe the target, from the decision until it is certain.

    pending --claim, look, intend--> sending --created--> delivered
       ^                               |  \--refused----> held
       |                               |  \--unknown----> in_doubt --settle, look--> delivered | pending | held
       +------ not created, not yet ---+                     (sending under a dead lease is in_doubt too)

`cancelled` effects were never sent; `dead` ones have used up their attempts. DELIVERED, CANCELLED, HELD and DEAD are
closed: only a person's retry, or a cause that may be gone, moves HELD and DEAD back to pending. A HELD one that may
have been sent is then in doubt again: we look for it before anything else.
"""

from datetime import timedelta
from enum import StrEnum

from domain.explanations import explain
from domain.reasons import Reason


class EffectKind(StrEnum):
    CREATE = "create"
    ADJUST = "adjust"
    REVERSE = "reverse"


class EffectState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    DELIVERED = "delivered"
    HELD = "held"
    DEAD = "dead"
    CANCELLED = "cancelled"


TRANSITIONS: dict[EffectState, frozenset[EffectState]] = {
    EffectState.PENDING: frozenset(
        {
            EffectState.SENDING,
            EffectState.DELIVERED,
            EffectState.HELD,
            EffectState.CANCELLED,
            EffectState.PENDING,
        }
    ),
    EffectState.SENDING: frozenset(
        {EffectState.DELIVERED, EffectState.PENDING, EffectState.IN_DOUBT, EffectState.HELD, EffectState.DEAD}
    ),
    EffectState.IN_DOUBT: frozenset(
        {EffectState.DELIVERED, EffectState.PENDING, EffectState.HELD, EffectState.IN_DOUBT, EffectState.DEAD}
    ),
    # In doubt again: it may have been sent, and another look may tell more than the last one.
    EffectState.HELD: frozenset({EffectState.PENDING, EffectState.IN_DOUBT, EffectState.CANCELLED}),
    EffectState.DEAD: frozenset({EffectState.PENDING, EffectState.CANCELLED}),
    EffectState.DELIVERED: frozenset(),
    EffectState.CANCELLED: frozenset(),
}


class Doubt(StrEnum):
    """Whether the target may have money of ours beyond the ledger; we never send that again without a look."""

    NONE = ""
    # The answer to the last send is lost: a matching new payment may be ours.
    UNANSWERED = "unanswered"
    # The same, and a person has been asked, because looking could not tell.
    ASKED = "asked"
    # Answered, but the target did something else than was asked; a person compares.
    AMISS = "amiss"

    @property
    def is_unanswered(self) -> bool:
        return self in (Doubt.UNANSWERED, Doubt.ASKED)

    @property
    def was_held(self) -> bool:
        """Whether it waited for a person meanwhile; the decisions that match made since then did not replace it."""
        return self in (Doubt.ASKED, Doubt.AMISS)

    def held_because_of(self, reason: Reason) -> "Doubt":
        """The doubt of an effect that is held. A look that ended the doubt ended it for good."""
        if not explain(reason).leaves_money:
            return Doubt.NONE
        return Doubt.ASKED if self.is_unanswered else Doubt.AMISS


# Something may be on its way to the target, or may have arrived: neither match nor a person may replace such an effect.
OPEN_ON_THE_WIRE = frozenset({EffectState.SENDING, EffectState.IN_DOUBT})
# Waiting for its turn; push works these off.
OPEN = frozenset({EffectState.PENDING, *OPEN_ON_THE_WIRE})
# Never sent, or certainly not created: a new decision may replace it.
REPLACEABLE = frozenset({EffectState.PENDING, EffectState.HELD, EffectState.DEAD})


def may_move(current: EffectState, wanted: EffectState) -> bool:
    """Whether the life above allows this step."""
    return wanted in TRANSITIONS[current]


# ConnectWise's own advice for background jobs is exponential from 30 s on throttling and a cap of 30-60 s on 5xx
# (connectwise developer guide); we start lower, because most bad moments last seconds, and cap higher, because an
# outage of hours must not burn all attempts.
BACKOFF_BASE = timedelta(seconds=5)
BACKOFF_CAP = timedelta(minutes=30)
ATTEMPTS_MAX = 12


def backoff(attempt: int, jitter: float, base: timedelta = BACKOFF_BASE, cap: timedelta = BACKOFF_CAP) -> timedelta:
    """How long to rest after the attempt with this number (from 1): exponential, capped, with jitter.

    Args:
        jitter: a fraction from 0 to 1; the rest is between half of the step and the whole step.
    """
    step = min(cap, base * 2 ** min(attempt - 1, 20))
    resting: timedelta = step * (0.5 + jitter / 2)
    return resting
