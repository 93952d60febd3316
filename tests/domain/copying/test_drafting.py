"""A draft comes to the biller's total to the cent, or there is none, with the reason."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.copying.billed import BilledLine, LineKind
from domain.copying.booked import DraftInvoice, TaxMode
from domain.copying.drafting import LINES_MAX, NoDraft, Source, draft_of, total_of
from domain.copying.reasons import CopyReason
from domain.copying.terms import CopyTerms, LineDetail, TaxAs
from tests.domain.copying.invoices import DAY, MARK, RULES, TERMS, detail, invoice, line


def draft(
    *lines: BilledLine,
    total: str,
    tax: str = "0",
    terms: CopyTerms = TERMS,
    tax_mode: TaxMode = TaxMode.AUTOMATED,
    currency: str = "USD",
) -> DraftInvoice | NoDraft:
    rules = replace(RULES, tax_mode=tax_mode)
    whole = detail(*lines, total=total, tax=tax, memo="Thank you")
    return draft_of(Source(invoice(total, tax), whole, rules, "c1", DAY, currency, MARK), terms)


def reason(result: DraftInvoice | NoDraft) -> CopyReason:
    assert isinstance(result, NoDraft), result
    return result.reason


def test_the_note_begins_with_our_mark_so_that_a_long_text_of_the_biller_does_not_cut_it_off() -> None:
    result = draft(line("100"), total="100")
    assert isinstance(result, DraftInvoice)
    assert result.note == f"{MARK}\nThank you"


@pytest.mark.parametrize(
    ("tax_mode", "codes", "tax"),
    [
        (TaxMode.NONE, ["", "", ""], None),
        (TaxMode.CODES, ["TAX", "NON"], "8.25"),
        (TaxMode.AUTOMATED, ["TAX", "NON"], "8.25"),
        (TaxMode.EVERY_LINE, ["t1", "t0"], "8.25"),
    ],
)
def test_the_tax_goes_where_the_books_have_a_place_for_it(tax_mode: TaxMode, codes: list[str], tax: str | None) -> None:
    terms = replace(TERMS, taxable_code_id="t1", exempt_code_id="t0", tax_item_id="tax-item")
    lines = (line("100", taxable=True), line("50"))
    result = draft(*lines, total="158.25", tax="8.25", terms=terms, tax_mode=tax_mode)
    assert isinstance(result, DraftInvoice)
    assert [one.tax_code_id for one in result.lines] == codes
    assert result.tax == (None if tax is None else Decimal(tax))
    assert total_of(result) == Decimal("158.25")


def test_the_tax_as_a_line_leaves_all_lines_without_tax() -> None:
    terms = replace(TERMS, tax_as=TaxAs.LINE, tax_item_id="tax-item")
    result = draft(line("100", taxable=True), total="108.25", tax="8.25", terms=terms)
    assert isinstance(result, DraftInvoice)
    assert [(one.item_id, one.tax_code_id) for one in result.lines] == [("item-service", "NON"), ("tax-item", "NON")]
    assert result.tax is None


def test_each_of_the_billers_tax_codes_may_have_its_own_in_the_books() -> None:
    terms = replace(TERMS, taxable_code_id="t1", exempt_code_id="t0", tax_codes={"GST": "t5"})
    lines = (line("100", taxable=True, tax_code="GST"), line("50", taxable=True, tax_code="PST"))
    result = draft(*lines, total="150", terms=terms, tax_mode=TaxMode.EVERY_LINE)
    assert isinstance(result, DraftInvoice)
    assert [one.tax_code_id for one in result.lines] == ["t5", "t1"]


@pytest.mark.parametrize(
    ("terms", "tax_mode"),
    [
        (TERMS, TaxMode.EVERY_LINE),
        (TERMS, TaxMode.NONE),
        (replace(TERMS, tax_as=TaxAs.LINE), TaxMode.AUTOMATED),
    ],
)
def test_a_tax_without_a_place_that_somebody_chose_is_held(terms: CopyTerms, tax_mode: TaxMode) -> None:
    result = draft(line("100", taxable=True), total="108.25", tax="8.25", terms=terms, tax_mode=tax_mode)
    assert reason(result) is CopyReason.TAX_NOT_CHOSEN


def test_totals_only_make_one_line_for_each_kind() -> None:
    lines = (line("10"), line("20"), line("5", LineKind.PRODUCT))
    result = draft(*lines, total="35", terms=replace(TERMS, line_detail=LineDetail.TOTALS))
    assert isinstance(result, DraftInvoice)
    assert [(one.description, one.amount) for one in result.lines] == [
        ("Services", Decimal(30)),
        ("Products", Decimal(5)),
    ]


@pytest.mark.parametrize(("missing", "expected"), [("0.05", True), ("-0.05", True), ("0.06", False), ("0.004", False)])
def test_what_the_lines_leave_out_is_a_rounding_line_within_the_limit(missing: str, expected: bool) -> None:
    result = draft(line("100"), total=str(Decimal(100) + Decimal(missing)))
    assert isinstance(result, DraftInvoice) == expected
    if isinstance(result, DraftInvoice):
        assert (result.lines[-1].item_id, result.lines[-1].amount) == ("item-adjustment", Decimal(missing))


def test_no_rounding_line_without_an_item_for_it() -> None:
    items = {kind: item for kind, item in TERMS.items.items() if kind is not LineKind.ADJUSTMENT}
    assert reason(draft(line("100"), total="100.01", terms=replace(TERMS, items=items))) is CopyReason.LINES_DIFFER


def test_thirds_of_a_cent_are_carried_from_line_to_line() -> None:
    lines = [line("33.333333")] * 3
    result = draft(*lines, total="100", terms=replace(TERMS, rounding_max=Decimal("0.01")))
    assert isinstance(result, DraftInvoice)
    assert total_of(result) == Decimal(100)
    assert all(one.amount == round(one.amount, 2) for one in result.lines)


def test_a_currency_without_cents_gets_none() -> None:
    result = draft(line("100.6"), line("99.4"), total="200", currency="JPY")
    assert isinstance(result, DraftInvoice)
    assert [one.amount for one in result.lines] == [Decimal(101), Decimal(99)]


def test_more_lines_than_the_books_take_are_held() -> None:
    result = draft(*[line("1")] * (LINES_MAX + 1), total=str(LINES_MAX + 1))
    assert reason(result) is CopyReason.TOO_MANY_LINES


AMOUNTS = st.decimals(min_value="-1000", max_value="1000", places=5)
LINES = st.builds(
    lambda amount, kind, taxable: line(str(amount), kind, taxable=taxable),
    AMOUNTS,
    st.sampled_from(LineKind),
    st.booleans(),
)


@given(
    lines=st.lists(LINES, min_size=1, max_size=12),
    tax=st.decimals(min_value="0", max_value="100", places=2),
    off=st.decimals(min_value="-0.10", max_value="0.10", places=2),
    detail_of=st.sampled_from(LineDetail),
    tax_as=st.sampled_from(TaxAs),
    tax_mode=st.sampled_from(TaxMode),
)
def test_a_draft_comes_to_the_total_to_the_cent_or_there_is_none(
    lines: list[BilledLine], tax: Decimal, off: Decimal, detail_of: LineDetail, tax_as: TaxAs, tax_mode: TaxMode
) -> None:
    terms = replace(
        TERMS, line_detail=detail_of, tax_as=tax_as, tax_item_id="t", taxable_code_id="t1", exempt_code_id="t0"
    )
    total = round(sum((one.amount for one in lines), tax), 2) + off
    result = draft(*lines, total=str(total), tax=str(tax), terms=terms, tax_mode=tax_mode)
    if isinstance(result, DraftInvoice):
        assert total_of(result) == total
        assert all(one.item_id for one in result.lines)
        assert all(one.amount == round(one.amount, 2) for one in result.lines)
    else:
        assert result.reason is CopyReason.LINES_DIFFER
