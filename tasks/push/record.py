"""Recording what became of effects: one transaction for all of them, one exhaustive match. Nothing else in push writes.

The caller's lease is extended first, and the organization is ours until the transaction ends, so match does not decide
meanwhile. What match has decided since we read an effect stands: nothing is recorded about an effect that changed.
"""

from collections.abc import Collection, Sequence
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
from domain.before_image import ids_in, image_of, seen_in
from domain.breaker import Admission, CallKind
from domain.delivery import ATTEMPTS_MAX, EffectKind, EffectState, backoff
from domain.explanations import explain
from domain.money import money_text
from domain.near_numbers import link_not_shown
from domain.push.verdict import (
    DecideAgain,
    Done,
    GiveUp,
    Gone,
    Held,
    Link,
    Replaced,
    Send,
    StayInDoubt,
    Terms,
    Verdict,
)
from domain.reasons import Reason
from domain.recognition import is_by
from domain.records import TargetPayment
from domain.strategy import Change, CreatePayment, PaymentStrategy, RemovePayment, SetPayment
from models.breakers import note_answers
from models.connections import Role, learn_author, stop_connection
from models.decisions import Action
from models.delivery_rows import DeliveryRows, NewClaim, StillStands
from models.effects import Effect, abandon_attempts, abandoned_sends, day_of, finish_attempts
from models.ledger import mark_harmed
from models.payments import match_organization_again
from tasks.context import Context
from tasks.lane import Lease
from tasks.pauses import ABOUT_THE_CONNECTION, PAUSE_MAX, admits, why_it_waits
from tasks.push.facts import is_outdated
from tasks.push.results import Answered, Intended, Judged, LookRefused, NotBegun, ReadBack, Result, Unseen
from tasks.rechecks import look_after

log = structlog.get_logger()

_REASON_OF_REFUSAL = {
    FailureKind.FORBIDDEN: Reason.TARGET_FORBIDDEN,
    FailureKind.NOT_FOUND: Reason.TARGET_INVOICE_MISSING,
}
# Held because of these payments; that they are other money can be said of them alone.
_HELD_BESIDE = frozenset({Reason.TWIN_NEARBY, Reason.FORMER_PAYMENT_THERE})
# Held although nobody could tell whether what was sent has arrived.
_THE_DOUBT_STAYS = frozenset({Reason.SEVERAL_CANDIDATES, Reason.TARGET_REPLACED, Reason.TARGET_INVOICE_MISSING})
_MAY_BE_THIS_INVOICE_ALONE = frozenset({FailureKind.UNAVAILABLE, FailureKind.REFUSED, FailureKind.NOT_FOUND})
_NO_DOUBT = {"maybe_sent": False, "reason": "", "detail": ""}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What follows from what was recorded.

    Attributes:
        intended: the sends that are on disk now, and may go to the wire.
        owed_read_backs: effects after which the older payments of the invoice have to be looked at.
        decide_again: match has something to decide right now.
        stop: nothing more may be written to this target now.
        ended: how many effects came to an end, or wait, without a send.
        well: a kind of call that had failed has been answered again.
    """

    intended: tuple[Intended, ...] = ()
    owed_read_backs: tuple[int, ...] = ()
    decide_again: bool = False
    stop: bool = False
    ended: int = 0
    well: bool = False


def record(
    context: Context, lease: Lease, terms: Terms, results: Sequence[Result], answered: Collection[CallKind] = ()
) -> Recorded:
    """Writes down the results, and puts on disk what is going to be sent because of them.

    Args:
        answered: the kinds of call that the target has answered meanwhile: their rows of failures end.
    """

    def write(session: Session) -> Recorded:
        lease.guard(session)
        rows = DeliveryRows(session, lease.owner_id, {_effect_id(one) for one in results}, context.clock.now())
        page = _Page(context, lease, terms, rows)
        for result in results:
            page.write(result)
        finish_attempts(session, page.finished, rows.now)
        return page.recorded(well=bool(answered) and note_answers(session, lease.owner_id, answered))

    recorded = context.database.write(write)
    if recorded.well:
        log.info("connection.well", connection_id=lease.owner_id, kinds=sorted(kind.value for kind in answered))
    return recorded


def doubt_abandoned_sends(context: Context, lease: Lease) -> int:
    """Puts in doubt what was being sent under a lease that is no more: it may have arrived. How many those are."""
    with context.database.reading() as session:
        if not abandoned_sends(session, lease.owner_id):
            return 0
    # Its holder may live, and lose its lease only by a clock that is ahead: what it begins ends before its lease would
    # have ended.
    rest = max(context.timing.settle, context.timing.lease)

    def write(session: Session) -> int:
        lease.guard(session)
        abandoned = {effect.id for effect in abandoned_sends(session, lease.owner_id)}
        rows = DeliveryRows(session, lease.owner_id, abandoned, context.clock.now())
        for effect in rows.effects.values():
            values = {"maybe_sent": True, "reason": Reason.IN_DOUBT.value, "due_at": rows.now + rest}
            rows.move(effect, EffectState.IN_DOUBT, **values)
            rows.decide(effect, Action.HOLD, Reason.IN_DOUBT)
        abandon_attempts(session, abandoned, rows.now)
        return len(abandoned)

    return context.database.write(write)


def _effect_id(result: Result) -> int:
    return result.effect_id if isinstance(result, ReadBack) else result.claimed.effect_id


@dataclass
class _Page:
    """One transaction's entries; every method changes rows of it."""

    context: Context
    lease: Lease
    terms: Terms
    rows: DeliveryRows
    finished: list[tuple[int, int, str, str]] = field(default_factory=list)
    _intended: list[Intended] = field(default_factory=list)
    _owed_read_backs: list[int] = field(default_factory=list)
    _decide_again: bool = False
    _stop: bool = False
    _ended: int = 0
    _may_write: bool | None = None

    def recorded(self, *, well: bool) -> Recorded:
        return Recorded(
            intended=tuple(self._intended),
            owed_read_backs=tuple(self._owed_read_backs),
            decide_again=self._decide_again,
            stop=self._stop,
            ended=self._ended,
            well=well,
        )

    def write(self, result: Result) -> None:
        effect = self.rows.effects.get(_effect_id(result))
        if effect is None or not self._is_as_read(effect, result):
            log.info("push.overtaken", effect_id=_effect_id(result))
            return
        match result:
            case Judged(_, verdict, payments):
                self._carry_out(effect, verdict, result, payments or ())
            case Unseen():
                self._unseen(effect, result)
            case LookRefused(claimed, detail):
                if claimed.is_certainly_not_sent:
                    self._hold(effect, Reason.TARGET_LOOKUP_REFUSED, detail)
                else:
                    # A doubt stays one, and so does a hold that keeps an effect from being replaced: looked at later.
                    self._look_later(effect, Reason.IN_DOUBT)
            case Answered(intended, outcome):
                self._answered(effect, intended, outcome)
            case ReadBack(_, harmed):
                effect.read_back_owed_since = None
                if harmed:
                    self._stop_after_harm(effect, harmed)

    def _is_as_read(self, effect: Effect, result: Result) -> bool:
        """Whether nobody has changed the effect since we claimed it; match may have cancelled or replaced it."""
        match result:
            case ReadBack():
                return effect.read_back_owed_since is not None
            case Answered():
                return (effect.state, effect.fencing) == (EffectState.SENDING, self.lease.fencing)
            case Judged(claimed) | Unseen(claimed) | LookRefused(claimed):
                return (effect.state, effect.fencing) == (claimed.state, self.lease.fencing)

    # --- what a look has led to ---

    def _carry_out(  # noqa: C901, PLR0912 - one arm for each verdict
        self, effect: Effect, verdict: Verdict, judged: Judged, payments: Sequence[TargetPayment]
    ) -> None:
        if judged.payments is not None and not isinstance(verdict, Link | Replaced):
            # What a person said about this payment was asked first, and is not the case any more.
            self.rows.allocations[effect.allocation_id].same_money_id = None
        if not isinstance(verdict, Send):
            self._ended += 1
        match verdict:
            case Send(change):
                self._intend(effect, judged, change, payments)
            case Done(payment_id, ours, replaced):
                self._done(effect, payment_id, ours=ours)
                if replaced:
                    self._stop_after_harm(effect, replaced)
            case Link(payment):
                self._link(effect, payment)
            case Held(reason, detail, beside):
                if reason in _HELD_BESIDE:
                    allocation = self.rows.allocations[effect.allocation_id]
                    allocation.similar_payment_ids = [payment.external_id for payment in beside]
                    allocation.ignore_twins = False
                if reason is Reason.TARGET_INVOICE_MISSING:
                    detail = link_not_shown(effect.target_invoice_id)
                self._hold(effect, reason, detail, beside)
            case Gone(payment_id):
                self._hold_gone(effect, payment_id)
            case Replaced(payment_ids):
                self._hold_replaced(effect, payment_ids)
            case DecideAgain():
                self._decide_first(effect)
            case StayInDoubt():
                self._look_later(effect, Reason.TARGET_INVOICE_MISSING)
                detail = link_not_shown(effect.target_invoice_id)
                self.rows.decide(effect, Action.HOLD, Reason.TARGET_INVOICE_MISSING, detail)
            case GiveUp():
                # Sent as often as is sensible, and certainly not there: from now on it is tried rarely.
                self._bury(effect, effect.detail, maybe_sent=False)

    def _intend(self, effect: Effect, judged: Judged, change: Change, payments: Sequence[TargetPayment]) -> None:
        """Puts on disk that we are about to send, with what is on the invoice before we do."""
        if self._may_write is None:
            admitted = admits(self.context, self.rows.session, self.rows.connection_id, CallKind.WRITE)
            self._may_write = admitted is not Admission.NONE
        if not self._may_write:
            # Somebody was told to wait since the batch began: nothing has been sent, and it goes on later.
            self._stop = True
            return
        if effect.state == EffectState.IN_DOUBT:
            # The look has ended the doubt: what is on the invoice from now on is not what was sent before.
            self.rows.move(effect, EffectState.PENDING, **_NO_DOUBT)
        if self.rows.allocations[effect.allocation_id].match_due_at is not None:
            # It changed after it was claimed; what is true now is decided first.
            return
        into = change.payment_id if effect.kind == EffectKind.CREATE and isinstance(change, SetPayment) else None
        self.rows.move(effect, EffectState.SENDING, before_image=image_of(payments), sent_into=into, **_NO_DOUBT)
        attempt = self.rows.start_attempt(effect, self.lease.fencing)
        self._intended.append(Intended(judged.claimed, attempt, change))

    def _decide_first(self, effect: Effect) -> None:
        """The doubt has ended without a payment: match decides what is owed now."""
        self.rows.move(effect, EffectState.PENDING, **_NO_DOUBT)
        self._match_again(effect.allocation_id)

    def _link(self, effect: Effect, payment: TargetPayment) -> None:
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
            self._match_again(former.allocation_id)
        ours = former.ours if former is not None else effect.maybe_sent and is_by(payment, self.terms.author)
        # The date of one of ours is what it is, and corrected afterwards; a person's own may be a day off.
        paid_on = payment.paid_on if ours and payment.paid_on is not None else day_of(effect)
        if not (is_free and self._claim(effect, payment.external_id, payment.amount, paid_on, ours=ours)):
            # It stands for something else by now: what the person said is not the case any more.
            self.rows.allocations[effect.allocation_id].same_money_id = None
            self._look_at_it_again(effect)
            return
        self._close(effect, target_payment_id=payment.external_id)
        detail = f"payment {payment.external_id}, dated {payment.paid_on or 'nowhere'}, was linked by a person"
        self.rows.decide(effect, Action.PUSH, Reason.ADOPTED, detail)
        self._match_again(effect.allocation_id)

    def _look_at_it_again(self, effect: Effect) -> None:
        """It is judged anew, from what is true by now."""
        self.rows.move(effect, EffectState(effect.state), due_at=self.rows.now)

    # --- done ---

    def _done(self, effect: Effect, payment_id: str, *, ours: bool, owed_since: datetime | None = None) -> None:
        """The target has what the effect wanted: the ledger says so, and a partner reads so."""
        match EffectKind(effect.kind):
            case EffectKind.CREATE:
                if not self._claim(effect, payment_id, effect.amount, day_of(effect), ours=ours):
                    # The id stands for another payment already: the target replaced that one instead of adding.
                    self._hold_replaced(effect, [payment_id])
                    return
                self._close(effect, target_payment_id=payment_id, read_back_owed_since=owed_since)
                self.rows.decide(effect, Action.PUSH, Reason.SYNCED if ours else Reason.ADOPTED)
                return
            case EffectKind.ADJUST:
                self.rows.change_entry(effect.allocation_id, effect.amount, day_of(effect))
                self._close(effect)
                self.rows.decide(effect, Action.PUSH, Reason.SYNCED)
            case EffectKind.REVERSE:
                self.rows.remove_entry(effect.allocation_id)
                self._close(effect)
                self.rows.decide(effect, Action.REVERSE, Reason.REVERSED)
        self.rows.look_soon(effect)
        if self.rows.is_doubled(effect.allocation_id):
            # Ours is as it should be; another one like it is still beside it, and that is what has to be told.
            self._match_again(effect.allocation_id)

    def _claim(self, effect: Effect, payment_id: str, amount: Decimal, paid_on: date, *, ours: bool) -> bool:
        # Sent into a payment of ours, it is a part of that one, whatever the setting says by now.
        is_part = self.terms.strategy is PaymentStrategy.SINGLE or effect.sent_into == payment_id
        claim = NewClaim(payment_id, amount, paid_on, ours=ours, shared=ours and is_part)
        if not self.rows.claim(effect, claim):
            return False
        self.rows.look_soon(effect)
        self.rows.remember_others(effect)
        return True

    def _close(
        self, effect: Effect, *, target_payment_id: str | None = None, read_back_owed_since: datetime | None = None
    ) -> None:
        self.rows.move(effect, EffectState.DELIVERED, delivered_at=self.rows.now, reason="", detail="")
        if target_payment_id is not None:
            effect.target_payment_id = target_payment_id
        if read_back_owed_since is not None:
            effect.read_back_owed_since = read_back_owed_since
            self._owed_read_backs.append(effect.id)
        allocation = self.rows.allocations[effect.allocation_id]
        allocation.ignore_twins, allocation.similar_payment_ids, allocation.same_money_id = False, None, None
        # The payment changed while this was on its way, or something waits for this to come to its end.
        if is_outdated(effect, allocation) or allocation.match_due_at is not None:
            self._match_again(effect.allocation_id)

    # --- held ---

    def _hold(self, effect: Effect, reason: Reason, detail: str = "", seen: Sequence[TargetPayment] = ()) -> None:
        # A look that ended the doubt ends it for good: what somebody types from now on is not ours.
        maybe_sent = effect.maybe_sent and reason in _THE_DOUBT_STAYS
        self.rows.move(effect, EffectState.HELD, reason=reason.value, detail=detail, maybe_sent=maybe_sent)
        if explain(reason).clears_itself:
            self.rows.match_no_later_than(effect.allocation_id, self._next_look(effect, reason))
        self.rows.decide(effect, Action.HOLD, reason, detail, seen)

    def _hold_gone(self, effect: Effect, payment_id: str, detail: str = "") -> None:
        """The payment that was to be changed is not on the invoice any more; all that it stands for learns it."""
        self._hold(effect, Reason.TARGET_PAYMENT_GONE, detail)
        news = self.rows.mark_gone(effect.target_invoice_id, payment_id)
        others = [allocation_id for allocation_id in news if allocation_id != effect.allocation_id]
        if others:
            self._match_again(*others)

    def _hold_replaced(self, effect: Effect, payment_ids: Collection[str]) -> None:
        """The target put ours in the place of these payments: nothing more is written to it before a person looked."""
        self._hold(effect, Reason.TARGET_REPLACED, f"payment {', '.join(sorted(payment_ids))}")
        self._stop_after_harm(effect, payment_ids)

    def _stop_after_harm(self, effect: Effect, payment_ids: Collection[str]) -> None:
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
        self._decide_again = self._stop = True
        log.error("connection.stopped", connection_id=effect.connection_id, invoice_id=invoice_id)

    def _unseen(self, effect: Effect, unseen: Unseen) -> None:
        """A right that is missing stays so until a person gives it, and is said with the payment.

        A hold that keeps an effect from being replaced says more, and a doubt stays one. After a breaker's rest one
        effect tries, and what becomes of it decides for all others: it must not always be the same. A pause (throttled,
        paced, a missing right) is about the whole connection and moves nobody.
        """
        failure, certain = unseen.failure, unseen.claimed.is_certainly_not_sent
        if certain and failure.kind is FailureKind.FORBIDDEN:
            self._hold(effect, Reason.TARGET_FORBIDDEN, failure.detail)
        elif certain and failure.kind in ABOUT_THE_CONNECTION:
            self._wait_for_connection(effect, failure.kind, failure.detail)
        elif unseen.alone and failure.kind in _MAY_BE_THIS_INVOICE_ALONE:
            if certain:
                due_at = self._next_look(effect, Reason.TARGET_UNREACHABLE)
                self._snooze(effect, Reason.TARGET_UNREACHABLE, failure.detail, due_at)
            else:
                self._look_later(effect, Reason.IN_DOUBT)

    # --- after a send ---

    def _answered(  # noqa: C901 - one arm for each outcome
        self, effect: Effect, intended: Intended, outcome: WriteOutcome | NotBegun
    ) -> None:
        detail = "" if isinstance(outcome, Created | Changed | Removed) else outcome.detail
        name = type(outcome).__name__.lower()
        self.finished.append((effect.id, intended.attempt, name, detail))
        match outcome:
            case Created(payment) | Changed(payment):
                self._answered_with(effect, intended.change, payment)
            case Removed():
                self._done(effect, effect.target_payment_id or "", ours=True)
            case Refused(kind, detail):
                self._refused(effect, intended.change, kind, detail)
            case Conflict(detail) if not isinstance(intended.change, CreatePayment):
                # A payment in a closed batch: ConnectWise will go on saying no until somebody opens the batch.
                self._hold(effect, Reason.TARGET_LOCKED, detail)
            case Conflict(detail):
                self._try_later(effect, detail)
            case NotSent(detail):
                # The whole system is away: the breaker's business. An outage of hours must not use up the attempts.
                self._snooze(effect, Reason.TARGET_UNREACHABLE, detail, self.rows.now + self._rest(1))
            case Throttled(detail, retry_after):
                self._snooze(effect, Reason.TARGET_THROTTLED, detail, self.rows.now + min(retry_after, PAUSE_MAX))
            case Paced(_, retry_after):
                # Nothing to tell anybody: it was not sent, and goes on in a moment.
                self.rows.move(effect, EffectState.PENDING, due_at=self.rows.now + retry_after)
            case NotBegun():
                self.rows.move(effect, EffectState.PENDING)
            case Unknown(detail):
                self._doubt(effect, detail)
        log.info("push.recorded", effect_id=effect.id, attempt=intended.attempt, outcome=name, state=effect.state)

    def _answered_with(self, effect: Effect, change: Change, payment: TargetPayment) -> None:
        """The target answered with a payment; whether it is the one that was asked for is looked at closely."""
        image = ids_in(seen_in(effect.before_image))
        is_new = isinstance(change, CreatePayment)
        if is_new and payment.entered_by and payment.entered_by != self.rows.connection.author:
            learn_author(self.rows.session, effect.connection_id, payment.entered_by)
        if is_new and payment.external_id in image:
            # An id that was there before: the target replaced somebody's payment instead of adding ours.
            self._hold_replaced(effect, [payment.external_id])
            return
        owed_since = self.rows.now if is_new and image else None
        if change.is_answered_by(payment):
            self._done(effect, payment.external_id, ours=True, owed_since=owed_since)
            return
        # The target took the payment but made another amount or date of it.
        there = f"{money_text(payment.amount, effect.currency)} on {payment.paid_on}"
        if not is_new:
            self._hold(effect, Reason.TARGET_CHANGED_IT, there, [payment])
            return
        paid_on = payment.paid_on or day_of(effect)
        if not self._claim(effect, payment.external_id, payment.amount, paid_on, ours=True):
            self._hold_replaced(effect, [payment.external_id])
            return
        # The ledger says what is really there.
        self._close(effect, target_payment_id=payment.external_id, read_back_owed_since=owed_since)
        self.rows.decide(effect, Action.HOLD, Reason.TARGET_CHANGED_IT, there, [payment])

    def _refused(self, effect: Effect, change: Change, kind: FailureKind, detail: str) -> None:
        if kind in ABOUT_THE_CONNECTION:
            self._wait_for_connection(effect, kind, detail)
        elif kind is FailureKind.NOT_FOUND and isinstance(change, SetPayment | RemovePayment):
            self._hold_gone(effect, change.payment_id, detail)
        else:
            reason = _REASON_OF_REFUSAL.get(kind, Reason.TARGET_REFUSED)
            if reason is Reason.TARGET_INVOICE_MISSING and not detail:
                detail = link_not_shown(effect.target_invoice_id)
            self._hold(effect, reason, detail)

    # --- later ---

    def _wait_for_connection(self, effect: Effect, kind: FailureKind, detail: str) -> None:
        """Not carried out, and the payment is not why: it stays due, and the connection's pause says when it goes.

        The effect bears no reason of its own, so that whatever the connection waits for by then is told with it.
        """
        self.rows.move(effect, EffectState.PENDING, due_at=self.rows.now, reason="", detail=detail)
        self.rows.decide(effect, Action.HOLD, why_it_waits(kind, Role(self.rows.connection.role)), detail)

    def _try_later(self, effect: Effect, detail: str) -> None:
        """Certainly not carried out; a rest, and then again, as often as is sensible."""
        attempts = effect.attempts + 1
        if attempts >= ATTEMPTS_MAX:
            self._bury(effect, detail, attempts=attempts)
            return
        due_at = self.rows.now + self._rest(attempts)
        self._snooze(effect, Reason.TARGET_UNREACHABLE, detail, due_at, attempts=attempts)

    def _bury(self, effect: Effect, detail: str, **values: int) -> None:
        """A dead letter: shown to a person with the last answer, and tried again rarely, in case the cause is gone."""
        reason = Reason.ATTEMPTS_EXHAUSTED
        self.rows.move(effect, EffectState.DEAD, reason=reason.value, detail=detail, **values)
        self.rows.match_no_later_than(effect.allocation_id, self._next_look(effect, reason))
        self.rows.decide(effect, Action.HOLD, reason, detail)

    def _snooze(self, effect: Effect, reason: Reason, detail: str, due_at: datetime, **values: int) -> None:
        self.rows.move(effect, EffectState.PENDING, due_at=due_at, reason=reason.value, detail=detail, **values)
        self.rows.decide(effect, Action.HOLD, reason, detail)

    def _doubt(self, effect: Effect, detail: str) -> None:
        attempts = effect.attempts + 1
        rest = max(self.context.timing.settle, self._rest(attempts))
        values = {"maybe_sent": True, "attempts": attempts, "due_at": self.rows.now + rest, "detail": detail}
        self.rows.move(effect, EffectState.IN_DOUBT, reason=Reason.IN_DOUBT.value, **values)
        self.rows.decide(effect, Action.HOLD, Reason.IN_DOUBT, detail)

    def _look_later(self, effect: Effect, reason: Reason) -> None:
        """It stays as it is; the looks come ever further apart."""
        self.rows.move(effect, EffectState(effect.state), due_at=self._next_look(effect, reason))

    def _next_look(self, effect: Effect, reason: Reason) -> datetime:
        current = self.rows.decisions.get(effect.allocation_id)
        return look_after(self.context.timing, current, reason, self.rows.now)

    def _rest(self, attempts: int) -> timedelta:
        timing = self.context.timing
        return backoff(attempts, self.context.jitter.random(), timing.backoff_min, timing.backoff_max)

    def _match_again(self, *allocation_ids: int) -> None:
        self.rows.match_again(allocation_ids)
        self._decide_again = True
