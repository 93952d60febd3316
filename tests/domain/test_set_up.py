"""The way to the first payment: every state of every step, and what it says."""

from dataclasses import replace
from datetime import date

import pytest

from domain.preferences import CorrectionPolicy, Preferences, SyncMode, TwinPolicy
from domain.set_up import (
    SET_UP_STEP_LABELS,
    STEP_STATE_LABELS,
    LinkStanding,
    SetUp,
    SetUpStep,
    StepState,
    steps_of,
)

DONE, TO_DO, LATER, PROBLEM = StepState
NONE = LinkStanding()
CONNECTED = LinkStanding(exists=True, is_active=True)
TESTED = LinkStanding(exists=True, is_active=True, is_tested=True)
BROKEN = LinkStanding(exists=True, is_active=False, is_tested=True)
OFF = Preferences(
    sync_enabled=False,
    sync_tool_enabled=False,
    sync_mode=SyncMode.ALL_INVOICES,
    cut_off_on=None,
    correction_policy=CorrectionPolicy.AUTOMATIC,
    twin_policy=TwinPolicy.ADOPT,
)
ON = replace(OFF, sync_enabled=True)
DISABLED = replace(ON, sync_tool_enabled=True, sync_mode=SyncMode.DISABLED)
ONLY_SYNCED = replace(DISABLED, sync_mode=SyncMode.SYNCED_ONLY)


@pytest.mark.parametrize(
    ("source", "target", "preferences", "states"),
    [
        (NONE, NONE, OFF, (TO_DO, TO_DO, LATER, TO_DO, LATER)),
        (CONNECTED, NONE, OFF, (DONE, TO_DO, LATER, TO_DO, LATER)),
        (CONNECTED, CONNECTED, OFF, (DONE, DONE, TO_DO, TO_DO, LATER)),
        (TESTED, CONNECTED, ON, (DONE, DONE, TO_DO, DONE, LATER)),
        (TESTED, TESTED, OFF, (DONE, DONE, DONE, TO_DO, LATER)),
        (TESTED, TESTED, DISABLED, (DONE, DONE, DONE, TO_DO, LATER)),
        (TESTED, TESTED, ON, (DONE, DONE, DONE, DONE, TO_DO)),
        (TESTED, TESTED, ONLY_SYNCED, (DONE, DONE, DONE, DONE, TO_DO)),
        (TESTED, BROKEN, ON, (DONE, PROBLEM, LATER, DONE, LATER)),
        (BROKEN, TESTED, ON, (PROBLEM, DONE, LATER, DONE, LATER)),
    ],
)
def test_each_step_has_its_state(
    source: LinkStanding, target: LinkStanding, preferences: Preferences, states: tuple[StepState, ...]
) -> None:
    steps = steps_of(SetUp(source, target, preferences, payments=0))
    assert [one.step for one in steps] == list(SetUpStep)
    assert tuple(one.state for one in steps) == states


def sentence(step: SetUpStep, known: SetUp) -> str:
    return next(one.sentence for one in steps_of(known) if one.step is step)


def test_the_check_names_who_has_not_confirmed_our_rights() -> None:
    said = [
        sentence(SetUpStep.CHECK_RIGHTS, SetUp(source, target, ON, 0))
        for source, target in ((CONNECTED, CONNECTED), (TESTED, CONNECTED), (CONNECTED, TESTED))
    ]
    assert [one.partition(" not")[0] for one in said] == [
        "{source} and {target} have",
        "{target} has",
        "{source} has",
    ]


def test_the_choice_names_the_mode_and_the_cut_off_date() -> None:
    chosen = replace(ONLY_SYNCED, cut_off_on=date(2026, 1, 31))
    said = sentence(SetUpStep.CHOOSE, SetUp(TESTED, TESTED, chosen, 0))
    assert "in the mode “Synced Invoices Only”" in said
    assert "dated 2026-01-31 or later" in said


def test_without_the_sync_tool_there_is_no_mode_to_name() -> None:
    assert "mode" not in sentence(SetUpStep.CHOOSE, SetUp(TESTED, TESTED, ON, 0))


def test_payments_that_came_and_were_not_synced_are_counted() -> None:
    first = SetUpStep.FIRST_PAYMENT
    assert sentence(first, SetUp(TESTED, TESTED, ON, 0)).startswith("Record a payment in {source}")
    assert sentence(first, SetUp(TESTED, TESTED, ON, 1)).startswith("1 payment has arrived")
    assert sentence(first, SetUp(TESTED, TESTED, ON, 1200)).startswith("1,200 payments have arrived")


def test_every_step_and_state_has_words() -> None:
    assert set(SET_UP_STEP_LABELS) == set(SetUpStep)
    assert set(STEP_STATE_LABELS) == set(StepState)
