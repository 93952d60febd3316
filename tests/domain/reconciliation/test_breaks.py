"""Breaks: the planted differences and no others are found, and their shares add up to the difference of the balances."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from domain.comparing.sides import BothSides, NotRead, WhyNotRead
from domain.reasons import Reason
from domain.reconciliation.breaks import WAYS_OUT, Break, BreakKind, WayOut, breaks_of, total_share
from domain.status import PaymentStatus
from tests.domain.comparing.sides import NOW, entered, known, paid, source, target
from tests.domain.reconciliation.worlds import FACTS, Planted, planted_invoices


def found(planted: Planted) -> tuple[Break, ...]:
    return breaks_of(planted.sides(), "i1")


@settings(max_examples=300, deadline=None)
@given(planted_invoices())
def test_what_was_planted_is_found_and_nothing_else(planted: Planted) -> None:
    breaks = found(planted)
    assert sorted((one.kind, one.share) for one in breaks) == sorted(planted.expected)


@settings(max_examples=300, deadline=None)
@given(planted_invoices())
def test_the_shares_add_up_to_the_difference_of_the_balances(planted: Planted) -> None:
    assert total_share(found(planted)) == planted.source.invoice.balance - planted.target.invoice.balance


@settings(max_examples=100, deadline=None)
@given(planted_invoices())
def test_every_break_has_a_subject_of_its_own(planted: Planted) -> None:
    subjects = [one.subject for one in found(planted)]
    assert len(subjects) == len(set(subjects))


@pytest.mark.parametrize("fact", sorted(name for name, fact in FACTS.items() if fact.kind is not None))
def test_each_fact_alone(fact: str) -> None:
    planted = Planted()
    planted.plant(fact, 1, Decimal("12.34"))
    assert [one.kind for one in found(planted)] == [FACTS[fact].kind]


def test_every_kind_has_one_way_out() -> None:
    assert set(WAYS_OUT) == set(BreakKind)
    assert WAYS_OUT[BreakKind.IN_FLIGHT] is WayOut.WAIT


def test_a_payment_is_the_same_break_when_it_is_held_as_it_was_on_its_way() -> None:
    def subject(status: PaymentStatus, reason: Reason) -> str:
        parts = (known("p1", "40.00", status=status, reason=reason),)
        sides = BothSides(source(paid("p1", "40.00")), target(), parts, NOW, NOW)
        (one,) = breaks_of(sides, "i1")
        return one.subject

    moving = subject(PaymentStatus.ON_ITS_WAY, Reason.ELIGIBLE)
    assert moving == subject(PaymentStatus.NEEDS_ATTENTION, Reason.EXCEEDS_BALANCE)


def test_a_break_names_both_payments_both_amounts_and_both_dates() -> None:
    parts = (known("p1", "40.00", as_="t1"),)
    sides = BothSides(source(paid("p1", "40.00")), target(entered("t1", "30.00")), parts, NOW, NOW)
    (one,) = breaks_of(sides, "i1")
    assert (one.source_payment_ids, one.target_payment_ids) == (("p1",), ("t1",))
    assert (one.source_amount, one.target_amount, one.share) == (Decimal("40.00"), Decimal("30.00"), Decimal("-10.00"))
    assert one.source_date == one.target_date is not None


def test_amounts_of_two_currencies_are_never_subtracted() -> None:
    sides = BothSides(source(paid("p1", "40.00")), target(currency="EUR"), (), NOW, NOW)
    (one,) = breaks_of(sides, "i1")
    assert (one.kind, one.share) == (BreakKind.CURRENCY_DIFFERS, Decimal(0))
    assert (one.source_amount, one.target_amount) == (Decimal("60.00"), Decimal("100.00"))


@pytest.mark.parametrize(
    ("why", "kind", "share"),
    [
        (WhyNotRead.NO_ANSWER, BreakKind.NOT_COMPARABLE, "0"),
        (WhyNotRead.PAUSED, BreakKind.NOT_COMPARABLE, "0"),
        (WhyNotRead.AMBIGUOUS, BreakKind.NUMBER_NOT_UNIQUE, "0"),
        (WhyNotRead.GONE, BreakKind.INVOICE_MISSING_AT_TARGET, "60.00"),
        (WhyNotRead.NOT_FOUND, BreakKind.INVOICE_MISSING_AT_TARGET, "60.00"),
    ],
)
def test_a_side_that_was_not_read_is_no_agreement(why: WhyNotRead, kind: BreakKind, share: str) -> None:
    sides = BothSides(source(paid("p1", "40.00")), NotRead(why), (), NOW, NOW)
    (one,) = breaks_of(sides, "i1")
    assert (one.kind, one.share) == (kind, Decimal(share))


def test_what_an_unreadable_payment_may_be_is_not_called_unidentified() -> None:
    sides = BothSides(source(balance="60.00", unread_ids=("p1",)), target(), (), NOW, NOW)
    breaks = breaks_of(sides, "i1")
    assert {one.kind for one in breaks} == {BreakKind.NOT_COMPARABLE}
    assert total_share(breaks) == Decimal("-40.00")
