"""The next state of an effect and all that goes with it: ledger, decision, the next look.

Everything here happens inside the caller's transaction; `tasks/outcomes.py` opens it.
"""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from connectors.base import FailureKind
from domain.before_image import ids_in, seen_in
from domain.delivery import ATTEMPTS_MAX, EffectKind, EffectState, backoff
from domain.explanations import explain
from domain.money import money_text
from domain.reasons import Reason
from domain.recognition import is_by
from domain.records import TargetPayment
from domain.strategy import Change, CreatePayment, PaymentStrategy, RemovePayment, SetPayment
from models.claims import hand_over, payment_to_hand_over
from models.connections import connection_by_id, learn_author
from models.decisions import Action
from models.effects import DETAIL_CHARACTERS_MAX, Effect, day_of, hold, move
from models.ledger import change_entry, claim_payment, is_doubled, remove_entry
from models.looks import look_soon, remember_others
from models.payments import (
    allocation_with_payment,
    match_again,
    match_no_later_than,
    match_now_if_waiting,
)
from tasks.context import Context
from tasks.gone import found_gone
from tasks.outdated import is_outdated
from tasks.read_back import stop
from tasks.rechecks import next_look
from tasks.telling import tell

_REASON_OF_REFUSAL = {
    FailureKind.FORBIDDEN: Reason.TARGET_FORBIDDEN,
    FailureKind.NOT_FOUND: Reason.TARGET_INVOICE_MISSING,
}

# Held although nobody could tell whether what was sent has arrived.
_THE_DOUBT_STAYS = frozenset({Reason.SEVERAL_CANDIDATES, Reason.TARGET_REPLACED, Reason.TARGET_INVOICE_MISSING})


@dataclass(slots=True)
class NextStates:
    """Moves effects on; every method runs in a transaction in which the lane and the allocation are ours."""

    context: Context
    strategy: PaymentStrategy
    # Set when some allocation is to be decided again right now.
    match_wanted: threading.Event = field(default_factory=threading.Event)

    def done(
        self,
        session: Session,
        effect: Effect,
        payment_id: str,
        *,
        ours: bool,
        now: datetime,
        owed_since: datetime | None = None,
    ) -> None:
        """The target has what the effect wanted: the ledger says so, and a partner reads so."""
        match EffectKind(effect.kind):
            case EffectKind.CREATE:
                if not self.claim(session, effect, payment_id, effect.amount, day_of(effect), ours=ours, now=now):
                    # The id stands for another payment already: the target replaced that one instead of adding.
                    self.hold_replaced(session, effect, [payment_id], now)
                    return
                self.close(session, effect, now, target_payment_id=payment_id, read_back_owed_since=owed_since)
                tell(session, effect, Action.PUSH, Reason.SYNCED if ours else Reason.ADOPTED, now)
                return
            case EffectKind.ADJUST:
                change_entry(session, effect.allocation_id, effect.amount, day_of(effect))
                self.close(session, effect, now)
                tell(session, effect, Action.PUSH, Reason.SYNCED, now)
            case EffectKind.REVERSE:
                remove_entry(session, effect.allocation_id, now)
                self.close(session, effect, now)
                tell(session, effect, Action.REVERSE, Reason.REVERSED, now)
        look_soon(session, effect.connection_id, effect.target_invoice_id, now)
        if is_doubled(session, effect.allocation_id):
            # Ours is as it should be; another one like it is still beside it, and that is what has to be told.
            match_again(session, [effect.allocation_id], now)
            self.match_wanted.set()

    def answered(self, session: Session, effect: Effect, change: Change, payment: TargetPayment, now: datetime) -> None:
        """The target answered with a payment; whether it is the one that was asked for is looked at closely."""
        image = ids_in(seen_in(effect.before_image))
        if isinstance(change, CreatePayment):
            learn_author(session, effect.connection_id, payment.entered_by)
        if isinstance(change, CreatePayment) and payment.external_id in image:
            # An id that was there before: the target replaced somebody's payment instead of adding ours.
            self.hold_replaced(session, effect, [payment.external_id], now)
            return
        owed_since = now if isinstance(change, CreatePayment) and image else None
        if change.is_answered_by(payment):
            self.done(session, effect, payment.external_id, ours=True, now=now, owed_since=owed_since)
        else:
            self.done_otherwise(session, effect, change, payment, now, owed_since=owed_since)

    def done_otherwise(
        self,
        session: Session,
        effect: Effect,
        change: Change,
        payment: TargetPayment,
        now: datetime,
        *,
        owed_since: datetime | None,
    ) -> None:
        """The target took the payment but made another amount or date of it: the ledger says what is really there."""
        there = f"{money_text(payment.amount, effect.currency)} on {payment.paid_on}"
        if not isinstance(change, CreatePayment):
            self.hold(session, effect, Reason.TARGET_CHANGED_IT, there, now, [payment])
            return
        paid_on = payment.paid_on or day_of(effect)
        if not self.claim(session, effect, payment.external_id, payment.amount, paid_on, ours=True, now=now):
            self.hold_replaced(session, effect, [payment.external_id], now)
            return
        self.close(session, effect, now, target_payment_id=payment.external_id, read_back_owed_since=owed_since)
        tell(session, effect, Action.HOLD, Reason.TARGET_CHANGED_IT, now, there, [payment])

    def claim(
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
        is_claimed = claim_payment(
            session,
            organization_id=effect.organization_id,
            connection_id=effect.connection_id,
            allocation_id=effect.allocation_id,
            target_invoice_id=effect.target_invoice_id,
            target_payment_id=payment_id,
            amount=amount,
            paid_on=paid_on,
            ours=ours,
            # Sent into a payment of ours, it is a part of that one, whatever the setting says by now.
            shared=ours and (self.strategy is PaymentStrategy.SINGLE or effect.sent_into == payment_id),
            now=now,
        )
        if is_claimed:
            look_soon(session, effect.connection_id, effect.target_invoice_id, now)
            remember_others(session, effect)
        return is_claimed

    def link(self, session: Session, effect: Effect, payment: TargetPayment, now: datetime) -> bool:
        """A person says that this payment is the money; False if it stands for something else and stays so.

        It is a person's payment then, and never changed by us: unless it was ours before, of a payment that was taken
        back in QuickBooks and entered anew, or is what we sent and had lost out of sight.
        """
        invoice = (effect.connection_id, effect.target_invoice_id)
        former = payment_to_hand_over(session, *invoice, payment.external_id)
        if former is not None:
            if not hand_over(session, former, now):
                return False
            match_again(session, [former.allocation_id], now)
            self.match_wanted.set()
        author = connection_by_id(session, effect.connection_id).author
        ours = former.ours if former is not None else effect.maybe_sent and is_by(payment, author)
        # The date of one of ours is what it is, and corrected afterwards; a person's own may be a day off.
        paid_on = payment.paid_on if ours and payment.paid_on is not None else day_of(effect)
        if not self.claim(session, effect, payment.external_id, payment.amount, paid_on, ours=ours, now=now):
            return False
        self.close(session, effect, now, target_payment_id=payment.external_id)
        detail = f"payment {payment.external_id}, dated {payment.paid_on or 'nowhere'}, was linked by a person"
        tell(session, effect, Action.PUSH, Reason.ADOPTED, now, detail)
        match_again(session, [effect.allocation_id], now)
        self.match_wanted.set()
        return True

    def close(self, session: Session, effect: Effect, now: datetime, **values: str | datetime | None) -> None:
        move(session, effect, EffectState.DELIVERED, delivered_at=now, reason="", detail="", **values)
        allocation, payment = allocation_with_payment(session, effect.allocation_id)
        allocation.ignore_twins, allocation.similar_payment_ids, allocation.same_money_id = False, None, None
        if is_outdated(effect, allocation, payment):
            # The payment changed while this was on its way: what is true now is decided now.
            match_again(session, [effect.allocation_id], now)
            self.match_wanted.set()
        elif match_now_if_waiting(session, effect.allocation_id, now):
            self.match_wanted.set()

    def hold(
        self,
        session: Session,
        effect: Effect,
        reason: Reason,
        detail: str,
        now: datetime,
        seen: Sequence[TargetPayment] = (),
    ) -> None:
        # A look that ended the doubt ends it for good: what somebody types from now on is not ours.
        hold(session, effect, reason, detail, maybe_sent=effect.maybe_sent and reason in _THE_DOUBT_STAYS)
        if explain(reason).clears_itself:
            again_at = next_look(self.context, session, effect.allocation_id, reason, now)
            match_no_later_than(session, effect.allocation_id, again_at)
        tell(session, effect, Action.HOLD, reason, now, detail, seen)

    def hold_gone(self, session: Session, effect: Effect, payment_id: str, detail: str, now: datetime) -> None:
        self.hold(session, effect, Reason.TARGET_PAYMENT_GONE, detail, now)
        if found_gone(session, effect, payment_id, now):
            self.match_wanted.set()

    def hold_replaced(self, session: Session, effect: Effect, payment_ids: Collection[str], now: datetime) -> None:
        self.hold(session, effect, Reason.TARGET_REPLACED, f"payment {', '.join(sorted(payment_ids))}", now)
        stop(self.context, session, effect, payment_ids)
        self.match_wanted.set()

    def refused(
        self, session: Session, effect: Effect, change: Change, kind: FailureKind, detail: str, now: datetime
    ) -> None:
        if kind is FailureKind.NOT_FOUND and isinstance(change, SetPayment | RemovePayment):
            self.hold_gone(session, effect, change.payment_id, detail, now)
        else:
            self.hold(session, effect, _REASON_OF_REFUSAL.get(kind, Reason.TARGET_REFUSED), detail, now)

    def try_later(self, session: Session, effect: Effect, detail: str, now: datetime) -> None:
        """Certainly not carried out; a rest, and then again, as often as is sensible."""
        attempts = effect.attempts + 1
        if attempts >= ATTEMPTS_MAX:
            self.bury(session, effect, detail, now, attempts=attempts)
            return
        rest = self.rest(attempts)
        self.snooze(session, effect, Reason.TARGET_UNREACHABLE, detail, now, now + rest, attempts=attempts)

    def bury(self, session: Session, effect: Effect, detail: str, now: datetime, **values: int) -> None:
        """A dead letter: shown to a person with the last answer, and tried again rarely, in case the cause is gone."""
        detail = detail[:DETAIL_CHARACTERS_MAX]
        move(session, effect, EffectState.DEAD, reason=Reason.ATTEMPTS_EXHAUSTED.value, detail=detail, **values)
        again_at = next_look(self.context, session, effect.allocation_id, Reason.ATTEMPTS_EXHAUSTED, now)
        match_no_later_than(session, effect.allocation_id, again_at)
        tell(session, effect, Action.HOLD, Reason.ATTEMPTS_EXHAUSTED, now, detail)

    def snooze(
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

    def wait_for_connection(self, session: Session, effect: Effect, reason: Reason, detail: str, now: datetime) -> None:
        """Not carried out, and the payment is not why: it stays due, and the connection's pause says when it goes.

        The effect bears no reason of its own, so that whatever the connection waits for by then is told with it.
        """
        move(session, effect, EffectState.PENDING, due_at=now, reason="", detail=detail[:DETAIL_CHARACTERS_MAX])
        tell(session, effect, Action.HOLD, reason, now, detail)

    def doubt(self, session: Session, effect: Effect, detail: str, now: datetime) -> None:
        attempts = effect.attempts + 1
        move(
            session,
            effect,
            EffectState.IN_DOUBT,
            maybe_sent=True,
            attempts=attempts,
            due_at=now + max(self.context.timing.settle, self.rest(attempts)),
            reason=Reason.IN_DOUBT.value,
            detail=detail[:DETAIL_CHARACTERS_MAX],
        )
        tell(session, effect, Action.HOLD, Reason.IN_DOUBT, now, detail)

    def rest(self, attempts: int) -> timedelta:
        timing = self.context.timing
        return backoff(attempts, self.context.jitter.random(), timing.backoff_min, timing.backoff_max)
