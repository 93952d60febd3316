"""What a change of preferences would do to a part of a payment, for every outcome and every preference."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.later_looks import Finding
from domain.leaving_out import LeftOut
from domain.match.decisions import Decision, Hold, Skip
from domain.match.eligibility import decide
from domain.match.facts import Facts, Found, TargetLookup
from domain.match.foresight import Certainty, Foreseen, InForce, Known, Outcome, foresee
from domain.match.hand_corrections import waits_for_a_hand
from domain.match.planning import CurrentEffect, Leave, Payload, Revive, payload_of, plan
from domain.preferences import CorrectionPolicy, InvoiceOrigin, Preferences, SyncMode, TwinPolicy
from domain.push.effect import Doubt, EffectKind, EffectState
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, TargetPayment
from tests.domain import any_facts
from tests.domain.situations import AMOUNT, FACTS, FOUND, OURS, PAID_ON, PREFERENCES, TARGET_INVOICE

LATER, EARLIER = date(2026, 11, 21), date(2026, 11, 1)
CREATE = Payload(EffectKind.CREATE, "200", None, AMOUNT, "USD", PAID_ON)
VOIDED = {"payment_state": PaymentState.VOIDED, "synced": OURS}
EDITED = {"amount": Decimal("80.00"), "synced": OURS}
OF_NOBODY = {"platform_origin": None}
SAME_DAY = TargetPayment("9", AMOUNT, PAID_ON, "Somebody")
NEXT_DAY = replace(SAME_DAY, paid_on=LATER)


def in_force(decision: Decision) -> InForce:
    """The decision as its row keeps it."""
    return InForce(
        decision.reason,
        tuple(decision.verdicts),
        decision.detail if isinstance(decision, Hold | Skip) else "",
        decision.seen if isinstance(decision, Hold) else (),
    )


def effect(
    state: EffectState, reason: Reason | None = None, doubt: Doubt = Doubt.NONE, **payload: Any
) -> CurrentEffect:
    return CurrentEffect(state, replace(CREATE, **payload), reason, doubt)


@dataclass(frozen=True)
class Case:
    """What is stored, what changes, and what is foreseen.

    Attributes:
        now: where the preferences in force differ from the usual ones.
        then: where the new ones differ from those in force.
    """

    name: str
    foreseen: tuple[Outcome, Reason, Certainty]
    facts: dict[str, Any]
    then: dict[str, Any]
    now: dict[str, Any]
    lookup: TargetLookup | None = FOUND
    effect: CurrentEffect | None = None
    told: InForce | None = None

    def __str__(self) -> str:
        return self.name

    def known(self) -> Known:
        facts = replace(FACTS, **self.facts, preferences=replace(PREFERENCES, **self.now))
        told = self.told
        if told is None and self.lookup is not None:
            told = in_force(decide(facts, self.lookup))
        return Known(facts, told, self.effect, number="INV-1")


def case(
    name: str,
    outcome: Outcome,
    reason: Reason,
    certainty: Certainty,
    then: dict[str, Any],
    facts: dict[str, Any] | None = None,
    now: dict[str, Any] | None = None,
    **more: Any,
) -> Case:
    return Case(name, (outcome, reason, certainty), facts or {}, then, now or {}, **more)


OFF, ON = {"sync_enabled": False}, {"sync_enabled": True}
SURE, SEEN, NOT_SEEN = Certainty
SYNCED, CORRECTED, TAKEN_OUT, HELD, SKIPPED, UNCHANGED = Outcome
CASES = [
    # The switch.
    case("on, never looked at", SYNCED, Reason.ELIGIBLE, NOT_SEEN, ON, now=OFF),
    case("on, unapplied", SKIPPED, Reason.UNAPPLIED, SURE, ON, {"kind": AllocationKind.UNAPPLIED}, OFF),
    case("on, own", SKIPPED, Reason.OWN_PAYMENT, SURE, ON, {"is_own": True}, OFF),
    case("on, no date", HELD, Reason.DATE_MISSING, SURE, ON, {"paid_on": None}, OFF),
    case("on, already synced", UNCHANGED, Reason.SYNCED, SURE, ON, {"synced": OURS}, OFF),
    case("on, voided meanwhile", CORRECTED, Reason.VOIDED_AFTER_SYNC, SURE, ON, VOIDED, OFF),
    case("on, edited meanwhile", CORRECTED, Reason.EDITED, SURE, ON, EDITED, OFF),
    case(
        "on, gone at the target meanwhile",
        UNCHANGED,
        Reason.TARGET_PAYMENT_GONE,
        SEEN,
        ON,
        {"synced": replace(OURS, finding=Finding.GONE)},
        OFF,
    ),
    case("off, on its way", TAKEN_OUT, Reason.SWITCHED_OFF, SURE, OFF, effect=effect(EffectState.PENDING)),
    case("off, being sent", UNCHANGED, Reason.ELIGIBLE, SEEN, OFF, effect=effect(EffectState.SENDING)),
    case("off, answer lost", UNCHANGED, Reason.ELIGIBLE, SEEN, OFF, effect=effect(EffectState.IN_DOUBT)),
    case("off, already synced", UNCHANGED, Reason.SYNCED, SURE, OFF, {"synced": OURS}),
    case("off, total differs", SKIPPED, Reason.SWITCHED_OFF, SURE, OFF, lookup=Found(replace(TARGET_INVOICE, total=AMOUNT * 2))),
    case(
        "off, held beside a payment typed by hand",
        SKIPPED,
        Reason.SWITCHED_OFF,
        SURE,
        OFF,
        effect=effect(EffectState.HELD, Reason.TWIN_NEARBY),
        told=InForce(Reason.TWIN_NEARBY),
    ),
    case(
        "off, a removal is on its way",
        TAKEN_OUT,
        Reason.SWITCHED_OFF,
        SURE,
        OFF,
        VOIDED,
        effect=effect(EffectState.PENDING, kind=EffectKind.REVERSE, target_payment_id="7000"),
    ),
    case(
        "off, money of ours may be on the invoice",
        UNCHANGED,
        Reason.SEVERAL_CANDIDATES,
        SEEN,
        OFF,
        effect=effect(EffectState.HELD, Reason.SEVERAL_CANDIDATES, Doubt.ASKED),
        told=InForce(Reason.SEVERAL_CANDIDATES),
    ),
    case(
        "off, a person compares what the target did",
        UNCHANGED,
        Reason.TARGET_CHANGED_IT,
        SURE,
        OFF,
        effect=effect(EffectState.HELD, Reason.TARGET_CHANGED_IT, Doubt.AMISS),
        told=InForce(Reason.TARGET_CHANGED_IT),
    ),
    case("off, the target is disconnected", UNCHANGED, Reason.TARGET_DISCONNECTED, SURE, OFF, {"target_active": False}),
    # The mode, and the Sync Tool itself.
    case("disabled, on its way", TAKEN_OUT, Reason.MODE_DISABLED, SURE, {"sync_mode": SyncMode.DISABLED}, effect=effect(EffectState.PENDING)),
    case("synced only, not by the tool", SKIPPED, Reason.INVOICE_NOT_SYNCED, SURE, {"sync_mode": SyncMode.SYNCED_ONLY}, {"platform_origin": InvoiceOrigin.PARTNER_DASHBOARD}),
    case("synced only, by the tool", UNCHANGED, Reason.ELIGIBLE, SEEN, {"sync_mode": SyncMode.SYNCED_ONLY}, effect=effect(EffectState.PENDING)),
    case("all invoices again", SYNCED, Reason.ELIGIBLE, NOT_SEEN, {"sync_mode": SyncMode.ALL_INVOICES}, {"platform_origin": InvoiceOrigin.MATCHED}, {"sync_mode": SyncMode.SYNCED_ONLY}),
    case("without the tool the mode no longer counts", SYNCED, Reason.ELIGIBLE, NOT_SEEN, {"sync_tool_enabled": False}, now={"sync_mode": SyncMode.DISABLED}),
    # The cut-off date.
    case("an earlier date lets it through, as last seen", SYNCED, Reason.ELIGIBLE, SEEN, {"cut_off_on": EARLIER}, now={"cut_off_on": LATER}),
    case("no date lets it through", SYNCED, Reason.ELIGIBLE, SEEN, {"cut_off_on": None}, now={"cut_off_on": LATER}),
    case("a later date stops it, if the invoice is as it was", TAKEN_OUT, Reason.BEFORE_CUT_OFF, SEEN, {"cut_off_on": LATER}, effect=effect(EffectState.PENDING)),
    case("a later date stops one of an unknown invoice", SKIPPED, Reason.BEFORE_CUT_OFF, SURE, {"cut_off_on": LATER}, OF_NOBODY),
    case("a date that does not matter", UNCHANGED, Reason.ELIGIBLE, SEEN, {"cut_off_on": EARLIER}, effect=effect(EffectState.PENDING)),
    case("a later date leaves what is synced", UNCHANGED, Reason.SYNCED, SURE, {"cut_off_on": LATER}, {"synced": OURS}),
    # Corrections.
    case("automatic, waits for approval", CORRECTED, Reason.EDITED, SURE, {"correction_policy": CorrectionPolicy.AUTOMATIC}, EDITED, {"correction_policy": CorrectionPolicy.HOLD}),
    case("automatic, voided", CORRECTED, Reason.VOIDED_AFTER_SYNC, SURE, {"correction_policy": CorrectionPolicy.AUTOMATIC}, VOIDED, {"correction_policy": CorrectionPolicy.HOLD}),
    case("automatic, but typed by hand", UNCHANGED, Reason.NOT_OURS_TO_CHANGE, SEEN, {"correction_policy": CorrectionPolicy.AUTOMATIC}, {**EDITED, "synced": replace(OURS, ours=False)}, {"correction_policy": CorrectionPolicy.HOLD}),
    case(
        "ask first, a correction is on its way",
        TAKEN_OUT,
        Reason.CORRECTION_NEEDS_APPROVAL,
        SEEN,
        {"correction_policy": CorrectionPolicy.HOLD},
        EDITED,
        effect=effect(EffectState.PENDING, kind=EffectKind.ADJUST, target_payment_id="7000", amount=Decimal("80.00")),
    ),
    # Payments entered by hand.
    case("link it, the same day", SYNCED, Reason.ADOPTED, SEEN, {"twin_policy": TwinPolicy.ADOPT}, now={"twin_policy": TwinPolicy.HOLD}, effect=effect(EffectState.HELD, Reason.TWIN_NEARBY), told=InForce(Reason.TWIN_NEARBY, seen=(SAME_DAY,))),
    case("link it, another day", UNCHANGED, Reason.TWIN_NEARBY, SEEN, {"twin_policy": TwinPolicy.ADOPT}, now={"twin_policy": TwinPolicy.HOLD}, effect=effect(EffectState.HELD, Reason.TWIN_NEARBY), told=InForce(Reason.TWIN_NEARBY, seen=(NEXT_DAY,))),
    case("ask first", UNCHANGED, Reason.ELIGIBLE, SEEN, {"twin_policy": TwinPolicy.HOLD}, effect=effect(EffectState.PENDING)),
    # Finding invoices by their number.
    case("find, never looked for", SYNCED, Reason.ELIGIBLE, NOT_SEEN, {"find_by_number": True}, OF_NOBODY, {"find_by_number": False}),
    case("find no more", SKIPPED, Reason.INVOICE_UNKNOWN, SURE, {"find_by_number": False}, OF_NOBODY),
]  # fmt: skip


@pytest.mark.parametrize("one", CASES, ids=str)
def test_each_preference_does_to_a_payment_what_it_says(one: Case) -> None:
    known = one.known()
    then = replace(known.facts.preferences, **one.then)
    assert foresee(known, then) == Foreseen(*one.foreseen)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_in_the_table(outcome: Outcome) -> None:
    assert outcome in {one.foreseen[0] for one in CASES}


@pytest.mark.parametrize("name", Preferences.__dataclass_fields__)
def test_every_preference_is_in_the_table(name: str) -> None:
    assert any(name in one.then for one in CASES)


@pytest.mark.parametrize(
    "reason",
    [
        Reason.TARGET_INVOICE_MISSING,
        Reason.TARGET_NUMBER_NEARLY,
        Reason.TARGET_INVOICE_AMBIGUOUS,
        Reason.TARGET_INVOICE_TAKEN,
        Reason.TARGET_INVOICE_NOT_PAYABLE,
        Reason.TARGET_UNREACHABLE,
        Reason.TARGET_LOOKUP_REFUSED,
    ],
)
def test_what_the_last_look_did_not_find_is_not_promised(reason: Reason) -> None:
    """The cut-off date would let it through, but then the invoice would stop it."""
    facts = replace(FACTS, preferences=replace(PREFERENCES, cut_off_on=EARLIER))
    known = Known(facts, InForce(reason, detail="as told"), number="INV-1")
    assert foresee(known, PREFERENCES) == Foreseen(Outcome.UNCHANGED, reason, Certainty.SEEN)


def test_an_invoice_that_has_changed_since_the_last_look_is_compared_as_it_is_now() -> None:
    before = replace(FACTS, preferences=replace(PREFERENCES, cut_off_on=LATER))
    told = in_force(decide(before, FOUND))
    assert before.source_invoice is not None
    dearer = replace(before, source_invoice=replace(before.source_invoice, total=AMOUNT * 2))
    foreseen = foresee(Known(dearer, told, number="INV-1"), PREFERENCES)
    assert foreseen == Foreseen(Outcome.UNCHANGED, Reason.TOTAL_DIFFERS, Certainty.SEEN)


def test_a_number_that_two_invoices_share_is_not_promised() -> None:
    known = Known(replace(FACTS, preferences=replace(PREFERENCES, **OFF)), None, number="INV-1", rivals=("71",))
    assert foresee(known, PREFERENCES) == Foreseen(Outcome.HELD, Reason.SOURCE_NUMBER_AMBIGUOUS, Certainty.NOT_SEEN)


# --- whatever was gathered ---

effects = st.none() | st.builds(
    CurrentEffect,
    st.sampled_from(
        [EffectState.PENDING, EffectState.HELD, EffectState.DEAD, EffectState.SENDING, EffectState.IN_DOUBT]
    ),
    st.just(CREATE),
    st.none() | st.sampled_from([Reason.TWIN_NEARBY, Reason.EXCEEDS_BALANCE, Reason.SEVERAL_CANDIDATES]),
    st.sampled_from([Doubt.NONE, Doubt.NONE, Doubt.NONE, Doubt.ASKED]),
)
left_out = st.sampled_from([None, None, None, None, *LeftOut])
everything = st.builds(
    lambda gathered, word: (replace(gathered[0], left_out=word), gathered[1]),
    st.tuples(any_facts.facts, any_facts.lookups) | any_facts.nearly_good,
    left_out,
)


def stands(decision: Decision, current: CurrentEffect | None, told: InForce) -> Reason:
    """The reason that is shown once match has written this decision down."""
    planned = plan(decision, current)
    keeps = isinstance(planned, Revive) or (isinstance(planned, Leave) and planned.silent)
    return told.reason if keeps else decision.reason


@given(everything, any_facts.preferences, effects, any_facts.lookups)
def test_what_is_sure_comes_true_whatever_a_look_would_show(
    gathered: tuple[Facts, TargetLookup], then: Preferences, current: CurrentEffect | None, other: TargetLookup
) -> None:
    facts, lookup = gathered
    told = in_force(decide(facts, lookup))
    foreseen = foresee(Known(facts, told, current, _number(facts)), then)
    assume(foreseen.certainty is Certainty.SURE)
    decided = decide(replace(facts, preferences=then), other)
    assert not waits_for_a_hand(decided)
    assert foreseen.reason is stands(decided, current, told)
    is_owed_before, is_owed_after = (payload_of(one) is not None for one in (decide(facts, other), decided))
    if foreseen.outcome in (Outcome.SYNCED, Outcome.CORRECTED):
        assert is_owed_after
        assert not is_owed_before
    if foreseen.outcome in (Outcome.TAKEN_OUT, Outcome.SKIPPED, Outcome.HELD):
        assert not is_owed_after


@given(any_facts.nearly_good, any_facts.preferences)
def test_what_rests_on_the_last_look_comes_true_if_nothing_has_changed_there(
    gathered: tuple[Facts, TargetLookup], then: Preferences
) -> None:
    facts, lookup = gathered
    told = in_force(decide(facts, lookup))
    foreseen = foresee(Known(facts, told, None, _number(facts)), then)
    assert foreseen.reason is decide(replace(facts, preferences=then), lookup).reason


@given(any_facts.facts, any_facts.preferences, effects)
def test_the_same_preferences_change_nothing(facts: Facts, then: Preferences, current: CurrentEffect | None) -> None:
    known = Known(replace(facts, preferences=then), None, current, _number(facts))
    assert foresee(known, then).outcome is Outcome.UNCHANGED


def _number(facts: Facts) -> str:
    return (facts.source_invoice.number if facts.source_invoice else None) or ""
