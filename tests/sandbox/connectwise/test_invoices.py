"""Invoices to read: the query language, the choice of fields, the order, the pages."""

from datetime import date, timedelta

import pytest
import simplejson


def find(api, conditions, **params):
    response = api.get("/finance/invoices", params={"conditions": conditions, **params})
    assert response.status_code == 200, response.text
    return [invoice["invoiceNumber"] for invoice in response.json()]


@pytest.fixture
def four_invoices(connectwise, clock):
    connectwise.add_invoice("INV-1", "500.00", invoice_date=date(2026, 11, 1), closed=False)
    connectwise.add_invoice("inv-2", "70.50", company_identifier="Globex", company_name="Globex Corp")
    paid = connectwise.add_invoice("AB'C", "30.00", currency=None, posted=True)
    clock.now += timedelta(days=1)
    connectwise.type_payment(paid, "30.00")
    connectwise.add_invoice("CM-4", "-20.00", currency="EUR", invoice_type="CreditMemo")


@pytest.mark.parametrize(
    ("conditions", "numbers"),
    [
        ("", ["INV-1", "inv-2", "AB'C", "CM-4"]),
        ('invoiceNumber="INV-1"', ["INV-1"]),
        ("invoiceNumber='INV-1'", ["INV-1"]),
        ('invoiceNumber = "AB\'C"', ["AB'C"]),
        ('invoiceNumber="INV-2"', ["inv-2"]),
        ('invoiceNumber!="INV-1"', ["inv-2", "AB'C", "CM-4"]),
        ("invoiceNumber in ('INV-1', \"CM-4\", 'none')", ["INV-1", "CM-4"]),
        ('invoiceNumber not in ("INV-1","CM-4")', ["inv-2", "AB'C"]),
        ('invoiceNumber like "inv-*"', ["INV-1", "inv-2"]),
        ('invoiceNumber like "%-%"', ["INV-1", "inv-2", "CM-4"]),
        ('invoiceNumber like "INV"', []),
        ('invoiceNumber not like "inv*"', ["AB'C", "CM-4"]),
        ('invoiceNumber contains "nv"', ["INV-1", "inv-2"]),
        ('invoiceNumber not contains "nv"', ["AB'C", "CM-4"]),
        ("id=201", ["inv-2"]),
        ("id in (200, 203)", ["INV-1", "CM-4"]),
        ("id in (203.0, 999, 200)", ["INV-1", "CM-4"]),
        ("id=200.5", []),
        ("id >= 201 and id<203", ["inv-2", "AB'C"]),
        ("id > 201 AND id <= 203", ["AB'C", "CM-4"]),
        ("total = 70.5", ["inv-2"]),
        ("total=500", ["INV-1"]),
        ("total < -1", ["CM-4"]),
        ("balance > 0", ["INV-1", "inv-2"]),
        ("balance=0", ["AB'C"]),
        ('type="CreditMemo"', ["CM-4"]),
        ('company/identifier="globex"', ["inv-2"]),
        ("company/id=2", ["INV-1", "AB'C", "CM-4"]),
        ("status/isClosed=True", ["inv-2", "AB'C", "CM-4"]),
        ("status/isClosed = false", ["INV-1"]),
        ('currency/currencyCode="USD"', ["INV-1", "inv-2"]),
        ('currency/currencyCode!="USD"', ["CM-4"]),
        ("currency/currencyCode=null", ["AB'C"]),
        ("currency/currencyCode!=null", ["INV-1", "inv-2", "CM-4"]),
        ('not currency/currencyCode="USD"', ["CM-4"]),
        ("glBatch/id != null", ["AB'C"]),
        ("date<[2026-11-02]", ["INV-1"]),
        ("_info/lastUpdated > [2026-11-22T18:00:00Z]", ["AB'C", "CM-4"]),
        ("lastUpdated<=[2026-11-22T12:00:00+00:00]", ["INV-1", "inv-2"]),
        ("id=200 or id=201 and total=1", ["INV-1"]),
        ("(id=200 or id=201) and total=70.50", ["inv-2"]),
        ("not (id=200 or id=201)", ["AB'C", "CM-4"]),
        ('invoiceNumber="INV-1" or id=201', ["INV-1", "inv-2"]),
        ('not invoiceNumber="INV-1" and id < 202', ["inv-2"]),
        ('invoiceNumber in ("INV-1","CM-4") and total > 0', ["INV-1"]),
    ],
)
@pytest.mark.usefixtures("four_invoices")
def test_conditions_select_invoices(api, conditions, numbers):
    assert find(api, conditions) == numbers
    assert api.get("/finance/invoices/count", params={"conditions": conditions}).json() == {"count": len(numbers)}


def test_a_bracket_in_a_pattern_is_written_in_brackets(api, connectwise):
    connectwise.add_invoice("A[1]", "1.00")
    connectwise.add_invoice("A1", "1.00")
    assert find(api, 'invoiceNumber like "a[[]1*"') == ["A[1]"]


@pytest.mark.usefixtures("four_invoices")
def test_text_may_be_compared_exactly(api, connectwise):
    connectwise.set_switches(text_comparison="exact")
    assert find(api, 'invoiceNumber="INV-2"') == []
    assert find(api, 'invoiceNumber="inv-2"') == ["inv-2"]
    assert find(api, 'invoiceNumber like "inv*"') == ["inv-2"]


def test_blanks_at_the_end_count_only_where_they_are_set_to(api, connectwise):
    connectwise.add_invoice("INV-7 ", "1.00")
    for conditions in ('invoiceNumber="INV-7"', 'invoiceNumber in ("INV-7")'):
        connectwise.set_switches(trailing_spaces="ignore")
        assert find(api, conditions) == ["INV-7 "]
        connectwise.set_switches(trailing_spaces="count")
        assert find(api, conditions) == []
    assert find(api, 'invoiceNumber in ("INV-7 ")') == ["INV-7 "]
    assert find(api, 'invoiceNumber=" INV-7 "') == []


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ("resources/identifier=1", "resources/identifier is not a recognized name."),
        ("status/isClosed=1", "Expected a boolean value, not a numeric. String values should be enclosed with double"),
        ("invoiceNumber=1055", "Expected a string value, not a numeric."),
        ('id="200"', "Expected a numeric value, not a string."),
        ("id in (1,'2')", "Expected a numeric value, not a string."),
        ("date>'2026-11-01'", "Expected a datetime value, not a string."),
        ("date>[yesterday]", "[yesterday] is not a date and time."),
        ("total like 5", "Expected a string value, not a numeric."),
        ("id > null", "Expected a numeric value, not a null."),
        ("invoiceNumber=INV-1", "Expected a string value, not a name."),
        ("id=", "The conditions end too early."),
        ("id in (1,2", "Expected ) in the conditions."),
        ("id in 1", "Expected ( in the conditions."),
        ("(id=1", "Expected ) in the conditions."),
        ("id=1 id=2", "Unexpected id in the conditions."),
        ("id not = 1", "Unexpected = in the conditions."),
        ("id and 1", "Unexpected and in the conditions."),
        ("5=id", "Unexpected 5 in the conditions."),
        ("id=1 & id=2", "Unexpected characters in the conditions"),
        ('invoiceNumber="INV', "Unexpected characters in the conditions"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(api, conditions, message):
    response = api.get("/finance/invoices", params={"conditions": conditions})
    assert response.status_code == 400
    assert response.json()["code"] == "ApiFindCondition"
    assert "errors" not in response.json()
    assert response.json()["message"].startswith(message)


def test_an_invoice_comes_in_connectwise_s_own_words(api, connectwise):
    invoice_id = connectwise.add_invoice("INV-1", "444.00", invoice_date=date(2026, 10, 4), posted=True)
    connectwise.type_payment(invoice_id, "300.00")
    connectwise.type_payment(invoice_id, "50.00", credit_memo="CM-9", payment_type="C")
    invoice = simplejson.loads(api.get(f"/finance/invoices/{invoice_id}").text, use_decimal=True)
    assert invoice["id"] == invoice_id
    assert invoice["invoiceNumber"] == "INV-1"
    assert (invoice["total"], invoice["payments"], invoice["credits"], invoice["balance"]) == (444, 300, 50, 94)
    assert invoice["status"]["name"] == "Closed"
    assert invoice["status"]["isClosed"] is True
    assert invoice["company"] | {"_info": {}} == {
        "id": 2,
        "identifier": "CascadeDental",
        "name": "Cascade Dental",
        "_info": {},
    }
    assert invoice["date"] == "2026-10-04T00:00:00Z"
    assert invoice["currency"]["currencyCode"] == "USD"
    assert invoice["glBatch"] == {"id": 1, "name": "GL-1"}
    assert invoice["_info"] == {"lastUpdated": "2026-11-22T12:00:00Z", "updatedBy": "jsmith"}


def test_a_missing_invoice_is_not_found(api):
    response = api.get("/finance/invoices/999")
    assert response.status_code == 404
    assert response.json()["code"] == "NotFound"


@pytest.mark.usefixtures("four_invoices")
def test_only_the_fields_asked_for_are_returned(api):
    fields = "id,company/identifier,company/name,status/isClosed,glBatch/id,nonsense"
    assert api.get("/finance/invoices", params={"conditions": "id=201", "fields": fields}).json() == [
        {
            "id": 201,
            "company": {"identifier": "Globex", "name": "Globex Corp"},
            "status": {"isClosed": True},
        },
    ]
    assert api.get("/finance/invoices/201", params={"fields": "invoiceNumber, total"}).json() == {
        "invoiceNumber": "inv-2",
        "total": 70.5,
    }


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        ("total", ["CM-4", "AB'C", "inv-2", "INV-1"]),
        ("total desc", ["INV-1", "inv-2", "AB'C", "CM-4"]),
        ("company/identifier desc, id desc", ["inv-2", "CM-4", "AB'C", "INV-1"]),
        ("glBatch/id asc,id", ["INV-1", "inv-2", "CM-4", "AB'C"]),
    ],
)
@pytest.mark.usefixtures("four_invoices")
def test_invoices_are_ordered_as_asked(api, order, numbers):
    assert find(api, "", orderBy=order) == numbers


@pytest.mark.parametrize(
    "params",
    [
        {"orderBy": "nonsense"},
        {"orderBy": "id sideways"},
        {"page": "0"},
        {"page": "two"},
        {"pageSize": "0"},
        {"childConditions": "id=1"},
        {"customFieldConditions": "id=1"},
    ],
)
def test_a_list_that_cannot_be_made_is_refused(api, params):
    assert api.get("/finance/invoices", params=params).status_code == 400


def test_pages_hold_25_unless_asked_otherwise_and_never_more_than_1000(api, connectwise):
    for number in range(1100):
        connectwise.add_invoice(f"INV-{number}", 1)
    assert len(api.get("/finance/invoices").json()) == 25
    assert len(api.get("/finance/invoices", params={"pageSize": 5000}).json()) == 1000
    assert len(api.get("/finance/invoices", params={"pageSize": 5000, "page": 2}).json()) == 100
    assert api.get("/finance/invoices", params={"pageSize": 1000, "page": 3}).json() == []


def test_links_lead_through_the_pages(api, connectwise):
    for number in range(5):
        connectwise.add_invoice(f"INV-{number}", 1)
    first = api.get("/finance/invoices", params={"pageSize": 2, "conditions": "id>200", "fields": "id"})
    assert set(first.links) == {"next", "last"}
    second = api.get(first.links["next"]["url"])
    assert [invoice["id"] for invoice in second.json()] == [203, 204]
    assert set(second.links) == {"first", "prev"}
    assert api.get(second.links["prev"]["url"]).json() == first.json()
    assert api.get(second.links["first"]["url"]).json() == first.json()
    assert api.get(first.links["last"]["url"]).json() == second.json()


def test_forward_only_paging_goes_by_the_last_id_and_ends_with_an_empty_link(api, connectwise):
    for number in range(5):
        connectwise.add_invoice(f"INV-{number}", 1)
    forward = {"pagination-type": "forward-only"}
    response = api.get("/finance/invoices", params={"pageSize": 2, "page": 9}, headers=forward)
    seen = [invoice["id"] for invoice in response.json()]
    while response.links:
        assert set(response.links) == {"next"}
        response = api.get(response.links["next"]["url"], headers=forward)
        seen += [invoice["id"] for invoice in response.json()]
    assert seen == [200, 201, 202, 203, 204]
    assert response.headers["Link"] == ""


def test_forward_only_paging_has_its_own_order(api):
    response = api.get("/finance/invoices", params={"orderBy": "id"}, headers={"pagination-type": "forward-only"})
    assert response.status_code == 400
