"""Recording what became of an effect: its next state, the ledger, the decision a partner reads. Short transactions."""

import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from connectors.base import (
    Changed,
    Conflict,
    Created,
    FailureKind,
    NotSent,
    Paced,
    Refused,
    Removed,
    Throttled,
    Unknown,
    WriteOutcome,
)
from domain.delivery import EffectKind, EffectState
from domain.reasons import Reason
from domain.strategy import Change
from models.connections import Connection
from models.effects import Effect, finish_attempt, move
from models.payments import (
    allocation_with_payment,
    lock_allocation,
    match_again,
)
from tasks.context import Context
from tasks.lane import Lease
from tasks.next_states import NextStates
from tasks.outdated import is_outdated
from tasks.pauses import disconnect, note_sick, note_success, pause_for
from tasks.points import Point
from tasks.rechecks import next_look

log = structlog.get_logger()


@dataclass(slots=True)
class Recorder:
    """Writes down outcomes for one batch."""

    context: Context
    lease: Lease
    connection: Connection
    states: NextStates

    @property
    def match_wanted(self) -> threading.Event:
        """Set when some allocation is to be decided again right now."""
        return self.states.match_wanted

    def _begin(self, session: Session, effect: Effect) -> None:
        """Every transaction here: the lane is ours, and match does not decide about the same allocation meanwhile."""
        self.lease.guard(session)
        lock_allocation(session, effect.allocation_id)

    # --- without a send ---

    def hold(self, effect: Effect, reason: Reason, detail: str = "") -> None:
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            self.states.hold(session, effect, reason, detail, now)

    def doubt_longer(self, effect: Effect) -> None:
        """We could not look; the effect stays in doubt and is looked at again, with growing distance."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            due_at = next_look(self.context, session, effect.allocation_id, Reason.IN_DOUBT, now)
            move(session, effect, EffectState.IN_DOUBT, due_at=due_at)

    def settle(self, effect: Effect, payment_id: str, *, ours: bool = True) -> None:
        """What the effect wants is the case already: by an attempt whose answer was lost, or by a person's hand."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            self.states.done(session, effect, payment_id, ours=ours, now=now)
        log.info("push.settled", effect_id=effect.id, kind=effect.kind, ours=ours)

    def is_decided_again(self, effect: Effect) -> bool:
        """True if the payment changed while the effect was in doubt: it goes back, and match decides first."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            allocation, payment = allocation_with_payment(session, effect.allocation_id)
            if allocation.match_due_at is None and not is_outdated(effect, allocation, payment):
                return False
            move(session, effect, EffectState.PENDING, maybe_sent=False, reason="", detail="")
            match_again(session, [effect.allocation_id], now)
        self.match_wanted.set()
        return True

    def give_up(self, effect: Effect) -> None:
        """Sent as often as is sensible, and certainly not there: from now on it is tried rarely."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            self.states.bury(session, effect, effect.detail, now, maybe_sent=False)

    def hold_replaced(self, effect: Effect, payment_ids: Collection[str]) -> None:
        """The target put ours in the place of these payments: nothing more is written to it before a person looked."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            self.states.hold_replaced(session, effect, payment_ids, now)

    # --- after a send ---

    def record(self, effect: Effect, attempt: int, change: Change, outcome: WriteOutcome) -> bool:
        """Writes down what the wire said; True if this connection wants no more calls now."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            detail = "" if isinstance(outcome, Created | Changed | Removed) else outcome.detail
            finish_attempt(session, effect.id, attempt, type(outcome).__name__.lower(), detail, now)
            self._apply(session, effect, change, outcome, now)
        self.context.reached(Point.PUSH_OUTCOME_STORED)
        log.info(
            "push.recorded",
            effect_id=effect.id,
            attempt=attempt,
            outcome=type(outcome).__name__,
            state=effect.state,
        )
        return self._after(outcome)

    def _apply(self, session: Session, effect: Effect, change: Change, outcome: WriteOutcome, now: datetime) -> None:
        match outcome:
            case Created(payment) | Changed(payment):
                self.states.answered(session, effect, change, payment, now)
            case Removed():
                self.states.done(session, effect, effect.target_payment_id or "", ours=True, now=now)
            case Refused(kind, detail):
                self.states.refused(session, effect, kind, detail, now)
            case Conflict(detail) if effect.kind != EffectKind.CREATE:
                # A payment in a closed batch: ConnectWise will go on saying no until somebody opens the batch.
                self.states.hold(session, effect, Reason.TARGET_LOCKED, detail, now)
            case Conflict(detail):
                self.states.try_later(session, effect, detail, now)
            case NotSent(detail):
                # The whole system is away: the breaker's business. An outage of hours must not use up the attempts.
                self.states.snooze(session, effect, Reason.TARGET_UNREACHABLE, detail, now, now + self.states.rest(1))
            case Throttled(detail, retry_after):
                self.states.snooze(session, effect, Reason.TARGET_THROTTLED, detail, now, now + retry_after)
            case Paced(_, retry_after):
                # Nothing to tell anybody: it was not sent, and goes on in a moment.
                move(session, effect, EffectState.PENDING, due_at=now + retry_after)
            case Unknown(detail):
                self.states.doubt(session, effect, detail, now)

    def _after(self, outcome: WriteOutcome) -> bool:
        """What the outcome means for the whole connection, outside the effect's transaction."""
        match outcome:
            case Created() | Changed() | Removed() | Conflict():
                note_success(self.context, self.connection)
                return False
            case Refused(FailureKind.CREDENTIALS, detail):
                disconnect(self.context, self.connection, detail)
                self.match_wanted.set()
                return True
            case Refused():
                return False
            case Throttled(_, retry_after):
                pause_for(self.context, self.connection, retry_after, Reason.TARGET_THROTTLED)
                return True
            case Paced(_, retry_after):
                pause_for(self.context, self.connection, retry_after, Reason.PACED)
                return True
            case NotSent(detail) | Unknown(detail):
                return note_sick(self.context, self.connection, detail)
