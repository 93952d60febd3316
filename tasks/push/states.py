"""The next state of an effect and what goes with it: the ledger's line, the decision a partner reads, the next look.

Every method changes rows of one transaction, in which the lane and the organization are ours; `record.py` opens it.
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
from models.ledger import mark_harmed
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
        owed_read_backs: effects after which the older payments of the invoice have to be looked at.
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
        """The doubt has ended without a payment: match decides what is owed now."""
        self.rows.move(effect, EffectState.PENDING, **NO_DOUBT)
        self.match_again(effect.allocation_id)

    def link(self, effect: Effect, payment: TargetPayment) -> None:
        """A person says that this payment is the money.

        It is a person's payment then, and never changed by us: unless it was ours before, of a payment that was taken
        back in QuickBooks and entered anew, or is what we sent and had lost out of sight.
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
        # The date of one of ours is what it is, and corrected afterwards; a person's own may be a day off.
        paid_on = payment.paid_on if ours and payment.paid_on is not None else day_of(effect)
        if not (is_free and self.claim(effect, payment.external_id, payment.amount, paid_on, ours=ours)):
            # It stands for something else by now: what the person said is not the case any more.
            self.rows.allocations[effect.allocation_id].same_money_id = None
            self.rows.move(effect, EffectState(effect.state), due_at=self.rows.now)
            return
        self.close(effect, target_payment_id=payment.external_id)
        detail = f"payment {payment.external_id}, dated {payment.paid_on or 'nowhere'}, was linked by a person"
        self.rows.decide(effect, Action.PUSH, Reason.ADOPTED, detail)
        self.match_again(effect.allocation_id)

    def done(self, effect: Effect, payment_id: str, *, ours: bool, owed_since: datetime | None = None) -> None:
        """The target has what the effect wanted: the ledger says so, and a partner reads so."""
        match EffectKind(effect.kind):
            case EffectKind.CREATE:
                if not self.claim(effect, payment_id, effect.amount, day_of(effect), ours=ours):
                    # The id stands for another payment already: the target replaced that one instead of adding.
                    self.hold_replaced(effect, [payment_id])
                    return
                self.close(effect, target_payment_id=payment_id, read_back_owed_since=owed_since)
                self.rows.decide(effect, Action.PUSH, Reason.SYNCED if ours else Reason.ADOPTED)
                return
            case EffectKind.ADJUST:
                self.rows.change_entry(effect.allocation_id, effect.amount, day_of(effect))
                self.close(effect)
                self.rows.decide(effect, Action.PUSH, Reason.SYNCED)
            case EffectKind.REVERSE:
                self.rows.remove_entry(effect.allocation_id)
                self.close(effect)
                self.rows.decide(effect, Action.REVERSE, Reason.REVERSED)
        self.rows.look_soon(effect)
        if self.rows.is_doubled(effect.allocation_id):
            # Ours is as it should be; another one like it is still beside it, and that is what has to be told.
            self.match_again(effect.allocation_id)

    def claim(self, effect: Effect, payment_id: str, amount: Decimal, paid_on: date, *, ours: bool) -> bool:
        # Sent into a payment of ours, it is a part of that one, whatever the setting says by now.
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
        # The payment changed while this was on its way, or something waits for this to come to its end.
        if is_outdated(effect, allocation) or allocation.match_due_at is not None:
            self.match_again(effect.allocation_id)

    def hold(self, effect: Effect, reason: Reason, detail: str = "", seen: Sequence[TargetPayment] = ()) -> None:
        # Where the look has ended the doubt, what somebody types from now on is not ours.
        doubt = Doubt(effect.doubt).held_because_of(reason)
        self.rows.move(effect, EffectState.HELD, reason=reason.value, detail=detail, doubt=doubt.value)
        if explain(reason).clears_itself:
            self.rows.match_no_later_than(effect.allocation_id, self.next_look(effect, reason))
        self.rows.decide(effect, Action.HOLD, reason, detail, seen)

    def hold_gone(self, effect: Effect, payment_id: str, detail: str = "") -> None:
        """The payment that was to be changed is not on the invoice any more; all that it stands for learns it."""
        self.hold(effect, Reason.TARGET_PAYMENT_GONE, detail)
        news = self.rows.mark_gone(effect.target_invoice_id, payment_id)
        others = [allocation_id for allocation_id in news if allocation_id != effect.allocation_id]
        if others:
            self.match_again(*others)

    def hold_replaced(self, effect: Effect, payment_ids: Collection[str]) -> None:
        """The target put ours in the place of these payments: nothing more is written to it before a person looked."""
        self.hold(effect, Reason.TARGET_REPLACED, f"payment {', '.join(sorted(payment_ids))}")
        self.stop_after_harm(effect, payment_ids)

    def stop_after_harm(self, effect: Effect, payment_ids: Collection[str]) -> None:
        """Nothing more is written to this target: a write of ours removed or changed these payments."""
        session, invoice_id, listed = self.rows.session, effect.target_invoice_id, ", ".join(sorted(payment_ids))
        stop_connection(
            session,
            effect.connection_id,
            Reason.TARGET_STOPPED.value,
            f"invoice {invoice_id}: payment {listed} vanished or changed when another one was added",
        )
        mark_harmed(session, effect.connection_id, invoice_id, payment_ids)
        match_organization_again(session, effect.organization_id, self.rows.now)
        self.decide_again = self.stop = True
        log.error("connection.stopped", connection_id=effect.connection_id, invoice_id=invoice_id)

    def wait_for_connection(self, effect: Effect, kind: FailureKind, detail: str) -> None:
        """Not carried out, and the payment is not why: it stays due, and the connection's pause says when it goes.

        The effect bears no reason of its own, so that whatever the connection waits for by then is told with it.
        """
        self.rows.move(effect, EffectState.PENDING, due_at=self.rows.now, reason="", detail=detail)
        self.rows.decide(effect, Action.HOLD, why_it_waits(kind, Role(self.rows.connection.role)), detail)

    def try_later(self, effect: Effect, detail: str) -> None:
        """Certainly not carried out; a rest, and then again, as often as is sensible."""
        attempts = effect.attempts + 1
        if attempts >= ATTEMPTS_MAX:
            self.bury(effect, detail, attempts=attempts)
            return
        due_at = self.rows.now + self.rest(attempts)
        self.snooze(effect, Reason.TARGET_UNREACHABLE, detail, due_at, attempts=attempts)

    def bury(self, effect: Effect, detail: str, **values: object) -> None:
        """A dead letter: shown to a person with the last answer, and tried again rarely, in case the cause is gone."""
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
        """It stays as it is; the looks come ever further apart."""
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
