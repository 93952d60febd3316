"""The accounting interface: what waits for the books, how a batch takes it, and who is quicker."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import requests
import simplejson

from sandbox.connectwise.control import ConnectWiseControl
from sandbox.control_client import ControlError
from sandbox.faults import Fault

UNPOSTED = "/finance/accounting/unpostedinvoices"
BATCHES = "/finance/accounting/batches"


def read(response):
    assert response.ok, response.text
    return simplejson.loads(response.text, use_decimal=True)


def unposted(api, **params):
    return [one["invoiceNumber"] for one in read(api.get(UNPOSTED, params=params))]


def entries(api, invoice_id):
    return read(api.get(f"/finance/invoices/{invoice_id}/glEntries"))


def ids(api, invoice_id):
    return [entry["id"] for entry in entries(api, invoice_id)]


def batch(api, record_ids, identifier="AP-IINV-1-7f3a"):
    body = {"batchIdentifier": identifier, "exportInvoicesFlag": True, "processedRecordIds": record_ids}
    return api.post(BATCHES, json=body)


def refusal(response):
    assert response.status_code == 400, response.text
    [error] = response.json()["errors"]
    return error["code"], error["field"]


@pytest.fixture
def invoice(connectwise):
    connectwise.add_tax_code("FL", [{"rate": "0.06", "xref": "STATE"}])
    invoice_id = connectwise.add_invoice("INV-1", 0, closed=False, tax_code="FL", invoice_date=date(2026, 11, 20))
    connectwise.add_line(invoice_id, "product", "Firewall", 100, taxable=True, cost=60)
    connectwise.close_invoice(invoice_id)
    return invoice_id


# --- the list of the unposted ---


def test_a_closed_invoice_waits_until_it_is_in_a_batch(api, connectwise, invoice, clock):
    connectwise.add_invoice("INV-2", 5, closed=False)
    connectwise.add_invoice("INV-3", 5, posted=True)
    assert unposted(api) == ["INV-1"]
    assert read(api.get(f"{UNPOSTED}/count")) == {"count": 1}
    [row] = read(api.get(UNPOSTED))
    assert (row["id"], row["billingLogId"], row["invoiceType"]) == (invoice, invoice, "Standard")
    assert (row["total"], row["subTotal"], row["salesTaxAmount"]) == (106, 100, 6)
    assert (row["stateTaxFlag"], row["stateTaxXref"], row["stateTaxAmount"]) == (True, "STATE", 6)
    assert (row["countyTaxFlag"], row["hasProducts"], row["hasTime"]) == (False, True, False)
    assert (row["invoiceDate"], row["dateClosed"]) == ("2026-11-20T00:00:00Z", "2026-11-22T12:00:00Z")
    assert read(api.get(f"{UNPOSTED}/{invoice}")) == row
    assert batch(api, ids(api, invoice)).status_code == 201
    assert unposted(api) == []
    assert api.get(f"{UNPOSTED}/{invoice}").status_code == 404


@pytest.mark.parametrize(
    ("conditions", "numbers"),
    [
        ('invoiceNumber="INV-2"', ["INV-2"]),
        ("invoiceDate>=[2026-11-10]", ["INV-2"]),
        ('company/identifier="Globex" and total>5', ["INV-2"]),
        ('location/name="Tampa"', ["INV-1"]),
        ('invoiceType="CreditMemo"', []),
        ("total<0", []),
    ],
)
def test_the_unposted_are_selected_like_any_list(api, connectwise, conditions, numbers):
    connectwise.add_invoice("INV-1", 5, invoice_date=date(2026, 11, 1), location="Tampa")
    connectwise.add_invoice("INV-2", 7, invoice_date=date(2026, 11, 20), company_identifier="Globex")
    assert unposted(api, conditions=conditions) == numbers
    assert read(api.get(f"{UNPOSTED}/count", params={"conditions": conditions})) == {"count": len(numbers)}


def test_the_unposted_come_in_pages(api, connectwise):
    for number in range(30):
        connectwise.add_invoice(f"INV-{number}", 5)
    first = api.get(UNPOSTED)
    assert len(first.json()) == 25
    assert len(api.get(first.links["next"]["url"]).json()) == 5
    assert unposted(api, pageSize=2, page=2, orderBy="total desc,id desc") == ["INV-27", "INV-26"]


def test_an_unposted_invoice_may_have_an_id_of_its_own(api, connectwise, invoice):
    connectwise.set_switches(unposted_id="own")
    [row] = read(api.get(UNPOSTED))
    assert (row["id"] != invoice, row["billingLogId"]) == (True, invoice)
    assert api.get(f"{UNPOSTED}/{row['id']}").status_code == 200
    assert api.get(f"{UNPOSTED}/{invoice}").status_code == 404


# --- general ledger entries ---


def test_closing_makes_entries_that_add_up_to_nothing(api, connectwise, invoice):
    made = entries(api, invoice)
    assert {(one["type"], one["amount"]) for one in made} == {
        ("AR", 106),
        ("RP", -100),
        ("COGS", 60),
        ("INV", -60),
        ("ST", -6),
    }
    assert sum(one["amount"] for one in made) == 0
    assert {one["isBatched"] for one in made} == {False}
    assert connectwise.invoice(invoice).gl_entry_ids == tuple(one["id"] for one in made)


def test_opening_and_closing_makes_new_entries(api, connectwise, invoice):
    first = ids(api, invoice)
    connectwise.reopen_invoice(invoice)
    assert (ids(api, invoice), unposted(api)) == ([], [])
    connectwise.close_invoice(invoice)
    assert set(ids(api, invoice)).isdisjoint(first)
    assert refusal(batch(api, first)) == ("NotFound", "processedRecordIds")


def test_without_a_mapping_there_are_no_entries_until_it_is_closed_again(api, connectwise):
    invoice_id = connectwise.add_invoice("INV-1", 5, gl_mapped=False)
    assert (ids(api, invoice_id), unposted(api)) == ([], ["INV-1"])
    connectwise.set_switches(unposted_without_entries="exclude")
    assert unposted(api) == []
    connectwise.edit_invoice(invoice_id, gl_mapped=True)
    assert ids(api, invoice_id) == []
    connectwise.reopen_invoice(invoice_id)
    connectwise.close_invoice(invoice_id)
    assert len(ids(api, invoice_id)) == 2
    assert unposted(api) == ["INV-1"]


def test_an_edited_amount_is_booked_anew_but_never_behind_a_batch(api, connectwise):
    invoice_id = connectwise.add_invoice("INV-1", 5)
    connectwise.edit_invoice(invoice_id, total=7)
    assert [one["amount"] for one in entries(api, invoice_id)] == [7, -7]
    connectwise.batch_invoice(invoice_id)
    connectwise.edit_invoice(invoice_id, total=9)
    assert [one["amount"] for one in entries(api, invoice_id)] == [7, -7]


# --- batches ---


def test_a_batch_holds_its_records_and_says_so_everywhere(api, connectwise, invoice):
    made = batch(api, ids(api, invoice))
    assert made.status_code == 201
    assert [one["documentNumber"] for one in made.json()["transactions"]] == ["INV-1"]
    assert {one["isBatched"] for one in entries(api, invoice)} == {True}
    [found] = read(api.get(BATCHES, params={"conditions": 'batchIdentifier="AP-IINV-1-7f3a"'}))
    assert (found["exportInvoicesFlag"], found["closedFlag"]) == (True, False)
    assert read(api.get(f"{BATCHES}/{found['id']}")) == found
    assert read(api.get(f"{BATCHES}/count")) == {"count": 1}
    rows = read(api.get(f"{BATCHES}/{found['id']}/entries"))
    assert [one["id"] for one in rows] == ids(api, invoice)
    assert {one["invoice"]["identifier"] for one in rows} == {"INV-1"}
    assert sum(one["debit"] for one in rows) == sum(one["credit"] for one in rows) == 166
    assert read(api.get(f"/finance/invoices/{invoice}"))["glBatch"] == {"id": found["id"], "name": "AP-IINV-1-7f3a"}
    [truth] = connectwise.batches()
    assert (truth.made_by, truth.invoice_numbers, truth.gl_entry_ids) == ("API1", ("INV-1",), tuple(ids(api, invoice)))


def test_a_deleted_batch_gives_its_records_back(api, connectwise, invoice):
    batch(api, ids(api, invoice))
    [found] = connectwise.batches()
    assert api.delete(f"{BATCHES}/{found.id}").status_code == 204
    assert unposted(api) == ["INV-1"]
    assert {one["isBatched"] for one in entries(api, invoice)} == {False}
    seen = read(api.get(f"/finance/invoices/{invoice}"))
    assert ("glBatch" in seen, seen["unbatchedBatch"]["name"]) == (False, "AP-IINV-1-7f3a")
    assert api.delete(f"{BATCHES}/{found.id}").status_code == 404
    assert api.get(f"{BATCHES}/{found.id}/entries").status_code == 404


def test_an_identifier_is_used_once(api, connectwise, invoice):
    other = connectwise.add_invoice("INV-2", 5)
    batch(api, ids(api, invoice))
    assert refusal(batch(api, ids(api, other))) == ("ObjectExists", "batchIdentifier")
    assert unposted(api) == ["INV-2"]


def test_an_identifier_that_exists_may_take_more_records(api, connectwise, invoice):
    connectwise.set_switches(existing_batch="accept")
    other = connectwise.add_invoice("INV-2", 5)
    batch(api, ids(api, invoice))
    assert batch(api, ids(api, other)).status_code == 201
    [found] = connectwise.batches()
    assert found.invoice_numbers == ("INV-1", "INV-2")


def test_records_that_are_partly_batched_are_rejected_together(api, connectwise, invoice):
    connectwise.batch_invoice(invoice, first_entries=2)
    assert unposted(api) == ["INV-1"]
    assert refusal(batch(api, ids(api, invoice))) == ("InvalidField", "processedRecordIds")
    assert [one["isBatched"] for one in entries(api, invoice)] == [True, True, False, False, False]


def test_the_rest_of_partly_batched_records_may_be_taken(api, connectwise, invoice):
    connectwise.set_switches(partly_batched="take_rest")
    connectwise.batch_invoice(invoice, "M-1", first_entries=2)
    assert batch(api, ids(api, invoice)).status_code == 201
    assert [len(one.gl_entry_ids) for one in connectwise.batches()] == [2, 3]
    assert refusal(batch(api, ids(api, invoice), "another")) == ("InvalidField", "processedRecordIds")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"processedRecordIds": [1]}, ("MissingField", "batchIdentifier")),
        ({"batchIdentifier": " ", "processedRecordIds": [1]}, ("MissingField", "batchIdentifier")),
        ({"batchIdentifier": "B" * 51, "processedRecordIds": [1]}, ("OutOfRange", "batchIdentifier")),
        ({"batchIdentifier": "B"}, ("MissingField", "processedRecordIds")),
        ({"batchIdentifier": "B", "processedRecordIds": []}, ("MissingField", "processedRecordIds")),
        ({"batchIdentifier": "B", "processedRecordIds": ["1"]}, ("InvalidField", "processedRecordIds")),
        ({"batchIdentifier": "B", "processedRecordIds": [77]}, ("NotFound", "processedRecordIds")),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(api, connectwise, invoice, body, expected):
    assert refusal(api.post(BATCHES, json=body)) == expected
    assert connectwise.batches() == []


def test_a_batch_whose_answer_is_lost_was_made_all_the_same(api, connectwise, invoice):
    records = ids(api, invoice)
    connectwise.faults.add(Fault("commit_then_drop", method="POST", path="batches"))
    with pytest.raises(requests.ConnectionError):
        batch(api, records)
    assert refusal(batch(api, records)) == ("ObjectExists", "batchIdentifier")
    assert {one["isBatched"] for one in entries(api, invoice)} == {True}


# --- other people ---


@pytest.mark.parametrize(
    ("after", "look"),
    [
        ("gl_entries", entries),
        ("unposted", lambda api, invoice: unposted(api)),
        ("unposted", lambda api, invoice: api.get(f"{UNPOSTED}/{invoice}")),
        ("export", lambda api, invoice: api.post("/finance/accounting/export", json={"exportInvoicesFlag": True})),
    ],
)
def test_a_second_tool_batches_between_our_look_and_our_write(api, connectwise, invoice, after, look):
    records = list(connectwise.invoice(invoice).gl_entry_ids)
    connectwise.batch_after_next_read(invoice, after)
    assert connectwise.invoice(invoice).batch is None
    look(api, invoice)
    assert connectwise.invoice(invoice).batch == f"IINV-1:{invoice}"
    assert [one.made_by for one in connectwise.batches()] == ["wisesync"]
    assert refusal(batch(api, records)) == ("InvalidField", "processedRecordIds")


def test_a_look_at_another_invoice_does_not_wake_the_second_tool(api, connectwise, invoice):
    other = connectwise.add_invoice("INV-2", 5)
    connectwise.batch_after_next_read(invoice)
    entries(api, other)
    unposted(api)
    assert connectwise.batches() == []


def test_a_person_takes_one_invoice_out_of_a_batch_of_two(api, connectwise, invoice):
    other = connectwise.add_invoice("INV-2", 5)
    for one in (invoice, other):
        connectwise.batch_invoice(one, "M-November")
    connectwise.unbatch_invoice(other)
    assert unposted(api) == ["INV-2"]
    assert [one.invoice_numbers for one in connectwise.batches()] == [("INV-1",)]
    assert connectwise.invoice(other).unbatched == "M-November"


def test_an_invoice_corrected_after_its_copy_waits_again_unless_it_is_rebatched(api, connectwise, invoice, clock):
    records = ids(api, invoice)
    batch(api, records)
    clock.now += timedelta(hours=1)
    connectwise.edit_after_close(invoice, total=90)
    seen = read(api.get(f"/finance/invoices/{invoice}"))
    assert (seen["total"], seen["unbatchedBatch"]["name"], "glBatch" in seen) == (90, "AP-IINV-1-7f3a", False)
    assert set(ids(api, invoice)).isdisjoint(records)
    assert unposted(api) == ["INV-1"]
    connectwise.batch_invoice(invoice)
    connectwise.edit_after_close(invoice, rebatch=True, total=80)
    assert unposted(api) == []
    seen = read(api.get(f"/finance/invoices/{invoice}"))
    assert (seen["total"], seen["glBatch"]["name"], "unbatchedBatch" in seen) == (80, "M-INV-1", False)


def test_everything_can_be_done_from_another_process(api, connectwise):
    with ConnectWiseControl(api.url) as control:
        control.add_tax_code("FL", [{"rate": Decimal("0.06"), "xref": "STATE"}])
        invoice_id = control.add_invoice("INV-1", 0, closed=False, tax_code="FL", department="Projects")
        line_id = control.add_line(invoice_id, "product", "Firewall", "19.99", 3, taxable=True)
        assert line_id == 300
        control.close_invoice(invoice_id)
        truth = control.invoice(invoice_id)
        assert (truth.total, truth.sales_tax, truth.status) == (Decimal("63.57"), Decimal("3.60"), "Closed")
        assert truth == connectwise.invoice(invoice_id)
        batch_id = control.batch_invoice(invoice_id, person="second tool")
        assert control.batches() == connectwise.batches()
        control.unbatch_invoice(invoice_id)
        control.delete_batch(batch_id)
        assert control.batches() == []
        control.reopen_invoice(invoice_id)
        control.set_status(invoice_id, "closed and sent")
        control.batch_after_next_read(invoice_id)
        entries(api, invoice_id)
        control.edit_after_close(invoice_id, rebatch=True, total=5)
        assert (control.invoice(invoice_id).batch, control.invoice(invoice_id).total) == (f"IINV-1:{invoice_id}", 5)
        for attempt in (
            lambda: control.set_status(invoice_id, "Paid"),
            lambda: control.reopen_invoice(invoice_id),
            lambda: control.batch_invoice(invoice_id),
            lambda: control.batch_after_next_read(invoice_id, "sunrise"),
            lambda: control.add_line(invoice_id, "gift", "Cake", 5),
            lambda: control.add_tax_code("LONGERTHAN8"),
            lambda: control.add_tax_code("FL", [{"rate": 0}] * 7),
            lambda: control.add_invoice("INV-2", 5, billing_terms="Net 7"),
            lambda: control.add_invoice("INV-2", 5, tax_code="nowhere"),
        ):
            with pytest.raises(ControlError, match=r": 40[04] "):
                attempt()
        assert control.health()["bugs"] == []
