"""What a look at the invoice leaves to do: nothing, if what is wanted is the case already or a person has to say.

The order of the questions is the safety of the whole. First: has a send whose answer was lost arrived after all? Then:
is it as wanted already, has somebody typed it by hand, is the place taken? Only what is left is sent.
"""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.before_image import ids_in, replaced_by_ours, seen_in, vanished
from domain.delivery import ATTEMPTS_MAX, EffectKind, EffectState
from domain.planning import MAY_HAVE_MOVED_MONEY
from domain.preferences import TwinPolicy
from domain.reasons import Reason
from domain.recognition import (
    NotThere,
    NoTwin,
    Ours,
    Recognition,
    SameDay,
    Several,
    find_twin,
    is_by,
    recognize,
    recognize_in,
    similar_to,
)
from domain.records import TargetPayment
from domain.strategy import Change, CreatePayment, Occupied, RemovePayment, SetPayment
from models.claims import claimed_payment_ids, outlived_payment_ids, was_found_by_a_look
from models.effects import Effect, day_of
from models.ledger import entries_on_invoice
from models.payments import allocation_with_payment
from tasks.context import Context
from tasks.outcomes import Recorder
from tasks.points import Point

Payments = Sequence[TargetPayment]


@dataclass(slots=True)
class Settling:
    """Records what the look at an invoice has settled."""

    context: Context
    recorder: Recorder
    twin_policy: str
    # Set when the target turns out to replace payments: it wants no more calls.
    stopped: threading.Event

    @property
    def author(self) -> str:
        return self.recorder.connection.author

    def leaves(self, effect: Effect, change: Change, payments: Payments) -> bool:
        """Whether the look leaves the change to be made; if not, what is the case has been recorded."""
        # A change or a removal is judged by what the payment is now; saying it twice does no harm.
        if effect.kind == EffectKind.CREATE and self._is_there(effect, change, payments):
            return False
        match change:
            case CreatePayment():
                return True
            case Occupied():
                self.recorder.hold(effect, Reason.TARGET_OCCUPIED, seen=payments)
                return False
            case SetPayment():
                return self._is_to_be_set(effect, change, payments)
            case RemovePayment(payment_id):
                if with_id(payments, payment_id) is not None:
                    return self._is_surely_ours(effect, payment_id, payments)
                self.recorder.settle(effect, payment_id)
                return False

    def ends(self, effect: Effect, sync_enabled: bool) -> bool:
        """Whether a doubt that the look has just ended leads elsewhere than to another send; if so, that is recorded.

        The settle time is over and the invoice does not have it: what was sent did not arrive.
        """
        if effect.state != EffectState.IN_DOUBT and effect.reason not in MAY_HAVE_MOVED_MONEY:
            return False
        if effect.state == EffectState.IN_DOUBT and effect.attempts >= ATTEMPTS_MAX:
            self.recorder.give_up(effect)
            return True
        # What was held and came back (`Revive`) was not replaced by what match has decided meanwhile: that may be
        # another invoice, or nothing at all.
        came_back = effect.reason in MAY_HAVE_MOVED_MONEY
        return self.recorder.is_decided_again(effect, always=came_back or not sync_enabled)

    def _is_there(self, effect: Effect, change: Change, payments: Payments) -> bool:
        """Whether what is to be created is on the invoice already, or may be; then that has been recorded."""
        with self.context.database.reading() as session:
            claimed = claimed_payment_ids(session, effect.connection_id, effect.target_invoice_id)
        if self._is_linked(effect, payments):
            return True
        if effect.maybe_sent and self._has_arrived(effect, payments, claimed):
            return True
        return self._is_typed(effect, change, payments, claimed)

    # --- a person has said so ---

    def _is_linked(self, effect: Effect, payments: Payments) -> bool:
        """Whether a person says that the money is there as one of these payments, and it is; that has been recorded."""
        with self.context.database.reading() as session:
            allocation, _ = allocation_with_payment(session, effect.allocation_id)
        if allocation.same_money_id is None or self._replaced(effect, payments):
            return False
        payment = with_id(payments, allocation.same_money_id)
        is_the_same = payment is not None and not payment.foreign and payment.amount == effect.amount
        return self.recorder.is_linked(effect, payment if is_the_same else None)

    def _replaced(self, effect: Effect, payments: Payments) -> Collection[str]:
        """What a send whose answer was lost has put ours in the place of."""
        # Only a payment that is added can take the place of others; one that grew has not.
        if not effect.maybe_sent or effect.sent_into is not None:
            return ()
        return replaced_by_ours(seen_in(effect.before_image), payments, effect.amount, day_of(effect))

    # --- after a lost answer ---

    def _has_arrived(self, effect: Effect, payments: Payments, claimed: Collection[str]) -> bool:
        """Whether a creation that got no answer is on the invoice after all, or may be; then that has been recorded."""
        image = seen_in(effect.before_image) if effect.sent_into is None else ()
        replaced = self._replaced(effect, payments)
        if replaced:
            self.recorder.hold_replaced(effect, replaced)
            self.stopped.set()
            return True
        match self._recognize(effect, payments, claimed):
            case Ours(payment):
                # There were several, and people tidied up since: what they left may be their own, unless it bears
                # our name. A payment that may be a person's is never ours to change.
                # One that took ours in was ours before.
                grew = effect.sent_into is not None
                ours = grew or effect.reason != Reason.SEVERAL_CANDIDATES or is_by(payment, self.author)
                gone = vanished(image, payments)
                self.recorder.settle(effect, payment.external_id, ours=ours, replaced=gone)
                if gone:
                    self.stopped.set()
                return True
            case Several(candidates):
                self.recorder.hold(effect, Reason.SEVERAL_CANDIDATES, seen=candidates)
                return True
            case NotThere():
                return False

    def _recognize(self, effect: Effect, payments: Payments, claimed: Collection[str]) -> Recognition:
        image = seen_in(effect.before_image)
        if effect.sent_into is not None:
            return recognize_in(effect.sent_into, effect.amount, self._others_in(effect), image, payments)
        return recognize(effect.amount, day_of(effect), payments, ids_in(image), claimed, self.author)

    def _others_in(self, effect: Effect) -> Decimal:
        """What the payment that the effect was added to stands for without it, as the ledger says by now."""
        with self.context.database.reading() as session:
            entries = entries_on_invoice(session, effect.connection_id, effect.target_invoice_id)
        parts = [one for one in entries if one.payment_id == effect.sent_into]
        return sum((one.amount for one in parts if one.allocation_id != effect.allocation_id), Decimal(0))

    # --- before a send ---

    def _is_typed(self, effect: Effect, change: Change, payments: Payments, claimed: Collection[str]) -> bool:
        """Whether somebody typed the payment by hand, or may have; then that has been recorded."""
        with self.context.database.reading() as session:
            allocation, _ = allocation_with_payment(session, effect.allocation_id)
            outlived = outlived_payment_ids(session, effect.connection_id, effect.target_invoice_id)
        self.context.reached(Point.PUSH_LEDGER_READ)
        if isinstance(change, SetPayment) and _is_as_wanted(change, payments):
            return False
        # Those that a person has seen and calls other money. One that was typed since is asked about.
        other_money = set(allocation.similar_payment_ids or ()) if allocation.ignore_twins else set()
        unknown = [payment for payment in payments if payment.external_id not in other_money]
        stay = set(claimed) - outlived
        match find_twin(effect.amount, day_of(effect), unknown, claimed):
            case NoTwin() if not similar_to(effect.amount, day_of(effect), unknown, stay):
                return False
            case SameDay(payment) if self.twin_policy == TwinPolicy.ADOPT:
                self.recorder.settle(effect, payment.external_id, ours=False)
                return True
            case twin:
                # No twin but one that outlived its own: voided and entered anew in QuickBooks, most likely, and a
                # second one would be the same money twice.
                reason = Reason.FORMER_PAYMENT_THERE if twin == NoTwin() else Reason.TWIN_NEARBY
                self.recorder.hold_beside(effect, reason, similar_to(effect.amount, day_of(effect), payments, stay))
                return True

    def _is_to_be_set(self, effect: Effect, change: SetPayment, payments: Payments) -> bool:
        existing = with_id(payments, change.payment_id)
        if existing is None and effect.kind != EffectKind.REVERSE:
            self.recorder.hold_gone(effect, change.payment_id)
            return False
        # Taking a part back never puts money onto the invoice: a person has taken more out of the payment already.
        is_less = existing is not None and effect.kind == EffectKind.REVERSE and existing.amount < change.amount
        if existing is None or is_less or _is_as_wanted(change, payments):
            self.recorder.settle(effect, change.payment_id)
            return False
        return self._is_surely_ours(effect, change.payment_id, payments)

    def _is_surely_ours(self, effect: Effect, payment_id: str, payments: Payments) -> bool:
        """Whether the payment may be changed or removed; if not, that has been recorded.

        One that a look found after a lost answer may be a person's as long as we had not learned our name: somebody may
        have typed the very payment in the very doubt. The name that it bears decides, once we know ours.
        """
        payment = with_id(payments, payment_id)
        if payment is None or not payment.entered_by or is_by(payment, self.author):
            return True
        with self.context.database.reading() as session:
            if not was_found_by_a_look(session, effect.connection_id, effect.target_invoice_id, payment_id):
                return True
        is_new = effect.kind == EffectKind.CREATE
        reason = Reason.TARGET_OCCUPIED if is_new else Reason.NOT_OURS_TO_CHANGE
        self.recorder.hold(effect, reason, seen=[payment])
        return False


def _is_as_wanted(change: SetPayment, payments: Payments) -> bool:
    existing = with_id(payments, change.payment_id)
    return existing is not None and (existing.amount, existing.paid_on) == (change.amount, change.paid_on)


def with_id(payments: Payments, payment_id: str) -> TargetPayment | None:
    return next((payment for payment in payments if payment.external_id == payment_id), None)
