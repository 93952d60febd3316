"""Delivering one effect: look, intend, create. `tasks/outcomes.py` records what came of it."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from connectors.base import Created, Failure, FailureKind, Target, WriteOutcome
from domain.delivery import EffectKind, EffectState
from domain.money import money_text
from domain.preferences import TwinPolicy
from domain.reasons import Reason
from domain.recognition import Nearby, NotThere, NoTwin, Ours, SameDay, Several, find_twin, recognize
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
from models.effects import Effect, move, start_attempt
from models.ledger import claimed_payment_ids, entries_on_invoice
from models.organizations import Organization
from models.payments import allocation_with_payment
from tasks.context import Context
from tasks.lane import Lease
from tasks.outcomes import Recorder
from tasks.pauses import note_failure
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
        if effect.kind == EffectKind.CREATE and self._is_there_already(effect, payments):
            return
        change = self._change_for(effect, payments)
        if self._is_to_be_sent(effect, change, invoice, payments):
            self._send(effect, change, payments)

    # --- look ---

    def _look(self, effect: Effect) -> Payments | None:
        result = self.target.list_payments(effect.target_invoice_id)
        if not isinstance(result, Failure):
            return result.value
        if result.kind is FailureKind.NOT_FOUND:
            self._miss_invoice(effect)
        else:
            note_failure(self.context, self.connection, result)
            self.stopped.set()
        return None

    def _miss_invoice(self, effect: Effect) -> None:
        if effect.state == EffectState.IN_DOUBT:
            # The money may be on the invoice that is not found right now: the doubt stays until we can look.
            self.recorder.doubt_longer(effect)
        else:
            self.recorder.hold(effect, Reason.TARGET_INVOICE_MISSING)

    def _is_there_already(self, effect: Effect, payments: Payments) -> bool:
        """Whether the payment to be created is on the invoice, or may be; what is the case has been recorded then."""
        if effect.paid_on is None:
            raise AssertionError(f"effect {effect.id} creates a payment without a date")
        with self.context.database.reading() as session:
            claimed = claimed_payment_ids(session, effect.connection_id, effect.target_invoice_id)
            ignore_twins = allocation_with_payment(session, effect.allocation_id)[0].ignore_twins
        if effect.maybe_sent:
            match recognize(effect.amount, effect.paid_on, payments, effect.before_image or [], claimed):
                case Ours(payment):
                    self.recorder.settle(effect, payment.external_id)
                    return True
                case Several():
                    self.recorder.hold(effect, Reason.SEVERAL_CANDIDATES)
                    return True
                case NotThere():
                    pass
        twin = NoTwin() if ignore_twins else find_twin(effect.amount, effect.paid_on, payments, claimed)
        match twin:
            case NoTwin():
                return False
            case SameDay(payment) if self.organization.twin_policy == TwinPolicy.ADOPT:
                self.recorder.settle(effect, payment.external_id, ours=False)
            case SameDay() | Nearby():
                self.recorder.hold(effect, Reason.TWIN_NEARBY)
        return True

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
        return change_for(self.recorder.strategy, wanted, entries, strangers)

    def _is_to_be_sent(self, effect: Effect, change: Change, invoice: TargetInvoice, payments: Payments) -> bool:
        """Whether the change is still to be made; if not, what is the case has been recorded."""
        match change:
            case Occupied():
                self.recorder.hold(effect, Reason.TARGET_OCCUPIED)
                return False
            case CreatePayment(amount):
                return self._balance_allows(effect, amount, invoice)
            case SetPayment(payment_id, amount, paid_on):
                existing = _with_id(payments, payment_id)
                if existing is None:
                    self.recorder.hold(effect, Reason.TARGET_PAYMENT_GONE)
                    return False
                if (existing.amount, existing.paid_on) == (amount, paid_on):
                    self.recorder.settle(effect, payment_id)
                    return False
                return self._balance_allows(effect, amount - existing.amount, invoice)
            case RemovePayment(payment_id):
                if _with_id(payments, payment_id) is not None:
                    return True
                self.recorder.settle(effect, payment_id)
                return False

    def _balance_allows(self, effect: Effect, more: Decimal, invoice: TargetInvoice) -> bool:
        if more <= max(invoice.balance, Decimal(0)):
            return True
        still_open = money_text(invoice.balance, effect.currency)
        detail = f"{money_text(more, effect.currency)} to pay, {still_open} still open"
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
        if isinstance(outcome, Created) and payments and not read_back(self.context, self, effect, payments):
            self.stopped.set()

    def _intend(self, effect: Effect, payments: Payments, now: datetime) -> int | None:
        """Puts on disk that we are about to send, with the ids that are on the invoice before we ever did."""
        before_image = effect.before_image
        if before_image is None or not effect.maybe_sent:
            before_image = sorted(payment.external_id for payment in payments)
        with self.context.database.writing() as session:
            self.lease.guard(session)
            if effect.state == EffectState.IN_DOUBT and not move(session, effect, EffectState.PENDING):
                return None
            if not move(session, effect, EffectState.SENDING, before_image=before_image, reason="", detail=""):
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


def _with_id(payments: Payments, payment_id: str) -> TargetPayment | None:
    return next((payment for payment in payments if payment.external_id == payment_id), None)
