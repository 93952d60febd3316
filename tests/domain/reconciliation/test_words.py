"""Every kind of break has a label, a sentence and an advice in the words of the two connected systems."""

from decimal import Decimal

import pytest

from domain.reasons import Reason
from domain.reconciliation.breaks import Break, BreakKind, WayOut
from domain.reconciliation.roll_forward import Movement, Standing
from domain.reconciliation.words import (
    BREAK_LABELS,
    MOVEMENT_LABELS,
    STANDING_LABELS,
    WAY_OUT_LABELS,
    break_label,
    break_told,
)
from domain.words import Words
from tests.domain.comparing.test_words import WORDS


def told(kind: BreakKind, reason: Reason | None = None):
    return break_told(Break(kind, Decimal(1), "USD", "i1/invoice", reason=reason), WORDS)


@pytest.mark.parametrize("kind", list(BreakKind))
def test_each_kind_is_told_in_full(kind: BreakKind) -> None:
    words = told(kind)
    assert words.sentence.endswith(".")
    assert words.advice.endswith(".")
    assert "{" not in words.sentence + words.advice + break_label(kind, WORDS)


def test_a_hold_is_told_in_the_words_of_its_reason() -> None:
    assert told(BreakKind.HELD, Reason.EXCEEDS_BALANCE).sentence == WORDS.sentence(Reason.EXCEEDS_BALANCE)


def test_every_list_has_a_label_for_each_entry() -> None:
    assert set(BREAK_LABELS) == set(BreakKind)
    assert set(WAY_OUT_LABELS) == set(WayOut)
    assert set(STANDING_LABELS) == set(Standing)
    assert set(MOVEMENT_LABELS) == set(Movement)


def test_labels_name_the_connected_systems() -> None:
    assert isinstance(WORDS, Words)
    assert break_label(BreakKind.MISSING_AT_TARGET, WORDS) == f"Missing in {WORDS.target}"
