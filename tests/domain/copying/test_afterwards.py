"""What follows the creation of a copy, one row for each answer."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.copying.afterwards import (
    AddRounding,
    ChangeInvoice,
    Copied,
    DeleteInvoice,
    IsBatched,
    MakeBatch,
    RemoveBatch,
    RemoveOurs,
    judge_booked,
    judge_taking_back,
    judge_update,
)
from domain.copying.booked import BookedInvoice
from domain.copying.drafting import total_of
from domain.copying.reasons import CopyReason
from domain.copying.verdict import HoldCopy, InBooks, NotChosen
from tests.domain.copying.invoices import MARK, TERMS, billed, booked, books, detail, entries, invoice, line

OURS = Copied("b1", ours=True, version=0, corrected=False, mark=MARK)
THEIRS = replace(OURS, ours=False)


def held(verdict: object) -> CopyReason:
    assert isinstance(verdict, HoldCopy), verdict
    return verdict.reason


def test_a_copy_that_agrees_is_marked_with_all_its_entries() -> None:
    verdict = judge_booked(billed(), booked(), books(), TERMS, OURS)
    assert verdict == MakeBatch(frozenset({"0", "1"}))


def test_a_copy_whose_entries_are_all_in_a_batch_needs_none() -> None:
    assert judge_booked(billed(entries=entries(2, batched=2)), booked(), books(), TERMS, OURS) == IsBatched()


@pytest.mark.parametrize("there", [None, booked("0", voided=True)])
def test_a_copy_that_is_gone_is_not_marked(there: BookedInvoice | None) -> None:
    assert held(judge_booked(billed(), there, books(), TERMS, OURS)) is CopyReason.GONE_FROM_BOOKS


def test_a_copy_of_an_invoice_that_was_edited_since_is_not_marked() -> None:
    edited = billed(detail=detail(line("150"), total="150"))
    assert held(judge_booked(edited, booked(), books(), TERMS, OURS)) is CopyReason.CHANGED_MEANWHILE


@pytest.mark.parametrize(
    ("expected", "there", "copied"),
    [
        (RemoveOurs, booked(number="1001"), OURS),
        (HoldCopy, booked(number="1001", version=3), OURS),
        (HoldCopy, booked(number="1001", balance="51"), OURS),
        (HoldCopy, booked(number="1001"), THEIRS),
    ],
)
def test_a_copy_with_another_number_is_not_marked(expected: type, there: BookedInvoice, copied: Copied) -> None:
    assert isinstance(judge_booked(billed(), there, books(), TERMS, copied), expected)


@pytest.mark.parametrize(
    ("expected", "there", "copied"),
    [
        (CopyReason.NUMBER_TAKEN, booked("101"), THEIRS),
        (CopyReason.PAYMENT_APPLIED, booked("101", balance="51"), OURS),
        (CopyReason.CHANGED_IN_BOOKS, booked("101", version=3), OURS),
    ],
)
def test_a_wrong_total_that_is_not_ours_to_correct_is_held(
    expected: CopyReason, there: BookedInvoice, copied: Copied
) -> None:
    assert held(judge_booked(billed(), there, books(), TERMS, copied)) is expected


def test_a_cent_is_made_up_for_by_a_rounding_line() -> None:
    verdict = judge_booked(billed(), booked("100.01"), books(), TERMS, OURS)
    assert isinstance(verdict, AddRounding)
    assert verdict.difference == Decimal("-0.01")
    assert total_of(verdict.draft) == Decimal("99.99")
    assert verdict.draft.customer_id == "c1"


@pytest.mark.parametrize(
    ("there", "copied"),
    [(booked("101"), OURS), (booked("100.01"), replace(OURS, corrected=True))],
    ids=["beyond the limit", "corrected once already"],
)
def test_what_cannot_be_made_right_does_not_stay(there: BookedInvoice, copied: Copied) -> None:
    verdict = judge_booked(billed(), there, books(), TERMS, copied)
    assert isinstance(verdict, RemoveOurs)
    assert verdict.reason is CopyReason.TOTALS_DIFFER
    assert "100.00 USD due" in verdict.detail


def test_two_rounding_lines_together_stay_within_the_limit() -> None:
    """The lines leave out four cents already, and the books are off by four more."""
    one = billed(invoice=invoice("100.04"), detail=detail(line("100"), total="100.04"))
    verdict = judge_booked(one, booked("100.00"), books(), TERMS, OURS)
    assert isinstance(verdict, RemoveOurs)


# --- taking back ---


@pytest.mark.parametrize(
    ("copied", "there"),
    [(None, None), (OURS, None), (THEIRS, booked())],
    ids=["only marked", "deleted by a person", "was there before"],
)
def test_where_nothing_of_ours_is_in_the_books_only_the_batch_goes(
    copied: Copied | None, there: BookedInvoice | None
) -> None:
    assert judge_taking_back(copied, there) == RemoveBatch()


def test_a_copy_that_others_have_marked_stays_because_nobody_would_miss_it() -> None:
    verdict = judge_taking_back(replace(OURS, batched_elsewhere=True), booked())
    assert held(verdict) is CopyReason.BATCHED_ELSEWHERE


def test_our_copy_is_deleted_as_we_left_it() -> None:
    assert judge_taking_back(OURS, booked()) == DeleteInvoice(booked())


@pytest.mark.parametrize(
    ("expected", "there"),
    [(CopyReason.PAYMENT_APPLIED, booked(balance="60")), (CopyReason.CHANGED_IN_BOOKS, booked(version=1))],
)
def test_a_copy_with_money_on_it_or_a_persons_change_stays(expected: CopyReason, there: BookedInvoice) -> None:
    assert held(judge_taking_back(OURS, there)) is expected


# --- updating ---


def test_the_copy_is_set_to_what_the_biller_says_now() -> None:
    one = billed(invoice=invoice("150"), detail=detail(line("150"), total="150"))
    verdict = judge_update(one, booked(), books(booked()), TERMS, OURS)
    assert isinstance(verdict, ChangeInvoice)
    assert total_of(verdict.draft) == Decimal(150)


@pytest.mark.parametrize(
    ("expected", "there", "in_books", "copied"),
    [
        (CopyReason.GONE_FROM_BOOKS, None, books(), OURS),
        (CopyReason.NOT_OUR_COPY, booked(), books(), THEIRS),
        (CopyReason.PAYMENT_APPLIED, booked(balance="1"), books(), OURS),
        (CopyReason.CHANGED_IN_BOOKS, booked(version=2), books(), OURS),
        (CopyReason.CUSTOMER_NOT_LINKED, booked(), books(customer=NotChosen()), OURS),
        (CopyReason.NUMBER_TAKEN, booked(), books(booked(), booked(external_id="b2")), OURS),
    ],
)
def test_what_stands_against_an_update(
    expected: CopyReason, there: BookedInvoice | None, in_books: InBooks, copied: Copied
) -> None:
    assert held(judge_update(billed(), there, in_books, TERMS, copied)) is expected
