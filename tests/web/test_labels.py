"""Whatever is kept by a name of ours is shown in words."""

from typing import get_args

from connectors.base import WriteOutcome
from domain.push.effect import EffectState
from tasks.push.results import NotBegun
from web.labels import EFFECT_STATE_LABELS, OUTCOME_LABELS


def test_every_end_of_a_try_has_words() -> None:
    assert set(OUTCOME_LABELS) == {one.__name__.lower() for one in (*get_args(WriteOutcome), NotBegun)}


def test_every_state_of_an_effect_has_words() -> None:
    assert set(EFFECT_STATE_LABELS) == set(EffectState)
