"""Records the results of effects: one transaction for all, one exhaustive match. Nothing else in push writes.

It proves the caller's lease first and locks the organization until the transaction ends, so match does not decide
meanwhile. A decision that match made since we read an effect stands: we record nothing about an effect that changed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

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
from connectors.tally import TALLY
from connectors.traces import TRACES
from domain.breaker import Admission, CallKind
from domain.explanations import explain
from domain.match.near_numbers import link_not_shown
from domain.measures import Measure
from domain.money import money_text
from domain.push.before_image import ids_in, image_of, seen_in
from domain.push.effect import Doubt, EffectKind, EffectState
from domain.push.outcomes import DecideAgain, Done, GiveUp, Gone, Held, Link, Replaced, Send, StayInDoubt
from domain.push.strategy import Change, CreatePayment, RemovePayment, SetPayment
from domain.push.sums import Sums, is_surely_empty
from domain.push.verdict import Terms, judge
from domain.reasons import Reason
from domain.records import TargetInvoice, TargetPayment
from models.attempts import abandon_attempts, finish_attempts
from models.breakers import note_answers
from models.claims import Claims
from models.connections import learn_author
from models.decisions import Action
from models.delivery_rows import DeliveryRows
from models.effects import Effect, abandoned_sends, day_of
from models.organizations import organization_by_id
from tasks.calls import ABOUT_THE_CONNECTION, PAUSE_MAX, admission_now
from tasks.context import Context
from tasks.push.facts import Claimed, facts_of
from tasks.push.results import (
    Answered,
    Intended,
    Judged,
    LookRefused,
    NotBegun,
    ReadBack,
    Result,
    Unseen,
    Untouched,
    effect_id,
)
from tasks.push.states import NO_DOUBT, States
from tasks.step import Lease

log = structlog.get_logger()

_REASON_OF_REFUSAL = {
    FailureKind.FORBIDDEN: Reason.TARGET_FORBIDDEN,
    FailureKind.NOT_FOUND: Reason.TARGET_INVOICE_MISSING,
}
_MAY_BE_THIS_INVOICE_ALONE = frozenset({FailureKind.UNAVAILABLE, FailureKind.REFUSED, FailureKind.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class Recorded:
    """The consequences of a record.

    Attributes:
        intended: the sends that are on disk now and may go to the wire.
        owed_read_backs: effects after which we must look at the older payments of the invoice.
        decide_again: match has something to decide right now.
        stop: nothing more may be written to this target now.
        ended: an effect came to its end, or waits, without a send.
        well: a kind of call that had failed has been answered again.
        to_list: effects that must not go by the sums: their invoices' payments have to be listed.
    """

    intended: tuple[Intended, ...] = ()
    owed_read_backs: tuple[int, ...] = ()
    decide_again: bool = False
    stop: bool = False
    ended: bool = False
    well: bool = False
    to_list: tuple[int, ...] = ()


def record(
    context: Context,
    lease: Lease,
    terms: Terms,
    results: Sequence[Result],
    answered: Collection[CallKind] = (),
    *,
    is_end: bool = False,
) -> Recorded:
    """Writes the results, and puts on disk the sends that follow from them.

    Args:
        answered: kinds of call that had failed and that the target has answered meanwhile: their failures end.
        is_end: nothing is done after this, so the lane is given back as well.
    """

    def write(session: Session) -> Recorded:
        lease.guard(session, is_end=is_end)
        rows = DeliveryRows(session, lease.owner_id, {effect_id(one) for one in results}, context.clock.now())
        page = _Page(context, lease, rows, States(context, terms, rows))
        for result in results:
            with TRACES.about(effect_id(result)):
                page.write(result)
        finish_attempts(session, page.finished, rows.now)
        rows.store()
        return page.recorded(well=bool(answered) and note_answers(session, lease.owner_id, answered))

    recorded = context.database.write(write)
    for one in results:
        if isinstance(one, Answered):
            kind, outcome = type(one.intended.change), type(one.outcome)
            TALLY.count(Measure.WRITE_OUTCOMES, kind.__name__, outcome.__name__.lower())
    if recorded.well:
        log.info("connection.well", connection_id=lease.owner_id, kinds=sorted(kind.value for kind in answered))
    return recorded


def doubt_abandoned_sends(context: Context, lease: Lease) -> int:
    """Puts sends in doubt that began under a lease now over: they may have arrived. Returns how many."""
    # The holder may be alive and have lost its lease only to a clock that is ahead: any exchange that it begins ends
    # before its lease would have ended.
    rest = max(context.timing.settle, context.timing.lease)

    def write(session: Session) -> int:
        lease.guard(session)
        abandoned = {effect.id for effect in abandoned_sends(session, lease.owner_id)}
        rows = DeliveryRows(session, lease.owner_id, abandoned, context.clock.now())
        for effect in rows.effects.values():
            values = {"doubt": Doubt.UNANSWERED.value, "reason": Reason.IN_DOUBT.value, "due_at": rows.now + rest}
            rows.move(effect, EffectState.IN_DOUBT, **values)
            rows.decide(effect, Action.HOLD, Reason.IN_DOUBT)
        abandon_attempts(session, abandoned, rows.now)
        return len(abandoned)

    return context.database.write(write)


@dataclass
class _Page:
    """One transaction: the consequences of each result."""

    context: Context
    lease: Lease
    rows: DeliveryRows
    states: States
    finished: list[tuple[int, int, str, str]] = field(default_factory=list)
    _intended: list[Intended] = field(default_factory=list)
    _to_list: list[int] = field(default_factory=list)
    _ended: bool = False
    _may_write: bool | None = None
    # The name under which the target enters our payments; it is learned once and not again with every answer.
    _author: str = field(init=False)

    def __post_init__(self) -> None:
        self._author = self.states.terms.author

    def recorded(self, *, well: bool) -> Recorded:
        return Recorded(
            intended=tuple(self._intended),
            owed_read_backs=tuple(self.states.owed_read_backs),
            decide_again=self.states.decide_again,
            stop=self.states.stop,
            ended=self._ended,
            well=well,
            to_list=tuple(self._to_list),
        )

    def write(self, result: Result) -> None:
        effect = self.rows.effects.get(effect_id(result))
        if effect is None or not self._is_as_read(effect, result):
            log.info("push.overtaken", effect_id=effect_id(result))
            return
        match result:
            case Judged():
                self._carry_out(effect, result)
            case Untouched(_, invoice):
                self._go_by_the_sums(effect, result.claimed, invoice)
            case Unseen():
                self._unseen(effect, result)
            case LookRefused(claimed, detail):
                if claimed.is_certainly_not_sent:
                    self.states.hold(effect, Reason.TARGET_LOOKUP_REFUSED, detail)
                else:
                    # A doubt stays a doubt, and a hold that keeps an effect from being replaced stays too: look later.
                    self.states.look_later(effect, Reason.IN_DOUBT)
            case Answered(intended, outcome):
                self._answered(effect, intended, outcome)
            case ReadBack(_, harmed):
                effect.read_back_owed_since = None
                if harmed:
                    self.states.stop_after_harm(effect, harmed)

    def _is_as_read(self, effect: Effect, result: Result) -> bool:
        """Whether the effect is as we claimed it. Match may have cancelled or replaced it since."""
        match result:
            case ReadBack():
                return effect.read_back_owed_since is not None
            case Answered():
                return (effect.state, effect.fencing) == (EffectState.SENDING, self.lease.fencing)
            case Judged(claimed) | Untouched(claimed) | Unseen(claimed) | LookRefused(claimed):
                return (effect.state, effect.fencing) == (claimed.state, claimed.fencing)

    def _go_by_the_sums(self, effect: Effect, claimed: Claimed, invoice: TargetInvoice) -> None:
        """Judges as if no payment had been listed, where the sums tell that there is none; any other has to be listed.

        Another send of the same payment may have been lost, and a retry forgets tries: that shows in its generation or
        its image.
        """
        was_tried = effect.generation > 1 or effect.before_image is not None
        facts = facts_of(effect, self.rows.allocations[effect.allocation_id], Claims())
        has_history = was_tried or self.rows.is_in_the_ledger(effect)
        if not is_surely_empty(facts.owed, invoice, has_history=has_history, sums=Sums(self.rows.connection.sums)):
            self._to_list.append(effect.id)
            return
        verdict = judge(facts.owed, facts.seen(invoice, ()), self.states.terms)
        self._carry_out(effect, Judged(claimed, verdict, (), by_the_sums=True))

    def _carry_out(self, effect: Effect, judged: Judged) -> None:  # noqa: C901, PLR0912 - one arm for each verdict
        verdict = judged.verdict
        if judged.payments is not None and not isinstance(verdict, Link | Replaced):
            # The verdict asked first about the payment that a person named; the person's statement no longer applies.
            self.rows.allocations[effect.allocation_id].same_money_id = None
        if not isinstance(verdict, Send):
            self._ended = True
        match verdict:
            case Send(change):
                self._intend(effect, judged, change)
            case Done(payment_id, ours, replaced):
                self.states.done(effect, payment_id, ours=ours)
                if replaced:
                    self.states.stop_after_harm(effect, replaced)
            case Link(payment):
                self.states.link(effect, payment)
            case Held(reason, detail, beside):
                if explain(reason).may_create_anyway:
                    # A person can call only these payments other money.
                    allocation = self.rows.allocations[effect.allocation_id]
                    allocation.similar_payment_ids = [payment.external_id for payment in beside]
                    allocation.ignore_twins = False
                if reason is Reason.TARGET_INVOICE_MISSING:
                    detail = link_not_shown(effect.target_invoice_id)
                self.states.hold(effect, reason, detail, beside)
            case Gone(payment_id):
                self.states.hold_gone(effect, payment_id)
            case Replaced(payment_ids):
                self.states.hold_replaced(effect, payment_ids)
            case DecideAgain():
                self.states.decide_first(effect)
            case StayInDoubt():
                self.states.look_later(effect, Reason.TARGET_INVOICE_MISSING)
                detail = link_not_shown(effect.target_invoice_id)
                self.rows.decide(effect, Action.HOLD, Reason.TARGET_INVOICE_MISSING, detail)
            case GiveUp():
                # Sent as often as is sensible, and certainly not there: from now on we try rarely.
                self.states.bury(effect, effect.detail, doubt=Doubt.NONE.value)

    def _intend(self, effect: Effect, judged: Judged, change: Change) -> None:
        """Puts on disk that we are about to send, and the payments on the invoice before the send."""
        payments = judged.payments or ()
        if self._may_write is None:
            admitted = admission_now(self.rows.connection, self.rows.write_breaker, self.context.clock.now())
            # The lease has locked this row, so that nobody can stop the writes before these intents are on disk.
            organization = organization_by_id(self.rows.session, effect.organization_id)
            self._may_write = admitted is not Admission.NONE and organization.may_be_written_for
        if not self._may_write:
            # The connection was paused, or the writes were stopped, after the batch began: nothing has been sent, and
            # it continues later.
            self.states.stop = True
            return
        if effect.state == EffectState.IN_DOUBT:
            # The look has ended the doubt: payments that appear on the invoice from now on are not the earlier send.
            self.rows.move(effect, EffectState.PENDING, **NO_DOUBT)
        if self.rows.is_paused:
            # A person has paused sending, perhaps a moment ago. It stays owed as it is: nothing is decided anew.
            self.states.stop = True
            return
        if self.rows.allocations[effect.allocation_id].match_due_at is not None:
            # It changed after we claimed it; match decides first from the current facts.
            return
        into = change.payment_id if effect.kind == EffectKind.CREATE and isinstance(change, SetPayment) else None
        values = {
            "before_image": image_of(payments),
            "sent_into": into,
            "fencing": self.lease.fencing,
            "glance": None,
        }
        self.rows.move(effect, EffectState.SENDING, **values, **NO_DOUBT)
        attempt = self.rows.start_attempt(effect)
        may_harm = isinstance(change, CreatePayment) and bool(payments)
        self._intended.append(Intended(judged.claimed, attempt, change, may_harm, judged.by_the_sums))

    def _unseen(self, effect: Effect, unseen: Unseen) -> None:
        """Records a failed look. A missing permission lasts until a person grants it, and shows with the payment.

        A hold that keeps an effect from being replaced says more, and a doubt stays one. After a breaker's rest one
        effect tries, and its result decides for all others: it must not always be the same effect. A pause (throttled,
        paced, a missing permission) concerns the whole connection and moves no effect.
        """
        failure, certain = unseen.failure, unseen.claimed.is_certainly_not_sent
        if certain and failure.kind is FailureKind.FORBIDDEN:
            self.states.hold(effect, Reason.TARGET_FORBIDDEN, failure.detail)
        elif certain and failure.kind in ABOUT_THE_CONNECTION:
            self.states.wait_for_connection(effect, failure.kind, failure.detail)
        elif unseen.alone and failure.kind in _MAY_BE_THIS_INVOICE_ALONE:
            if certain:
                due_at = self.states.next_look(effect, Reason.TARGET_UNREACHABLE)
                self.states.snooze(effect, Reason.TARGET_UNREACHABLE, failure.detail, due_at)
            else:
                self.states.look_later(effect, Reason.IN_DOUBT)

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
                self.states.done(effect, effect.target_payment_id or "", ours=True)
            case Refused(kind, detail):
                self._refused(effect, intended.change, kind, detail)
            case Conflict(detail) if not isinstance(intended.change, CreatePayment):
                # A payment in a closed batch: ConnectWise refuses until the batch is opened again.
                self.states.hold(effect, Reason.TARGET_LOCKED, detail)
            case Conflict(detail):
                self.states.try_later(effect, detail)
            case NotSent(detail):
                # The whole system is away, which the breaker handles. An outage of hours must not use up the attempts.
                self.states.snooze(effect, Reason.TARGET_UNREACHABLE, detail, self.rows.now + self.states.rest(1))
            case Throttled(detail, retry_after):
                self.states.snooze(effect, Reason.TARGET_THROTTLED, detail, self.rows.now + min(retry_after, PAUSE_MAX))
            case Paced(_, retry_after):
                # Nothing to report: it was not sent, and continues in a moment.
                self.rows.move(effect, EffectState.PENDING, due_at=self.rows.now + retry_after)
            case NotBegun():
                self.rows.move(effect, EffectState.PENDING)
            case Unknown(detail):
                self.states.doubt(effect, detail)
        log.info("push.recorded", effect_id=effect.id, attempt=intended.attempt, outcome=name, state=effect.state)

    def _answered_with(self, effect: Effect, change: Change, payment: TargetPayment) -> None:
        """The target answered with a payment. Checks whether it is the one that we asked for."""
        image = ids_in(seen_in(effect.before_image))
        is_new = isinstance(change, CreatePayment)
        if is_new and payment.entered_by not in ("", self._author):
            learn_author(self.rows.session, effect.connection_id, payment.entered_by)
            self._author = payment.entered_by
        if is_new and payment.external_id in image:
            # An id that was there before: the target replaced another payment instead of adding ours.
            self.states.hold_replaced(effect, [payment.external_id])
            return
        owed_since = self.rows.now if is_new and image else None
        if change.is_answered_by(payment):
            self.states.done(effect, payment.external_id, ours=True, owed_since=owed_since)
            return
        # The target accepted the payment but changed its amount or date.
        there = f"{money_text(payment.amount, effect.currency)} on {payment.paid_on}"
        if not is_new:
            self.states.hold(effect, Reason.TARGET_CHANGED_IT, there, [payment])
            return
        paid_on = payment.paid_on or day_of(effect)
        if not self.states.claim(effect, payment.external_id, payment.amount, paid_on, ours=True):
            self.states.hold_replaced(effect, [payment.external_id])
            return
        # The ledger records what is really there.
        self.states.close(effect, target_payment_id=payment.external_id, read_back_owed_since=owed_since)
        self.rows.decide(effect, Action.HOLD, Reason.TARGET_CHANGED_IT, there, [payment])

    def _refused(self, effect: Effect, change: Change, kind: FailureKind, detail: str) -> None:
        if kind in ABOUT_THE_CONNECTION:
            self.states.wait_for_connection(effect, kind, detail)
        elif kind is FailureKind.NOT_FOUND and isinstance(change, SetPayment | RemovePayment):
            self.states.hold_gone(effect, change.payment_id, detail)
        else:
            reason = _REASON_OF_REFUSAL.get(kind, Reason.TARGET_REFUSED)
            if reason is Reason.TARGET_INVOICE_MISSING and not detail:
                detail = link_not_shown(effect.target_invoice_id)
            self.states.hold(effect, reason, detail)
