"""Shall an invoice be created in the books? Every answer, one row each, and the order of the questions."""

from dataclasses import replace
from datetime import date

import pytest

from domain.copying.billed import InvoiceKind, LineKind
from domain.copying.booked import NamedParty
from domain.copying.reasons import CopyReason
from domain.copying.terms import CopyTerms
from domain.copying.verdict import (
    Billed,
    CreateCustomer,
    CreateInvoice,
    HoldCopy,
    InBooks,
    Linked,
    NotChosen,
    TakeAsCopy,
    ToBeCreated,
    batch_name,
    is_ours,
    judge_copy,
    mark_of,
)
from tests.domain.copying.invoices import (
    CUSTOMER,
    MARK,
    RULES,
    TERMS,
    VENDOR,
    billed,
    booked,
    books,
    detail,
    entries,
    invoice,
    line,
)


def reason(one: Billed, there: InBooks, terms: CopyTerms = TERMS) -> CopyReason:
    verdict = judge_copy(one, there, terms, MARK)
    assert isinstance(verdict, HoldCopy), verdict
    return verdict.reason


def test_an_invoice_that_nothing_stands_against_is_created_for_its_customer() -> None:
    verdict = judge_copy(billed(), books(), TERMS, MARK)
    assert isinstance(verdict, CreateInvoice)
    assert (verdict.draft.number, verdict.draft.customer_id, verdict.draft.note) == ("INV-1", "c1", MARK)


@pytest.mark.parametrize(
    ("expected", "one", "there", "terms"),
    [
        ("no_custom_numbers", billed(), books(rules=replace(RULES, custom_numbers=False)), TERMS),
        ("credit_memo_not_copied", billed(invoice=invoice(kind=InvoiceKind.CREDIT_MEMO)), books(), TERMS),
        ("down_payment_not_copied", billed(invoice=invoice(kind=InvoiceKind.DOWN_PAYMENT)), books(), TERMS),
        ("kind_not_copied", billed(invoice=invoice(kind=InvoiceKind.OTHER)), books(), TERMS),
        ("negative_total", billed(invoice=invoice("-1")), books(), TERMS),
        ("zero_total", billed(invoice=invoice("0")), books(), TERMS),
        ("invoice_date_missing", billed(invoice=invoice(issued_on=None)), books(), TERMS),
        ("before_start", billed(), books(), replace(TERMS, start_on=date(2026, 11, 21))),
        ("period_closed", billed(), books(rules=replace(RULES, closed_on=date(2026, 11, 20))), TERMS),
        ("number_unusable", billed(invoice=invoice(number="N" * 22)), books(), TERMS),
        ("invoice_currency_unknown", billed(invoice=invoice(currency=None)), books(), TERMS),
        ("currency_not_kept", billed(invoice=invoice(currency="CAD")), books(), TERMS),
        ("no_ledger_entries", billed(entries=()), books(), TERMS),
        ("batched_elsewhere", billed(entries=entries(2, batched=2)), books(), TERMS),
        ("batched_elsewhere", billed(entries=entries(2, batched=1)), books(), TERMS),
        ("customer_not_linked", billed(), books(customer=NotChosen()), TERMS),
        ("customer_not_linked", billed(), books(customer=NotChosen(CUSTOMER)), TERMS),
        ("customer_name_taken", billed(), books(customer=NotChosen(VENDOR)), TERMS),
        ("customer_name_taken", billed(), books(customer=ToBeCreated("Cascade Dental", VENDOR)), TERMS),
        (
            "customer_name_taken",
            billed(),
            books(customer=ToBeCreated("Cascade Dental", replace(CUSTOMER, active=False))),
            TERMS,
        ),
        ("customer_gone", billed(), books(customer=Linked("c1", None)), TERMS),
        ("customer_gone", billed(), books(customer=Linked("c1", replace(CUSTOMER, active=False))), TERMS),
        ("customer_currency", billed(), books(customer=Linked("c1", NamedParty("c1", "C", currency="CAD"))), TERMS),
        ("number_taken", billed(), books(booked("99")), TERMS),
        ("number_taken", billed(), books(booked(customer_id="c2")), TERMS),
        ("number_taken", billed(), books(booked(issued_on=date(2026, 11, 1))), TERMS),
        ("number_taken", billed(), books(booked(currency="CAD")), TERMS),
        ("number_taken", billed(), books(booked("0", voided=True)), TERMS),
        ("number_taken", billed(), books(booked(), claimed=frozenset({"b1"})), TERMS),
        ("number_taken", billed(), books(booked()), replace(TERMS, adopt=False)),
        ("several_with_number", billed(), books(booked(), booked(external_id="b2")), TERMS),
        ("lines_unreadable", billed(detail=None), books(), TERMS),
        ("changed_meanwhile", billed(detail=detail(total="120")), books(), TERMS),
        ("changed_meanwhile", billed(detail=detail(number="INV-2")), books(), TERMS),
        ("item_not_chosen", billed(), books(), replace(TERMS, items={})),
        ("lines_differ", billed(detail=detail(line("99"))), books(), TERMS),
    ],
)
def test_what_stands_against_a_copy(expected: str, one: Billed, there: InBooks, terms: CopyTerms) -> None:
    assert reason(one, there, terms) == expected


@pytest.mark.parametrize("note", [MARK, f"{MARK}\nThank you", f"{MARK} Thank you", f"Called. {MARK}"])
def test_the_mark_is_found_however_the_note_comes_back(note: str) -> None:
    """Texts of the books are read as one line, and people write notes as well."""
    assert is_ours(booked(note=note), MARK)


def test_a_copy_of_ours_is_found_again_by_its_mark_whatever_else_is_the_case() -> None:
    """Its answer was lost. Even if the settings have changed since, there must not be a second one."""
    ours = booked("99", note=f"Thank you\n{MARK}")
    there = books(ours, rules=replace(RULES, custom_numbers=False), customer=NotChosen())
    assert judge_copy(billed(entries=entries(2, batched=2)), there, TERMS, MARK) == TakeAsCopy(ours, ours=True)


def test_the_mark_of_another_try_is_not_ours() -> None:
    other = booked("99", note=mark_of("a1b2c3", 11))
    assert reason(billed(), books(other)) is CopyReason.NUMBER_TAKEN


def test_an_identical_invoice_of_somebody_else_is_taken_for_the_copy_and_not_called_ours() -> None:
    there = booked()
    assert judge_copy(billed(), books(there), TERMS, MARK) == TakeAsCopy(there, ours=False)


def test_a_customer_that_is_to_be_created_comes_first() -> None:
    verdict = judge_copy(billed(), books(customer=ToBeCreated("Fresh Bakery")), TERMS, MARK)
    assert isinstance(verdict, CreateCustomer)
    assert (verdict.name, verdict.currency) == ("Fresh Bakery", None)


def test_books_of_many_currencies_get_a_customer_in_the_invoices_currency() -> None:
    rules = replace(RULES, many_currencies=True)
    there = books(rules=rules, customer=ToBeCreated("Fresh Bakery"))
    one = billed(invoice=invoice(currency="CAD"), detail=detail(currency="CAD"))
    verdict = judge_copy(one, there, TERMS, MARK)
    assert isinstance(verdict, CreateCustomer)
    assert verdict.currency == "CAD"


def test_no_customer_is_created_for_an_invoice_that_cannot_be_copied() -> None:
    there = books(customer=ToBeCreated("Fresh Bakery"))
    assert reason(billed(), there, replace(TERMS, items={})) is CopyReason.ITEM_NOT_CHOSEN


def test_an_invoice_of_nothing_is_copied_where_the_partner_wants_it() -> None:
    one = billed(invoice=invoice("0"), detail=detail(line("0"), total="0"))
    verdict = judge_copy(one, books(), replace(TERMS, zero_totals=True), MARK)
    assert isinstance(verdict, CreateInvoice)


def test_the_name_of_a_batch_can_be_asked_for_and_is_short_enough() -> None:
    name = batch_name("EPS12345", 'IN"V ⁂ ' + "9" * 40, "a1b2c3d4e5f6", 99, 12, None)
    assert len(name) <= 50
    assert '"' not in name
    assert name.isascii()


def test_a_batch_keeps_its_name_when_the_prefix_changes_meanwhile() -> None:
    name = batch_name("EPS", "INV-1", "a1b2c3d4e5f6", 1, 1, None)
    assert batch_name("MSP", "INV-1", "a1b2c3d4e5f6", 1, 1, name) == name
    assert batch_name("MSP", "INV-1", "a1b2c3d4e5f6", 1, 2, name) != name


def test_each_kind_of_line_is_booked_to_its_own_item() -> None:
    lines = [line("10", kind) for kind in (LineKind.SERVICE, LineKind.PRODUCT, LineKind.EXPENSE, LineKind.AGREEMENT)]
    verdict = judge_copy(billed(invoice=invoice("40"), detail=detail(*lines, total="40")), books(), TERMS, MARK)
    assert isinstance(verdict, CreateInvoice)
    assert [one.item_id for one in verdict.draft.lines] == [
        "item-service",
        "item-product",
        "item-expense",
        "item-agreement",
    ]
