"""Queries over HTTP."""

from decimal import Decimal

import pytest

from tests.sandbox.quickbooks.support import code, decimals


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


def test_credit_memos_and_active_customers_are_found(sandbox, api):
    payment = sandbox.apply_credit_memo(sandbox.add_invoice("1", 80), 50)
    (memo,) = api.found("select * from CreditMemo", "CreditMemo")
    assert (memo["TotalAmt"], memo["RemainingCredit"]) == (50, 0)
    assert memo["LinkedTxn"] == [{"TxnId": payment, "TxnType": "Payment"}]
    assert ids(api.found("select * from Customer where Active = true", "Customer")) == ["1"]


def test_a_voided_payment_is_still_found_and_a_deleted_one_is_not(sandbox, api):
    voided, deleted = recorded(sandbox, 2)
    sandbox.void_payment(voided)
    sandbox.delete_payment(deleted)
    assert ids(api.found("select * from Payment orderby MetaData.LastUpdatedTime")) == [voided]
