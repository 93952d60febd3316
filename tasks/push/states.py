"""Sets the next state of an effect with everything that belongs to it: ledger entry, decision, next look.

Every method changes rows of one transaction, which holds the lane and the organization; `record.py` opens it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

import structlog

from connectors.base import FailureKind
from domain.explanations import explain
from domain.push.effect import ATTEMPTS_MAX, Doubt, EffectKind, EffectState, backoff
from domain.push.recognition import is_by
from domain.push.strategy import PaymentStrategy
from domain.push.verdict import Terms
from domain.reasons import Reason
from domain.records import TargetPayment
from models.connections import Role, stop_connection
from models.decisions import Action
from models.delivery_rows import DeliveryRows, NewClaim, StillStands
from models.effects import Effect, day_of
from models.ledger_writing import mark_harmed
from models.payments import match_organization_again
from tasks.calls import why_it_waits
from tasks.context import Context
from tasks.push.facts import is_outdated
from tasks.rechecks import look_after

log = structlog.get_logger()

NO_DOUBT = {"doubt": Doubt.NONE.value, "reason": "", "detail": ""}


@dataclass
class States:
    """Moves effects on.

    Attributes:
        owed_read_backs: effects after which we must look at the older payments of the invoice.
        decide_again: match has something to decide right now.
        stop: nothing more may be written to this target now.
    """

    context: Context
    terms: Terms
    rows: DeliveryRows
    owed_read_backs: list[int] = field(default_factory=list)
    decide_again: bool = False
    stop: bool = False

    def decide_first(self, effect: Effect) -> None:
        """The doubt has ended without a payment: match decides what we owe now."""
        self.rows.move(effect, EffectState.PENDING, **NO_DOUBT)
        self.match_again(effect.allocation_id)

    def link(self, effect: Effect, payment: TargetPayment) -> None:
        """Links a payment that a person has called the same money.

        It counts as a person's payment, which we never change. Two exceptions: it was ours before, for a payment
        that was removed in QuickBooks and entered anew, or it is the one that we sent and lost sight of.
        """
        try:
            former = self.rows.hand_over(effect, payment.external_id)
        except StillStands:
            former, is_free = None, False
        else:
            is_free = True
        if former is not None:
            self.match_again(former.allocation_id)
        ours = (
            former.ours
            if former is not None
            else Doubt(effect.doubt).is_unanswered and is_by(payment, self.terms.author)
        )
        # A payment of ours keeps its own date and is corrected afterwards; a person's own may be a day off.
        paid_on = payment.paid_on if ours and payment.paid_on is not None else day_of(effect)
        if not (is_free and self.claim(effect, payment.external_id, payment.amount, paid_on, ours=ours)):
            # It stands for something else by now: the person's statement no longer applies.
            self.rows.allocations[effect.allocation_id].same_money_id = None
            self.rows.move(effect, EffectState(effect.state), due_at=self.rows.now)
            return
        self.close(effect, target_payment_id=payment.external_id)
        dated = f"dated {payment.paid_on}" if payment.paid_on else "without a date"
        detail = f"payment {payment.external_id}, {dated}, was linked by a person"
        self.rows.decide(effect, Action.PUSH, Reason.ADOPTED, detail)
        self.match_again(effect.allocation_id)

    def done(self, effect: Effect, payment_id: str, *, ours: bool, owed_since: datetime | None = None) -> None:
        """The target has what the effect wanted: records that in the ledger and for the partner."""
        match EffectKind(effect.kind):
            case EffectKind.CREATE:
                if not self.claim(effect, payment_id, effect.amount, day_of(effect), ours=ours):
                    # The id already stands for another payment: the target replaced that one instead of adding.
                    self.hold_replaced(effect, [payment_id])
                    return
                self.close(effect, target_payment_id=payment_id, read_back_owed_since=owed_since)
                self.rows.decide(effect, Action.PUSH, Reason.SYNCED if ours else Reason.ADOPTED)
                return
            case EffectKind.ADJUST:
                self.rows.change_entry(effect, effect.amount, day_of(effect))
                self.close(effect)
                self.rows.decide(effect, Action.PUSH, Reason.SYNCED)
            case EffectKind.REVERSE:
                self.rows.remove_entry(effect)
                self.close(effect)
                if self.rows.allocations[effect.allocation_id].is_taken_back:
                    self.rows.decide(effect, Action.SKIP, Reason.TAKEN_BACK)
                else:
                    self.rows.decide(effect, Action.REVERSE, Reason.REVERSED)
        self.rows.look_soon(effect)
        if self.rows.is_doubled(effect.allocation_id):
            # Ours is as it should be, but another one like it is still beside it: match must report that.
            self.match_again(effect.allocation_id)

    def claim(self, effect: Effect, payment_id: str, amount: Decimal, paid_on: date, *, ours: bool) -> bool:
        # It was sent into a payment of ours, so it is a part of that one, whatever the setting is by now.
        is_part = self.terms.strategy is PaymentStrategy.SINGLE or effect.sent_into == payment_id
        claim = NewClaim(payment_id, amount, paid_on, ours=ours, shared=ours and is_part)
        if not self.rows.claim(effect, claim):
            return False
        self.rows.look_soon(effect)
        self.rows.remember_others(effect)
        return True

    def close(
        self, effect: Effect, *, target_payment_id: str | None = None, read_back_owed_since: datetime | None = None
    ) -> None:
        self.rows.move(effect, EffectState.DELIVERED, delivered_at=self.rows.now, reason="", detail="")
        if target_payment_id is not None:
            effect.target_payment_id = target_payment_id
        if read_back_owed_since is not None:
            effect.read_back_owed_since = read_back_owed_since
            self.owed_read_backs.append(effect.id)
        allocation = self.rows.allocations[effect.allocation_id]
        allocation.ignore_twins, allocation.similar_payment_ids, allocation.same_money_id = False, None, None
        # The payment changed while this was on its way, or a decision waits for this to end.
        if is_outdated(effect, allocation) or allocation.match_due_at is not None:
            self.match_again(effect.allocation_id)

    def hold(self, effect: Effect, reason: Reason, detail: str = "", seen: Sequence[TargetPayment] = ()) -> None:
        # Where the look has ended the doubt, payments typed from now on are not ours.
        doubt = Doubt(effect.doubt).held_because_of(reason)
        self.rows.move(effect, EffectState.HELD, reason=reason.value, detail=detail, doubt=doubt.value)
        if explain(reason).clears_itself:
            self.rows.match_no_later_than(effect.allocation_id, self.next_look(effect, reason))
        self.rows.decide(effect, Action.HOLD, reason, detail, seen)

    def hold_gone(self, effect: Effect, payment_id: str, detail: str = "") -> None:
        """The payment to change is no longer on the invoice; its other allocations are decided again."""
        self.hold(effect, Reason.TARGET_PAYMENT_GONE, detail)
        news = self.rows.mark_gone(effect.target_invoice_id, payment_id)
        others = [allocation_id for allocation_id in news if allocation_id != effect.allocation_id]
        if others:
            self.match_again(*others)

    def hold_replaced(self, effect: Effect, payment_ids: Collection[str]) -> None:
        """The target put ours in the place of these payments: no more writes to it before a person has looked."""
        self.hold(effect, Reason.TARGET_REPLACED, f"payment {', '.join(sorted(payment_ids))}")
        self.stop_after_harm(effect, payment_ids)

    def stop_after_harm(self, effect: Effect, payment_ids: Collection[str]) -> None:
        """Stops all writes to this target: one of our writes removed or changed these payments."""
        session, invoice_id, listed = self.rows.session, effect.target_invoice_id, ", ".join(sorted(payment_ids))
        stop_connection(
            session,
            effect.connection_id,
            Reason.TARGET_STOPPED.value,
            f"invoice {invoice_id}: payment {listed} disappeared or changed when another one was added",
        )
        mark_harmed(session, effect.connection_id, invoice_id, payment_ids, self.rows.now, effect.id)
        match_organization_again(session, effect.organization_id, self.rows.now)
        self.decide_again = self.stop = True
        log.error("connection.stopped", connection_id=effect.connection_id, invoice_id=invoice_id)

    def wait_for_connection(self, effect: Effect, kind: FailureKind, detail: str) -> None:
        """Not carried out, and not because of the payment: it stays due, and goes when the connection's pause is over.

        The effect has no reason of its own, so it always shows the connection's current reason for waiting.
        """
        self.rows.move(effect, EffectState.PENDING, due_at=self.rows.now, reason="", detail=detail)
        self.rows.decide(effect, Action.HOLD, why_it_waits(kind, Role(self.rows.connection.role)), detail)

    def try_later(self, effect: Effect, detail: str) -> None:
        """Certainly not carried out: tries again after a rest, as often as is sensible."""
        attempts = effect.attempts + 1
        if attempts >= ATTEMPTS_MAX:
            self.bury(effect, detail, attempts=attempts)
            return
        due_at = self.rows.now + self.rest(attempts)
        self.snooze(effect, Reason.TARGET_UNREACHABLE, detail, due_at, attempts=attempts)

    def bury(self, effect: Effect, detail: str, **values: object) -> None:
        """A dead letter: a person sees it with the last answer. We rarely try it again, in case the cause is gone."""
        reason = Reason.ATTEMPTS_EXHAUSTED
        self.rows.move(effect, EffectState.DEAD, reason=reason.value, detail=detail, **values)
        self.rows.match_no_later_than(effect.allocation_id, self.next_look(effect, reason))
        self.rows.decide(effect, Action.HOLD, reason, detail)

    def snooze(self, effect: Effect, reason: Reason, detail: str, due_at: datetime, **values: int) -> None:
        self.rows.move(effect, EffectState.PENDING, due_at=due_at, reason=reason.value, detail=detail, **values)
        self.rows.decide(effect, Action.HOLD, reason, detail)

    def doubt(self, effect: Effect, detail: str) -> None:
        attempts = effect.attempts + 1
        rest = max(self.context.timing.settle, self.rest(attempts))
        values = {
            "doubt": Doubt.UNANSWERED.value,
            "attempts": attempts,
            "due_at": self.rows.now + rest,
            "detail": detail,
        }
        self.rows.move(effect, EffectState.IN_DOUBT, reason=Reason.IN_DOUBT.value, **values)
        self.rows.decide(effect, Action.HOLD, Reason.IN_DOUBT, detail)

    def look_later(self, effect: Effect, reason: Reason) -> None:
        """Leaves the effect as it is and sets its next look; the looks come ever further apart."""
        self.rows.move(effect, EffectState(effect.state), due_at=self.next_look(effect, reason))

    def next_look(self, effect: Effect, reason: Reason) -> datetime:
        current = self.rows.decisions.get(effect.allocation_id)
        return look_after(self.context.timing, current, reason, self.rows.now)

    def rest(self, attempts: int) -> timedelta:
        timing = self.context.timing
        return backoff(attempts, self.context.jitter.random(), timing.backoff_min, timing.backoff_max)

    def match_again(self, *allocation_ids: int) -> None:
        self.rows.match_again(allocation_ids)
        self.decide_again = True
