"""What holds whatever the facts are."""

from dataclasses import replace

from hypothesis import given, settings

from domain.match.decisions import Adjust, Decision, Hold, Keep, Push, Reverse, Skip
from domain.match.eligibility import decide, decide_early
from domain.match.facts import Facts, Found, TargetLookup
from domain.money import fits_currency
from domain.preferences import CorrectionPolicy, InvoiceOrigin, SyncMode
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState
from tests.domain.any_facts import facts as any_facts
from tests.domain.any_facts import lookups, nearly_good

MANY = settings(max_examples=250, deadline=None)


@given(any_facts, lookups)
@MANY
def test_there_is_always_one_decision_with_one_reason_and_always_the_same(facts: Facts, lookup: TargetLookup) -> None:
    decision = decide(facts, lookup)
    assert isinstance(decision, Decision)
    assert isinstance(decision.reason, Reason)
    assert decide(facts, lookup) == decision


@given(any_facts, lookups)
@MANY
def test_what_is_decided_early_does_not_depend_on_the_look(facts: Facts, lookup: TargetLookup) -> None:
    early = decide_early(facts)
    if early is not None:
        assert decide(facts, lookup) == early


@given(any_facts, lookups)
@MANY
def test_no_payment_is_pushed_that_may_not_be(facts: Facts, lookup: TargetLookup) -> None:
    _check_push(facts, lookup, decide(facts, lookup))


@given(nearly_good)
@MANY
def test_no_payment_is_pushed_that_lacks_one_thing(nearly: tuple[Facts, TargetLookup]) -> None:
    _check_push(*nearly, decide(*nearly))


def _check_push(facts: Facts, lookup: TargetLookup, decision: Decision) -> None:
    if not isinstance(decision, Push):
        return
    assert facts.synced is None
    assert facts.source_active
    assert facts.target_active
    assert not facts.target_refuses_keys
    assert facts.payment_state is PaymentState.LIVE
    assert not facts.removed
    assert not facts.is_own
    assert facts.kind is AllocationKind.INVOICE
    assert facts.problem is None
    assert isinstance(lookup, Found)
    assert lookup.invoice.payable
    _check_preferences(facts)
    assert facts.currency is not None
    assert facts.amount > 0
    assert fits_currency(facts.amount, facts.currency)
    assert (decision.amount, decision.paid_on, decision.currency) == (facts.amount, facts.paid_on, facts.currency)
    assert decision.target_invoice_id == lookup.invoice.external_id
    assert len(decision.verdicts) == 4
    assert all(verdict.identical for verdict in decision.verdicts)


def _check_preferences(facts: Facts) -> None:
    chosen = facts.preferences
    assert chosen.sync_enabled
    if chosen.sync_tool_enabled:
        assert chosen.sync_mode is not SyncMode.DISABLED
        assert chosen.sync_mode is SyncMode.ALL_INVOICES or facts.platform_origin is InvoiceOrigin.SYNC_TOOL
    assert facts.platform_origin is not None or chosen.find_by_number
    assert facts.paid_on is not None
    assert chosen.cut_off_on is None or facts.paid_on >= chosen.cut_off_on


@given(any_facts, lookups)
@MANY
def test_only_our_own_payment_is_ever_changed_or_taken_back(facts: Facts, lookup: TargetLookup) -> None:
    decision = decide(facts, lookup)
    match decision:
        case Adjust() | Reverse():
            assert facts.synced is not None
            assert facts.synced.ours
            assert decision.target_payment_id == facts.synced.target_payment_id
            assert facts.preferences.sync_enabled
            assert facts.preferences.correction_policy is CorrectionPolicy.AUTOMATIC
            assert facts.source_active
            assert facts.target_active
        case Keep(Reason.REVERSED | Reason.CORRECTED_BY_HAND as reason):
            assert facts.synced is None
            assert facts.removed_by_hand == (reason is Reason.CORRECTED_BY_HAND)
            assert facts.was_reversed
            assert not facts.is_wanted
        case Keep():
            assert facts.synced is not None
            assert (facts.synced.amount, facts.synced.paid_on) == (facts.amount, facts.paid_on)
            assert facts.synced.finding is None
        case Push() | Skip() | Hold():
            pass
    if isinstance(decision, Adjust):
        assert decision.amount > 0


@given(any_facts, lookups)
@MANY
def test_on_a_picture_that_is_not_whole_nothing_is_created_changed_or_taken_back(
    facts: Facts, lookup: TargetLookup
) -> None:
    for flaw in (Reason.INCOMPLETE, Reason.TOTAL_UNREADABLE):
        decision = decide(replace(facts, flaw=flaw), lookup)
        assert isinstance(decision, Hold | Skip)
        assert facts.synced is None or isinstance(decision, Hold)
