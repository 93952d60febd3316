"""Delivering one effect: look, intend, create. `tasks/outcomes.py` records what came of it."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import structlog

from connectors.base import Failure, FailureKind, Target, WriteOutcome
from domain.before_image import image_of
from domain.breaker import CallKind
from domain.delivery import EffectKind, EffectState
from domain.money import money_text
from domain.reasons import Reason
from domain.records import TargetInvoice
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
from models.ledger import entries_on_invoice
from models.organizations import Organization
from models.payments import is_due_for_match
from tasks.context import Context
from tasks.lane import Lease
from tasks.outcomes import Overtaken, Recorder
from tasks.pauses import may_call, note_failure, note_success
from tasks.points import Point
from tasks.read_back import read_back
from tasks.settling import Payments, Settling, with_id

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
    # No effect is begun after this moment of the monotonic clock: the slice is over.
    ends: float
    # Set when the target wants no more calls now; what was not begun stays pending.
    stopped: threading.Event = field(default_factory=threading.Event)

    def deliver(self, effect: Effect, invoice: TargetInvoice | None) -> None:
        """Brings one effect one step further."""
        if self.stopped.is_set() or self.context.stopping.is_set() or self.context.clock.monotonic() > self.ends:
            return
        try:
            self._deliver(effect, invoice)
        except Overtaken:
            # Match cancelled or replaced it while we looked: what the look said is about something that is no more.
            log.info("push.overtaken", effect_id=effect.id)

    def _deliver(self, effect: Effect, invoice: TargetInvoice | None) -> None:
        if invoice is None:
            self._miss_invoice(effect)
            return
        payments = self._look(effect)
        if payments is None:
            return
        self.context.reached(Point.PUSH_LOOKED)
        change = self._change_for(effect, payments)
        self.context.reached(Point.PUSH_PLANNED)
        settling = Settling(self.context, self.recorder, self.organization.twin_policy, self.stopped)
        if not settling.leaves(effect, change, payments) or settling.ends(effect, self.organization.sync_enabled):
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
        elif result.kind is FailureKind.REFUSED:
            # The invoices were read a moment ago, so it is this one that is refused.
            self.recorder.note_refused_look(effect, result.detail)
        else:
            note_failure(self.context, self.connection, result, CallKind.LOOK)
            self.recorder.note_unseen(effect, result)
            self.recorder.let_others_go_first(effect, result)
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

    def _balance_allows(self, effect: Effect, change: Change, invoice: TargetInvoice, payments: Payments) -> bool:
        """An invoice never gets more than is open on it; a tenant's sums may lag behind its list of payments."""
        if effect.kind == EffectKind.REVERSE:
            return True
        more = _more_money(change, payments)
        if more > 0 and not invoice.payable:
            self.recorder.hold(effect, Reason.TARGET_INVOICE_NOT_PAYABLE)
            return False
        listed = sum((payment.amount for payment in payments), Decimal(0))
        still_open = max(min(invoice.balance, invoice.total - listed), Decimal(0))
        if more <= still_open:
            return True
        detail = f"{money_text(more, effect.currency)} to pay, {money_text(still_open, effect.currency)} still open"
        self.recorder.hold(effect, Reason.EXCEEDS_BALANCE, detail, payments)
        return False

    # --- intend, create ---

    def _send(self, effect: Effect, change: Change, payments: Payments) -> None:
        attempt = self._intend(effect, change, payments, self.context.clock.now())
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
        if effect.read_back_owed_since and not self._is_unharmed(effect):
            self.stopped.set()

    def _is_unharmed(self, effect: Effect) -> bool:
        with self.context.database.reading() as session:
            if not may_call(self.context, session, self.connection.id, CallKind.LOOK):
                # Somebody was told to wait since; the debt is on disk and is paid before anything else is written.
                return False
        return read_back(self.context, self.lease, self.connection, self.target, effect)

    def _intend(self, effect: Effect, change: Change, payments: Payments, now: datetime) -> int | None:
        """Puts on disk that we are about to send, with what is on the invoice before we do."""
        with self.context.database.writing() as session:
            self.lease.guard(session)
            if not may_call(self.context, session, self.connection.id, CallKind.WRITE):
                # Somebody was told to wait since the batch began: nothing has been sent, and it goes on later.
                self.stopped.set()
                return None
            # The look has ended the doubt: what is on the invoice from now on is not what was sent before.
            no_doubt = {"maybe_sent": False, "reason": "", "detail": ""}
            if effect.state == EffectState.IN_DOUBT and not move(session, effect, EffectState.PENDING, **no_doubt):
                return None
            if is_due_for_match(session, effect.allocation_id):
                # It changed after it was claimed; what is true now is decided first.
                return None
            intent = {"before_image": image_of(payments), "sent_into": _sent_into(effect, change), **no_doubt}
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


def _sent_into(effect: Effect, change: Change) -> str | None:
    """The payment of ours that a creation is added to, where the target keeps one payment for the invoice."""
    return change.payment_id if effect.kind == EffectKind.CREATE and isinstance(change, SetPayment) else None


def _more_money(change: Change, payments: Payments) -> Decimal:
    """By how much the invoice is paid more after the change; negative when it is less."""
    match change:
        case CreatePayment(amount):
            return amount
        case SetPayment(payment_id, amount):
            existing = with_id(payments, payment_id)
            return amount - (existing.amount if existing is not None else Decimal(0))
        case RemovePayment() | Occupied():
            return Decimal(0)
