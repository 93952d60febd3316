"""The roll-forward: opening plus every movement is closing, whatever happened in between."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.reconciliation.roll_forward import Moved, Movement, RollForward, Standing, Step, roll_forward

START = datetime(2026, 11, 1, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)


def step(days: int, standing: Standing, share: str = "0", subject: str = "a", currency: str | None = "USD") -> Step:
    return Step(subject, START + timedelta(days=days), standing, Decimal(share), currency)


def period(*steps: Step) -> RollForward:
    (one,) = roll_forward(steps, START, END)
    return one


def moved(forward: RollForward) -> dict[Movement, Decimal]:
    return {kind: one.amount for kind, one in forward.movements.items() if one.breaks}


def test_a_break_that_was_there_before_and_is_resolved() -> None:
    forward = period(step(-5, Standing.OPEN, "-40"), step(3, Standing.GONE))
    assert (forward.opening, forward.closing) == (Moved(1, Decimal(-40)), Moved(0, Decimal(0)))
    assert moved(forward) == {Movement.RESOLVED: Decimal(40)}


def test_a_new_break_that_our_own_decision_explains_leaves_nothing_open() -> None:
    forward = period(step(1, Standing.EXPLAINED, "-25"))
    assert moved(forward) == {Movement.NEW: Decimal(-25), Movement.EXPLAINED: Decimal(25)}
    assert forward.closing.amount == 0


def test_an_accepted_break_reopens_when_its_number_changes() -> None:
    forward = period(step(-9, Standing.OPEN, "7"), step(-8, Standing.ACCEPTED, "7"), step(4, Standing.OPEN, "9"))
    assert moved(forward) == {Movement.REOPENED: Decimal(9)}
    assert forward.closing == Moved(1, Decimal(9))


def test_a_change_and_its_acceptance_are_two_lines() -> None:
    forward = period(step(-9, Standing.OPEN, "7"), step(4, Standing.ACCEPTED, "9"))
    assert moved(forward) == {Movement.CHANGED: Decimal(2), Movement.ACCEPTED: Decimal(-9)}


def test_each_currency_has_a_period_of_its_own() -> None:
    forwards = roll_forward([step(1, Standing.OPEN, "5", "a"), step(1, Standing.OPEN, "7", "b", "EUR")], START, END)
    assert [(one.currency, one.closing.amount) for one in forwards] == [("EUR", Decimal(7)), ("USD", Decimal(5))]


def test_what_comes_after_the_period_is_not_in_it() -> None:
    assert period(step(1, Standing.OPEN, "5"), step(30, Standing.GONE)).closing.amount == 5


steps = st.lists(
    st.builds(
        Step,
        subject=st.sampled_from("abcd"),
        at=st.integers(-40, 40).map(lambda days: START + timedelta(days=days)),
        standing=st.sampled_from(Standing),
        share=st.integers(-9_99, 9_99).map(lambda cents: Decimal(cents) / 100),
        currency=st.just("USD"),
    ),
    max_size=40,
)


@given(steps)
def test_every_period_adds_up(history: list[Step]) -> None:
    assert all(one.adds_up for one in roll_forward(history, START, END))


@given(steps)
def test_one_period_closes_with_what_the_next_one_opens_with(history: list[Step]) -> None:
    middle = START + timedelta(days=10)
    first, second = roll_forward(history, START, middle), roll_forward(history, middle, END)
    closings = {one.currency: one.closing for one in first}
    for one in second:
        assert closings.get(one.currency, Moved()) == one.opening
