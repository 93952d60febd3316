"""Delivering one effect: look, intend, create. `tasks/outcomes.py` records what came of it."""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from connectors.base import Failure, FailureKind, Target, WriteOutcome
from domain.before_image import ids_in, image_of, replaced_by_ours, seen_in, vanished
from domain.breaker import CallKind
from domain.delivery import ATTEMPTS_MAX, EffectKind, EffectState
from domain.money import money_text
from domain.preferences import TwinPolicy
from domain.reasons import Reason
from domain.recognition import Nearby, NotThere, NoTwin, Ours, SameDay, Several, find_twin, is_by, recognize
from domain.records import TargetInvoice, TargetPayment
from domain.strategy import (
    Change,
    CreatePayment,
    Occupied,
    RemovePayment,
    SetPayment,
    Wanted,
    change_for,
)
from models.connections import Connection
from models.effects import Effect, day_of, move, start_attempt
from models.ledger import claimed_payment_ids, entries_on_invoice
from models.organizations import Organization
from models.payments import allocation_with_payment, is_due_for_match, lock_allocation
from tasks.context import Context
from tasks.lane import Lease
from tasks.outcomes import Recorder
from tasks.pauses import may_call, note_failure, note_success
from tasks.points import Point
from tasks.read_back import read_back

Payments = Sequence[TargetPayment]


@dataclass(slots=True)
class Delivery:
    """What the effects of one batch share. Its methods run in several threads, one invoice each."""

    context: Context
    lease: Lease
    connection: Connection
    organization: Organization
    target: Target
    recorder: Recorder
    # No effect is begun after this moment of the monotonic clock: the slice is over.
    ends: float
    # Set when the target wants no more calls now; what was not begun stays pending.
    stopped: threading.Event = field(default_factory=threading.Event)

    def deliver(self, effect: Effect, invoice: TargetInvoice | None) -> None:
        """Brings one effect one step further."""
        if self.stopped.is_set() or self.context.clock.monotonic() > self.ends:
            return
        if invoice is None:
            self._miss_invoice(effect)
            return
        payments = self._look(effect)
        if payments is None:
            return
        self.context.reached(Point.PUSH_LOOKED)
        change = self._change_for(effect, payments)
        self.context.reached(Point.PUSH_PLANNED)
        if not self._is_open(effect, change, payments) or self._is_over(effect):
            return
        if self._balance_allows(effect, change, invoice, payments):
            self._send(effect, change, payments)

    # --- look ---

    def _look(self, effect: Effect) -> Payments | None:
        with self.context.database.reading() as session:
            if not may_call(self.context, session, self.connection.id, CallKind.LOOK):
                self.stopped.set()
                return None
        result = self.target.list_payments(effect.target_invoice_id)
        if not isinstance(result, Failure):
            note_success(self.context, self.connection, CallKind.LOOK)
            return result.value
        if result.kind is FailureKind.NOT_FOUND:
            self._miss_invoice(effect)
        else:
            note_failure(self.context, self.connection, result, CallKind.LOOK)
            self.recorder.note_unseen(effect, result)
            self.stopped.set()
        return None

    def _miss_invoice(self, effect: Effect) -> None:
        if effect.state == EffectState.IN_DOUBT:
            # The money may be on the invoice that is not found right now: the doubt stays until we can look.
            self.recorder.doubt_longer(effect)
        else:
            self.recorder.hold(effect, Reason.TARGET_INVOICE_MISSING)

    def _change_for(self, effect: Effect, payments: Payments) -> Change:
        with self.context.database.reading() as session:
            entries = entries_on_invoice(session, effect.connection_id, effect.target_invoice_id)
        ours = {entry.payment_id for entry in entries}
        strangers = any(payment.external_id not in ours and not payment.foreign for payment in payments)
        wanted = Wanted(
            kind=EffectKind(effect.kind),
            allocation_id=effect.allocation_id,
            amount=effect.amount,
            paid_on=effect.paid_on,
            payment_id=effect.target_payment_id,
        )
        return change_for(self.recorder.states.strategy, wanted, entries, strangers)

    # --- is it still to be done? ---

    def _is_open(self, effect: Effect, change: Change, payments: Payments) -> bool:
        """Whether the look leaves the change to be made; if not, what is the case has been recorded."""
        match change:
            case Occupied():
                # What occupies the one place may be the very payment whose answer got lost.
                if not self._has_arrived(effect, payments, self._claimed_on(effect)):
                    self.recorder.hold(effect, Reason.TARGET_OCCUPIED)
                return False
            case CreatePayment():
                return self._is_not_there_yet(effect, payments)
            case SetPayment(payment_id, amount, paid_on):
                existing = _with_id(payments, payment_id)
                if existing is not None and (existing.amount, existing.paid_on) != (amount, paid_on):
                    return True
                if existing is None and effect.kind != EffectKind.REVERSE:
                    self.recorder.hold(effect, Reason.TARGET_PAYMENT_GONE)
                else:
                    self.recorder.settle(effect, payment_id)
                return False
            case RemovePayment(payment_id):
                if _with_id(payments, payment_id) is not None:
                    return True
                self.recorder.settle(effect, payment_id)
                return False

    def _is_not_there_yet(self, effect: Effect, payments: Payments) -> bool:
        """Whether the payment to be created is neither ours on the invoice already nor typed there by somebody."""
        claimed = self._claimed_on(effect)
        if self._has_arrived(effect, payments, claimed):
            return False
        with self.context.database.reading() as session:
            ignore_twins = allocation_with_payment(session, effect.allocation_id)[0].ignore_twins
        self.context.reached(Point.PUSH_LEDGER_READ)
        twin = NoTwin() if ignore_twins else find_twin(effect.amount, day_of(effect), payments, claimed)
        match twin:
            case NoTwin():
                return True
            case Nearby(payment) | SameDay(payment) if effect.maybe_sent and not _was_there(effect, payment):
                # It came after we had sent: perhaps ours, whose date somebody has corrected since.
                self.recorder.hold(effect, Reason.SEVERAL_CANDIDATES)
            case SameDay(payment) if self.organization.twin_policy == TwinPolicy.ADOPT:
                self.recorder.settle(effect, payment.external_id, ours=False)
            case SameDay() | Nearby():
                self.recorder.hold(effect, Reason.TWIN_NEARBY)
        return False

    def _claimed_on(self, effect: Effect) -> Collection[str]:
        with self.context.database.reading() as session:
            return claimed_payment_ids(session, effect.connection_id, effect.target_invoice_id)

    def _has_arrived(self, effect: Effect, payments: Payments, claimed: Collection[str]) -> bool:
        """Whether a creation that got no answer is on the invoice after all, or may be; then that has been recorded."""
        if not effect.maybe_sent:
            return False
        image, amount, paid_on = seen_in(effect.before_image), effect.amount, day_of(effect)
        replaced = replaced_by_ours(image, payments, amount, paid_on)
        if replaced:
            self.recorder.hold_replaced(effect, replaced)
            self.stopped.set()
            return True
        match recognize(amount, paid_on, payments, ids_in(image), claimed, self.connection.author):
            case Ours(payment):
                gone = vanished(image, payments)
                # There were several, and people tidied up since: what they left may be their own, unless it bears
                # our name. A payment that may be a person's is never ours to change.
                ours = effect.reason != Reason.SEVERAL_CANDIDATES or is_by(payment, self.connection.author)
                self.recorder.settle(effect, payment.external_id, ours=ours, replaced=gone)
                if gone:
                    self.stopped.set()
                return True
            case Several():
                self.recorder.hold(effect, Reason.SEVERAL_CANDIDATES)
                return True
            case NotThere():
                return False

    def _is_over(self, effect: Effect) -> bool:
        """Whether a doubt that the look has just ended leads elsewhere than to another send; if so, that is recorded.

        The settle time is over and the invoice does not have it: what was sent did not arrive.
        """
        if effect.state != EffectState.IN_DOUBT:
            return False
        if effect.attempts >= ATTEMPTS_MAX:
            self.recorder.give_up(effect)
            return True
        return self.recorder.is_decided_again(effect)

    def _balance_allows(self, effect: Effect, change: Change, invoice: TargetInvoice, payments: Payments) -> bool:
        """An invoice never gets more than is open on it; a tenant's sums may lag behind its list of payments."""
        more = _more_money(change, payments)
        if more > 0 and not invoice.payable:
            self.recorder.hold(effect, Reason.TARGET_INVOICE_NOT_PAYABLE)
            return False
        listed = sum((payment.amount for payment in payments), Decimal(0))
        still_open = max(min(invoice.balance, invoice.total - listed), Decimal(0))
        if more <= still_open:
            return True
        detail = f"{money_text(more, effect.currency)} to pay, {money_text(still_open, effect.currency)} still open"
        self.recorder.hold(effect, Reason.EXCEEDS_BALANCE, detail)
        return False

    # --- intend, create ---

    def _send(self, effect: Effect, change: Change, payments: Payments) -> None:
        attempt = self._intend(effect, payments, self.context.clock.now())
        if attempt is None:
            return
        self.context.reached(Point.PUSH_INTENDED)
        if not self.lease.may_send():
            # Frozen between the intent and the wire: the lane may be another's by now, who will find the intent and
            # look. Sending now is the one thing that must not happen.
            self.stopped.set()
            return
        outcome = self._call(effect, change)
        self.context.reached(Point.PUSH_ANSWERED)
        if self.recorder.record(effect, attempt, change, outcome):
            self.stopped.set()
        self.context.reached(Point.PUSH_RECORDED)
        if effect.read_back_owed_since and not read_back(
            self.context, self.lease, self.connection, self.target, effect
        ):
            self.stopped.set()

    def _intend(self, effect: Effect, payments: Payments, now: datetime) -> int | None:
        """Puts on disk that we are about to send, with what is on the invoice before we do."""
        with self.context.database.writing() as session:
            self.lease.guard(session)
            if not may_call(self.context, session, self.connection.id, CallKind.WRITE):
                # Somebody was told to wait since the batch began: nothing has been sent, and it goes on later.
                self.stopped.set()
                return None
            lock_allocation(session, effect.allocation_id)
            if effect.state == EffectState.IN_DOUBT and not move(session, effect, EffectState.PENDING):
                return None
            if is_due_for_match(session, effect.allocation_id):
                # It changed after it was claimed; what is true now is decided first.
                return None
            intent = {"before_image": image_of(payments), "maybe_sent": False, "reason": "", "detail": ""}
            if not move(session, effect, EffectState.SENDING, **intent):
                return None
            return start_attempt(session, effect, self.lease.fencing, now)

    def _call(self, effect: Effect, change: Change) -> WriteOutcome:
        invoice_id = effect.target_invoice_id
        match change:
            case CreatePayment(amount, paid_on):
                return self.target.create_payment(invoice_id, amount, paid_on)
            case SetPayment(payment_id, amount, paid_on):
                return self.target.change_payment(invoice_id, payment_id, amount, paid_on)
            case RemovePayment(payment_id):
                return self.target.remove_payment(invoice_id, payment_id)
            case Occupied():
                raise AssertionError("an occupied invoice is never written to")


def _was_there(effect: Effect, payment: TargetPayment) -> bool:
    """Whether the payment was on the invoice before we last sent."""
    return payment.external_id in ids_in(seen_in(effect.before_image))


def _with_id(payments: Payments, payment_id: str) -> TargetPayment | None:
    return next((payment for payment in payments if payment.external_id == payment_id), None)


def _more_money(change: Change, payments: Payments) -> Decimal:
    """By how much the invoice is paid more after the change; negative when it is less."""
    match change:
        case CreatePayment(amount):
            return amount
        case SetPayment(payment_id, amount):
            existing = _with_id(payments, payment_id)
            return amount - (existing.amount if existing is not None else Decimal(0))
        case RemovePayment() | Occupied():
            return Decimal(0)
