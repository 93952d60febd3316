"""Every reason is told in one sentence that a bookkeeper understands, and the page says the same words."""

import re

import pytest

from domain.explanations import EXPLANATIONS, explain
from domain.reasons import Reason
from domain.words import Words

WORDS = Words(source="Books", target="Desk")
# Words of the wire formats and of programmers; whoever reads a reason keeps books.
JARGON = re.compile(
    r"\b(realm|synctoken|cdc|webhook|linkedtxn|txn\w*|docnumber|post|patch|http|json|payload|null|timeout|"
    r"endpoint|oauth|token|uuid|retry-after|exception|database|outbox|effect|allocation|source|target)\b",
    re.IGNORECASE,
)
# What the columns `reason` and `problem` hold.
REASON_CHARACTERS_MAX = 40


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_explained_in_whole_sentences(reason: Reason) -> None:
    for text in (WORDS.sentence(reason), WORDS.advice(reason)):
        assert text[0].isupper() or text.startswith("'")
        assert text.endswith(".")
        assert text == text.strip()
        assert "|" not in text, "it would break the table in docs/reasons.md"
        assert "\n" not in text


@pytest.mark.parametrize("reason", list(Reason))
def test_no_reason_speaks_the_language_of_programmers(reason: Reason) -> None:
    assert JARGON.findall(f"{WORDS.sentence(reason)} {WORDS.advice(reason)}") == []


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_fits_into_its_column(reason: Reason) -> None:
    assert len(reason.value) <= REASON_CHARACTERS_MAX
    assert re.fullmatch(r"[a-z_]+", reason.value)


@pytest.mark.parametrize("reason", list(Reason))
def test_who_is_told_that_we_look_again_does_not_have_to_click(reason: Reason) -> None:
    told = explain(reason)
    if re.search(r"\b(automatically|by (itself|themselves|ourselves))\b", told.advice):
        assert told.clears_itself
    if re.search(r"\bretry\b", told.advice):
        assert told.needs_person


@pytest.mark.parametrize("reason", list(Reason))
def test_nobody_is_needed_where_there_is_nothing_to_do(reason: Reason) -> None:
    told = explain(reason)
    assert not (told.needs_person and told.advice.startswith("Nothing to do"))


def test_no_two_reasons_say_the_same() -> None:
    sentences = [told.sentence for told in EXPLANATIONS.values()]
    assert len(set(sentences)) == len(sentences)
    assert set(EXPLANATIONS) == set(Reason)
