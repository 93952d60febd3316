"""What an effect asks of the target: one payment each, or one for the invoice. Nobody else's part is ever touched."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.push.effect import EffectKind
from domain.push.strategy import (
    CreatePayment,
    Entry,
    Occupied,
    PaymentStrategy,
    RemovePayment,
    SetPayment,
    Wanted,
    change_for,
)

FIRST, SECOND = date(2026, 11, 19), date(2026, 11, 20)
SHARED = [Entry(1, "7000", Decimal(50), FIRST), Entry(2, "7000", Decimal(30), SECOND)]
BOTH = list(PaymentStrategy)


def create(amount: str, allocation_id: int = 3) -> Wanted:
    return Wanted(EffectKind.CREATE, allocation_id, Decimal(amount), FIRST, None)


def adjust(amount: str, allocation_id: int = 1, payment_id: str = "7000") -> Wanted:
    return Wanted(EffectKind.ADJUST, allocation_id, Decimal(amount), FIRST, payment_id)


def reverse(allocation_id: int = 1, payment_id: str = "7000") -> Wanted:
    return Wanted(EffectKind.REVERSE, allocation_id, Decimal(0), None, payment_id)


def test_append_adds_whatever_is_there() -> None:
    assert change_for(PaymentStrategy.APPEND, create("10"), SHARED, True) == CreatePayment(Decimal(10), FIRST)


def test_single_makes_the_sum_on_the_latest_day() -> None:
    assert change_for(PaymentStrategy.SINGLE, create("10"), SHARED, False) == SetPayment("7000", Decimal(90), SECOND)
    assert change_for(PaymentStrategy.SINGLE, create("10"), [], False) == CreatePayment(Decimal(10), FIRST)


def test_single_leaves_an_invoice_alone_that_has_somebody_elses_payment_only() -> None:
    assert change_for(PaymentStrategy.SINGLE, create("10"), [], True) == Occupied()


@pytest.mark.parametrize("strategy", BOTH)
def test_a_part_of_a_shared_payment_is_corrected_without_the_others_whatever_the_setting_says(
    strategy: PaymentStrategy,
) -> None:
    assert change_for(strategy, adjust("45"), SHARED, False) == SetPayment("7000", Decimal(75), SECOND)
    assert change_for(strategy, reverse(), SHARED, False) == SetPayment("7000", Decimal(30), SECOND)


@pytest.mark.parametrize("strategy", BOTH)
def test_a_payment_that_stands_alone_is_changed_or_removed_as_a_whole(strategy: PaymentStrategy) -> None:
    entries = [Entry(1, "7000", Decimal(50), FIRST), Entry(2, "7001", Decimal(30), SECOND)]
    assert change_for(strategy, adjust("45"), entries, False) == SetPayment("7000", Decimal(45), FIRST)
    assert change_for(strategy, reverse(), entries, False) == RemovePayment("7000")


@given(
    some.sampled_from(PaymentStrategy),
    some.lists(some.tuples(some.sampled_from(["7000", "7001"]), some.integers(1, 10**6)), min_size=1, max_size=5),
    some.integers(1, 10**6),
    some.sampled_from(EffectKind),
)
def test_every_change_leaves_each_other_allocation_its_whole_part(
    strategy: PaymentStrategy, others: list[tuple[str, int]], amount: int, kind: EffectKind
) -> None:
    entries = [
        Entry(number, payment_id, Decimal(part), FIRST) for number, (payment_id, part) in enumerate(others, start=2)
    ]
    own = Entry(1, "7000", Decimal(17), FIRST)
    wanted = Wanted(kind, 1, Decimal(amount), SECOND, None if kind is EffectKind.CREATE else "7000")
    change = change_for(strategy, wanted, entries if kind is EffectKind.CREATE else [own, *entries], False)
    sharing = {payment_id: sum(part for one, part in others if one == payment_id) for payment_id, _ in others}
    match change:
        case CreatePayment(created):
            assert created == amount
        case SetPayment(payment_id, total):
            mine = 0 if kind is EffectKind.REVERSE else amount
            assert total == sharing.get(payment_id, 0) + mine
        case RemovePayment(payment_id):
            assert payment_id not in sharing
        case Occupied():
            raise AssertionError("nobody else is there")
