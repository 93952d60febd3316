"""What was on the invoice before we wrote to it, and what a write of ours did to it."""

from datetime import date
from decimal import Decimal

import simplejson
from hypothesis import given
from hypothesis import strategies as some

from domain.push.before_image import Seen, harmed, ids_in, image_of, replaced_by_ours, seen_in, vanished
from domain.records import TargetPayment

FIRST, SECOND = date(2026, 11, 19), date(2026, 11, 20)
PAYMENTS = some.lists(
    some.builds(
        TargetPayment,
        some.text("0123456789", min_size=1, max_size=9),
        some.decimals(-(10**12), 10**12, places=4, allow_nan=False),
        some.none() | some.dates(),
    ),
    unique_by=lambda one: one.external_id,
)


def on_the_invoice(identity: str, amount: str, day: date = FIRST) -> TargetPayment:
    return TargetPayment(identity, Decimal(amount), day)


@given(PAYMENTS)
def test_an_image_survives_the_database_exactly(payments: list[TargetPayment]) -> None:
    stored = simplejson.loads(simplejson.dumps(image_of(payments)))
    assert {(one.external_id, one.amount, one.paid_on) for one in seen_in(stored)} == {
        (one.external_id, one.amount, one.paid_on) for one in payments
    }
    assert harmed(seen_in(stored), payments) == ()


def test_no_image_is_an_empty_one() -> None:
    assert seen_in(None) == ()
    assert ids_in(seen_in(None)) == set()


def test_what_vanished_or_changed_was_harmed_and_what_came_was_not() -> None:
    before = [Seen("1", Decimal(10), FIRST), Seen("2", Decimal(20), FIRST), Seen("3", Decimal(30), FIRST)]
    after = [on_the_invoice("2", "20.00"), on_the_invoice("3", "30", SECOND), on_the_invoice("4", "40")]
    assert harmed(before, after) == ("1", "3")
    assert vanished(before, after) == ("1",)


def test_only_what_bears_our_amount_and_date_now_and_did_not_before_was_replaced_by_us() -> None:
    before = [Seen("1", Decimal(10), FIRST), Seen("2", Decimal(50), SECOND), Seen("3", Decimal(30), FIRST)]
    after = [on_the_invoice("1", "50", SECOND), on_the_invoice("2", "50", SECOND), on_the_invoice("3", "31")]
    assert replaced_by_ours(before, after, Decimal("50.00"), SECOND) == ("1",)
