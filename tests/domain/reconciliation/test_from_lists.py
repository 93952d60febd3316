"""Sums of two lists, explained by what we have stored: only what our own decisions explain needs no reading in depth."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from domain.comparing.sides import BothSides, KnownPart
from domain.reasons import Reason
from domain.reconciliation.breaks import Break, BreakKind, breaks_of, total_share
from domain.reconciliation.from_lists import agree_by_sums, explained_by_sums
from domain.records import TargetInvoice
from domain.status import PaymentStatus
from tests.domain.comparing.sides import NOW, entered, known, paid, source, target
from tests.domain.reconciliation.worlds import Planted, planted_invoices

HELD = known("p2", "25.00", status=PaymentStatus.NEEDS_ATTENTION, reason=Reason.EXCEEDS_BALANCE)
SYNCED = known("p1", "40.00", as_="t1")


def listed(
    balance: str, *, total: str = "100.00", paid_sum: str | None = None, currency: str | None = "USD"
) -> TargetInvoice:
    invoice = target(total=total, balance=balance, currency=currency).invoice
    return TargetInvoice(
        invoice.external_id,
        invoice.number,
        invoice.total,
        invoice.balance,
        invoice.currency,
        invoice.customer_names,
        paid=None if paid_sum is None else Decimal(paid_sum),
    )


def explained(balance: str, at_target: TargetInvoice, *parts: KnownPart) -> tuple[Break, ...] | None:
    return explained_by_sums(source(balance=balance).invoice, at_target, parts, "i1", NOW)


def test_a_payment_that_is_held_explains_a_difference_of_its_amount() -> None:
    (one,) = explained("35.00", listed("60.00", paid_sum="40.00"), SYNCED, HELD) or ()
    assert (one.kind, one.share, one.reason) == (BreakKind.HELD, Decimal("-25.00"), Reason.EXCEEDS_BALANCE)


@pytest.mark.parametrize(
    ("balance", "at_target"),
    [
        pytest.param("30.00", listed("60.00"), id="the difference is more than what is held"),
        pytest.param("35.00", listed("60.00", total="100.01", paid_sum="40.00"), id="the totals differ too"),
        pytest.param("35.00", listed("60.00", paid_sum="39.00"), id="the target's sum of payments is not ours"),
    ],
)
def test_anything_else_has_to_be_read_in_depth(balance: str, at_target: TargetInvoice) -> None:
    assert explained(balance, at_target, SYNCED, HELD) is None


def test_a_payment_that_we_have_not_heard_of_is_never_explained_away() -> None:
    assert explained("60.00", listed("100.00")) is None


def test_one_payment_for_several_parts_counts_once() -> None:
    parts = known("p1", "40.00", as_="t1"), known("p3", "10.00", as_="t1")
    (one,) = explained("25.00", listed("50.00", paid_sum="50.00"), *parts, HELD) or ()
    assert one.kind is BreakKind.HELD


@pytest.mark.parametrize(
    ("at_target", "agrees"),
    [
        (listed("60.00"), True),
        (listed("60.01"), False),
        (listed("60.00", total="100.01"), False),
        (listed("60.00", currency="EUR"), False),
        (listed("60.00", currency=None), True),
    ],
)
def test_sums_agree_to_the_cent_or_not_at_all(at_target: TargetInvoice, agrees: bool) -> None:
    assert agree_by_sums(source(balance="60.00").invoice, at_target) is agrees


@settings(max_examples=300, deadline=None)
@given(planted_invoices())
def test_what_the_sums_explain_is_what_reading_in_depth_would_say(planted: Planted) -> None:
    """Never "explained" where depth finds anything that a person should see."""
    at_target = planted.target
    money = sum((one.amount for one in at_target.payments if not one.credit), Decimal(0))
    invoice = at_target.invoice
    listed_invoice = TargetInvoice(
        invoice.external_id, invoice.number, invoice.total, invoice.balance, "USD", invoice.customer_names, paid=money
    )
    shallow = explained_by_sums(planted.source.invoice, listed_invoice, planted.known, "i1", NOW)
    if shallow is None:
        return
    deep = breaks_of(planted.sides(), "i1")
    assert total_share(shallow) == total_share(deep)
    serious = {one.kind for one in deep if one.share and not one.is_explained}
    assert serious == set() or total_share(one for one in deep if one.kind in serious) == 0


def test_the_same_invoice_in_depth() -> None:
    at_source = source(paid("p1", "40.00"), paid("p2", "25.00"))
    sides = BothSides(at_source, target(entered("t1", "40.00")), (SYNCED, HELD), NOW, NOW)
    assert [one.kind for one in breaks_of(sides, "i1")] == [BreakKind.HELD]
