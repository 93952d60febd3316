"""Delivering a batch: look -> judge -> intend -> send -> record, all effects of it together.

One thread decides, reads and writes the database; the process's shared threads make the calls (`tasks/wire.py`).
Answers that arrive within a moment are judged and recorded in one transaction, without waiting for the slowest call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.aside import aside
from connectors.base import Failure, FailureKind, Target, WriteOutcome
from connectors.traces import TRACES
from domain.breaker import Admission, CallKind
from domain.push.before_image import harmed, seen_in
from domain.push.strategy import Change, CreatePayment, Occupied, RemovePayment, SetPayment
from domain.push.sums import Sums, is_untouched
from domain.push.verdict import InvoiceNotFound, Terms, judge
from domain.records import TargetInvoice
from models.connections import Connection
from models.effects import Effect, effects_by_id
from tasks.calls import note_failure, note_outcome
from tasks.context import Context
from tasks.permits import Permits
from tasks.points import Point
from tasks.push.answers import Came, NotReadBack, is_a_bad_sign, is_alarming, kinds_answered
from tasks.push.facts import Claimed, as_claimed, gather, glance_of_its_invoice
from tasks.push.record import Recorded, record
from tasks.push.results import (
    Answered,
    Intended,
    Judged,
    Looked,
    LookRefused,
    NotBegun,
    ReadBack,
    Result,
    Unseen,
    Untouched,
    effect_id,
)
from tasks.push.sums import SumsOfBatch
from tasks.step import Lease
from tasks.wire import Wire

# How long to wait for more answers after the first one, so that they are recorded together. We wait only for calls
# that are under way, so a single payment waits for no other.
_LINGER = timedelta(seconds=0.1)
# How often to check the lease while no answer comes.
_PATIENCE = timedelta(seconds=1)
# How many sends are intended together by the sums: as many as go out within this time, by what the last ones took.
_SENT_WITHIN = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class OwedLook:
    """A look that we owe after adding a payment to an invoice that had payments."""

    effect: Effect


Job = Claimed | Intended | OwedLook


@dataclass(slots=True)
class Delivery:
    """One batch.

    Attributes:
        effects: the effects that the lane has claimed, by id; at most one for each invoice.
        invoices: their invoices as the target shows them, by id.
        parallel: how many calls are made at a time. Our lease limits the calls to this connection, over all workers.
        ends: no look starts after this moment of the monotonic clock: the slice is over.
        sums: what is known of the invoices' sums.
        more: something else waits in the lane, and may go on as soon as these have.
        call_seconds: how long the last sends were on the wire.
        owes_a_look: a payment was added beside older ones, at which we still look, or have looked since.
        stopped: nothing more may be written to this target now; work that has not begun stays due.
        decide_again: match has something to decide right now.
        carried_out: the effects that the target has carried out.
    """

    context: Context
    lease: Lease
    connection: Connection
    permits: Permits
    target: Target
    terms: Terms
    parallel: int
    effects: Mapping[int, Effect]
    invoices: Mapping[str, TargetInvoice]
    sums: SumsOfBatch
    more: bool
    ends: float = 0.0
    call_seconds: list[float] = field(default_factory=list)
    owes_a_look: bool = False
    stopped: bool = False
    decide_again: bool = False
    carried_out: set[int] = field(default_factory=set)

    @property
    def left(self) -> bool:
        """Whether something of this batch may go on right now: not all of it has been carried out."""
        return self.carried_out < self.effects.keys()

    def pay_read_backs(self, owed: Sequence[Effect]) -> bool:
        """Makes the looks that we owe. False if we may not write to the target now."""
        if owed:
            self._work([OwedLook(effect) for effect in owed])
        return not self.stopped

    def deliver(self, effects: Sequence[Effect]) -> None:
        """Takes each of these effects one step further."""
        turns = [as_claimed(effect) for effect in effects]
        missing = [Looked(one, None) for one in turns if one.invoice_id not in self.invoices]
        if missing:
            self._record(self._judged(missing))
        to_list = self._work_by_the_sums([one for one in turns if one.invoice_id in self.invoices])
        if not self.stopped:
            self._work(to_list)

    def deliver_as_match_saw(self, effects: Sequence[Effect]) -> list[Effect]:
        """Sends those to untouched invoices at which match has looked a moment ago; returns the others.

        A payment alone then costs one look and not two. Nothing else changes: the sums are as old as the oldest of
        these looks, what we know of each invoice is younger, and what is not sent in time waits for the next batch.
        """
        glances = {one.target_invoice_id: glance for one in effects if (glance := glance_of_its_invoice(one))}
        ages = self.sums.ages_of(glances)
        if not ages:
            return list(effects)
        self.sums.were_read(before=max(ages.values()))
        self.invoices = {invoice_id: glances[invoice_id].invoice for invoice_id in ages}
        turns = [as_claimed(one) for one in effects if one.target_invoice_id in ages]
        to_read = {one.effect_id for one in self._work_by_the_sums(turns)}
        return [one for one in effects if one.target_invoice_id not in ages or one.id in to_read]

    def note_refused(self, effects: Sequence[Effect], refused: Mapping[str, str]) -> None:
        """Records that the target refuses to answer about these effects' invoices, with its words by invoice."""
        if effects:
            self._record([LookRefused(as_claimed(one), refused[one.target_invoice_id]) for one in effects])

    def note_unseen(self, effects: Sequence[Effect], failure: Failure) -> None:
        """Records that the invoices of these effects could not be read."""
        if effects:
            self._record([Unseen(as_claimed(one), failure) for one in effects])

    # --- the batch's own thread ---

    def _work_by_the_sums(self, turns: Sequence[Claimed]) -> list[Claimed]:
        """Delivers effects whose invoices have nothing to list, a few at a time while the sums are fresh.

        The rest stays due: the next batch reads the sums of all of them again, in one call. So what a person types
        meanwhile is seen before the send, as with lists, and a killed process leaves no more in doubt than the target
        could have answered within a moment. Whether there is nothing to list is judged in the transaction that also
        writes the intent: what we know of an invoice is younger than its sums.

        Returns:
            Those whose invoices' payments have to be listed.
        """
        untouched: list[Claimed] = []
        to_list: list[Claimed] = []
        for one in turns:
            (untouched if self._seems_untouched(one) else to_list).append(one)
        while untouched and self._may_go_on_by_the_sums():
            if not self._may_look():
                self.stopped = True
                break
            few = self._sent_within_a_moment()
            some, untouched = untouched[:few], untouched[few:]
            # At a target that took long to show its invoices: a lease that ended before the sends would stop them all.
            self.lease.keep()
            recorded = self._record([Untouched(one, self.invoices[one.invoice_id]) for one in some])
            to_list += [one for one in some if one.effect_id in recorded.to_list]
            if self.stopped or self.context.stopping.is_set():
                self._withdraw(recorded.intended)
                break
            self.call_seconds.clear()
            self._exchange(recorded.intended)
            if self.call_seconds:
                self.context.paces.note(self.connection.id, max(self.call_seconds))
        return to_list

    def _seems_untouched(self, claimed: Claimed) -> bool:
        """Whether it may go by the sums, by what is at hand; `is_surely_empty` is asked under the lock."""
        follow = self.sums.state is Sums.FOLLOW
        return follow and claimed.is_certainly_not_sent and is_untouched(self.invoices[claimed.invoice_id])

    def _sent_within_a_moment(self) -> int:
        """How many sends to begin together, by what the last ones took, in this batch or in one before.

        Only the calls count: a busy process is slow between them, and small groups would make it slower still.
        """
        last_seconds = self.context.paces.last(self.connection.id)
        rounds = 1 if last_seconds is None else int(_SENT_WITHIN.total_seconds() / max(last_seconds, 0.001))
        return self.parallel * max(rounds, 1)

    def _may_go_on_by_the_sums(self) -> bool:
        ends = self.stopped or self.context.stopping.is_set() or self.context.clock.monotonic() > self.ends
        return self.sums.are_fresh and not ends

    def _work(self, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        if not self._may_look():
            self.stopped = True
            return
        self._exchange(jobs)

    def _exchange(self, jobs: Sequence[Job]) -> None:
        """Makes these calls, and those that follow from their results."""
        with Wire(self.context.wire, self.parallel, self._call, is_alarming) as wire:
            wire.put(*jobs)
            # After the last answer the lane may be free: then nothing is under way, and there is nothing to keep.
            while not self.lease.is_given_back and (came := self._next(wire)) is not None:
                self.lease.keep()
                if came:
                    wire.put_first(*self._deal_with(came))
                self._end_in_time(wire)
                wire.resume()

    def _next(self, wire: Wire[Job, Came]) -> list[Came] | None:
        with aside():
            return wire.take(_PATIENCE, _LINGER)

    def _deal_with(self, came: Sequence[Came]) -> list[Job]:
        """Judges and records the results that have come; returns the calls that follow from them."""
        self.sums.watch(came, self.invoices)
        failures = [one.failure for one in came if isinstance(one, Unseen | NotReadBack)]
        # After a stop we judge no more looks; those effects stay due.
        seen = [] if self.stopped or failures else [one for one in came if isinstance(one, Looked)]
        results = [one for one in came if isinstance(one, Unseen | LookRefused | Answered | ReadBack)]
        for failure in failures:
            note_failure(self.context, self.connection, failure, CallKind.LOOK)
            self.stopped = True
        answered = kinds_answered(came) & self.permits.failing()
        recorded = self._record([*self._judged(seen), *results], answered)
        owed = self._owed(recorded)
        if self.stopped:
            self._withdraw(recorded.intended)
            return []
        return [*owed, *recorded.intended]

    def _judged(self, seen: Sequence[Looked]) -> list[Judged]:
        if not seen:
            return []
        self.context.reached(Point.PUSH_LOOKED)
        effects = [self.effects[one.claimed.effect_id] for one in seen]
        with self.context.database.reading() as session:
            facts = gather(session, self.connection.id, effects)
        self.context.reached(Point.PUSH_FACTS_GATHERED)
        judged = []
        for one in seen:
            known, invoice = facts[one.claimed.effect_id], self.invoices.get(one.claimed.invoice_id)
            if invoice is None or one.payments is None:
                verdict = judge(known.owed, InvoiceNotFound(), self.terms)
            else:
                verdict = judge(known.owed, known.seen(invoice, one.payments), self.terms)
            judged.append(Judged(one.claimed, verdict, one.payments))
        return judged

    def _record(self, results: Sequence[Result], answered: frozenset[CallKind] = frozenset()) -> Recorded:
        if not results:
            return Recorded()
        self.carried_out |= {effect_id(one) for one in results if isinstance(one, Answered) and one.is_carried_out}
        self.owes_a_look |= any(isinstance(one, Answered) and one.intended.may_harm for one in results)
        with TRACES.doing("push record", *map(effect_id, results)):
            is_end = self._are_the_end(results)
            recorded = record(self.context, self.lease, self.terms, results, answered, is_end=is_end)
        self.decide_again = self.decide_again or recorded.decide_again
        self.stopped = self.stopped or recorded.stop
        outcomes = [
            one.outcome for one in results if isinstance(one, Answered) and not isinstance(one.outcome, NotBegun)
        ]
        for happened, point in (
            (recorded.well, Point.CONNECTION_RECOVERED),
            (recorded.ended, Point.PUSH_ENDED),
            (recorded.intended, Point.PUSH_INTENDED),
            (outcomes, Point.PUSH_OUTCOME_STORED),
            (any(isinstance(one, ReadBack) for one in results), Point.PUSH_READ_BACK_STORED),
        ):
            if happened:
                self.context.reached(point)
        for outcome in outcomes:
            if is_a_bad_sign(outcome):
                self.stopped |= note_outcome(self.context, self.connection, outcome)
        if outcomes:
            self.context.reached(Point.PUSH_RECORDED)
        return recorded

    def _are_the_end(self, results: Sequence[Result]) -> bool:
        """Whether nothing of this slice follows these results, so that the lane may be given back with them.

        Then no call is under way: all effects have been carried out, and nothing is owed beside them.
        """
        follows = [one for one in results if not isinstance(one, Answered) or not one.is_carried_out]
        return not (self.more or self.left or follows or self.owes_a_look or self.sums.created)

    def _owed(self, recorded: Recorded) -> list[OwedLook]:
        """The looks owed after these results, if they may be made now. The debt itself is on disk."""
        if self.stopped or not recorded.owed_read_backs:
            return []
        if not self._may_look():
            # We make the owed look before anything else is written.
            self.stopped = True
            return []
        with self.context.database.reading() as session:
            return [OwedLook(effect) for effect in effects_by_id(session, recorded.owed_read_backs)]

    def _may_look(self) -> bool:
        """Whether looks are still allowed: another worker may have paused the connection since the batch began."""
        return self.permits.admission(CallKind.LOOK) is not Admission.NONE

    def _end_in_time(self, wire: Wire[Job, Came]) -> None:
        """Begins nothing more when the slice is over, the target wants no more calls, or the process has to end."""
        if self.stopped or self.context.stopping.is_set():
            dropped = wire.drop(lambda _job: True)
            self._withdraw([one for one in dropped if isinstance(one, Intended)])
        elif self.context.clock.monotonic() > self.ends:
            # Effects after a look are sent all the same: a target that needs seconds for a look gets its payments.
            wire.drop(lambda job: isinstance(job, Claimed))

    def _withdraw(self, intended: Sequence[Intended]) -> None:
        """Records that these are not sent after all."""
        self._record([Answered(one, NotBegun("nothing more was to be sent")) for one in intended])

    # --- the shared threads: one call each ---

    def _call(self, job: Job) -> Came:
        match job:
            case Claimed():
                return self._look(job)
            case Intended():
                return self._send(job)
            case OwedLook(effect):
                return self._read_back(effect)

    def _look(self, claimed: Claimed) -> Came:
        with TRACES.doing("push look", claimed.effect_id):
            result = self.target.list_payments(claimed.invoice_id)
        if not isinstance(result, Failure):
            return Looked(claimed, result.value)
        match result.kind:
            case FailureKind.NOT_FOUND:
                return Looked(claimed, None)
            case FailureKind.REFUSED:
                # The invoices were read a moment ago, so the target refuses this one only.
                return LookRefused(claimed, result.detail)
            case _:
                return Unseen(claimed, result, alone=True)

    def _send(self, intended: Intended) -> Came:
        if not self.lease.may_send():
            # Frozen between the intent and the wire: another holder may have the lane by now, will find the intent
            # and will look. Sending now is the one thing that must not happen.
            return Answered(intended, NotBegun("the lease would have ended first"))
        if intended.by_the_sums and self.sums.are_too_old:
            return Answered(intended, NotBegun("the sums were read too long ago"))
        began = self.context.clock.monotonic()
        with TRACES.doing("push send", intended.claimed.effect_id):
            outcome = self._change(intended.claimed.invoice_id, intended.change)
        TRACES.tell(intended.claimed.effect_id, attempt=intended.attempt, outcome=type(outcome).__name__.lower())
        self.call_seconds.append(self.context.clock.monotonic() - began)
        self.context.reached(Point.PUSH_ANSWERED)
        return Answered(intended, outcome)

    def _change(self, invoice_id: str, change: Change) -> WriteOutcome:
        match change:
            case CreatePayment(amount, paid_on):
                return self.target.create_payment(invoice_id, amount, paid_on)
            case SetPayment(payment_id, amount, paid_on):
                return self.target.change_payment(invoice_id, payment_id, amount, paid_on)
            case RemovePayment(payment_id):
                return self.target.remove_payment(invoice_id, payment_id)
            case Occupied():
                raise AssertionError("an occupied invoice is never written to")

    def _read_back(self, effect: Effect) -> Came:
        """Checks that every payment that was on the invoice before is still there, unchanged.

        Some ConnectWise tenants keep one payment per invoice and answer 201 to a second one while they replace the
        first. Then we write nothing more to that tenant until a person has looked, because every further write could
        undo another.
        """
        with TRACES.doing("push read back", effect.id):
            result = self.target.list_payments(effect.target_invoice_id)
        self.context.reached(Point.PUSH_READ_BACK)
        if not isinstance(result, Failure):
            return ReadBack(effect.id, harmed(seen_in(effect.before_image), result.value))
        if result.kind is FailureKind.NOT_FOUND:
            # An invoice that no longer exists has no payments left that a further write could harm.
            return ReadBack(effect.id)
        return NotReadBack(result)
