"""The count of the chaos run sees what it is there for."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from tests.chaos.count import Money, fates_of

HUNDRED, FIFTY = (Decimal("100.00"), date(2026, 11, 20)), (Decimal("50.00"), date(2026, 11, 20))


@pytest.mark.parametrize(
    ("wanted", "there", "told"),
    [
        ([HUNDRED], [HUNDRED], {"delivered": 1}),
        ([HUNDRED], [], {"lost": 1}),
        ([HUNDRED], [HUNDRED, HUNDRED], {"delivered": 1, "doubled": 1}),
        ([HUNDRED, HUNDRED], [HUNDRED, HUNDRED], {"delivered": 2}),
        ([HUNDRED], [FIFTY], {"lost": 1, "wrong": 1}),
        ([], [FIFTY], {"wrong": 1}),
        ([], [], {}),
    ],
)
def test_every_payment_has_its_fate(wanted: list[Money], there: list[Money], told: dict[str, int]) -> None:
    assert fates_of(Counter(wanted), Counter(there)) == told
