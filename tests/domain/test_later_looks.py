"""What a later look finds: gone, changed, doubled, or nothing; from the sum where it says enough, else from the list."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.later_looks import (
    AS_IT_SHOULD_BE,
    Finding,
    Found,
    Written,
    compare,
    interval_after,
    is_in_depth,
    is_sum_as_known,
    sum_of_others,
)
from domain.records import TargetInvoice, TargetPayment

DAY, ANOTHER_DAY = date(2026, 11, 20), date(2026, 11, 19)


def paid(identity: str = "1", amount: str = "40.00", day: date | None = DAY, *, foreign: bool = False) -> TargetPayment:
    return TargetPayment(identity, Decimal(amount), day, "API1", foreign)


def written(identity: str = "1", amount: str = "40.00", *, ours: bool = True, **more: object) -> Written:
    return Written(identity, Decimal(amount), DAY, ours, **more)  # type: ignore[arg-type]


def invoice(sum_of_payments: str | None) -> TargetInvoice:
    told = Decimal(sum_of_payments) if sum_of_payments is not None else None
    return TargetInvoice("200", "INV-1", Decimal(100), Decimal(60), "USD", (), paid=told)


OURS, TYPED = written(), written(ours=False)
DOUBLE = paid("2")


@pytest.mark.parametrize(
    ("one", "payments", "expected"),
    [
        (OURS, [paid()], AS_IT_SHOULD_BE),
        (OURS, [paid(amount="40.0")], AS_IT_SHOULD_BE),
        (OURS, [paid(), paid("2", "70.00")], AS_IT_SHOULD_BE),
        (OURS, [paid(), paid("2", day=ANOTHER_DAY)], AS_IT_SHOULD_BE),
        (OURS, [paid(), paid("2", foreign=True)], AS_IT_SHOULD_BE),
        (OURS, [], Found(Finding.GONE)),
        (OURS, [DOUBLE], Found(Finding.GONE)),
        (OURS, None, Found(Finding.INVOICE_GONE)),
        (OURS, [paid(amount="60.00")], Found(Finding.CHANGED, (paid(amount="60.00"),))),
        (OURS, [paid(day=ANOTHER_DAY)], Found(Finding.CHANGED, (paid(day=ANOTHER_DAY),))),
        (OURS, [paid(), DOUBLE], Found(Finding.DOUBLED, (DOUBLE,))),
        (TYPED, [paid(), DOUBLE], Found(Finding.DOUBLED, (DOUBLE,))),
        (TYPED, [paid(day=ANOTHER_DAY)], AS_IT_SHOULD_BE),
        (TYPED, [paid(amount="60.00")], Found(Finding.CHANGED, (paid(amount="60.00"),))),
        (written(other_money=frozenset({"2"})), [paid(), DOUBLE], AS_IT_SHOULD_BE),
        # A double stays one when ours is changed or taken back.
        (
            written(amount="50.00", doubles=frozenset({"2"})),
            [paid(amount="50.00"), DOUBLE],
            Found(Finding.DOUBLED, (DOUBLE,)),
        ),
        (written(doubles=frozenset({"2"}), taken_back=True), [DOUBLE], Found(Finding.DOUBLED, (DOUBLE,))),
        (written(doubles=frozenset({"2"}), taken_back=True), [], AS_IT_SHOULD_BE),
        (written(taken_back=True), [DOUBLE], AS_IT_SHOULD_BE),
        (written(doubles=frozenset({"2"}), taken_back=True), None, AS_IT_SHOULD_BE),
    ],
)
def test_what_the_list_says_of_one_payment(one: Written, payments: list[TargetPayment] | None, expected: Found) -> None:
    assert compare([one], payments, {"1"}) == {"1": expected}


def test_what_stands_for_something_else_is_no_double() -> None:
    assert compare([OURS, written("2")], [paid(), DOUBLE], {"1", "2"}) == {"1": AS_IT_SHOULD_BE, "2": AS_IT_SHOULD_BE}


def test_a_third_beside_two_equal_ones_is_the_double_of_one_of_them() -> None:
    third = paid("3")
    founds = compare([OURS, written("2")], [paid(), DOUBLE, third], {"1", "2"})
    assert founds == {"1": AS_IT_SHOULD_BE, "2": Found(Finding.DOUBLED, (third,))}


@pytest.mark.parametrize(
    ("told", "others", "known"),
    [
        ("40.00", "0", True),
        ("110.00", "70", True),
        ("80.00", "0", False),
        ("0", "0", False),
        (None, "0", False),
        ("40.00", None, False),
    ],
)
def test_the_sum_answers_only_where_it_and_we_know_enough(told: str | None, others: str | None, known: bool) -> None:
    assert is_sum_as_known(invoice(told), [OURS], Decimal(others) if others is not None else None) is known


@pytest.mark.parametrize(("told", "others"), [("110.00", Decimal("70.00")), ("40.00", None), ("0", None), (None, None)])
def test_a_sum_that_does_not_say_what_the_list_says_is_no_measure(told: str | None, others: Decimal | None) -> None:
    assert sum_of_others(invoice(told), [OURS], [paid(), paid("2", "70.00")]) == others


def test_a_credit_is_no_payment_in_the_sum() -> None:
    credit = TargetPayment("9", Decimal("30.00"), DAY, foreign=True, credit=True)
    assert sum_of_others(invoice("40.00"), [OURS], [paid(), credit]) == 0


def test_the_looks_come_ever_more_rarely_and_never_end() -> None:
    intervals = [interval_after(looks) for looks in range(50)]
    assert intervals == sorted(intervals)
    assert (intervals[0], intervals[-1]) == (timedelta(minutes=10), timedelta(days=30))


def test_a_month_after_the_write_and_once_a_year_from_then_on_the_payments_are_listed() -> None:
    in_depth = [looks for looks in range(40) if is_in_depth(looks)]
    assert in_depth == [4, 16, 28]
    assert sum((interval_after(looks) for looks in range(5)), timedelta(0)) >= timedelta(days=30)
