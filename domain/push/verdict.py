"""What to do about one effect after a look at its invoice: send the change, or record an end that needs no send.

Pure, total and ordered. The order of `QUESTIONS` keeps money safe: the first question with an answer gives the verdict,
and we send only if none of them has one.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.money import money_text
from domain.preferences import TwinPolicy
from domain.push.before_image import Seen, ids_in, replaced_by_ours, vanished
from domain.push.effect import ATTEMPTS_MAX, Doubt, EffectKind, EffectState
from domain.push.outcomes import DecideAgain, Done, End, GiveUp, Gone, Held, Link, Replaced, Send, StayInDoubt, Verdict
from domain.push.recognition import (
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
from domain.push.strategy import (
    Change,
    CreatePayment,
    Entry,
    Occupied,
    PaymentStrategy,
    RemovePayment,
    SetPayment,
    Wanted,
    change_for,
    standing_for,
)
from domain.reasons import Reason
from domain.records import TargetInvoice, TargetPayment

# --- what the verdict depends on ---


@dataclass(frozen=True, slots=True)
class Owed:
    """An effect, as far as the verdict depends on it.

    Attributes:
        currency: ISO 4217, of `wanted.amount`.
        attempts: the tries that may have reached the target.
        doubt: whether money of ours may be on the invoice although the ledger does not say so.
        sent_into: the payment of ours that the last send added to; None if it did not add to one.
        image: the payments that were on the invoice before the last send.
        changed_since: the payment changed after the effect was made, so match has to decide again.
        same_money_id: the payment at the target that a person called the same money.
        is_taken_back: a person takes back what we wrote, and nothing else.
    """

    wanted: Wanted
    currency: str
    state: EffectState
    attempts: int = 0
    doubt: Doubt = Doubt.NONE
    sent_into: str | None = None
    image: tuple[Seen, ...] = ()
    changed_since: bool = False
    same_money_id: str | None = None
    is_taken_back: bool = False

    @property
    def paid_on(self) -> date:
        """The date of the payment that a creation or a change asks for.

        Raises:
            ValueError: this is a removal, which has none.
        """
        if self.wanted.paid_on is None:
            raise ValueError("only a removal has no date")
        return self.wanted.paid_on


@dataclass(frozen=True, slots=True)
class InvoiceSeen:
    """The invoice as the target shows it, and what we know of its payments.

    Attributes:
        payments: everything that the target lists on the invoice.
        entries: the live ledger entries of ours on this invoice, oldest first.
        claimed: ids of payments that stand for some allocation, now or in the past.
        outlived: ids of claimed payments that should not be there any more.
        other_money: ids of payments that a person has called other money.
        found_by_look: ids of payments that we know only because a look found them after a lost answer.
    """

    invoice: TargetInvoice
    payments: Sequence[TargetPayment] = ()
    entries: Sequence[Entry] = ()
    claimed: Collection[str] = frozenset()
    outlived: Collection[str] = frozenset()
    other_money: Collection[str] = frozenset()
    found_by_look: Collection[str] = frozenset()

    def payment(self, payment_id: str) -> TargetPayment | None:
        return next((one for one in self.payments if one.external_id == payment_id), None)


@dataclass(frozen=True, slots=True)
class InvoiceNotFound:
    """The target does not show the invoice; it may be gone, or only hidden from our keys at the moment."""


Look = InvoiceSeen | InvoiceNotFound


@dataclass(frozen=True, slots=True)
class Terms:
    """The settings of the partner and of the connection.

    Attributes:
        author: the name under which the target enters our payments; "" until we have learned it.
    """

    strategy: PaymentStrategy = PaymentStrategy.APPEND
    twin_policy: TwinPolicy = TwinPolicy.ADOPT
    author: str = ""
    sync_enabled: bool = True


Question = Callable[[Owed, Change, InvoiceSeen, Terms], End | None]


def judge(owed: Owed, look: Look, terms: Terms) -> Verdict:
    """The verdict about one effect after one look at its invoice."""
    if isinstance(look, InvoiceNotFound):
        return StayInDoubt() if owed.state is EffectState.IN_DOUBT else Held(Reason.TARGET_INVOICE_MISSING)
    change = _change(owed, look, terms)
    for question in QUESTIONS:
        end = question(owed, change, look, terms)
        if end is not None:
            return end
    return Send(change)


# --- the questions, in their order ---


def _was_linked_by_a_person(owed: Owed, _change: Change, seen: InvoiceSeen, _terms: Terms) -> End | None:
    """Did a person call one of these payments the same money, and is it still as they saw it?"""
    if owed.wanted.kind is not EffectKind.CREATE or owed.same_money_id is None or _replaced(owed, seen):
        return None
    payment = seen.payment(owed.same_money_id)
    if payment is None or payment.foreign or payment.amount != owed.wanted.amount:
        return None
    stands_for_something_else = payment.external_id in seen.claimed and payment.external_id not in seen.outlived
    return None if stands_for_something_else else Link(payment)


def _has_arrived(owed: Owed, _change: Change, seen: InvoiceSeen, terms: Terms) -> End | None:
    """Did a creation whose answer was lost arrive after all?"""
    if owed.wanted.kind is not EffectKind.CREATE or not owed.doubt.is_unanswered:
        return None
    replaced = _replaced(owed, seen)
    if replaced:
        return Replaced(replaced)
    grew = owed.sent_into is not None
    match _recognized(owed, seen, terms):
        case Ours(payment):
            # There were several, and people tidied up since: the one they left may be their own, unless it has our name
            # on it. We never change a payment that may be a person's. One that we only added to was ours before.
            ours = grew or owed.doubt is not Doubt.ASKED or is_by(payment, terms.author)
            return Done(payment.external_id, ours, () if grew else vanished(owed.image, seen.payments))
        case Several(candidates):
            return Held(Reason.SEVERAL_CANDIDATES, beside=candidates)
        case NotThere():
            return None


def _was_typed_by_hand(owed: Owed, change: Change, seen: InvoiceSeen, terms: Terms) -> End | None:
    """Did a person enter this payment, or may they have?"""
    if owed.wanted.kind is not EffectKind.CREATE or _is_as_wanted(change, seen):
        return None
    amount, paid_on = owed.wanted.amount, owed.paid_on
    stay = set(seen.claimed) - set(seen.outlived)
    # We still ask about a payment that was typed after a person called the others "other money".
    unknown = [one for one in seen.payments if one.external_id not in seen.other_money]
    match find_twin(amount, paid_on, unknown, seen.claimed):
        case NoTwin() if not similar_to(amount, paid_on, unknown, stay):
            return None
        case SameDay(payment) if terms.twin_policy is TwinPolicy.ADOPT:
            return Done(payment.external_id, ours=False)
        case twin:
            # No twin, but a former payment that should be gone: most likely it was voided and entered anew in
            # QuickBooks, and a second one would be the same money twice.
            reason = Reason.FORMER_PAYMENT_THERE if twin == NoTwin() else Reason.TWIN_NEARBY
            return Held(reason, beside=tuple(similar_to(amount, paid_on, seen.payments, stay)))


def _needs_no_send(owed: Owed, change: Change, seen: InvoiceSeen, terms: Terms) -> End | None:
    """Is the invoice as wanted already, or is the payment gone, the place taken, or not ours to change?"""
    # We judge a change or a removal by the payment as it is now; sending it twice does no harm.
    match change:
        case CreatePayment():
            return None
        case Occupied():
            return Held(Reason.TARGET_OCCUPIED, beside=tuple(seen.payments))
        case RemovePayment(payment_id):
            there = seen.payment(payment_id)
            if there is None:
                return Done(payment_id)
            return _changed_by_hand(owed, there, seen) or _not_surely_ours(owed, payment_id, seen, terms)
        case SetPayment(payment_id, amount):
            there = seen.payment(payment_id)
            is_removal = owed.wanted.kind is EffectKind.REVERSE
            if there is None and not is_removal:
                return Gone(payment_id)
            # Taking a part back never puts money onto the invoice. Here a person has already taken more out of it.
            if there is None or (is_removal and there.amount < amount) or _is_as_wanted(change, seen):
                return Done(payment_id)
            by_hand = _changed_by_hand(owed, there, seen) if is_removal else None
            return by_hand or _not_surely_ours(owed, payment_id, seen, terms)


def _ends_the_doubt(owed: Owed, _change: Change, _seen: InvoiceSeen, terms: Terms) -> End | None:
    """The settle time is over and nothing arrived. Is there a reason not to send again?"""
    # An effect back from a hold was not replaced by match's decision meanwhile, which may be for another invoice.
    came_back = owed.doubt.was_held
    if owed.state is not EffectState.IN_DOUBT:
        return DecideAgain() if came_back else None
    if owed.attempts >= ATTEMPTS_MAX:
        return GiveUp()
    return DecideAgain() if came_back or owed.changed_since or not terms.sync_enabled else None


def _exceeds_the_balance(owed: Owed, change: Change, seen: InvoiceSeen, _terms: Terms) -> End | None:
    """Would the invoice get more than is open on it? A tenant's sums may lag behind its list of payments."""
    if owed.wanted.kind is EffectKind.REVERSE:
        return None
    more = _additional_amount(change, seen)
    if more > 0 and not seen.invoice.payable:
        return Held(Reason.TARGET_INVOICE_NOT_PAYABLE)
    listed = sum((one.amount for one in seen.payments), Decimal(0))
    still_open = max(min(seen.invoice.balance, seen.invoice.total - listed), Decimal(0))
    if more <= still_open:
        return None
    detail = f"{money_text(more, owed.currency)} to pay, {money_text(still_open, owed.currency)} still open"
    return Held(Reason.EXCEEDS_BALANCE, detail, tuple(seen.payments))


QUESTIONS: tuple[Question, ...] = (
    _was_linked_by_a_person,
    _has_arrived,
    _was_typed_by_hand,
    _needs_no_send,
    _ends_the_doubt,
    _exceeds_the_balance,
)


# --- shared by several questions ---


def _change(owed: Owed, seen: InvoiceSeen, terms: Terms) -> Change:
    ours = {entry.payment_id for entry in seen.entries}
    strangers = any(one.external_id not in ours and not one.foreign for one in seen.payments)
    return change_for(terms.strategy, owed.wanted, seen.entries, strangers)


def _replaced(owed: Owed, seen: InvoiceSeen) -> tuple[str, ...]:
    """The payments that were replaced by a send whose answer was lost.

    Only a new payment can replace others; one that grew has not.
    """
    if not owed.doubt.is_unanswered or owed.sent_into is not None:
        return ()
    return replaced_by_ours(owed.image, seen.payments, owed.wanted.amount, owed.paid_on)


def _recognized(owed: Owed, seen: InvoiceSeen, terms: Terms) -> Recognition:
    if owed.sent_into is None:
        image = ids_in(owed.image)
        return recognize(owed.wanted.amount, owed.paid_on, seen.payments, image, seen.claimed, terms.author)
    # The other parts that the payment stands for in the ledger by now.
    parts = (one for one in seen.entries if one.payment_id == owed.sent_into)
    others = sum((one.amount for one in parts if one.allocation_id != owed.wanted.allocation_id), Decimal(0))
    return recognize_in(owed.sent_into, owed.wanted.amount, others, owed.image, seen.payments)


def _changed_by_hand(owed: Owed, there: TargetPayment, seen: InvoiceSeen) -> End | None:
    """A person takes back what we wrote. If another one has changed it since, it is not that any more."""
    parts = [(one.amount, one.paid_on) for one in seen.entries if one.payment_id == there.external_id]
    if not owed.is_taken_back or not parts or (there.amount, there.paid_on) == standing_for(parts):
        return None
    return Held(Reason.TARGET_PAYMENT_CHANGED, beside=(there,))


def _not_surely_ours(owed: Owed, payment_id: str, seen: InvoiceSeen, terms: Terms) -> End | None:
    """A payment that only a look has found may be a person's, until the name on it proves it ours.

    Before we learned our name, a person may have typed exactly this payment while we were in doubt about it.
    """
    payment = seen.payment(payment_id)
    if payment is None or not payment.entered_by or is_by(payment, terms.author):
        return None
    if payment_id not in seen.found_by_look:
        return None
    is_new = owed.wanted.kind is EffectKind.CREATE
    return Held(Reason.TARGET_OCCUPIED if is_new else Reason.NOT_OURS_TO_CHANGE, beside=(payment,))


def _is_as_wanted(change: Change, seen: InvoiceSeen) -> bool:
    there = seen.payment(change.payment_id) if isinstance(change, SetPayment) else None
    return there is not None and change.is_answered_by(there)


def _additional_amount(change: Change, seen: InvoiceSeen) -> Decimal:
    """The amount that the change adds to the invoice; negative if it takes money off."""
    match change:
        case CreatePayment(amount):
            return amount
        case SetPayment(payment_id, amount):
            there = seen.payment(payment_id)
            return amount - (there.amount if there is not None else Decimal(0))
        case RemovePayment() | Occupied():
            return Decimal(0)
