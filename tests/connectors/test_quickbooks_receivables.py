"""Everything that is open in QuickBooks: read in four calls and proved whole, or not trusted at all."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import simplejson

from connectors.base import Failure, FailureKind, Got
from connectors.quickbooks.reconciled import QuickBooksReconciled
from connectors.quickbooks.reports import CutReport, Report, report_in, shrink
from domain.reconciliation.documents import BooksOpen, DocumentKind
from domain.reconciliation.untrusted import Untrusted, WhyUntrusted
from sandbox.faults import Fault
from tests.connectors.books_support import another_company
from tests.connectors.vendors import REALM, QuickBooks

TODAY = date(2026, 11, 22)


@pytest.fixture
def reconciled(quickbooks: QuickBooks) -> QuickBooksReconciled:
    return QuickBooksReconciled(quickbooks.source._client, "USD")


def opened(reconciled: QuickBooksReconciled, **more: Any) -> BooksOpen:
    result = reconciled.read_open(TODAY, **more)
    assert isinstance(result, Got), result
    return result.value


def untrusted(reconciled: QuickBooksReconciled, **more: Any) -> WhyUntrusted:
    result = reconciled.read_open(TODAY, **more)
    assert isinstance(result, Untrusted), result
    return result.why


def a_full_set_of_books(quickbooks: QuickBooks) -> str:
    invoice = quickbooks.invoice("1250", "1001")
    quickbooks.invoice("50", "1002")
    paid = quickbooks.invoice("20", "1003")
    quickbooks.pay("20", (paid, "20"))
    quickbooks.pay("300", (invoice, "200"), reference="check 7")
    quickbooks.sandbox.add_credit_memo("1", "15", "CM-1")
    quickbooks.sandbox.add_journal_entry("1", "-2.25", "JE-1")
    quickbooks.sandbox.add_bank_deposit("1", "3")
    quickbooks.sandbox.add_customer("Cascade Dental:Annex")
    quickbooks.sandbox.add_invoice("2", "11.50", "1004", invoice_date="2026-09-01")
    return invoice


def test_every_open_document_is_read_once_with_its_balance(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    invoice = a_full_set_of_books(quickbooks)
    quickbooks.sandbox.reset_metered_reads()
    books = opened(reconciled)
    found = sorted((one.kind, one.number, str(one.open_balance)) for one in books.documents)
    assert found == [
        (DocumentKind.CREDIT_MEMO, "CM-1", "-15.00"),
        (DocumentKind.INVOICE, "1001", "1050.00"),
        (DocumentKind.INVOICE, "1002", "50.00"),
        (DocumentKind.INVOICE, "1004", "11.50"),
        (DocumentKind.JOURNAL_ENTRY, "JE-1", "-2.25"),
        (DocumentKind.OTHER, "", "-3.00"),
        (DocumentKind.PAYMENT, "check 7", "-100.00"),
    ]
    one = next(one for one in books.documents if one.entity_id == invoice)
    assert (one.customer_id, one.total, one.currency, one.dated) == ("1", Decimal(1250), "USD", TODAY)
    assert (books.invoices_before, books.invoices_after) == (3, 3)
    assert books.totals == {"USD": Decimal("991.25")}
    assert books.as_of == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert books.evidence.metered_reads == books.evidence.calls == quickbooks.sandbox.metered_reads()[REALM] == 4


def test_the_evidence_has_the_hash_of_each_answer_and_what_was_asked(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    quickbooks.invoice("10", "1001")
    evidence = opened(reconciled).evidence
    assert [one.route for one in evidence.answers] == ["preferences", "query", "AgedReceivableDetail", "query"]
    assert evidence.answers[1] == evidence.answers[3], "the same count, to the byte"
    assert all(len(one.sha256) == len(hashlib.sha256().hexdigest()) and one.size_bytes for one in evidence.answers)
    assert evidence.asked["report"] == "AgedReceivableDetail"
    assert evidence.asked["report_date"] == "2027-11-23"


def test_a_company_without_anything_open_is_a_whole_reading(reconciled: QuickBooksReconciled) -> None:
    books = opened(reconciled)
    assert (books.documents, books.totals, books.invoices_before) == ((), {}, 0)


@pytest.mark.parametrize(
    "switches",
    [
        {"report_version": "v1"},
        {"report_hierarchy": True},
        {"report_hierarchy": True, "report_version": "v1"},
        {"report_amounts": "thousands"},
        {"report_amounts": "short"},
        {"report_column_order": "shuffled"},
        {"report_column_keys": "type", "report_column_order": "shuffled"},
        {"report_column_keys": "absent"},
        {"report_column_keys": "absent", "report_version": "v1"},
        {"report_titles": "french"},
    ],
    ids=str,
)
def test_the_form_of_the_report_makes_no_difference(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled, switches: dict[str, Any]
) -> None:
    a_full_set_of_books(quickbooks)
    before = opened(reconciled)
    quickbooks.sandbox.set_switches(**switches)
    after = opened(reconciled)
    assert set(after.documents) == set(before.documents)
    assert after.totals == before.totals


def test_without_ids_in_the_cells_the_number_is_all_there_is(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    quickbooks.invoice("10", "1001")
    quickbooks.sandbox.set_switches(report_ids="absent")
    (one,) = opened(reconciled).documents
    assert (one.entity_id, one.customer_id, one.number, one.open_balance) == ("", "", "1001", Decimal(10))


def test_an_invoice_that_is_dated_ahead_is_open_too(quickbooks: QuickBooks, reconciled: QuickBooksReconciled) -> None:
    quickbooks.sandbox.add_invoice("1", "10", "1001", invoice_date="2027-05-01")
    assert len(opened(reconciled).documents) == 1


def test_several_currencies_are_added_up_each_for_itself(quickbooks: QuickBooks) -> None:
    realm, books = another_company(quickbooks, currency="USD", country="US", multicurrency=True)
    dollars = quickbooks.sandbox.add_customer("Cascade", realm_id=realm)
    maple = quickbooks.sandbox.add_customer("Maple", "CAD", realm_id=realm)
    quickbooks.sandbox.add_invoice(dollars, "100", "1001", realm_id=realm)
    quickbooks.sandbox.add_invoice(maple, "200", "1002", realm_id=realm)
    opened_books = QuickBooksReconciled(books._client, None).read_open(TODAY)
    assert isinstance(opened_books, Got)
    assert opened_books.value.totals == {"USD": Decimal(100), "CAD": Decimal(200)}


# --- a report that is too long ---


def test_a_report_that_is_cut_is_read_in_parts_and_checked_against_the_summary(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    for number in range(1, 9):
        quickbooks.sandbox.add_invoice("1", number, str(number), invoice_date=f"2026-10-{number:02}")
    quickbooks.sandbox.set_switches(report_cells_max=7 * 5)
    books = opened(reconciled)
    assert sorted(one.number for one in books.documents) == [str(number) for number in range(1, 9)]
    assert [one.route for one in books.evidence.answers].count("AgedReceivables") == 1
    assert books.evidence.metered_reads <= 10


def test_parts_that_do_not_come_to_the_summary_are_not_trusted(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    """What has no due date is in no stretch of due dates."""
    for number in range(1, 9):
        quickbooks.sandbox.add_invoice("1", number, str(number), invoice_date=f"2026-10-{number:02}")
    quickbooks.pay("3")
    quickbooks.sandbox.set_switches(report_due_dates="invoices_only")
    assert len(opened(reconciled).documents) == 9
    quickbooks.sandbox.set_switches(report_cells_max=7 * 6)
    assert untrusted(reconciled) is WhyUntrusted.DOES_NOT_ADD_UP


def test_what_is_due_on_one_day_cannot_be_divided(quickbooks: QuickBooks, reconciled: QuickBooksReconciled) -> None:
    for number in range(6):
        quickbooks.invoice("10", str(number))
    quickbooks.sandbox.set_switches(report_cells_max=14)
    assert untrusted(reconciled) is WhyUntrusted.TRUNCATED


def test_a_reading_keeps_to_its_metered_reads(quickbooks: QuickBooks, reconciled: QuickBooksReconciled) -> None:
    for number in range(1, 31):
        quickbooks.sandbox.add_invoice("1", number, str(number), invoice_date=f"2026-10-{number:02}")
    quickbooks.sandbox.set_switches(report_cells_max=14)
    quickbooks.sandbox.reset_metered_reads()
    assert untrusted(reconciled, reads_max=6) is WhyUntrusted.TOO_MANY_CALLS
    assert quickbooks.sandbox.metered_reads()[REALM] == 6


def test_a_filter_without_effect_is_noticed(quickbooks: QuickBooks, reconciled: QuickBooksReconciled) -> None:
    for number in range(1, 9):
        quickbooks.sandbox.add_invoice("1", number, str(number), invoice_date=f"2026-10-{number:02}")
    quickbooks.sandbox.set_switches(report_cells_max=7 * 5, report_ignores="end_duedate")
    assert untrusted(reconciled) is WhyUntrusted.FILTER_IGNORED


# --- a report that must not be believed ---


@pytest.mark.parametrize(
    ("switches", "why"),
    [
        ({"report_summaries": "last_absent"}, WhyUntrusted.SECTION_WITHOUT_SUMMARY),
        ({"report_negative_rows": "hidden"}, WhyUntrusted.DOES_NOT_ADD_UP),
        ({"report_titles": "french", "report_column_keys": "absent"}, WhyUntrusted.COLUMN_UNKNOWN),
        ({"report_lag_seconds": 60}, WhyUntrusted.COUNT_DIFFERS),
    ],
)
def test_a_report_that_does_not_fit_is_not_trusted(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled, switches: dict[str, Any], why: WhyUntrusted
) -> None:
    a_full_set_of_books(quickbooks)
    quickbooks.sandbox.set_switches(**switches)
    assert untrusted(reconciled) is why


def test_a_report_that_lags_by_a_payment_says_as_of_when_it_is(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    invoice = quickbooks.invoice("100", "1001")
    quickbooks.clock.move(minutes=10)
    quickbooks.pay("30", (invoice, "30"))
    quickbooks.sandbox.set_switches(report_lag_seconds=300)
    books = opened(reconciled)
    assert books.documents[0].open_balance == 100
    assert books.as_of is not None
    assert (books.evidence.read_at - books.as_of).total_seconds() == 300


def test_an_invoice_that_comes_in_between_has_everything_read_once_more(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    quickbooks.invoice("10", "1001")
    during_the_second_exchange(reconciled, lambda: quickbooks.invoice("20", "1002"))
    books = opened(reconciled)
    assert (len(books.documents), books.invoices_before, books.evidence.metered_reads) == (2, 2, 7)


def test_a_company_that_never_holds_still_is_not_trusted(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled
) -> None:
    after_each_exchange(reconciled, lambda: quickbooks.invoice("20"))
    assert untrusted(reconciled) is WhyUntrusted.COUNT_CHANGED


def during_the_second_exchange(reconciled: QuickBooksReconciled, happens: Callable[[], Any]) -> None:
    calls = iter([lambda: None] * 4 + [happens])

    def keep() -> None:
        next(calls, lambda: None)()

    reconciled._client.keep = keep


def after_each_exchange(reconciled: QuickBooksReconciled, happens: Callable[[], Any]) -> None:
    reconciled._client.keep = lambda: happens() and None


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("error", path="/reports/", status=500), FailureKind.UNAVAILABLE),
        (Fault("error", path="/query", status=503), FailureKind.UNAVAILABLE),
        (Fault("garbage", path="/reports/"), FailureKind.UNAVAILABLE),
        (Fault("fault_in_200", path="/reports/"), FailureKind.UNAVAILABLE),
        (Fault("forbidden", path="/reports/"), FailureKind.FORBIDDEN),
        (Fault("throttle", path="/reports/"), FailureKind.THROTTLED),
        (Fault("truncate", path="/reports/"), FailureKind.UNAVAILABLE),
    ],
)
def test_a_bad_day_is_a_failure_as_everywhere(
    quickbooks: QuickBooks, reconciled: QuickBooksReconciled, fault: Fault, kind: FailureKind
) -> None:
    quickbooks.invoice("10", "1001")
    quickbooks.sandbox.faults.add(fault)
    result = reconciled.read_open(TODAY)
    assert isinstance(result, Failure)
    assert result.kind is kind


def test_a_report_that_repeats_our_token_is_none(quickbooks: QuickBooks, reconciled: QuickBooksReconciled) -> None:
    token = quickbooks.keeper.load()["access_token"]
    told = {"Columns": columns("txn_type", "doc_num", "cust_name", "subt_open_bal"), "Rows": {"Row": []}, "Note": token}
    fault = Fault("error", path="/reports/", body=simplejson.dumps(told), status=200)
    quickbooks.sandbox.faults.add(fault)
    assert isinstance(reconciled.read_open(TODAY), Failure)
    del told["Note"]
    quickbooks.sandbox.faults.add(Fault("error", path="/reports/", body=simplejson.dumps(told), status=200))
    assert isinstance(reconciled.read_open(TODAY), Got), "it was the token"


# --- the report's own text ---


def columns(*keys: str) -> dict[str, Any]:
    return {"Column": [{"ColTitle": key, "ColType": key} for key in keys]}


def row(kind: str, balance: str, number: str = "1") -> dict[str, Any]:
    return {"ColData": [{"value": kind, "id": "7"}, {"value": number}, {"value": "Cascade"}, {"value": balance}]}


def read(rows: list[Any], *keys: str) -> Report | CutReport | Untrusted:
    told = {"Columns": columns(*(keys or ("txn_type", "doc_num", "cust_name", "subt_open_bal"))), "Rows": {"Row": rows}}
    return report_in(simplejson.loads(simplejson.dumps(told), object_pairs_hook=shrink), "USD")


def total(balance: str) -> dict[str, Any]:
    return {"Summary": {"ColData": [{"value": "TOTAL"}, {"value": ""}, {"value": ""}, {"value": balance}]}}


@pytest.mark.parametrize(
    ("written", "amount"),
    [("1,250.00", "1250.00"), ("109.1", "109.1"), ("-.50", "-0.50"), ("12", "12"), ("1,234,567.89", "1234567.89")],
)
def test_amounts_are_read_exactly(written: str, amount: str) -> None:
    report = read([row("Invoice", written), total(written)])
    assert isinstance(report, Report)
    assert report.documents[0].open_balance == Decimal(amount)


@pytest.mark.parametrize("written", ["1.250,00", "12,50", "1e5", "1_000", "NaN", "(12.00)", "$12.00", "1,2345", "-"])
def test_what_is_no_amount_is_refused(written: str) -> None:
    report = read([row("Invoice", written), total(written)])
    assert isinstance(report, Untrusted)
    assert report.why is WhyUntrusted.ROW_UNREADABLE


@pytest.mark.parametrize("missing", ["txn_type", "doc_num", "cust_name", "subt_open_bal"])
def test_a_report_without_a_column_that_is_needed_is_refused(missing: str) -> None:
    keys = [key for key in ("txn_type", "doc_num", "cust_name", "subt_open_bal") if key != missing]
    report = read([], *keys)
    assert report == Untrusted(WhyUntrusted.COLUMN_MISSING, missing)


def test_a_column_that_nobody_knows_is_refused() -> None:
    report = read([], "txn_type", "doc_num", "cust_name", "subt_open_bal", "subt_neg_open_bal")
    assert report == Untrusted(WhyUntrusted.COLUMN_UNKNOWN, "subt_neg_open_bal")


def test_rows_without_a_total_are_no_whole_report() -> None:
    report = read([row("Invoice", "10")])
    assert isinstance(report, Untrusted)
    assert report.why is WhyUntrusted.SECTION_WITHOUT_SUMMARY


def test_a_sum_that_is_written_as_a_row_is_not_counted_twice() -> None:
    report = read([row("Invoice", "10"), row("", "10", "Total for Cascade"), total("10")])
    assert isinstance(report, Report)
    assert [one.open_balance for one in report.documents] == [10]


@pytest.mark.parametrize(
    "rows", [[None], ["x"], [{"ColData": 7}], {"ColData": []}, [{"ColData": [{"value": "Invoice"}]}]]
)
def test_rows_that_are_no_rows_are_refused(rows: Any) -> None:
    assert isinstance(read(rows), Untrusted)


def test_a_cell_with_a_terminal_escape_is_cleaned() -> None:
    report = read([row("Invoice", "10", "IN\x1b[31mV\u202e"), total("10")])
    assert isinstance(report, Report)
    assert report.documents[0].number.isprintable()
