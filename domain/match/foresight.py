"""What a change of preferences would do to one part of a payment, told from what is stored. Pure.

Both sides of the change are decided by `decide` itself, from the same facts; only the preferences differ. Where the two
decisions are the same, the change does nothing to this part, whatever else is about to happen to it.

`decide` may need a look at the target's invoice, and a preview makes none. It then puts in the place of that look what
the last one has left behind, and says so: `Certainty.SURE` is promised only where no look can change the decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from domain.explanations import explain
from domain.match.decisions import Acknowledge, Adjust, Decision, Hold, Keep, Push, Reverse, Skip, Verdict
from domain.match.eligibility import decide, decide_early
from domain.match.facts import Ambiguous, Facts, Found, NearlyFound, NotFound, NotReachable, TargetLookup
from domain.match.hand_corrections import waits_for_a_hand
from domain.match.planning import Cancel, CurrentEffect, Leave, Plan, Revive, plan
from domain.preferences import Preferences, TwinPolicy
from domain.push.effect import OPEN_ON_THE_WIRE, EffectKind, EffectState
from domain.push.recognition import SameDay, find_twin
from domain.reasons import Reason
from domain.records import SourceInvoice, TargetInvoice, TargetPayment


class Outcome(StrEnum):
    """What the change would do; in the order in which pages show it."""

    SYNCED = "synced"  # a payment would be created at the target, or linked there
    CORRECTED = "corrected"  # the payment that stands for it would be changed or removed at the target
    TAKEN_OUT = "taken_out"  # it is on its way to the target and would not be sent
    HELD = "held"  # it would wait, for its cause to go away or for a person
    SKIPPED = "skipped"  # by rule it would not be synced
    UNCHANGED = "unchanged"


class Certainty(StrEnum):
    """On what the outcome rests."""

    SURE = "sure"  # on stored facts alone: no look is made before it is decided
    SEEN = "seen"  # on the last look at the target's invoice; it is looked at again first
    NOT_SEEN = "not_seen"  # the target's invoice was never looked at; if it is identical, this is what happens


@dataclass(frozen=True, slots=True)
class InForce:
    """The decision in force about the part; the attributes are those of its row."""

    reason: Reason
    verdicts: tuple[Verdict, ...] = ()
    detail: str = ""
    seen: tuple[TargetPayment, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Everything stored that the outcome depends on.

    Attributes:
        facts: with the preferences now in force.
        in_force: None while nothing has been decided.
        effect: the newest one.
        number: the invoice's number at the source.
        rivals: other invoices of the source that this number would lead to the same target invoice.
    """

    facts: Facts
    in_force: InForce | None = None
    effect: CurrentEffect | None = None
    number: str = ""
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the change would do to one part.

    Attributes:
        reason: of the decision that would be in force once the part has been decided again.
    """

    outcome: Outcome
    reason: Reason
    certainty: Certainty


def foresee(known: Known, then: Preferences) -> Foreseen:
    """What becomes of the part if these preferences are put in the place of those in its facts."""
    effect = known.effect
    if effect is not None and effect.state in OPEN_ON_THE_WIRE:
        # Nothing reaches a payment that is being sent. It is decided again once we know what became of it.
        return Foreseen(Outcome.UNCHANGED, _reason_in_force(known), Certainty.SEEN)
    before = _expect(known, known.facts)
    if isinstance(before.decision, Keep) and known.facts.left_out is None:
        # The target says what the source says: that is asked before any preference is.
        return _unchanged(known, before, plan(before.decision, effect))
    after = _expect(known, known.facts.preferring(then))
    planned = plan(after.decision, effect)
    if before.decision == after.decision:
        return _link_of_twin(known, then, planned) or _unchanged(known, after, planned)
    if _leaves_the_decision_in_force(planned):
        # Money of ours may be on the invoice, or a person was asked: no preference changes that.
        return _unchanged(known, after, planned)
    return Foreseen(_outcome(after.decision, planned, effect), after.decision.reason, after.certainty)


@dataclass(frozen=True, slots=True)
class _Expected:
    decision: Decision
    certainty: Certainty


def _expect(known: Known, facts: Facts) -> _Expected:
    early = decide_early(facts)
    if early is None:
        lookup, certainty = _last_look(known, facts)
        return _Expected(decide(facts, lookup), certainty)
    # Match looks at a payment that a person was asked to correct: the correction may have been made by now.
    return _Expected(early, Certainty.SEEN if waits_for_a_hand(early) else Certainty.SURE)


def _unchanged(known: Known, after: _Expected, planned: Plan) -> Foreseen:
    if _leaves_the_decision_in_force(planned):
        # Revived, it is looked at by push, and that look may find something else.
        certainty = Certainty.SEEN if isinstance(planned, Revive) else after.certainty
        return Foreseen(Outcome.UNCHANGED, _reason_in_force(known), certainty)
    return Foreseen(Outcome.UNCHANGED, after.decision.reason, after.certainty)


def _leaves_the_decision_in_force(planned: Plan) -> bool:
    return isinstance(planned, Revive) or (isinstance(planned, Leave) and planned.silent)


def _reason_in_force(known: Known) -> Reason:
    return known.in_force.reason if known.in_force is not None else Reason.ELIGIBLE


def _outcome(decision: Decision, planned: Plan, effect: CurrentEffect | None) -> Outcome:
    match decision:
        case Push():
            return Outcome.SYNCED
        case Adjust() | Reverse():
            return Outcome.CORRECTED
        case Skip() | Hold() if isinstance(planned, Cancel) and effect is not None and _is_on_its_way(effect):
            return Outcome.TAKEN_OUT
        case Skip():
            return Outcome.SKIPPED
        case Hold():
            return Outcome.HELD
        case Keep() | Acknowledge():
            return Outcome.UNCHANGED


def _is_on_its_way(effect: CurrentEffect) -> bool:
    return effect.state is EffectState.PENDING


def _link_of_twin(known: Known, then: Preferences, planned: Plan) -> Foreseen | None:
    """A payment that waits beside one typed by hand, if that one is to be linked from now on.

    No decision of match depends on this preference: push asks for it, with the invoice's payments in hand. The hold
    names those that it has seen.
    """
    facts, told = known.facts, known.in_force
    is_new = then.twin_policy is TwinPolicy.ADOPT and facts.preferences.twin_policy is TwinPolicy.HOLD
    if not is_new or told is None or told.reason is not Reason.TWIN_NEARBY or not isinstance(planned, Revive):
        return None
    effect = known.effect
    if effect is None or effect.payload.kind is not EffectKind.CREATE or effect.payload.paid_on is None:
        return None
    twin = find_twin(effect.payload.amount, effect.payload.paid_on, told.seen, ())
    return Foreseen(Outcome.SYNCED, Reason.ADOPTED, Certainty.SEEN) if isinstance(twin, SameDay) else None


# --- what the last look at the target's invoice has left behind ---


def _last_look(known: Known, facts: Facts) -> tuple[TargetLookup, Certainty]:
    invoice, told = facts.source_invoice, known.in_force
    if invoice is None:
        raise AssertionError("the early rules let a payment through whose invoice nobody knows")
    same = _identical(known, invoice, facts)
    without_invoice = _without_invoice(told, same) if told is not None else None
    if without_invoice is not None:
        return without_invoice, Certainty.SEEN
    if facts.linked_target_id is None and known.rivals:
        return Ambiguous(Reason.SOURCE_NUMBER_AMBIGUOUS), Certainty.NOT_SEEN
    if facts.linked_target_id is None and not known.number:
        return NotFound(), Certainty.NOT_SEEN
    if told is not None and told.verdicts:
        return Found(_as_compared(told.verdicts, same)), Certainty.SEEN
    # A link is stored only once both invoices were found identical, or by a partner's word.
    return Found(same), Certainty.NOT_SEEN


def _without_invoice(told: InForce, same: TargetInvoice) -> TargetLookup | None:
    """The look that led to this decision, if it found no invoice, several, or one that takes no money."""
    match told.reason:
        case Reason.TARGET_INVOICE_MISSING | Reason.INVOICE_ONLY_IN_SOURCE:
            return NotFound(detail=told.detail)
        case Reason.TARGET_NUMBER_NEARLY:
            return NearlyFound(told.detail)
        case Reason.TARGET_INVOICE_AMBIGUOUS | Reason.TARGET_INVOICE_TAKEN:
            return Ambiguous(told.reason, told.detail)
        case Reason.TARGET_INVOICE_NOT_PAYABLE:
            return Found(replace(same, payable=False))
        case Reason.TARGET_LOOKUP_REFUSED:
            return NotReachable(told.reason, told.detail)
        case reason if explain(reason).cannot_tell:
            return NotReachable(reason, told.detail)
        case _:
            return None


def _identical(known: Known, invoice: SourceInvoice, facts: Facts) -> TargetInvoice:
    """The target's invoice, if it is the same as the source's."""
    addressed = known.effect.payload.target_invoice_id if known.effect is not None else ""
    return TargetInvoice(
        external_id=facts.linked_target_id or addressed,
        number=invoice.number or "",
        total=invoice.total,
        balance=invoice.total,
        currency=invoice.currency or facts.currency,
        customer_names=(invoice.customer_name,),
    )


def _as_compared(verdicts: Sequence[Verdict], same: TargetInvoice) -> TargetInvoice:
    """The target's invoice as the verdicts of the last comparison tell of it."""
    told = {verdict.field: verdict for verdict in verdicts}
    number, total, currency, customer = (told.get(field) for field in ("number", "total", "currency", "customer"))
    return replace(
        same,
        number=number.target if number else same.number,
        total=Decimal(total.target) if total else same.total,
        currency=(currency.target or None) if currency else same.currency,
        customer_names=_names(customer) if customer else same.customer_names,
    )


def _names(customer: Verdict) -> tuple[str, ...]:
    # A verdict keeps the first of the target's names only. If it was the same customer, one of them was the source's.
    return (customer.target, customer.source) if customer.identical else (customer.target,)
