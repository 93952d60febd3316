"""What a version of a payment says about its allocations."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.match.allocations import AllocationValue, diff_allocations, linked_invoice_ids, merge_allocations
from domain.reasons import Reason
from domain.records import AllocationKind, PaymentState, SourceAllocation, SourcePayment

INVOICE, UNAPPLIED, NOTHING = AllocationKind.INVOICE, AllocationKind.UNAPPLIED, AllocationKind.NOTHING


def to_invoice(document_id: str, amount: str, problem: Reason | None = None) -> SourceAllocation:
    return SourceAllocation(INVOICE, document_id, Decimal(amount), problem)


def payment(
    *allocations: SourceAllocation, unapplied: str = "0", state: PaymentState = PaymentState.LIVE
) -> SourcePayment:
    return SourcePayment(
        external_id="163",
        version=0,
        changed_at=datetime(2026, 11, 20, tzinfo=UTC),
        state=state,
        paid_on=date(2026, 11, 20),
        total=Decimal(100),
        unapplied=Decimal(unapplied),
        currency="USD",
        customer_id="20",
        customer_name="Cascade Dental",
        reference="",
        note="",
        allocations=allocations,
    )


def value(amount: str, problem: Reason | None = None, *, removed: bool = False) -> AllocationValue:
    return AllocationValue(Decimal(amount), problem, removed)


def test_a_payment_split_over_two_invoices_has_two_allocations() -> None:
    assert merge_allocations(payment(to_invoice("70", "60"), to_invoice("71", "40"))) == {
        (INVOICE, "70"): value("60"),
        (INVOICE, "71"): value("40"),
    }


def test_several_lines_on_one_invoice_are_one_amount() -> None:
    assert merge_allocations(payment(to_invoice("70", "60"), to_invoice("70", "0.01"))) == {
        (INVOICE, "70"): value("60.01")
    }


def test_a_problem_of_one_line_is_the_problem_of_the_whole_amount() -> None:
    for lines in ([None, Reason.LINE_UNREADABLE], [Reason.LINE_UNREADABLE, None]):
        merged = merge_allocations(payment(*(to_invoice("70", "5", problem) for problem in lines)))
        assert merged == {(INVOICE, "70"): value("10", Reason.LINE_UNREADABLE)}


def test_the_part_that_is_applied_to_nothing_is_an_allocation_of_its_own() -> None:
    merged = merge_allocations(payment(to_invoice("70", "60"), unapplied="40"))
    assert merged[UNAPPLIED, ""] == value("40")


def test_an_amount_that_cannot_be_kept_exactly_becomes_a_problem_and_no_rounded_amount() -> None:
    for amount in ("0.000001", "1E+13"):
        merged = merge_allocations(payment(to_invoice("70", amount)))
        assert merged == {(INVOICE, "70"): value("0", Reason.AMOUNT_NOT_REPRESENTABLE)}


def test_two_amounts_that_only_together_are_exact_are_still_a_problem() -> None:
    merged = merge_allocations(payment(to_invoice("70", "0.000001"), to_invoice("70", "0.000009")))
    assert merged[INVOICE, "70"].problem is Reason.AMOUNT_NOT_REPRESENTABLE


def test_every_payment_has_something_to_decide_about() -> None:
    assert diff_allocations({}, payment()) == {(NOTHING, ""): value("0")}
    assert diff_allocations({}, payment(state=PaymentState.DELETED)) == {(NOTHING, ""): value("0")}


def test_money_moved_to_another_invoice_removes_the_first_and_keeps_its_amount() -> None:
    known = {(INVOICE, "70"): value("100")}
    assert diff_allocations(known, payment(to_invoice("71", "100"))) == {
        (INVOICE, "70"): value("100", removed=True),
        (INVOICE, "71"): value("100"),
    }


def test_money_moved_back_is_there_again() -> None:
    known = {(INVOICE, "70"): value("100", removed=True), (INVOICE, "71"): value("100")}
    after = diff_allocations(known, payment(to_invoice("70", "90")))
    assert after == {(INVOICE, "70"): value("90"), (INVOICE, "71"): value("100", removed=True)}


def test_a_deleted_payment_keeps_what_is_known_of_its_allocations() -> None:
    known = {(INVOICE, "70"): value("100"), (INVOICE, "71"): value("5", removed=True)}
    assert diff_allocations(known, payment(state=PaymentState.DELETED)) == known


def test_a_voided_payment_removes_all_its_allocations() -> None:
    known = {(INVOICE, "70"): value("100"), (UNAPPLIED, ""): value("5")}
    after = diff_allocations(known, payment(state=PaymentState.VOIDED))
    assert all(one.removed for one in after.values())
    assert set(after) == set(known)


def test_the_placeholder_goes_when_money_is_applied() -> None:
    known = diff_allocations({}, payment())
    after = diff_allocations(known, payment(to_invoice("70", "100")))
    assert after == {(NOTHING, ""): value("0", removed=True), (INVOICE, "70"): value("100")}


def test_what_is_not_changed_is_not_changed() -> None:
    one = payment(to_invoice("70", "60"), to_invoice("71", "40"), unapplied="1")
    known = diff_allocations({}, one)
    assert diff_allocations(known, replace(one, version=1)) == known


def test_only_invoices_are_linked_invoices() -> None:
    memo = SourceAllocation(AllocationKind.CREDIT_MEMO, "88", Decimal(5))
    assert linked_invoice_ids([payment(to_invoice("70", "1"), memo), payment(to_invoice("71", "1"))]) == {"70", "71"}


@pytest.mark.parametrize("odd", ["1E+1000000", "-1E+999999999999999999", "1." + "0" * 40 + "1", "0.000001", "1E+13"])
@pytest.mark.parametrize("first", [True, False])
def test_what_cannot_be_kept_is_neither_rounded_nor_added(odd: str, first: bool) -> None:
    lines = [to_invoice("70", odd), to_invoice("70", "5")]
    merged = merge_allocations(payment(*(lines if first else reversed(lines)), to_invoice("71", "40")))
    assert merged[INVOICE, "70"].problem is Reason.AMOUNT_NOT_REPRESENTABLE
    assert merged[INVOICE, "71"] == value("40")
