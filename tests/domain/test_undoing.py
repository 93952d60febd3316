"""Which parts of a payment may be taken back with a span, and why the others stay."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.later_looks import Finding
from domain.leaving_out import LeftOut
from domain.payment_actions import Situation
from domain.status import PaymentStatus
from domain.undoing import SENTENCES, Stays, Written, what_stays

SYNCED = Situation(
    status=PaymentStatus.SYNCED, reason=None, left_out=None, is_own=False, is_on_its_way=False, has_ours=True
)
OURS = Written(amount=Decimal("40.00"), in_span=True, is_there=True, ours=True)


def test_what_is_ours_and_unchanged_is_removed() -> None:
    assert what_stays(SYNCED, [OURS]) == [None]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ours": False}, Stays.TYPED),
        ({"is_there": False}, Stays.REMOVED),
        ({"is_there": False, "removed_by_hand": True}, Stays.REMOVED_BY_HAND),
        ({"is_there": False, "ours": False}, Stays.REMOVED),
        ({"harmed": True}, Stays.CHANGED),
        ({"finding": Finding.CHANGED}, Stays.CHANGED),
        ({"finding": Finding.GONE}, Stays.GONE),
        ({"finding": Finding.INVOICE_GONE}, Stays.GONE),
        ({"finding": Finding.DOUBLED}, Stays.DOUBLED),
        ({"is_held": True}, Stays.REFUSED),
        ({"in_span": False}, Stays.PARTLY_OUTSIDE),
    ],
)
def test_what_is_not_certain_stays(changes: dict[str, Any], why: Stays) -> None:
    assert what_stays(SYNCED, [replace(OURS, **changes)]) == [why]


def test_what_may_be_on_the_wire_stays() -> None:
    assert what_stays(replace(SYNCED, is_on_its_way=True), [OURS, None]) == [Stays.IN_DOUBT, Stays.IN_DOUBT]
    assert what_stays(SYNCED, [None]) == [Stays.IN_DOUBT]


def test_what_is_taken_back_already_stays_as_it_is() -> None:
    assert what_stays(replace(SYNCED, left_out=LeftOut.TAKEN_BACK), [OURS]) == [Stays.TAKEN_BACK]


def test_a_dismissed_payment_can_be_taken_back() -> None:
    assert what_stays(replace(SYNCED, left_out=LeftOut.DISMISSED), [OURS]) == [None]


def test_a_typed_part_stays_beside_one_of_ours() -> None:
    assert what_stays(SYNCED, [OURS, replace(OURS, ours=False)]) == [None, Stays.TYPED]


def test_a_payment_with_a_part_of_ours_from_another_time_stays_as_a_whole() -> None:
    outside = replace(OURS, in_span=False)
    assert what_stays(SYNCED, [OURS, outside]) == [Stays.PARTLY_OUTSIDE, Stays.PARTLY_OUTSIDE]
    removed, typed = replace(outside, is_there=False), replace(outside, ours=False)
    assert what_stays(SYNCED, [OURS, removed, typed]) == [None, Stays.REMOVED, Stays.TYPED]


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Stays)
