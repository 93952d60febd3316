"""Delivering one effect: look, intend, create. `tasks/outcomes.py` records what came of it."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import structlog

from connectors.base import Failure, FailureKind, Target, WriteOutcome
from domain.delivery import EffectKind, EffectState
from domain.money import money_text
from domain.preferences import TwinPolicy
from domain.reasons import Reason
from domain.recognition import Nearby, NotThere, NoTwin, Ours, SameDay, Several, find_twin, recognize
from domain.records import TargetInvoice, TargetPayment
from models.connections import Connection
from models.effects import Effect, move, start_attempt
from models.ledger import claimed_payment_ids
from models.organizations import Organization
from models.payments import allocation_with_payment
from tasks.context import Context
from tasks.lane import Lease
from tasks.outcomes import Recorder
from tasks.pauses import note_failure
from tasks.points import Point

log = structlog.get_logger()


@dataclass(slots=True)
class Delivery:
    """What the effects of one batch share. Its methods run in several threads, one invoice each."""

    context: Context
    lease: Lease
    connection: Connection
    organization: Organization
    target: Target
    recorder: Recorder
    # Set when the target wants no more calls now; what was not begun stays pending.
    stopped: threading.Event = field(default_factory=threading.Event)

    def deliver(self, effect: Effect, invoice: TargetInvoice | None) -> None:
        """Brings one effect one step further."""
        if self.stopped.is_set():
            return
        if invoice is None:
            self.recorder.hold(effect, Reason.TARGET_INVOICE_MISSING)
            return
        payments = self._look(effect)
        if payments is None:
            return
        self.context.reached(Point.PUSH_LOOKED)
        if self._is_wanted(effect, invoice, payments):
            self._send(effect, payments)

    def _is_wanted(self, effect: Effect, invoice: TargetInvoice, payments: Sequence[TargetPayment]) -> bool:
        """Whether the look leaves something to send; if not, what is the case has been recorded."""
        match EffectKind(effect.kind):
            case EffectKind.CREATE:
                return self._create_is_wanted(effect, invoice, payments)
            case EffectKind.ADJUST:
                return self._adjust_is_wanted(effect, invoice, payments)
            case EffectKind.REVERSE:
                return self._reverse_is_wanted(effect, payments)

    # --- look ---

    def _look(self, effect: Effect) -> Sequence[TargetPayment] | None:
        result = self.target.list_payments(effect.target_invoice_id)
        if not isinstance(result, Failure):
            return result.value
        if result.kind is FailureKind.NOT_FOUND:
            self.recorder.hold(effect, Reason.TARGET_INVOICE_MISSING)
        else:
            note_failure(self.context, self.connection, result)
            self.stopped.set()
        return None

    def _create_is_wanted(self, effect: Effect, invoice: TargetInvoice, payments: Sequence[TargetPayment]) -> bool:
        if effect.paid_on is None:
            raise AssertionError(f"effect {effect.id} creates a payment without a date")
        with self.context.database.reading() as session:
            claimed = claimed_payment_ids(session, effect.connection_id, effect.target_invoice_id)
            ignore_twins = allocation_with_payment(session, effect.allocation_id)[0].ignore_twins
        if effect.maybe_sent:
            before = effect.before_image or []
            match recognize(effect.amount, effect.paid_on, payments, before, claimed):
                case Ours(payment):
                    self.recorder.adopt(effect, payment, ours=True)
                    return False
                case Several():
                    self.recorder.hold(effect, Reason.SEVERAL_CANDIDATES)
                    return False
                case NotThere():
                    pass
        twin = NoTwin() if ignore_twins else find_twin(effect.amount, effect.paid_on, payments, claimed)
        match twin:
            case SameDay(payment) if self.organization.twin_policy == TwinPolicy.ADOPT:
                self.recorder.adopt(effect, payment, ours=False)
                return False
            case SameDay() | Nearby():
                self.recorder.hold(effect, Reason.TWIN_NEARBY)
                return False
            case NoTwin():
                return self._balance_allows(effect, effect.amount, invoice)

    def _adjust_is_wanted(self, effect: Effect, invoice: TargetInvoice, payments: Sequence[TargetPayment]) -> bool:
        existing = _with_id(payments, effect.target_payment_id)
        if existing is None:
            self.recorder.hold(effect, Reason.TARGET_PAYMENT_GONE)
            return False
        if (existing.amount, existing.paid_on) == (effect.amount, effect.paid_on):
            self.recorder.adjusted(effect)
            return False
        return self._balance_allows(effect, effect.amount - existing.amount, invoice)

    def _reverse_is_wanted(self, effect: Effect, payments: Sequence[TargetPayment]) -> bool:
        if _with_id(payments, effect.target_payment_id) is not None:
            return True
        self.recorder.reversed(effect)
        return False

    def _balance_allows(self, effect: Effect, more: Decimal, invoice: TargetInvoice) -> bool:
        if more <= invoice.balance:
            return True
        still_open = money_text(invoice.balance, effect.currency)
        detail = f"{money_text(more, effect.currency)} to pay, {still_open} still open"
        self.recorder.hold(effect, Reason.EXCEEDS_BALANCE, detail)
        return False

    # --- intend, create ---

    def _send(self, effect: Effect, payments: Sequence[TargetPayment]) -> None:
        attempt = self._intend(effect, payments, self.context.clock.now())
        if attempt is None:
            return
        self.context.reached(Point.PUSH_INTENDED)
        if not self.lease.may_send():
            # Frozen between the intent and the wire: the lane may be another's by now, who will find the intent and
            # look. Sending now is the one thing that must not happen.
            self.stopped.set()
            return
        outcome = self._call(effect)
        self.context.reached(Point.PUSH_ANSWERED)
        if self.recorder.record(effect, attempt, outcome):
            self.stopped.set()
        self.context.reached(Point.PUSH_RECORDED)

    def _intend(self, effect: Effect, payments: Sequence[TargetPayment], now: datetime) -> int | None:
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

    def _call(self, effect: Effect) -> WriteOutcome:
        invoice_id, payment_id = effect.target_invoice_id, effect.target_payment_id or ""
        match EffectKind(effect.kind):
            case EffectKind.CREATE if effect.paid_on is not None:
                return self.target.create_payment(invoice_id, effect.amount, effect.paid_on)
            case EffectKind.ADJUST if effect.paid_on is not None:
                return self.target.change_payment(invoice_id, payment_id, effect.amount, effect.paid_on)
            case EffectKind.REVERSE:
                return self.target.remove_payment(invoice_id, payment_id)
            case _:
                raise AssertionError(f"effect {effect.id} has no date")


def _with_id(payments: Sequence[TargetPayment], payment_id: str | None) -> TargetPayment | None:
    return next((payment for payment in payments if payment.external_id == payment_id), None)
