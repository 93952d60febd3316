"""Recording what became of an effect: its next state, the ledger, the decision a partner reads. Short transactions."""

import threading
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

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
from domain.delivery import ATTEMPTS_MAX, EffectKind, EffectState, backoff
from domain.money import money_text
from domain.reasons import Reason, explain
from domain.records import TargetPayment
from domain.strategy import Change, CreatePayment, PaymentStrategy
from models.connections import Connection
from models.decisions import Action
from models.effects import DETAIL_CHARACTERS_MAX, Effect, day_of, finish_attempt, hold, move
from models.ledger import change_entry, claim_payment, remove_entry
from models.payments import (
    allocation_with_payment,
    lock_allocation,
    match_again,
    match_now_if_waiting,
)
from tasks.context import Context
from tasks.lane import Lease
from tasks.outdated import is_outdated
from tasks.pauses import disconnect, note_sick, note_success, pause_for
from tasks.points import Point
from tasks.rechecks import next_look
from tasks.telling import tell

log = structlog.get_logger()

_REASON_OF_REFUSAL = {
    FailureKind.CREDENTIALS: Reason.TARGET_CREDENTIALS,
    FailureKind.FORBIDDEN: Reason.TARGET_FORBIDDEN,
    FailureKind.NOT_FOUND: Reason.TARGET_INVOICE_MISSING,
}


@dataclass(slots=True)
class Recorder:
    """Writes down outcomes for one batch."""

    context: Context
    lease: Lease
    connection: Connection
    strategy: PaymentStrategy
    # Set when some allocation is to be decided again right now.
    match_wanted: threading.Event = field(default_factory=threading.Event)

    def _begin(self, session: Session, effect: Effect) -> None:
        """Every transaction here: the lane is ours, and match does not decide about the same allocation meanwhile."""
        self.lease.guard(session)
        lock_allocation(session, effect.allocation_id)

    # --- without a send ---

    def hold(self, effect: Effect, reason: Reason, detail: str = "") -> None:
        now = self.context.clock.now()
        with self.context.database.writing() as session:
            self._begin(session, effect)
            self._hold(session, effect, reason, detail, now)

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
            self._done(session, effect, payment_id, ours=ours, now=now)
        log.info("push.settled", effect_id=effect.id, kind=effect.kind, ours=ours)

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
                self._answered(session, effect, change, payment, now)
            case Removed():
                self._done(session, effect, effect.target_payment_id or "", ours=True, now=now)
            case Refused(kind, detail):
                self._refused(session, effect, kind, detail, now)
            case Conflict(detail) if effect.kind != EffectKind.CREATE:
                # A payment in a closed batch: ConnectWise will go on saying no until somebody opens the batch.
                self._hold(session, effect, Reason.TARGET_LOCKED, detail, now)
            case Conflict(detail) | NotSent(detail):
                self._try_later(session, effect, detail, now)
            case Throttled(detail, retry_after):
                self._snooze(session, effect, Reason.TARGET_THROTTLED, detail, now, now + retry_after)
            case Paced(_, retry_after):
                # Nothing to tell anybody: it was not sent, and goes on in a moment.
                move(session, effect, EffectState.PENDING, due_at=now + retry_after)
            case Unknown(detail):
                self._doubt(session, effect, detail, now)

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

    # --- the next state, inside a transaction ---

    def _done(self, session: Session, effect: Effect, payment_id: str, *, ours: bool, now: datetime) -> None:
        """The target has what the effect wanted: the ledger says so, and a partner reads so."""
        match EffectKind(effect.kind):
            case EffectKind.CREATE:
                if not self._claim(session, effect, payment_id, effect.amount, day_of(effect), ours=ours, now=now):
                    # The id stands for another payment already: the target replaced that one instead of adding.
                    self._hold(session, effect, Reason.TARGET_REPLACED, f"payment {payment_id}", now)
                    return
                self._close(session, effect, now, target_payment_id=payment_id)
                tell(session, effect, Action.PUSH, Reason.SYNCED if ours else Reason.ADOPTED, now)
            case EffectKind.ADJUST:
                change_entry(session, effect.allocation_id, effect.amount, day_of(effect))
                self._close(session, effect, now)
                tell(session, effect, Action.PUSH, Reason.SYNCED, now)
            case EffectKind.REVERSE:
                remove_entry(session, effect.allocation_id, now)
                self._close(session, effect, now)
                tell(session, effect, Action.REVERSE, Reason.REVERSED, now)

    def _answered(
        self, session: Session, effect: Effect, change: Change, payment: TargetPayment, now: datetime
    ) -> None:
        """The target answered with a payment; whether it is the one that was asked for is looked at closely."""
        if isinstance(change, CreatePayment) and payment.external_id in (effect.before_image or ()):
            # An id that was there before: the target replaced somebody's payment instead of adding ours.
            self._hold(session, effect, Reason.TARGET_REPLACED, f"payment {payment.external_id}", now)
        elif not change.is_answered_by(payment):
            self._done_otherwise(session, effect, payment, now)
        else:
            self._done(session, effect, payment.external_id, ours=True, now=now)

    def _done_otherwise(self, session: Session, effect: Effect, payment: TargetPayment, now: datetime) -> None:
        """The target took the payment but made another amount or date of it: the ledger says what is really there."""
        there = f"{money_text(payment.amount, effect.currency)} on {payment.paid_on}"
        alone = effect.kind == EffectKind.CREATE and self.strategy is PaymentStrategy.APPEND
        if not alone or payment.paid_on is None:
            self._hold(session, effect, Reason.TARGET_CHANGED_IT, there, now)
            return
        if not self._claim(session, effect, payment.external_id, payment.amount, payment.paid_on, ours=True, now=now):
            self._hold(session, effect, Reason.TARGET_REPLACED, f"payment {payment.external_id}", now)
            return
        self._close(session, effect, now, target_payment_id=payment.external_id)
        tell(session, effect, Action.HOLD, Reason.TARGET_CHANGED_IT, now, there)

    def _claim(
        self,
        session: Session,
        effect: Effect,
        payment_id: str,
        amount: Decimal,
        paid_on: date,
        *,
        ours: bool,
        now: datetime,
    ) -> bool:
        return claim_payment(
            session,
            organization_id=effect.organization_id,
            connection_id=effect.connection_id,
            allocation_id=effect.allocation_id,
            target_invoice_id=effect.target_invoice_id,
            target_payment_id=payment_id,
            amount=amount,
            paid_on=paid_on,
            ours=ours,
            shared=ours and self.strategy is PaymentStrategy.SINGLE,
            now=now,
        )

    def _close(self, session: Session, effect: Effect, now: datetime, **values: str) -> None:
        move(session, effect, EffectState.DELIVERED, delivered_at=now, reason="", detail="", **values)
        allocation, payment = allocation_with_payment(session, effect.allocation_id)
        if is_outdated(effect, allocation, payment):
            # The payment changed while this was on its way: what is true now is decided now.
            match_again(session, [effect.allocation_id], now)
            self.match_wanted.set()
        elif match_now_if_waiting(session, effect.allocation_id, now):
            self.match_wanted.set()

    def _hold(self, session: Session, effect: Effect, reason: Reason, detail: str, now: datetime) -> None:
        hold(session, effect, reason, detail)
        if explain(reason).clears_itself:
            again_at = next_look(self.context, session, effect.allocation_id, reason, now)
            match_again(session, [effect.allocation_id], again_at)
        tell(session, effect, Action.HOLD, reason, now, detail)

    def _refused(self, session: Session, effect: Effect, kind: FailureKind, detail: str, now: datetime) -> None:
        reason = _REASON_OF_REFUSAL.get(kind, Reason.TARGET_REFUSED)
        if kind is FailureKind.NOT_FOUND and effect.kind != EffectKind.CREATE:
            reason = Reason.TARGET_PAYMENT_GONE
        self._hold(session, effect, reason, detail, now)

    def _try_later(self, session: Session, effect: Effect, detail: str, now: datetime) -> None:
        """Certainly not carried out; a rest, and then again, as often as is sensible."""
        attempts = effect.attempts + 1
        if attempts >= ATTEMPTS_MAX:
            move(
                session,
                effect,
                EffectState.DEAD,
                attempts=attempts,
                reason=Reason.ATTEMPTS_EXHAUSTED.value,
                detail=detail[:DETAIL_CHARACTERS_MAX],
            )
            tell(session, effect, Action.HOLD, Reason.ATTEMPTS_EXHAUSTED, now, detail)
            return
        rest = self._rest(attempts)
        self._snooze(session, effect, Reason.TARGET_UNREACHABLE, detail, now, now + rest, attempts=attempts)

    def _snooze(
        self,
        session: Session,
        effect: Effect,
        reason: Reason,
        detail: str,
        now: datetime,
        due_at: datetime,
        **values: int,
    ) -> None:
        detail = detail[:DETAIL_CHARACTERS_MAX]
        move(session, effect, EffectState.PENDING, due_at=due_at, reason=reason.value, detail=detail, **values)
        tell(session, effect, Action.HOLD, reason, now, detail)

    def _doubt(self, session: Session, effect: Effect, detail: str, now: datetime) -> None:
        move(
            session,
            effect,
            EffectState.IN_DOUBT,
            maybe_sent=True,
            attempts=effect.attempts + 1,
            due_at=now + self.context.timing.settle,
            reason=Reason.IN_DOUBT.value,
            detail=detail[:DETAIL_CHARACTERS_MAX],
        )
        tell(session, effect, Action.HOLD, Reason.IN_DOUBT, now, detail)

    def _rest(self, attempts: int) -> timedelta:
        timing = self.context.timing
        return backoff(attempts, self.context.jitter.random(), timing.backoff_min, timing.backoff_max)
