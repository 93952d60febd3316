"""The receivables reports, compared with the books that they are computed from."""

from decimal import Decimal

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.quickbooks.support import books, calling, code

DAY = "2027-06-30"


def report(api, name="AgedReceivableDetail", **parameters):
    response = api.get(f"reports/{name}", report_date=DAY, **parameters)
    assert response.status_code == 200, response.text
    return simplejson.loads(response.text)


def titles(told):
    return [column["ColTitle"] for column in told["Columns"]["Column"]]


def data_rows(told):
    """The cells of every single row, at any depth."""
    found, waiting = [], [*told["Rows"].get("Row", [])]
    while waiting:
        row = waiting.pop(0)
        waiting += row.get("Rows", {}).get("Row", [])
        if "ColData" in row:
            found.append(row["ColData"])
    return found


def by_kind(told, place=-1):
    return sorted((row[1]["value"], row[place]["value"]) for row in data_rows(told))


def grand_total(told):
    return told["Rows"]["Row"][-1]["Summary"]["ColData"][-1]["value"]


def a_full_set_of_books(sandbox):
    invoice = sandbox.add_invoice("1", "1250", "1001")
    sandbox.add_invoice("1", "40", "1002", deposit="10")
    paid = sandbox.add_invoice("1", "20", "1003")
    sandbox.record_payment("1", "20", [(paid, "20")])
    sandbox.record_payment("1", "300", [(invoice, "200")], reference="check 7")
    sandbox.add_credit_memo("1", "15", "CM-1")
    sandbox.add_journal_entry("1", "7.50", "JE-1")
    sandbox.add_journal_entry("1", "-2.25", "JE-2")
    sandbox.add_bank_deposit("1", "3")


def test_every_kind_of_document_that_is_open_has_a_row(sandbox, api):
    a_full_set_of_books(sandbox)
    told = report(api)
    assert by_kind(told) == [
        ("Credit Memo", "-15.00"),
        ("Deposit", "-3.00"),
        ("Invoice", "1050.00"),
        ("Invoice", "30.00"),
        ("Journal Entry", "-2.25"),
        ("Journal Entry", "7.50"),
        ("Payment", "-100.00"),
    ]
    assert grand_total(told) == "967.25"


@pytest.mark.parametrize(
    "name", ["AgedReceivableDetail", "AgedReceivables", "CustomerBalanceDetail", "CustomerBalance"]
)
def test_all_reports_have_the_same_total(sandbox, api, name):
    a_full_set_of_books(sandbox)
    sandbox.add_customer("Red Rock Diner:Annex")
    sandbox.add_invoice("2", "11", "1004")
    assert grand_total(report(api, name)) == "978.25"


def test_a_parent_with_documents_of_its_own_holds_those_of_its_sub_customers(sandbox, api):
    sandbox.add_customer("Red Rock Diner:Annex")
    sandbox.add_invoice("1", "100", "1001")
    sandbox.add_invoice("2", "11", "1002")
    (parent, _) = report(api, "CustomerBalanceDetail")["Rows"]["Row"]
    assert parent["Header"]["ColData"][0] == {"value": "Red Rock Diner", "id": "1"}
    assert parent["Summary"]["ColData"][-1]["value"] == "111.00"
    own, child = sorted(parent["Rows"]["Row"], key=lambda row: "Rows" in row)
    assert own["ColData"][-1]["value"] == "100.00"
    assert child["Summary"]["ColData"][0]["value"] == "Total for Annex"
    sandbox.set_switches(report_hierarchy=True)
    aged = report(api)["Rows"]["Row"][0]
    assert aged["Rows"]["Row"][0]["Header"]["ColData"][0]["value"] == "Red Rock Diner"


def test_the_modernized_form_and_the_one_before(sandbox, api):
    a_full_set_of_books(sandbox)
    response = api.get("reports/AgedReceivableDetail", report_date=DAY)
    assert response.headers["v3modernResponse"] == "true"
    told = simplejson.loads(response.text)
    assert titles(told)[0] == "Transaction date"
    assert told["Header"]["EndPeriod"] == DAY
    orders = {simplejson.dumps(data_rows(report(api))) for _ in range(6)}
    assert len(orders) > 1
    sandbox.set_switches(report_version="v1")
    response = api.get("reports/AgedReceivableDetail", report_date=DAY)
    assert "v3modernResponse" not in response.headers
    assert titles(simplejson.loads(response.text))[0] == "Date"
    assert len({simplejson.dumps(data_rows(report(api))) for _ in range(6)}) == 1


def test_paid_documents_are_shown_on_request_and_zero_is_written_in_two_ways(sandbox, api):
    a_full_set_of_books(sandbox)
    assert ("Invoice", "") in by_kind(report(api, "CustomerBalanceDetail", arpaid="All"))
    sandbox.set_switches(report_version="v1")
    assert ("Invoice", "0.00") in by_kind_of_named(report(api, "CustomerBalanceDetail", arpaid="All"))
    assert code(api.get("reports/CustomerBalanceDetail", arpaid="Some")) == "4000"


def by_kind_of_named(told):
    """Without the rows that only repeat a heading, as the old form has them."""
    return [(row[1]["value"], row[-1]["value"]) for row in data_rows(told) if row[1]["value"]]


def test_columns_are_chosen_by_key_and_may_come_in_any_order(sandbox, api):
    sandbox.add_invoice("1", "10", "1001")
    told = report(api, columns="subt_open_bal,doc_num")
    assert [cell["value"] for cell in data_rows(told)[0]] == ["10.00", "1001"]
    assert told["Columns"]["Column"][0]["MetaData"] == [{"Name": "ColKey", "Value": "subt_open_bal"}]
    sandbox.set_switches(report_column_order="shuffled", report_column_keys="type", report_titles="french")
    orders = {tuple(column["ColType"] for column in report(api)["Columns"]["Column"]) for _ in range(9)}
    assert len(orders) > 1
    assert "Client" in titles(report(api))
    assert code(api.get("reports/AgedReceivableDetail", columns="no_such")) == "4000"


def test_a_report_that_is_too_long_ends_without_an_error_and_without_its_totals(sandbox, api):
    for number in range(5):
        sandbox.add_invoice("1", "10", str(number))
    sandbox.set_switches(report_cells_max=3 * 7)
    told = report(api)
    rows = data_rows(told)
    assert len(rows) == 4
    assert rows[-1][0]["value"] == "Unable to display more data. Please reduce the date range."
    assert "Summary" not in simplejson.dumps(told)


def test_filters_by_customer_and_due_date_and_one_that_is_ignored(sandbox, api):
    sandbox.add_customer("Annex")
    sandbox.add_invoice("1", "10", "1001", invoice_date="2026-11-01")
    sandbox.add_invoice("2", "20", "1002", invoice_date="2026-11-11")
    assert by_kind(report(api, customer="2")) == [("Invoice", "20.00")]
    assert by_kind(report(api, start_duedate="2026-12-02")) == [("Invoice", "20.00")]
    assert by_kind(report(api, end_duedate="2026-12-01")) == [("Invoice", "10.00")]
    sandbox.set_switches(report_ignores="customer")
    assert len(data_rows(report(api, customer="2"))) == 2


def test_many_columns_time_out_and_names_are_case_sensitive(sandbox, api):
    many = "memo,create_by,last_mod_by,dept_name,past_due,term_name,sales_rep,ship_via,ship_date,tracking_num,bill_addr"
    more = "ship_addr,cust_phone,cust_email,cust_msg,custom1,custom2,custom3,sent_state,is_cleared,olb_status,po_num"
    response = api.get("reports/AgedReceivableDetail", columns=f"{many},{more},tx_date,txn_type,doc_num")
    assert response.status_code == 504
    assert code(api.get("reports/agedreceivabledetail")) == "4000"


def test_a_report_may_be_older_than_the_entities(sandbox, api):
    invoice = sandbox.add_invoice("1", "100", "1001")
    sandbox.clock.advance(600)
    sandbox.record_payment("1", "30", [(invoice, "30")])
    sandbox.add_invoice("1", "50", "1002")
    sandbox.set_switches(report_lag_seconds=300)
    told = report(api)
    assert by_kind(told) == [("Invoice", "100.00")]
    assert told["Header"]["Time"] == "2026-11-20T10:05:00.123-08:00"
    sandbox.clock.advance(301)
    assert by_kind(report(api)) == [("Invoice", "50.00"), ("Invoice", "70.00")]


def test_a_report_knows_nothing_that_is_dated_after_its_day(sandbox, api):
    invoice = sandbox.add_invoice("1", "100", "1001", invoice_date="2026-11-01")
    sandbox.record_payment("1", "30", [(invoice, "30")], payment_date="2026-11-10")
    response = api.get("reports/AgedReceivableDetail", report_date="2026-11-05")
    assert by_kind(simplejson.loads(response.text)) == [("Invoice", "100.00")]


def test_ids_amounts_and_negative_rows_by_their_switches(sandbox, api):
    a_full_set_of_books(sandbox)
    sandbox.set_switches(report_ids="absent", report_amounts="thousands", report_negative_rows="hidden")
    told = report(api)
    assert '"id"' not in simplejson.dumps(told)
    assert ("Invoice", "1,050.00") in by_kind(told)
    assert not any(value.startswith("-") for _, value in by_kind(told))
    assert grand_total(told) == "967.25"
    sandbox.set_switches(report_amounts="short")
    assert ("Invoice", "1050") in by_kind(report(api))


def test_a_company_with_several_currencies_has_columns_of_its_own():
    sandbox = books(multicurrency=True)
    sandbox.add_customer("Maple", "CAD")
    sandbox.add_invoice("2", "100", "1001")
    with calling(sandbox) as api:
        asked = "doc_num,subt_open_bal,currency,exch_rate,foreign_amount,foreign_open_bal"
        (row,) = data_rows(report(api, columns=asked))
        assert [cell["value"] for cell in row] == ["1001", "108.50", "CAD", "1.085", "100.00", "100.00"]


def test_a_report_is_one_metered_read(sandbox, api):
    sandbox.reset_metered_reads()
    report(api)
    assert list(sandbox.metered_reads().values()) == [1]


def test_journal_entries_and_deposits_can_be_queried_and_come_with_change_data_capture(sandbox, api):
    since = sandbox.clock.at.replace(microsecond=0)
    entry, deposit = sandbox.add_journal_entry("1", "-5", "JE-1"), sandbox.add_bank_deposit("1", "3")
    (found,) = api.found("SELECT * FROM JournalEntry WHERE DocNumber = 'JE-1'", "JournalEntry")
    assert found["Id"] == entry
    assert found["Line"][0]["JournalEntryLineDetail"]["PostingType"] == "Credit"
    changes = api.changes(since, "JournalEntry,Deposit")
    assert [one["Id"] for one in changes["JournalEntry"] + changes["Deposit"]] == [entry, deposit]


def test_a_payment_that_settles_a_journal_entry_closes_it(sandbox, api):
    entry = sandbox.add_journal_entry("1", "50", "JE-1")
    sandbox.record_payment("1", "50", [{"amount": "50", "links": [{"type": "JournalEntry", "id": entry}]}])
    assert data_rows(report(api)) == []


AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(5000), places=2)


@settings(max_examples=25, deadline=None)
@given(
    invoices=st.lists(st.tuples(AMOUNTS, st.decimals(0, 1, places=1), st.sampled_from("123")), max_size=8),
    memos=st.lists(AMOUNTS, max_size=3),
    version=st.sampled_from(["v1", "v2"]),
    nested=st.booleans(),
)
def test_whatever_the_books_hold_the_rows_are_the_entities_and_add_up(invoices, memos, version, nested):
    sandbox = books(report_version=version, report_hierarchy=nested)
    sandbox.add_customer("Red Rock Diner:Annex")
    sandbox.add_customer("Maple")
    for number, (total, part, customer) in enumerate(invoices):
        made = sandbox.add_invoice(customer, total, f"N{number}")
        paid = (total * part).quantize(Decimal("0.01"))
        if paid:
            sandbox.record_payment(customer, paid + 1, [(made, paid)])
    for total in memos:
        sandbox.add_credit_memo("1", total)
    with calling(sandbox) as api:
        told = report(api)
        rows = [row for row in data_rows(told) if row[1]["value"]]
        counted = api.query("SELECT COUNT(*) FROM Invoice WHERE Balance > '0'").json()["QueryResponse"]["totalCount"]
        open_ids = {one["Id"] for one in api.found("SELECT * FROM Invoice WHERE Balance > '0'", "Invoice")}
    shown = {row[1]["id"] for row in rows if row[1]["value"] == "Invoice"}
    assert (shown, len(shown)) == (open_ids, counted)
    total = sum((Decimal(row[-1]["value"] or 0) for row in rows), Decimal(0))
    assert total == Decimal(grand_total(told) or 0) if told["Rows"] else total == 0
