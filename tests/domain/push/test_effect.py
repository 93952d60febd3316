"""The life of an effect: which steps it may take, and how long it rests."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.push.effect import (
    BACKOFF_CAP,
    OPEN,
    OPEN_ON_THE_WIRE,
    REPLACEABLE,
    TRANSITIONS,
    EffectState,
    backoff,
    may_move,
)

ENDS = {EffectState.DELIVERED, EffectState.CANCELLED}


def test_every_state_has_its_steps_and_every_step_leads_to_a_state() -> None:
    assert set(TRANSITIONS) == set(EffectState)
    for wanted in TRANSITIONS.values():
        assert wanted <= set(EffectState)


@pytest.mark.parametrize("state", sorted(ENDS))
def test_nothing_moves_an_effect_that_is_at_its_end(state: EffectState) -> None:
    assert not any(may_move(state, wanted) for wanted in EffectState)


@pytest.mark.parametrize("state", sorted(set(EffectState) - ENDS))
def test_every_other_state_can_still_come_to_a_good_end(state: EffectState) -> None:
    reached, frontier = {state}, [state]
    while frontier:
        for wanted in TRANSITIONS[frontier.pop()] - reached:
            reached.add(wanted)
            frontier.append(wanted)
    assert EffectState.DELIVERED in reached


@pytest.mark.parametrize("state", sorted(OPEN_ON_THE_WIRE))
def test_what_may_have_been_sent_is_never_cancelled_at_once(state: EffectState) -> None:
    assert not may_move(state, EffectState.CANCELLED)


def test_only_what_is_pending_is_ever_sent() -> None:
    assert {state for state in EffectState if may_move(state, EffectState.SENDING)} == {EffectState.PENDING}


def test_only_what_was_being_sent_or_was_in_doubt_before_comes_into_doubt() -> None:
    come = {state for state in EffectState if may_move(state, EffectState.IN_DOUBT)}
    assert come == OPEN_ON_THE_WIRE | {EffectState.HELD}


def test_the_groups_of_states_agree() -> None:
    assert OPEN_ON_THE_WIRE < OPEN
    assert not OPEN_ON_THE_WIRE & REPLACEABLE
    assert {state for state in EffectState if may_move(state, EffectState.CANCELLED)} == REPLACEABLE
    assert not (OPEN | REPLACEABLE) & ENDS
    assert set(EffectState) == OPEN | REPLACEABLE | ENDS


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_a_rest_is_between_half_of_its_step_and_the_step(attempt: int, jitter: float) -> None:
    step = min(BACKOFF_CAP, timedelta(seconds=5) * 2 ** min(attempt - 1, 20))
    assert step / 2 <= backoff(attempt, jitter) <= step


@given(st.integers(1, 100), st.floats(0, 1))
def test_a_rest_does_not_shrink_from_one_attempt_to_the_next(attempt: int, jitter: float) -> None:
    assert backoff(attempt, jitter) <= backoff(attempt + 1, jitter)


@given(st.integers(1, 1000), st.floats(0, 1), st.integers(0, 3600), st.integers(0, 86_400))
def test_a_rest_never_exceeds_its_cap(attempt: int, jitter: float, base_seconds: int, cap_seconds: int) -> None:
    cap = timedelta(seconds=cap_seconds)
    assert timedelta(0) <= backoff(attempt, jitter, timedelta(seconds=base_seconds), cap) <= cap


def test_two_workers_that_failed_together_do_not_come_back_together() -> None:
    assert backoff(3, 0.1) != backoff(3, 0.9)
