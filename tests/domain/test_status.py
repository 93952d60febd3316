from itertools import product

import pytest

from domain.explanations import explain
from domain.push.effect import EffectState
from domain.reasons import Reason
from domain.status import (
    PartStatus,
    PaymentStatus,
    allocation_status,
    is_alike_for_status,
    outcome_of_parts,
    payment_status,
    status_alone,
    stored_reason,
)
from models.decisions import Action

ATTENTION, WAITING, ON_ITS_WAY, SYNCED, SKIPPED = PaymentStatus


@pytest.mark.parametrize(
    ("action", "reason", "effect_state", "status"),
    [
        (None, None, None, ON_ITS_WAY),
        ("push", Reason.ELIGIBLE, EffectState.PENDING, ON_ITS_WAY),
        ("push", Reason.SYNCED, EffectState.DELIVERED, SYNCED),
        ("push", Reason.ADOPTED, EffectState.DELIVERED, SYNCED),
        ("adjust", Reason.EDITED, EffectState.PENDING, ON_ITS_WAY),
        ("reverse", Reason.VOIDED_AFTER_SYNC, EffectState.PENDING, ON_ITS_WAY),
        ("reverse", Reason.REVERSED, EffectState.DELIVERED, SYNCED),
        ("skip", Reason.OWN_PAYMENT, None, SKIPPED),
        ("skip", Reason.SWITCHED_OFF, EffectState.CANCELLED, SKIPPED),
        ("hold", Reason.TARGET_INVOICE_MISSING, None, WAITING),
        ("hold", Reason.TARGET_UNREACHABLE, EffectState.PENDING, WAITING),
        ("hold", Reason.IN_DOUBT, EffectState.IN_DOUBT, WAITING),
        ("hold", Reason.TARGET_UNREACHABLE, EffectState.SENDING, WAITING),
        ("hold", Reason.TWIN_NEARBY, EffectState.HELD, ATTENTION),
        ("hold", Reason.TOTAL_DIFFERS, None, ATTENTION),
        ("hold", Reason.ATTEMPTS_EXHAUSTED, EffectState.DEAD, ATTENTION),
        ("hold", Reason.NOT_OURS_TO_CHANGE, EffectState.DELIVERED, ATTENTION),
    ],
)
def test_the_status_of_one_part(
    action: str | None, reason: Reason | None, effect_state: EffectState | None, status: PaymentStatus
) -> None:
    assert allocation_status(action, reason, effect_state) is status


def test_what_a_person_has_retried_is_on_its_way_until_it_is_held_again() -> None:
    assert allocation_status("hold", Reason.TARGET_REFUSED, EffectState.HELD) is ATTENTION
    assert allocation_status("hold", Reason.TARGET_REFUSED, EffectState.PENDING) is ON_ITS_WAY


def test_every_hold_is_either_waiting_or_needs_a_person_unless_it_is_moving() -> None:
    for reason, state in product(Reason, [None, *EffectState]):
        status = allocation_status(Action.HOLD, reason, state)
        if status is not ON_ITS_WAY:
            assert status is (ATTENTION if explain(reason).needs_person else WAITING)


def test_a_payment_has_the_most_pressing_status_of_its_parts() -> None:
    assert payment_status([SYNCED, ATTENTION, WAITING]) is ATTENTION
    assert payment_status([SYNCED, WAITING, ON_ITS_WAY]) is WAITING
    assert payment_status([SKIPPED, SYNCED, ON_ITS_WAY]) is ON_ITS_WAY
    assert payment_status([SKIPPED, SYNCED]) is SYNCED
    assert payment_status([SKIPPED]) is SKIPPED


def test_a_payment_without_parts_is_not_decided_yet() -> None:
    assert payment_status([]) is ON_ITS_WAY


def test_a_part_that_the_payment_was_moved_away_from_counts_only_if_there_is_no_other() -> None:
    def status(*parts: tuple[PaymentStatus, bool]) -> PaymentStatus:
        return outcome_of_parts(PartStatus(one, removed=removed) for one, removed in parts).status

    assert status((SKIPPED, True), (SYNCED, False)) is SYNCED
    assert status((SYNCED, True), (SKIPPED, False)) is SKIPPED
    assert status((SYNCED, True), (SKIPPED, True)) is SYNCED
    assert status((ATTENTION, True), (SYNCED, False)) is ATTENTION


def test_the_most_pressing_part_gives_a_payment_its_reason() -> None:
    synced, held = PartStatus(SYNCED, Reason.SYNCED), PartStatus(ATTENTION, Reason.TWIN_NEARBY)
    another = PartStatus(ATTENTION, Reason.TOTAL_DIFFERS)
    assert outcome_of_parts([synced, held, another]).reason is Reason.TWIN_NEARBY
    assert outcome_of_parts([synced, PartStatus(ON_ITS_WAY)]).reason is None
    assert outcome_of_parts([]).reason is None


def test_states_that_are_alike_give_the_same_status_whatever_was_decided() -> None:
    for action, reason in product((None, *Action), Reason):
        for one, other in product(EffectState, EffectState):
            if is_alike_for_status(one, other):
                assert allocation_status(action, reason, one) is allocation_status(action, reason, other)
    assert is_alike_for_status(EffectState.PENDING, EffectState.SENDING)


def test_what_a_decision_says_alone_is_the_status_whatever_the_effect_is() -> None:
    for action, reason in product((None, *Action), Reason):
        alone = status_alone(action, reason)
        if alone is not None:
            assert {allocation_status(action, reason, state) for state in (None, *EffectState)} == {alone}
    assert status_alone(Action.PUSH, Reason.ELIGIBLE) is status_alone(None, None) is ON_ITS_WAY
    assert status_alone(Action.HOLD, Reason.TWIN_NEARBY) is None


def test_a_reason_is_stored_where_something_has_stopped_or_ended_and_not_on_the_way() -> None:
    assert stored_reason(PartStatus(SYNCED, Reason.SYNCED)) == "synced"
    assert stored_reason(PartStatus(ATTENTION, Reason.TOTAL_DIFFERS)) == "total_differs"
    assert stored_reason(PartStatus(ON_ITS_WAY, Reason.ELIGIBLE)) == ""
    assert stored_reason(PartStatus(ON_ITS_WAY)) == ""
