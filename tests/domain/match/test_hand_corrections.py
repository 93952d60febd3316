"""What was synced already and then changed in the source: kept, changed, taken back, or left to a person."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.later_looks import Finding
from domain.match.decisions import Acknowledge, Adjust, Hold, Keep, Reverse, Skip
from domain.match.eligibility import decide_early
from domain.match.facts import Part, SyncedPayment
from domain.match.hand_corrections import after_a_look_at_the_payment, waits_for_a_hand
from domain.preferences import CorrectionPolicy, SyncMode
from domain.reasons import Reason
from domain.records import PaymentState, TargetPayment
from tests.domain.situations import FACTS, OURS, TYPED_BY_HAND, Situation, preferring

SYNCED = Situation(replace(FACTS, synced=OURS))
ADOPTED = Situation(replace(FACTS, synced=TYPED_BY_HAND))
CHANGES: list[dict[str, Any]] = [
    {"amount": Decimal("70.00")},
    {"paid_on": date(2026, 11, 21)},
    {"payment_state": PaymentState.VOIDED},
    {"payment_state": PaymentState.DELETED},
    {"removed": True},
]


def test_what_is_as_it_was_stays_synced() -> None:
    assert SYNCED.decide() == Keep(Reason.SYNCED)
    assert ADOPTED.decide() == Keep(Reason.ADOPTED)


@pytest.mark.parametrize(
    "change",
    [
        {"source_active": False},
        {"target_active": False},
        {"is_own": True},
        {"platform_origin": None},
        {"source_invoice": None},
    ],
)
def test_what_is_as_it_was_stays_synced_whatever_else_changes(change: dict[str, Any]) -> None:
    assert SYNCED.with_facts(**change).decide() == Keep(Reason.SYNCED)


@pytest.mark.parametrize(
    "change", [{"amount": Decimal("70.00")}, {"amount": Decimal("130.00")}, {"paid_on": date(2026, 11, 21)}]
)
def test_an_edit_changes_the_payment_that_we_made(change: dict[str, Any]) -> None:
    decision = SYNCED.with_facts(**change).decide()
    assert isinstance(decision, Adjust)
    assert (decision.target_payment_id, decision.reason) == ("7000", Reason.EDITED)
    wanted = replace(FACTS, **change)
    assert (decision.amount, decision.paid_on) == (wanted.amount, wanted.paid_on)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"payment_state": PaymentState.VOIDED}, Reason.VOIDED_AFTER_SYNC),
        ({"payment_state": PaymentState.DELETED}, Reason.DELETED_AFTER_SYNC),
        ({"removed": True}, Reason.MOVED_AFTER_SYNC),
        ({"payment_state": PaymentState.DELETED, "removed": True}, Reason.DELETED_AFTER_SYNC),
    ],
)
def test_what_was_taken_back_in_the_source_is_taken_back(change: dict[str, Any], reason: Reason) -> None:
    assert SYNCED.with_facts(**change).decide() == Reverse("200", "7000", reason)


@pytest.mark.parametrize("change", CHANGES)
def test_a_payment_that_a_person_typed_is_never_changed(change: dict[str, Any]) -> None:
    assert ADOPTED.with_facts(**change).decide() == Hold(Reason.NOT_OURS_TO_CHANGE)


@pytest.mark.parametrize("change", CHANGES)
def test_with_corrections_on_hold_a_person_decides(change: dict[str, Any]) -> None:
    situation = SYNCED.with_facts(**change).with_preferences(correction_policy=CorrectionPolicy.HOLD)
    assert situation.decide() == Hold(Reason.CORRECTION_NEEDS_APPROVAL)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (lambda s: s.with_facts(source_active=False), Reason.SOURCE_DISCONNECTED),
        (lambda s: s.with_facts(target_active=False), Reason.TARGET_DISCONNECTED),
        (lambda s: s.with_facts(target_refuses_keys=True), Reason.TARGET_CREDENTIALS),
        (lambda s: s.with_preferences(sync_enabled=False), Reason.SWITCHED_OFF),
        (lambda s: s.with_preferences(sync_mode=SyncMode.DISABLED), Reason.MODE_DISABLED),
    ],
)
def test_corrections_stop_where_syncing_stops(change: dict[str, Any], stop: Any, reason: Reason) -> None:
    assert stop(SYNCED.with_facts(**change)).decide().reason is reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount": Decimal("70.005")}, Reason.AMOUNT_NOT_REPRESENTABLE),
        ({"amount": Decimal("70.00"), "currency": None}, Reason.CURRENCY_UNKNOWN),
        ({"paid_on": None}, Reason.DATE_MISSING),
    ],
)
def test_an_edit_that_cannot_be_told_to_the_target_is_held(change: dict[str, Any], reason: Reason) -> None:
    assert SYNCED.with_facts(**change).decide() == Hold(reason)


def test_a_correction_costs_no_look_at_the_target() -> None:
    assert decide_early(SYNCED.with_facts(amount=Decimal("70.00")).facts) is not None


def test_money_that_is_mixed_with_a_credit_after_the_sync_is_not_adjusted() -> None:
    situation = SYNCED.with_facts(amount=Decimal("150.00"), problem=Reason.MIXED_WITH_CREDIT)
    assert situation.decide() == Hold(Reason.MIXED_WITH_CREDIT)


def test_money_that_became_a_credit_after_the_sync_is_not_told_as_synced() -> None:
    assert not isinstance(SYNCED.with_facts(problem=Reason.CREDIT_APPLIED).decide(), Keep)


def test_an_edit_to_an_amount_that_cannot_be_kept_removes_nothing() -> None:
    situation = SYNCED.with_facts(amount=Decimal(0), problem=Reason.AMOUNT_NOT_REPRESENTABLE)
    assert situation.decide() == Hold(Reason.AMOUNT_NOT_REPRESENTABLE)


def test_an_allocation_that_shrank_to_nothing_is_taken_back() -> None:
    decision = SYNCED.with_facts(amount=Decimal(0)).decide()
    assert isinstance(decision, Reverse)


def test_a_payment_on_an_invoice_that_was_linked_elsewhere_is_taken_back_first() -> None:
    relinked = SYNCED.with_facts(linked_target_id="201")
    decision = relinked.decide()
    assert isinstance(decision, Reverse)
    assert (decision.target_invoice_id, decision.reason) == (OURS.target_invoice_id, Reason.RELINKED_AFTER_SYNC)
    assert ADOPTED.with_facts(linked_target_id="201").decide() == Hold(Reason.NOT_OURS_TO_CHANGE)


@pytest.mark.parametrize("change", [{}, *CHANGES])
def test_what_the_target_harmed_is_left_to_a_person(change: dict[str, Any]) -> None:
    harmed = Situation(replace(FACTS, synced=replace(OURS, harmed=True)))
    assert harmed.with_facts(**change).decide() == Hold(Reason.TARGET_HARMED)


@pytest.mark.parametrize("change", CHANGES[2:])
def test_what_was_taken_back_stays_taken_back(change: dict[str, Any]) -> None:
    gone = Situation(replace(FACTS, synced=None, was_reversed=True))
    assert gone.with_facts(**change).decide() == Keep(Reason.REVERSED)
    by_hand = gone.with_facts(**change, removed_by_hand=True)
    assert by_hand.decide() == Keep(Reason.CORRECTED_BY_HAND)
    never = Situation(replace(FACTS, synced=None))
    assert isinstance(never.with_facts(**change).decide(), Skip)


# --- corrections that a person made by hand ---

HELD = Hold(Reason.NOT_OURS_TO_CHANGE)
AS_IT_WAS = TargetPayment(TYPED_BY_HAND.target_payment_id, TYPED_BY_HAND.amount, TYPED_BY_HAND.paid_on)


def test_a_hand_that_removed_what_is_not_wanted_is_acknowledged() -> None:
    voided = replace(FACTS, synced=TYPED_BY_HAND, payment_state=PaymentState.VOIDED)
    assert after_a_look_at_the_payment(voided, None) == Acknowledge(None, None)
    assert after_a_look_at_the_payment(voided, AS_IT_WAS) == HELD


def test_a_hand_that_made_the_same_edit_is_acknowledged() -> None:
    edited = replace(FACTS, synced=TYPED_BY_HAND, amount=Decimal("70.00"))
    done = replace(AS_IT_WAS, amount=Decimal("70.00"))
    assert after_a_look_at_the_payment(edited, done) == Acknowledge(Decimal("70.00"), AS_IT_WAS.paid_on)
    for other in (AS_IT_WAS, replace(done, paid_on=date(2026, 11, 1))):
        assert after_a_look_at_the_payment(edited, other) == HELD


def test_what_stands_on_the_wrong_invoice_is_never_acknowledged_there() -> None:
    relinked = replace(FACTS, synced=TYPED_BY_HAND, linked_target_id="201")
    assert after_a_look_at_the_payment(relinked, AS_IT_WAS) == HELD
    assert after_a_look_at_the_payment(relinked, None) == Acknowledge(None, None)


EARLIER, LATER = date(2026, 11, 18), date(2026, 11, 24)
SHARED = replace(OURS, beside=(Part((Decimal("30.00"), EARLIER), (Decimal("45.00"), LATER)),))
NEEDS_APPROVAL = Hold(Reason.CORRECTION_NEEDS_APPROVAL)


@pytest.mark.parametrize(
    ("amount", "paid_on", "done"),
    [
        ("70.00", AS_IT_WAS.paid_on, False),  # this part alone
        ("130.00", AS_IT_WAS.paid_on, False),  # as it was
        ("100.00", AS_IT_WAS.paid_on, True),  # with the other part as the ledger has it
        ("100.00", EARLIER, False),  # the latest date counts
        ("115.00", LATER, True),  # with the other part as the source has it now
        ("115.00", AS_IT_WAS.paid_on, False),
    ],
)
def test_an_edit_of_a_part_is_made_when_the_shared_payment_says_the_sum(amount: str, paid_on: date, done: bool) -> None:
    edited = preferring(replace(FACTS, synced=SHARED, amount=Decimal("70.00")), correction_policy=CorrectionPolicy.HOLD)
    there = TargetPayment(OURS.target_payment_id, Decimal(amount), paid_on)
    decision = after_a_look_at_the_payment(edited, there)
    assert decision == (Acknowledge(Decimal("70.00"), AS_IT_WAS.paid_on) if done else NEEDS_APPROVAL)


@pytest.mark.parametrize(
    ("amount", "paid_on", "done"),
    [("130.00", AS_IT_WAS.paid_on, False), ("30.00", EARLIER, True), ("45.00", LATER, True)],
)
def test_a_part_is_taken_back_when_the_shared_payment_says_the_others(amount: str, paid_on: date, done: bool) -> None:
    voided = preferring(
        replace(FACTS, synced=SHARED, payment_state=PaymentState.VOIDED), correction_policy=CorrectionPolicy.HOLD
    )
    there = TargetPayment(OURS.target_payment_id, Decimal(amount), paid_on)
    decision = after_a_look_at_the_payment(voided, there)
    assert decision == (Acknowledge(None, None) if done else NEEDS_APPROVAL)


GONE = Hold(Reason.TARGET_PAYMENT_GONE)


@pytest.mark.parametrize("synced", [OURS, TYPED_BY_HAND])
@pytest.mark.parametrize("change", [{}, *CHANGES[:2]])
def test_a_wanted_payment_that_is_known_to_be_gone_is_held(synced: SyncedPayment, change: dict[str, Any]) -> None:
    gone = Situation(replace(FACTS, synced=replace(synced, finding=Finding.GONE))).with_facts(**change)
    assert gone.decide() == GONE
    assert after_a_look_at_the_payment(gone.facts, None) == GONE


def test_a_payment_that_is_there_again_is_decided_about_as_if_it_had_never_been_gone() -> None:
    gone = replace(FACTS, synced=replace(OURS, finding=Finding.GONE))
    assert after_a_look_at_the_payment(gone, AS_IT_WAS) == Keep(Reason.SYNCED)
    assert isinstance(after_a_look_at_the_payment(replace(gone, amount=Decimal("70.00")), AS_IT_WAS), Adjust)


def test_only_what_waits_for_a_person_is_looked_at() -> None:
    assert all(waits_for_a_hand(decision) for decision in (HELD, NEEDS_APPROVAL, GONE))
    for decision in (Keep(Reason.SYNCED), Hold(Reason.TARGET_HARMED), Skip(Reason.SWITCHED_OFF)):
        assert not waits_for_a_hand(decision)
