"""Recording what became of an effect: its next state, the ledger, the decision a partner reads. Short transactions."""

import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from connectors.base import (
    Changed,
    Conflict,
    Created,
    Failure,
    FailureKind,
    NotSent,
    Paced,
    Refused,
    Removed,
    Throttled,
    Unknown,
    WriteOutcome,
)
from domain.delivery import EffectState
from domain.near_numbers import link_not_shown
from domain.planning import MAY_HAVE_MOVED_MONEY
from domain.reasons import Reason
from domain.records import TargetPayment
from domain.strategy import Change, CreatePayment
from models.connections import Connection, Role
from models.decisions import Action
from models.effects import Effect, finish_attempt, is_as_read, move
from models.payments import (
    allocation_with_payment,
    match_again,
)
from tasks.context import Context
from tasks.lane import Lease
from tasks.next_states import NextStates
from tasks.outdated import is_outdated
from tasks.pauses import ABOUT_THE_CONNECTION, PAUSE_MAX, note_outcome, why_it_waits
from tasks.points import Point
from tasks.read_back import stop
from tasks.rechecks import next_look
from tasks.telling import tell

log = structlog.get_logger()


class Overtaken(Exception):
    """The effect is not what it was when it was read; nothing may be recorded about it."""


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
        """Every transaction here: the lane and the organization are ours, so match does not decide meanwhile.

        Raises:
            Overtaken: match has decided since we read the effect, and it is no longer what it was.
        """
        self.lease.guard(session)
        if not is_as_read(session, effect):
            raise Overtaken(effect.id)

    # --- without a send ---

    def hold(self, effect: Effect, reason: Reason, detail: str = "", seen: Sequence[TargetPayment] = ()) -> None:
        now = self.context.clock.now()
        if reason is Reason.TARGET_INVOICE_MISSING and not detail:
            detail = link_not_shown(effect.target_invoice_id)
        with self.context.database.writing() as session:
            self._begin(session, effect)
            self.states.hold(session, effect, reason, detail, now, seen)
        self.context.reached(Point.PUSH_HELD)

    def hold_beside(self, effect: Effect, reason: Reason, similar: Sequence[TargetPayment]) -> None:
        """Held because of these payments; that they are other money can be said of them alone."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            allocation, _ = allocation_with_payment(session, effect.allocation_id)
            allocation.similar_payment_ids = [payment.external_id for payment in similar]
            allocation.ignore_twins = False
            self.states.hold(session, effect, reason, "", now, similar)
        self.context.reached(Point.PUSH_HELD)

    def hold_gone(self, effect: Effect, payment_id: str) -> None:
        """The payment that was to be changed is not on the invoice any more."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            self.states.hold_gone(session, effect, payment_id, "", now)
        self.context.reached(Point.PUSH_HELD)

    def note_unseen(self, effect: Effect, failure: Failure) -> None:
        """The look failed. A right that is missing stays so until a person gives it, and is said with the payment.

        A hold that keeps an effect from being replaced says more, and a doubt stays one.
        """
        if not _is_certainly_not_sent(effect):
            return
        # If match was faster, it has said what is the case.
        with suppress(Overtaken):
            if failure.kind is FailureKind.FORBIDDEN:
                self.hold(effect, Reason.TARGET_FORBIDDEN, failure.detail)
            elif failure.kind in ABOUT_THE_CONNECTION:
                self._wait_for_connection(effect, failure)

    def _wait_for_connection(self, effect: Effect, failure: Failure) -> None:
        """It stays pending: the connection's pause says when push comes back to it."""
        now, reason = self.context.clock.now(), self._why_it_waits(failure.kind)
        with self.context.database.writing() as session:
            self._begin(session, effect)
            self.states.wait_for_connection(session, effect, reason, failure.detail, now)

    def _why_it_waits(self, kind: FailureKind) -> Reason:
        return why_it_waits(kind, Role(self.connection.role))

    def let_others_go_first(self, effect: Effect, failure: Failure) -> None:
        """Its own invoice could not be looked at. It may be that one alone, and then it must not always be the first.

        After a breaker's rest one effect tries, and what becomes of it decides for all others. A pause (throttled,
        paced, a missing right) is about the whole connection and moves nobody.
        """
        if failure.kind not in (FailureKind.UNAVAILABLE, FailureKind.REFUSED, FailureKind.NOT_FOUND):
            return
        now, certain = self.context.clock.now(), _is_certainly_not_sent(effect)
        with suppress(Overtaken), self.context.database.writing() as session:
            self._begin(session, effect)
            why = Reason.TARGET_UNREACHABLE if certain else Reason.IN_DOUBT
            due_at = next_look(self.context, session, effect.allocation_id, why, now)
            if certain:
                self.states.snooze(session, effect, why, failure.detail, now, due_at)
            else:
                move(session, effect, EffectState(effect.state), due_at=due_at)

    def note_refused_look(self, effect: Effect, detail: str) -> None:
        """The target refuses to answer about this invoice alone, in these words; the others go on.

        A doubt stays one, and so does a hold that keeps an effect from being replaced: they are looked at later.
        """
        if _is_certainly_not_sent(effect):
            with suppress(Overtaken):
                self.hold(effect, Reason.TARGET_LOOKUP_REFUSED, detail)
            return
        now = self.context.clock.now()
        with suppress(Overtaken), self.context.database.writing() as session:
            self._begin(session, effect)
            due_at = next_look(self.context, session, effect.allocation_id, Reason.IN_DOUBT, now)
            move(session, effect, EffectState(effect.state), due_at=due_at)

    def doubt_longer(self, effect: Effect) -> None:
        """There is no invoice to look at; the effect stays in doubt, and the looks come ever further apart."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            due_at = next_look(self.context, session, effect.allocation_id, Reason.TARGET_INVOICE_MISSING, now)
            move(session, effect, EffectState.IN_DOUBT, due_at=due_at)
            tell(
                session,
                effect,
                Action.HOLD,
                Reason.TARGET_INVOICE_MISSING,
                now,
                link_not_shown(effect.target_invoice_id),
            )
        self.context.reached(Point.PUSH_DOUBT_PROLONGED)

    def settle(self, effect: Effect, payment_id: str, *, ours: bool = True, replaced: Collection[str] = ()) -> None:
        """What the effect wants is the case already: by an attempt whose answer was lost, or by a person's hand.

        Args:
            replaced: older payments that went when ours came; nothing more is written before a person has looked.
        """
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            self.states.done(session, effect, payment_id, ours=ours, now=now)
            if replaced:
                stop(self.context, session, effect, replaced)
                self.match_wanted.set()
        self.context.reached(Point.PUSH_SETTLED)
        log.info("push.settled", effect_id=effect.id, kind=effect.kind, ours=ours)

    def is_linked(self, effect: Effect, payment: TargetPayment | None) -> bool:
        """Whether the payment of which a person says that it is this money stands for it now.

        Args:
            payment: None if it is not there as the person saw it; then nobody has said anything.
        """
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            linked = payment is not None and self.states.link(session, effect, payment, now)
            if not linked:
                allocation, _ = allocation_with_payment(session, effect.allocation_id)
                allocation.same_money_id = None
        self.context.reached(Point.PUSH_LINKED)
        log.info("push.linked", effect_id=effect.id, payment_id=payment and payment.external_id, linked=linked)
        return linked

    def is_decided_again(self, effect: Effect, *, always: bool = False) -> bool:
        """True if the payment changed while the effect was in doubt: it goes back, and match decides first."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            allocation, payment = allocation_with_payment(session, effect.allocation_id)
            changed = allocation.match_due_at is not None or is_outdated(effect, allocation, payment)
            if not (changed or always):
                return False
            move(session, effect, EffectState.PENDING, maybe_sent=False, reason="", detail="")
            match_again(session, [effect.allocation_id], now)
        self.context.reached(Point.PUSH_DECIDED_AGAIN)
        self.match_wanted.set()
        return True

    def give_up(self, effect: Effect) -> None:
        """Sent as often as is sensible, and certainly not there: from now on it is tried rarely."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            self.states.bury(session, effect, effect.detail, now, maybe_sent=False)
        self.context.reached(Point.PUSH_GIVEN_UP)

    def hold_replaced(self, effect: Effect, payment_ids: Collection[str]) -> None:
        """The target put ours in the place of these payments: nothing more is written to it before a person looked."""
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            self.states.hold_replaced(session, effect, payment_ids, now)
        self.context.reached(Point.PUSH_STOPPED)

    # --- after a send ---

    def record(self, effect: Effect, attempt: int, change: Change, outcome: WriteOutcome) -> bool:
        """Writes down what the wire said; True if this connection wants no more calls now."""
        now = self.context.clock.now()

        def write_down(session: Session) -> None:
            self._begin(session, effect)
            detail = "" if isinstance(outcome, Created | Changed | Removed) else outcome.detail
            finish_attempt(session, effect.id, attempt, type(outcome).__name__.lower(), detail, now)
            self._apply(session, effect, change, outcome, now)

        self.context.database.write(write_down)
        self.context.reached(Point.PUSH_OUTCOME_STORED)
        log.info(
            "push.recorded",
            effect_id=effect.id,
            attempt=attempt,
            outcome=type(outcome).__name__,
            state=effect.state,
        )
        return note_outcome(self.context, self.connection, outcome)

    def _apply(self, session: Session, effect: Effect, change: Change, outcome: WriteOutcome, now: datetime) -> None:
        match outcome:
            case Created(payment) | Changed(payment):
                self.states.answered(session, effect, change, payment, now)
            case Removed():
                self.states.done(session, effect, effect.target_payment_id or "", ours=True, now=now)
            case Refused():
                self._refused(session, effect, change, outcome, now)
            case Conflict(detail) if not isinstance(change, CreatePayment):
                # A payment in a closed batch: ConnectWise will go on saying no until somebody opens the batch.
                self.states.hold(session, effect, Reason.TARGET_LOCKED, detail, now)
            case Conflict(detail):
                self.states.try_later(session, effect, detail, now)
            case NotSent(detail):
                # The whole system is away: the breaker's business. An outage of hours must not use up the attempts.
                self.states.snooze(session, effect, Reason.TARGET_UNREACHABLE, detail, now, now + self.states.rest(1))
            case Throttled(detail, retry_after):
                due_at = now + min(retry_after, PAUSE_MAX)
                self.states.snooze(session, effect, Reason.TARGET_THROTTLED, detail, now, due_at)
            case Paced(_, retry_after):
                # Nothing to tell anybody: it was not sent, and goes on in a moment.
                move(session, effect, EffectState.PENDING, due_at=now + retry_after)
            case Unknown(detail):
                self.states.doubt(session, effect, detail, now)

    def _refused(self, session: Session, effect: Effect, change: Change, refused: Refused, now: datetime) -> None:
        if refused.kind in ABOUT_THE_CONNECTION:
            reason = self._why_it_waits(refused.kind)
            self.states.wait_for_connection(session, effect, reason, refused.detail, now)
        else:
            self.states.refused(session, effect, change, refused.kind, refused.detail, now)


def _is_certainly_not_sent(effect: Effect) -> bool:
    return effect.state == EffectState.PENDING and effect.reason not in MAY_HAVE_MOVED_MONEY
