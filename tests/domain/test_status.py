"""What a person wants to know first about a payment."""

from itertools import product

import pytest

from domain.delivery import EffectState
from domain.reasons import Reason
from domain.status import PRECEDENCE, STATUS_LABELS, PaymentStatus, allocation_status, payment_status


@pytest.mark.parametrize(
    ("action", "reason", "state", "status"),
    [
        (None, None, None, PaymentStatus.ON_ITS_WAY),
        ("push", Reason.ELIGIBLE, EffectState.PENDING, PaymentStatus.ON_ITS_WAY),
        ("push", Reason.SYNCED, EffectState.DELIVERED, PaymentStatus.SYNCED),
        ("push", Reason.ADOPTED, EffectState.DELIVERED, PaymentStatus.SYNCED),
        ("reverse", Reason.VOIDED_AFTER_SYNC, EffectState.PENDING, PaymentStatus.ON_ITS_WAY),
        ("reverse", Reason.REVERSED, EffectState.DELIVERED, PaymentStatus.SYNCED),
        ("skip", Reason.SWITCHED_OFF, None, PaymentStatus.SKIPPED),
        ("skip", Reason.OWN_PAYMENT, None, PaymentStatus.SKIPPED),
        ("hold", Reason.TARGET_INVOICE_MISSING, None, PaymentStatus.WAITING),
        ("hold", Reason.IN_DOUBT, EffectState.IN_DOUBT, PaymentStatus.WAITING),
        ("hold", Reason.SEVERAL_CANDIDATES, EffectState.HELD, PaymentStatus.NEEDS_ATTENTION),
        ("hold", Reason.TARGET_REFUSED, EffectState.HELD, PaymentStatus.NEEDS_ATTENTION),
        ("hold", Reason.TARGET_REFUSED, EffectState.PENDING, PaymentStatus.ON_ITS_WAY),
        ("hold", Reason.ATTEMPTS_EXHAUSTED, EffectState.DEAD, PaymentStatus.NEEDS_ATTENTION),
        ("hold", Reason.LINE_UNREADABLE, None, PaymentStatus.NEEDS_ATTENTION),
    ],
)
def test_one_part_of_a_payment(
    action: str | None, reason: Reason | None, state: EffectState | None, status: PaymentStatus
) -> None:
    assert allocation_status(action, reason, state) is status


def test_a_payment_is_as_pressing_as_its_most_pressing_part() -> None:
    for first, second in product(PaymentStatus, repeat=2):
        expected = PRECEDENCE[min(PRECEDENCE.index(first), PRECEDENCE.index(second))]
        assert payment_status([first, second]) is expected


def test_a_payment_without_parts_is_on_its_way() -> None:
    assert payment_status([]) is PaymentStatus.ON_ITS_WAY


def test_every_status_has_a_label() -> None:
    assert set(STATUS_LABELS) == set(PaymentStatus)
