"""Corrections that a person was asked to make at the target, and whether a look at the payment shows them. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from domain.explanations import explain
from domain.later_looks import Finding
from domain.match.decisions import Acknowledge, Decision, Hold
from domain.match.eligibility import decide_early, is_in_its_place
from domain.match.facts import Facts, Part, SyncedPayment
from domain.push.strategy import standing_for
from domain.reasons import Reason
from domain.records import TargetPayment


def waits_for_a_hand(decision: Decision) -> bool:
    """Whether a person was asked to do something at the target that a look at the payment can confirm."""
    return isinstance(decision, Hold) and explain(decision.reason).done_by_hand


def after_a_look_at_the_payment(
    facts: Facts, there: TargetPayment | None, unclaimed: Collection[TargetPayment] = ()
) -> Decision:
    """The decision about an allocation that waits for a person, after we have looked for the payment itself.

    Args:
        there: the payment as it is on the target invoice now; None if it certainly is not there.
        unclaimed: the payments on that invoice that stand for no allocation yet.
    """
    if facts.synced is None:
        raise AssertionError("a look at a payment of which nobody knows")
    finding = None if facts.synced.gone else facts.synced.finding
    synced = replace(facts.synced, finding=Finding.GONE if there is None else finding)
    facts = replace(facts, synced=synced)
    decision = decide_early(facts)
    if decision is None:
        raise AssertionError("what was synced is decided about without a look at the invoice")
    if not waits_for_a_hand(decision):
        return decision
    if decision == Hold(Reason.TARGET_PAYMENT_GONE):
        # Push links the payment typed in its place, as it would have linked it before the first payment.
        return Acknowledge(None, None) if _is_typed_anew(facts, synced, unclaimed) else decision
    return _after_a_hand(facts, synced, there) or decision


def _is_typed_anew(facts: Facts, synced: SyncedPayment, unclaimed: Collection[TargetPayment]) -> bool:
    """Whether a person removed the payment and, beyond doubt, typed the wanted one in its place."""
    wanted = [one for one in unclaimed if (one.amount, one.paid_on) == (facts.amount, facts.paid_on)]
    return len(wanted) == 1 and not synced.beside


def _after_a_hand(facts: Facts, synced: SyncedPayment, there: TargetPayment | None) -> Acknowledge | None:
    """The correction, if the person has made it already."""
    if not (facts.is_wanted and is_in_its_place(facts, synced)):
        is_corrected = there is None or _says(there, None, synced.beside)
        return Acknowledge(None, None) if is_corrected else None
    if there is None or facts.paid_on is None or not _says(there, (facts.amount, facts.paid_on), synced.beside):
        return None
    return Acknowledge(facts.amount, facts.paid_on)


def _says(there: TargetPayment, part: tuple[Decimal, date] | None, beside: tuple[Part, ...]) -> bool:
    """Whether the payment is right for this part (or without it) together with the others that it stands for."""
    return any(one == (there.amount, there.paid_on) for one in _with_the_others(part, beside))


def _with_the_others(part: tuple[Decimal, date] | None, beside: tuple[Part, ...]) -> Iterator[tuple[Decimal, date]]:
    # A person who corrects a shared payment may correct one part, or all changed parts at once.
    for others in ([one.entered for one in beside], [one.wanted for one in beside if one.wanted is not None]):
        parts = others if part is None else [*others, part]
        if parts:
            yield standing_for(parts)
