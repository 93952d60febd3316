"""What a bookkeeper reads about a comparison."""

import re

import pytest

from domain.comparing.comparison import compare
from domain.comparing.rows import RowKind
from domain.comparing.sides import NotRead, WhyNotRead
from domain.comparing.words import KIND_SENTENCES, LINE_NAMES, headline, not_read_told, row_told
from domain.reasons import Reason
from domain.status import PaymentStatus
from domain.words import Words
from tests.domain.comparing.sides import LATER, both, entered, known, paid, source, target
from tests.domain.comparing.test_comparison import CASES, SYNCED

WORDS = Words("QuickBooks", "ConnectWise")


@pytest.mark.parametrize("case", CASES)
def test_every_comparison_has_a_headline_and_a_sentence_for_each_row(case: str) -> None:
    sides = CASES[case][0]
    compared = compare(sides)
    told = [headline(compared, sides, WORDS), *(row_told(row, WORDS) for row in compared.rows)]
    for one in told:
        assert re.match(r"[A-Z].*\.$", one.sentence), one.sentence
        assert "{" not in one.sentence + one.advice
        assert one.advice == "" or one.advice.endswith(".")


def test_every_kind_of_row_that_is_about_a_difference_says_what_to_do() -> None:
    without = {RowKind.SAME, RowKind.NOT_COMPARED, RowKind.HELD, RowKind.SKIPPED}
    assert {kind for kind, told in KIND_SENTENCES.items() if not told.advice} == without
    assert set(KIND_SENTENCES) == set(RowKind)


def test_the_difference_is_told_to_the_cent_and_with_its_direction() -> None:
    sides = both(source(paid("163", "40.00")), target(entered("7000", "39.99")), SYNCED)
    told = headline(compare(sides), sides, WORDS)
    assert told.sentence == "They differ: the balance in ConnectWise is 0.01 USD higher than in QuickBooks."
    assert told.advice == "1 entry has no equal counterpart on the other side."


def test_equal_balances_with_unequal_payments_are_not_called_equal() -> None:
    sides = CASES["two wrong amounts that cancel each other"][0]
    told = headline(compare(sides), sides, WORDS)
    assert told.sentence == "The balances agree, but what led to them differs."


def test_a_pair_that_no_record_links_is_counted_beside_the_verdict() -> None:
    sides = CASES["the same amount and date, which no record links"][0]
    told = headline(compare(sides), sides, WORDS)
    assert told.sentence == "Both systems agree to the cent."
    assert told.advice == "1 pair looks alike; our records do not link the two."


def test_a_held_payment_is_explained_by_its_own_decision() -> None:
    sides = both(
        source(paid("163", "40.00")),
        target(),
        known("163", status=PaymentStatus.NEEDS_ATTENTION, reason=Reason.EXCEEDS_BALANCE),
    )
    (row,) = compare(sides).rows
    told = row_told(row, WORDS)
    assert told.sentence == WORDS.sentence(Reason.EXCEEDS_BALANCE)
    assert told.advice == WORDS.advice(Reason.EXCEEDS_BALANCE)


def test_a_correction_that_waits_is_told_beside_the_difference() -> None:
    waits = known("163", as_="7000", status=PaymentStatus.NEEDS_ATTENTION, reason=Reason.CORRECTION_NEEDS_APPROVAL)
    (row,) = compare(both(source(paid("163", "41.00")), target(entered("7000", "40.00")), waits)).rows
    told = row_told(row, WORDS)
    assert told.sentence.startswith("These belong together, and the amounts differ. ")
    assert told.advice == WORDS.advice(Reason.CORRECTION_NEEDS_APPROVAL)


def test_a_payment_that_was_taken_back_before_is_not_called_synced() -> None:
    """It is there again at the source, and nothing has been decided since."""
    back = known("163", status=PaymentStatus.SYNCED, reason=Reason.REVERSED)
    (row,) = compare(both(source(paid("163", "40.00")), target(), back)).rows
    assert row_told(row, WORDS).sentence == "On its way to ConnectWise."


def test_both_sides_that_are_missing_are_named() -> None:
    sides = both(NotRead(WhyNotRead.NOT_CONNECTED), NotRead(WhyNotRead.NO_ANSWER, "The system asks us to slow down."))
    told = headline(compare(sides), sides, WORDS)
    assert told.sentence == (
        "It cannot be told: QuickBooks is not connected. ConnectWise did not answer. The system asks us to slow down."
    )


@pytest.mark.parametrize("why", WhyNotRead)
def test_every_reason_for_a_missing_side_has_a_sentence_and_an_advice(why: WhyNotRead) -> None:
    told = not_read_told(NotRead(why), "ConnectWise")
    assert "ConnectWise" in told.sentence
    assert told.advice.endswith(".")


def test_dates_that_differ_are_counted() -> None:
    sides = both(source(paid("163", "40.00")), target(entered("7000", "40.00", on=LATER)), SYNCED)
    assert headline(compare(sides), sides, WORDS).advice == "1 payment has another date in the other system."


def test_every_line_of_the_sums_has_a_name() -> None:
    assert len(set(LINE_NAMES.values())) == len(LINE_NAMES)
