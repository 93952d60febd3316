"""When an invoice's own sums stand for the list of its payments."""

from decimal import Decimal

import pytest

from domain.push.effect import Doubt, EffectState
from domain.push.sums import Sums, after_a_payment, is_surely_empty, lags
from domain.push.verdict import Owed
from domain.records import TargetInvoice, TargetPayment
from tests.domain.looks import change, creation, removal


def invoice(total: str, balance: str, paid: str | None, *, payable: bool = True) -> TargetInvoice:
    told = None if paid is None else Decimal(paid)
    return TargetInvoice("200", "INV-1", Decimal(total), Decimal(balance), "USD", (), payable, told)


def payment(amount: str, *, credit: bool = False) -> TargetPayment:
    return TargetPayment("1", Decimal(amount), None, "anna", credit=credit)


EMPTY = invoice("100.00", "100.00", "0")


@pytest.mark.parametrize(
    ("owed", "shown", "has_history", "sums", "expected"),
    [
        pytest.param(creation(), EMPTY, False, Sums.FOLLOW, True, id="a first send to an untouched invoice"),
        pytest.param(creation(), EMPTY, False, Sums.UNPROVEN, False, id="nobody knows whether the sums follow"),
        pytest.param(creation(), EMPTY, False, Sums.LAG, False, id="the sums were seen to lag"),
        pytest.param(creation(), EMPTY, True, Sums.FOLLOW, False, id="something stood there before"),
        pytest.param(creation(), invoice("100", "60", "40"), False, Sums.FOLLOW, False, id="something is paid"),
        pytest.param(creation(), invoice("100", "60", "0"), False, Sums.FOLLOW, False, id="a credit is applied"),
        pytest.param(creation(), invoice("100", "100", "20"), False, Sums.FOLLOW, False, id="the sums disagree"),
        pytest.param(creation(), invoice("100", "100", None), False, Sums.FOLLOW, False, id="the sum is not told"),
        pytest.param(creation(), invoice("100", "100", "0", payable=False), False, Sums.FOLLOW, False, id="no figures"),
        pytest.param(creation(doubt=Doubt.UNANSWERED), EMPTY, False, Sums.FOLLOW, False, id="the answer was lost"),
        pytest.param(creation(doubt=Doubt.AMISS), EMPTY, False, Sums.FOLLOW, False, id="a person compares"),
        pytest.param(creation(state=EffectState.IN_DOUBT), EMPTY, False, Sums.FOLLOW, False, id="in doubt"),
        pytest.param(creation(attempts=1), EMPTY, False, Sums.FOLLOW, False, id="tried before"),
        pytest.param(creation(same_money_id="7"), EMPTY, False, Sums.FOLLOW, False, id="a person links a payment"),
        pytest.param(change(), EMPTY, False, Sums.FOLLOW, False, id="a change"),
        pytest.param(removal(), EMPTY, False, Sums.FOLLOW, False, id="a removal"),
    ],
)
def test_only_a_first_send_to_an_untouched_invoice_goes_by_the_sums(
    owed: Owed, shown: TargetInvoice, has_history: bool, sums: Sums, expected: bool
) -> None:
    assert is_surely_empty(owed, shown, has_history=has_history, sums=sums) is expected


@pytest.mark.parametrize(
    ("paid", "listed", "expected"),
    [
        ("40", [payment("40")], False),
        ("0", [payment("40")], True),
        ("0", [payment("40", credit=True)], False),
        # Removed since, or credits of another kind: nothing that a list would show is hidden by the sums.
        ("40", [], False),
        (None, [payment("40")], False),
    ],
)
def test_sums_lag_when_the_list_has_more(paid: str | None, listed: list[TargetPayment], expected: bool) -> None:
    assert lags(invoice("100", "60", paid), listed) is expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (invoice("100", "70", "30"), Sums.FOLLOW),
        (EMPTY, Sums.LAG),
        # Somebody else was faster: it proves nothing.
        (invoice("100", "50", "50"), Sums.UNPROVEN),
        (invoice("100", "100", None), Sums.LAG),
        (None, Sums.UNPROVEN),
    ],
)
def test_what_the_sums_say_right_after_a_payment_of_ours(after: TargetInvoice | None, expected: Sums) -> None:
    assert after_a_payment(EMPTY, after, Decimal(30)) is expected
