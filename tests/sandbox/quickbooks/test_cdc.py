"""Change data capture over HTTP."""

from datetime import timedelta

import pytest

from tests.sandbox.quickbooks.support import REALM, code, decimals


def ids(records):
    return [record["Id"] for record in records]


def recorded(sandbox, count, seconds=10):
    """Payments of 1, 2, 3 ... so many seconds apart."""
    made = []
    for number in range(1, count + 1):
        made.append(sandbox.record_payment("1", number, reference=f"R{number}", payment_date=f"2026-11-{number:02}"))
        sandbox.clock.advance(seconds)
    return made


def test_cdc_tells_creates_updates_voids_and_deletes(sandbox, api):
    kept, edited, voided, deleted = recorded(sandbox, 4)
    since = sandbox.clock.at
    sandbox.clock.advance(60)
    sandbox.delete_payment(deleted)
    sandbox.edit_payment(edited, note="x")
    sandbox.clock.advance(60)
    sandbox.void_payment(voided)
    found = api.changes(since, "Payment")["Payment"]
    assert ids(found) == [edited, voided, deleted], "active ones by last update, then the tombstones"
    assert found[1]["TotalAmt"] == 0
    assert found[2] == {
        "domain": "QBO",
        "status": "Deleted",
        "Id": deleted,
        "MetaData": {"LastUpdatedTime": "2026-11-20T10:01:40-08:00"},
    }
    assert kept not in ids(found)


def test_cdc_brings_the_invoice_that_a_payment_touched(sandbox, api):
    invoice = sandbox.add_invoice("1", 50)
    sandbox.clock.advance(60)
    since = "2026-11-20T18:01:00+00:00"
    payment = sandbox.record_payment("1", 50, [(invoice, 50)])
    body = decimals(api.cdc(since))
    blocks = body["CDCResponse"][0]["QueryResponse"]
    assert [(next(iter(block)), block["startPosition"], block["maxResults"]) for block in blocks] == [
        ("Payment", 1, 1),
        ("Invoice", 1, 1),
    ]
    assert (ids(blocks[0]["Payment"]), ids(blocks[1]["Invoice"])) == ([payment], [invoice])
    assert body["time"] == "2026-11-20T10:01:00.123-08:00"


def test_the_last_update_has_whole_seconds_so_a_cursor_with_milliseconds_misses_a_change(sandbox, api):
    """The envelope's `time` is finer than MetaData: whoever takes it as a cursor without an overlap loses money."""
    cursor = decimals(api.cdc(sandbox.clock.at))["time"]
    payment = sandbox.record_payment("1", 50)
    assert "Payment" not in api.changes(cursor)
    overlapping = sandbox.clock.at - timedelta(seconds=1)
    assert ids(api.changes(overlapping)["Payment"]) == [payment]


def test_cdc_without_changes_has_the_empty_shape(sandbox, api):
    since = sandbox.clock.at + timedelta(hours=1)
    assert decimals(api.cdc(since))["CDCResponse"] == [{"QueryResponse": [{}]}]


def test_whether_changed_since_is_inclusive_is_a_switch(sandbox, api):
    (payment,) = recorded(sandbox, 1)
    at = "2026-11-20T18:00:00+00:00"
    assert ids(api.changes(at)["Payment"]) == [payment]
    sandbox.set_switches(cdc_inclusive=False)
    assert "Payment" not in api.changes(at)


def test_a_change_is_hidden_from_cdc_for_a_while_by_switch(sandbox, api):
    sandbox.set_switches(cdc_after_seconds=20)
    since = sandbox.clock.at - timedelta(minutes=1)
    (payment,) = recorded(sandbox, 1)
    assert "Payment" not in api.changes(since)
    sandbox.clock.advance(10)
    assert ids(api.changes(since)["Payment"]) == [payment]
    sandbox.delete_payment(payment)
    assert "Payment" not in api.changes(since)
    sandbox.clock.advance(20)
    assert api.changes(since)["Payment"][0]["status"] == "Deleted"


def test_cdc_brings_1000_objects_of_all_entities_together(sandbox, api):
    since = sandbox.clock.at - timedelta(minutes=1)
    sandbox.record_many_payments("1", 600)
    found = api.changes(since)
    assert len(found["Payment"]) + len(found["Invoice"]) == 1000
    sandbox.set_switches(cdc_cap_scope="entity")
    assert {name: len(records) for name, records in api.changes(since).items()} == {"Payment": 600, "Invoice": 600}


def test_which_end_the_cap_cuts_off_is_a_switch(sandbox, api):
    since = sandbox.clock.at - timedelta(minutes=1)
    made = recorded(sandbox, 5)
    sandbox.set_switches(cdc_cap=3)
    assert ids(api.changes(since, "Payment")["Payment"]) == made[:3]
    sandbox.set_switches(cdc_cap_keeps="newest")
    assert ids(api.changes(since, "Payment")["Payment"]) == made[2:]


def test_cdc_looks_back_30_days(sandbox, api):
    old = sandbox.record_payment("1", 5, at=sandbox.clock.at - timedelta(days=31))
    new = sandbox.record_payment("1", 5, at=sandbox.clock.at - timedelta(days=29))
    long_ago = sandbox.clock.at - timedelta(days=40)
    assert code(api.cdc(long_ago)) == "2030"
    assert ids(api.changes(sandbox.clock.at - timedelta(days=30), "Payment")["Payment"]) == [new]
    sandbox.set_switches(cdc_beyond_30_days="clip")
    assert ids(api.changes(long_ago, "Payment")["Payment"]) == [new]
    assert old


@pytest.mark.parametrize(
    ("since", "entities", "expected"),
    [
        ("", "Payment", "2020"),
        ("2026-11-20", "", "2020"),
        ("2026-11-20", "Nonsense", "2020"),
        ("soon", "Payment", "2010"),
        ("2026-11-20T18:00:00 00:00", "Payment", "2010"),
    ],
)
def test_cdc_refuses_what_it_does_not_understand(api, since, entities, expected):
    assert code(api.cdc(since, entities)) == expected


def test_companies_do_not_see_each_other(sandbox, api):
    sandbox.record_payment("1", 5)
    sandbox.add_company("2", "Another")
    other = sandbox.add_customer("Other", realm_id="2")
    payment = sandbox.record_payment(other, 7, realm_id="2")
    assert [one["TotalAmt"] for one in api.found("select * from Payment")] == [5]
    assert api.get(f"payment/{payment}", realm="2").status_code == 403
    api.use(sandbox.issue_tokens(realm_id="2")["access_token"])
    assert api.get(f"payment/{payment}", realm="2").json()["Payment"]["TotalAmt"] == 7
    assert api.get(f"payment/{payment}", realm=REALM).status_code == 403
