"""Which of the payments on the invoice is ours, and which did somebody type?"""

from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest

from domain.push.before_image import seen_in
from domain.push.recognition import (
    TWIN_DAYS,
    Nearby,
    NotThere,
    NoTwin,
    Ours,
    SameDay,
    Several,
    find_twin,
    recognize,
    recognize_in,
)
from domain.records import TargetPayment

AMOUNT, PAID_ON = Decimal("100.00"), date(2026, 11, 20)


def on_the_invoice(
    number: int, amount: str = "100.00", day: int | None = 20, *, foreign: bool = False, entered_by: str = ""
) -> TargetPayment:
    paid_on = date(2026, 11, day) if day else None
    return TargetPayment(str(number), Decimal(amount), paid_on, entered_by=entered_by, foreign=foreign)


def test_a_new_payment_of_our_amount_and_date_is_ours() -> None:
    new = on_the_invoice(2)
    assert recognize(AMOUNT, PAID_ON, [on_the_invoice(1), new], {"1"}, set()) == Ours(new)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["API1"], "2"),
        ([""], "2"),
        (["jsmith"], None),  # our name may have changed, so it may be ours all the same: a person is asked
        (["API1", "jsmith"], "2"),
        (["jsmith", "API1"], "3"),
        (["API1", "API1"], None),
        (["API1", ""], None),
        (["jsmith", "mjones"], None),
    ],
)
def test_the_name_under_which_it_was_entered_decides_between_candidates(names: list[str], expected: str | None) -> None:
    candidates = [on_the_invoice(number, entered_by=name) for number, name in enumerate(names, start=2)]
    found = recognize(AMOUNT, PAID_ON, candidates, set(), set(), author="API1")
    if expected is None:
        assert found == Several(tuple(candidates))
    else:
        assert isinstance(found, Ours)
        assert found.payment.external_id == expected


def test_while_our_name_is_not_known_a_single_candidate_is_ours() -> None:
    typed = on_the_invoice(2, entered_by="jsmith")
    assert recognize(AMOUNT, PAID_ON, [typed], set(), set()) == Ours(typed)


@pytest.mark.parametrize(
    "other",
    [
        on_the_invoice(2, "100.01"),
        on_the_invoice(2, foreign=True),
    ],
)
def test_a_payment_of_another_amount_or_kind_is_not_ours(other: TargetPayment) -> None:
    assert recognize(AMOUNT, PAID_ON, [other], set(), set()) == NotThere()


@pytest.mark.parametrize("day", [21, 1, None])
def test_our_amount_on_another_day_may_be_ours_with_a_date_that_somebody_changed(day: int | None) -> None:
    other = on_the_invoice(2, day=day)
    assert recognize(AMOUNT, PAID_ON, [other], set(), set()) == Several((other,))


def test_our_name_on_another_amount_may_be_ours_with_an_amount_that_somebody_changed() -> None:
    other = on_the_invoice(2, "49.00", entered_by="API1")
    assert recognize(AMOUNT, PAID_ON, [other], set(), set(), "API1") == Several((other,))
    assert recognize(AMOUNT, PAID_ON, [other], set(), set(), "API2") == NotThere()


@pytest.mark.parametrize(
    ("others", "now", "expected"),
    [
        ("50", "50", NotThere),
        ("50", "150", Ours),
        ("50", "149", Several),
        ("50", "100", Several),
        ("50", "250", Several),
        # Another part of 100 came in since: that it grew by our amount proves nothing.
        ("150", "150", NotThere),
        ("150", "250", Ours),
        # A person had changed it before we sent: it was sent as the sum of what it stands for all the same.
        ("60", "160", Ours),
        ("60", "50", NotThere),
    ],
)
def test_money_sent_into_a_payment_of_ours_is_in_it_if_that_is_the_sum_of_its_parts(
    others: str, now: str, expected: type
) -> None:
    before = seen_in([["7", "50", "2026-11-01"]])
    assert isinstance(recognize_in("7", AMOUNT, Decimal(others), before, [on_the_invoice(7, now)]), expected)


def test_money_sent_into_a_payment_that_is_gone_is_not_there() -> None:
    assert (
        recognize_in("7", AMOUNT, Decimal(50), seen_in([["7", "50", "2026-11-01"]]), [on_the_invoice(8, "150")])
        == NotThere()
    )


def test_what_was_there_before_we_sent_is_not_ours() -> None:
    assert recognize(AMOUNT, PAID_ON, [on_the_invoice(1)], {"1"}, set()) == NotThere()


def test_what_stands_for_another_payment_is_not_ours() -> None:
    assert recognize(AMOUNT, PAID_ON, [on_the_invoice(1)], set(), {"1"}) == NotThere()


def test_of_identical_cheques_each_finds_its_own() -> None:
    first, second, third = (on_the_invoice(number) for number in (1, 2, 3))
    assert recognize(AMOUNT, PAID_ON, [first, second, third], {"1"}, {"2"}) == Ours(third)


def test_with_two_candidates_nobody_guesses() -> None:
    candidates = (on_the_invoice(2), on_the_invoice(3))
    assert recognize(AMOUNT, PAID_ON, candidates, {"1"}, set()) == Several(candidates)


def test_the_amount_is_the_same_however_it_is_written() -> None:
    assert isinstance(recognize(AMOUNT, PAID_ON, [on_the_invoice(1, "1E+2")], set(), set()), Ours)


def test_with_nothing_on_the_invoice_there_is_no_twin() -> None:
    assert find_twin(AMOUNT, PAID_ON, [], set()) == NoTwin()


def test_the_oldest_of_several_payments_of_the_same_day_is_the_twin() -> None:
    payments = [on_the_invoice(number) for number in (9, 10, 100)]
    for order in permutations(payments):
        assert find_twin(AMOUNT, PAID_ON, order, set()) == SameDay(payments[0])


def test_the_same_day_is_told_before_a_day_nearby() -> None:
    same, nearby = on_the_invoice(9), on_the_invoice(1, day=19)
    assert find_twin(AMOUNT, PAID_ON, [nearby, same], set()) == SameDay(same)


@pytest.mark.parametrize("days", range(1, TWIN_DAYS + 1))
def test_a_payment_of_a_day_nearby_needs_a_person(days: int) -> None:
    for day in (20 - days, 20 + days):
        payment = on_the_invoice(1, day=day)
        assert find_twin(AMOUNT, PAID_ON, [payment], set()) == Nearby(payment)


def test_a_payment_without_a_readable_date_needs_a_person() -> None:
    payment = on_the_invoice(1, day=None)
    assert find_twin(AMOUNT, PAID_ON, [payment], set()) == Nearby(payment)


@pytest.mark.parametrize(
    "other",
    [
        on_the_invoice(1, day=20 - TWIN_DAYS - 1),
        on_the_invoice(1, day=20 + TWIN_DAYS + 1),
        on_the_invoice(1, "99.99"),
        on_the_invoice(1, foreign=True),
    ],
)
def test_other_money_is_no_twin(other: TargetPayment) -> None:
    assert find_twin(AMOUNT, PAID_ON, [other], set()) == NoTwin()


def test_what_we_made_ourselves_is_no_twin() -> None:
    assert find_twin(AMOUNT, PAID_ON, [on_the_invoice(1)], {"1"}) == NoTwin()


def test_ids_that_are_no_numbers_come_after_those_that_are() -> None:
    odd = [TargetPayment(text, AMOUNT, PAID_ON) for text in ("b", "a", "²")]
    numbered = on_the_invoice(999999)
    assert find_twin(AMOUNT, PAID_ON, [*odd, numbered], set()) == SameDay(numbered)
    assert find_twin(AMOUNT, PAID_ON, odd, set()) == SameDay(odd[1])
