"""What was in force at an earlier moment, told from what has changed since. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from domain.activity import Change
from domain.leaving_out import LeftOut
from domain.match.decisions import Verdict
from domain.match.facts import Facts, SyncedPayment
from domain.match.foresight import InForce, Known
from domain.preferences import PREFERENCE_LABELS, Preferences, preference_from_words, preference_words
from domain.reasons import Reason
from domain.records import PaymentState, SourceInvoice


@dataclass(frozen=True, slots=True)
class PreferenceThen:
    """One choice, then and now, as a person reads it.

    Attributes:
        field: its name in `Preferences`.
        is_sure: the changes since then lead without a break from this value to the one now in force.
    """

    field: str
    label: str
    then: str
    now: str
    is_sure: bool


def preferences_then(now: Preferences, since: Sequence[Change]) -> tuple[PreferenceThen, ...]:
    """The choices before these changes, in the order of the forms.

    Args:
        since: every change since then, the newest first.
    """
    return tuple(_before(field, label, now, since) for field, label in PREFERENCE_LABELS.items())


def _before(field: str, label: str, now: Preferences, since: Sequence[Change]) -> PreferenceThen:
    words = preference_words(field, getattr(now, field))
    then, is_sure = words, True
    for change in since:
        if change.what == label:
            is_sure = is_sure and change.after == then
            then = change.before
    return PreferenceThen(field, label, then, words, is_sure)


def as_preferences(then: Sequence[PreferenceThen]) -> Preferences | None:
    """The choices to decide by; None if one of them is not known for sure."""
    if not all(one.is_sure for one in then):
        return None
    try:
        return Preferences(**{one.field: preference_from_words(one.field, one.then) for one in then})
    except ValueError:
        # Written down in words that nobody uses any more.
        return None


@dataclass(frozen=True, slots=True)
class PartThen:
    """One part of a payment, as its picture said then, with what was decided and recorded about it by then.

    Attributes:
        synced: the target payment that stood for it.
        was_reversed: one had stood for it, and none did any more; `removed_by_hand`: a person had removed it.
        in_force: the decision; None if there was none.
    """

    state: PaymentState
    currency: str | None
    paid_on: date | None
    amount: Decimal
    problem: Reason | None
    removed: bool
    flaw: Reason | None
    left_out: LeftOut | None
    synced: SyncedPayment | None
    was_reversed: bool
    removed_by_hand: bool
    in_force: InForce | None


def known_then(now: Known, then: PartThen) -> Known:
    """What a decision depended on then.

    The invoice at the source is as it was compared then; one that was never compared is taken as it is now.
    """
    facts = replace(
        now.facts,
        payment_state=then.state,
        currency=then.currency,
        paid_on=then.paid_on,
        amount=then.amount,
        problem=then.problem,
        removed=then.removed,
        flaw=then.flaw,
        left_out=then.left_out,
        synced=_with_its_parts(then.synced, now.facts.synced),
        was_reversed=then.was_reversed,
        removed_by_hand=then.removed_by_hand,
        left_behind=(),
        source_invoice=_compared(now.facts, then.in_force.verdicts if then.in_force is not None else ()),
    )
    return replace(now, facts=facts, in_force=then.in_force, effect=None)


def _with_its_parts(then: SyncedPayment | None, now: SyncedPayment | None) -> SyncedPayment | None:
    """A payment that stands for several parts still does: which of them it does is kept as it is now."""
    if then is None or now is None or then.target_payment_id != now.target_payment_id:
        return then
    return replace(then, beside=now.beside)


def _compared(facts: Facts, verdicts: Sequence[Verdict]) -> SourceInvoice | None:
    said: Mapping[str, str] = {one.field: one.source for one in verdicts}
    if facts.source_invoice is None or not said:
        return facts.source_invoice
    invoice = facts.source_invoice
    return replace(
        invoice,
        number=said.get("number", invoice.number),
        total=Decimal(said["total"]) if "total" in said else invoice.total,
        customer_name=said.get("customer", invoice.customer_name),
    )
