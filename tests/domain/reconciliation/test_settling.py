"""What a run makes of the breaks that were known: nothing is closed unseen, and an acceptance ends with its number."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.reconciliation.breaks import Break, BreakKind
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.settling import Acceptance, KnownBreak, Settled, settle

TODAY = date(2026, 11, 29)
TYPED = Break(
    BreakKind.MISSING_AT_SOURCE, Decimal("40.00"), "USD", "i1/payment:target:t1", target_amount=Decimal("40.00")
)
HELD = Break(BreakKind.HELD, Decimal("-25.00"), "USD", "i1/payment:p2", source_amount=Decimal("25.00"))
WORD = Acceptance(Decimal("40.00"), None, None, Decimal("40.00"))


def after(known: KnownBreak | None, *found: Break, gone: tuple[str, ...] = ()) -> Settled:
    (one,) = settle({} if known is None else {known.found.subject: known}, found, gone, TODAY)
    return one


def test_a_new_break_is_open_and_news() -> None:
    assert after(None, TYPED) == Settled(TYPED, Standing.OPEN, is_step=True)


def test_a_new_break_that_our_decision_explains_is_explained_at_once() -> None:
    assert after(None, HELD) == Settled(HELD, Standing.EXPLAINED, is_step=True)


def test_the_same_break_again_is_no_news() -> None:
    assert not after(KnownBreak(TYPED, Standing.OPEN), TYPED).is_step


def test_another_amount_is_news() -> None:
    assert after(KnownBreak(TYPED, Standing.OPEN), replace(TYPED, share=Decimal("41.00"))).is_step


def test_two_amounts_that_moved_by_the_same_are_news() -> None:
    moved = replace(TYPED, source_amount=Decimal("1.00"), target_amount=Decimal("41.00"))
    assert after(KnownBreak(TYPED, Standing.OPEN), moved).is_step


def test_a_payment_that_was_on_its_way_and_is_held_now_is_news_of_the_same_break() -> None:
    moving = replace(HELD, kind=BreakKind.IN_FLIGHT)
    assert after(KnownBreak(moving, Standing.EXPLAINED), HELD) == Settled(HELD, Standing.EXPLAINED, is_step=True)


def test_a_break_that_is_not_there_any_more_is_resolved() -> None:
    assert after(KnownBreak(TYPED, Standing.OPEN), gone=(TYPED.subject,)) == Settled(TYPED, Standing.GONE, is_step=True)


def test_a_break_that_the_run_did_not_look_at_stays() -> None:
    assert settle({TYPED.subject: KnownBreak(TYPED, Standing.OPEN)}, [], [], TODAY) == ()


def test_what_was_resolved_is_not_resolved_again() -> None:
    assert settle({TYPED.subject: KnownBreak(TYPED, Standing.GONE)}, [], [TYPED.subject], TODAY) == ()


def test_a_resolved_break_that_comes_back_is_open_again() -> None:
    assert after(KnownBreak(TYPED, Standing.GONE), TYPED) == Settled(TYPED, Standing.OPEN, is_step=True)


def test_an_accepted_break_stays_accepted_while_nothing_changes() -> None:
    known = KnownBreak(TYPED, Standing.ACCEPTED, WORD)
    assert after(known, TYPED) == Settled(TYPED, Standing.ACCEPTED, is_step=False)


@pytest.mark.parametrize(
    ("found", "word"),
    [
        pytest.param(replace(TYPED, target_amount=Decimal("39.00")), WORD, id="the target's amount changed"),
        pytest.param(replace(TYPED, source_amount=Decimal("1.00")), WORD, id="the source has an amount now"),
        pytest.param(TYPED, replace(WORD, share_max=Decimal("39.99")), id="more than was accepted"),
        pytest.param(TYPED, replace(WORD, until=date(2026, 11, 28)), id="its time is over"),
        pytest.param(replace(TYPED, kind=BreakKind.COUNTED_TWICE), WORD, id="another kind of difference"),
    ],
)
def test_an_acceptance_ends_with_what_it_was_given_for(found: Break, word: Acceptance) -> None:
    known = KnownBreak(TYPED, Standing.ACCEPTED, word)
    assert after(known, found) == Settled(found, Standing.OPEN, is_step=True)


def test_an_acceptance_holds_on_its_last_day() -> None:
    known = KnownBreak(TYPED, Standing.ACCEPTED, replace(WORD, until=TODAY))
    assert after(known, TYPED).standing is Standing.ACCEPTED
