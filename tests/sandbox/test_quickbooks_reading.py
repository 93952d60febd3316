"""Queries and change data capture over HTTP."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.sandbox.quickbooks_support import REALM, books, calling, code, decimals


@pytest.fixture
def sandbox():
    return books()


@pytest.fixture
def api(sandbox):
    with calling(sandbox) as caller:
        yield caller


def ids(records):
    return [record["Id"] for record in records]


def recorded(sandbox, count, seconds=10):
    """Payments of 1, 2, 3 ... so many seconds apart."""
    made = []
    for number in range(1, count + 1):
        made.append(sandbox.record_payment("1", number, reference=f"R{number}", payment_date=f"2026-11-{number:02}"))
        sandbox.clock.advance(seconds)
    return made


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("TotalAmt > '3'", [4, 5]),
        ("TotalAmt >= '3' AND TotalAmt < '5'", [3, 4]),
        ("totalamt = '3.00'", [3]),
        ("TxnDate <= '2026-11-02'", [1, 2]),
        ("PaymentRefNum = 'r2'", [2]),
        ("PaymentRefNum LIKE 'R%'", [1, 2, 3, 4, 5]),
        ("PaymentRefNum like '%4'", [4]),
        ("CustomerRef = '1' AND TotalAmt = '1'", [1]),
        ("CustomerRef = '2'", []),
        ("MetaData.LastUpdatedTime >= '2026-11-20T18:00:30+00:00'", [4, 5]),
        ("Metadata.LastUpdatedTime > '2026-11-20T10:00:30-08:00'", [5]),
        ("MetaData.LastUpdatedTime > '2026-11-20T10:00:30'", [5]),
        ("MetaData.LastUpdatedTime <= '2026-11-20T18:00:10Z'", [1, 2]),
        ("MetaData.LastUpdatedTime = '2026-11-20T18:00:10Z'", [2]),
        ("MetaData.CreateTime < '2026-11-20'", []),
    ],
)
def test_conditions_find_what_they_say(sandbox, api, where, expected):
    made = recorded(sandbox, 5)
    found = ids(api.found(f"SELECT * FROM Payment WHERE {where} ORDERBY TxnDate"))
    assert found == [made[number - 1] for number in expected]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("ORDERBY TotalAmt DESC", [3, 2, 1]),
        ("order by MetaData.LastUpdatedTime", [1, 2, 3]),
        ("ORDERBY MetaData.LastUpdatedTime DESC", [3, 2, 1]),
        ("ORDERBY CustomerRef, TotalAmt", None),
        ("ORDERBY Id ASC", [1, 2, 3]),
        ("ORDERBY TxnDate ASC, TotalAmt DESC", [1, 2, 3]),
        ("", [3, 2, 1]),
    ],
)
def test_orders(sandbox, api, order, expected):
    made = recorded(sandbox, 3)
    response = api.query(f"select * from Payment {order}")
    if expected is None:
        assert code(response) == "4001"
    else:
        assert ids(response.json()["QueryResponse"]["Payment"]) == [made[number - 1] for number in expected]


def test_switches_of_order_and_of_the_id_list(sandbox, api):
    made = recorded(sandbox, 3)
    sandbox.set_switches(query_order="oldest_first", id_sortable=False, in_list_limit=2)
    assert ids(api.found("select * from Payment")) == made
    assert code(api.query("select * from Payment orderby Id")) == "4001"
    assert code(api.query("select * from Payment where Id in ('1','2','3')")) == "4001"


def test_ids_are_found_by_list_and_unknown_ones_are_left_out(sandbox, api):
    made = recorded(sandbox, 3)
    assert ids(api.found(f"select * from Payment where Id IN ('{made[2]}', '{made[0]}', '99999')")) == [
        made[0],
        made[2],
    ]
    assert ids(api.found(f"select * from Payment where Id = '{made[1]}'")) == [made[1]]


def test_pages_default_to_100_and_never_exceed_1000(sandbox, api):
    sandbox.record_many_payments("1", 1050)
    body = decimals(api.query("select * from Payment"))["QueryResponse"]
    assert (len(body["Payment"]), body["startPosition"], body["maxResults"]) == (100, 1, 100)
    assert len(api.found("select * from Payment maxresults 5000")) == 1000
    body = decimals(api.query("select * from Payment startposition 1001 maxresults 1000"))["QueryResponse"]
    assert (len(body["Payment"]), body["startPosition"], body["maxResults"]) == (50, 1001, 50)
    assert decimals(api.query("select * from Payment startposition 2000"))["QueryResponse"] == {}
    assert decimals(api.query("select COUNT(*) from Payment"))["QueryResponse"] == {"totalCount": 1050}


def test_paging_by_offset_skips_a_row_when_an_earlier_one_is_deleted(sandbox, api):
    made = recorded(sandbox, 4)
    page = "select * from Payment orderby MetaData.LastUpdatedTime startposition {} maxresults 2"
    first = ids(api.found(page.format(1)))
    sandbox.delete_payment(made[0])
    second = ids(api.found(page.format(3)))
    assert first + second == [made[0], made[1], made[3]], "the third was skipped, as in the real service"


def test_a_query_by_post_is_the_same_query(sandbox, api):
    made = recorded(sandbox, 1)
    response = api.post("query", "select * from Payment", headers={"Content-Type": "application/text"})
    assert ids(response.json()["QueryResponse"]["Payment"]) == made


@pytest.mark.parametrize(
    "statement",
    [
        "select * from Payment where TotalAmt = '1' OR TotalAmt = '2'",
        "select Id from Payment",
        "select * from Payment where TotalAmt = 1",
        "select * from Payment where",
        "select * from Payment where Id in ()",
        "select * from Payment where Id != '1'",
        "select * from Payment where Id = 'unclosed",
        "select * from Payment group by Id",
        "select * from Payment maxresults ten",
        "delete from Payment",
        "select * from Payment, Invoice",
        "select * from Payment where Id = '1'; drop",
    ],
)
def test_what_the_grammar_does_not_know_is_4000(api, statement):
    response = api.query(statement)
    assert (response.status_code, code(response)) == (400, "4000")


@pytest.mark.parametrize(
    "statement",
    [
        "select * from Payment where PrivateNote = 'x'",
        "select * from Payment where DocNumber = 'x'",
        "select * from Payment where LinkedTxn = '1'",
        "select * from Payment where Id > '1'",
        "select * from Payment where Id LIKE '1%'",
        "select * from Payment where TotalAmt > 'a lot'",
        "select * from Payment where MetaData.LastUpdatedTime > 'noon'",
        "select * from payments",
    ],
)
def test_what_cannot_be_asked_for_is_4001(api, statement):
    response = api.query(statement)
    assert (response.status_code, code(response)) == (400, "4001")


def test_an_empty_query_is_2020(api):
    assert code(api.get("query")) == "2020"


def test_invoices_are_found_by_number_and_balance_and_quotes_are_escaped(sandbox, api):
    paid, odd = sandbox.add_invoice("1", 10, "1001"), sandbox.add_invoice("1", Decimal("20.5"), "O'Hara 7")
    sandbox.record_payment("1", 10, [(paid, 10)])
    assert ids(api.found(r"select * from Invoice where DocNumber = 'O\'Hara 7'", "Invoice")) == [odd]
    assert ids(api.found("select * from Invoice where Balance > '0'", "Invoice")) == [odd]
    assert ids(api.found("select * from Customer where DisplayName = 'red rock diner'", "Customer")) == ["1"]
    assert api.found("select * from CompanyInfo", "CompanyInfo")[0]["CompanyName"] == "Example Company"


def test_a_voided_payment_is_still_found_and_a_deleted_one_is_not(sandbox, api):
    voided, deleted = recorded(sandbox, 2)
    sandbox.void_payment(voided)
    sandbox.delete_payment(deleted)
    assert ids(api.found("select * from Payment orderby MetaData.LastUpdatedTime")) == [voided]


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
