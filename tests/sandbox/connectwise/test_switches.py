"""What is open about ConnectWise, played both ways."""

from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.connectwise import ConnectWiseSandbox, Switches

BODY = {"type": "P", "amount": 300, "paymentDate": "2023-09-06T22:15:00Z"}
PAYMENTS = "/finance/invoices/200/payments"


@pytest.fixture(autouse=True)
def _one_invoice(connectwise):
    connectwise.add_invoice("INV-1", "500.00")


def amounts(connectwise):
    return [str(payment.amount) for payment in connectwise.invoice(200).payments]


def post(api, **change):
    return api.post(PAYMENTS, json=BODY | change)


def test_a_second_payment_stands_beside_the_first(api, connectwise):
    assert [post(api).status_code, post(api, amount=100).status_code] == [201, 201]
    assert amounts(connectwise) == ["300.00", "100.00"]


def test_a_second_payment_may_be_rejected(api, connectwise):
    connectwise.set_switches(second_payment="reject")
    assert [post(api).status_code, post(api, amount=100).status_code] == [201, 400]
    assert amounts(connectwise) == ["300.00"]


def test_a_second_payment_may_overwrite_the_first(api, connectwise):
    connectwise.set_switches(second_payment="overwrite")
    first, second = post(api), post(api, amount=100, paymentDate="2023-10-01T00:00:00Z")
    assert second.status_code == 201
    assert second.json()["id"] == first.json()["id"]
    [payment] = connectwise.invoice(200).payments
    assert (payment.amount, payment.payment_date.month) == (Decimal("100.00"), 10)


def test_a_credit_is_neither_first_nor_second_payment(api, connectwise):
    connectwise.set_switches(second_payment="reject")
    connectwise.type_payment(200, "50.00", credit_memo="CM-1")
    assert post(api).status_code == 201


def test_an_overpayment_may_drive_the_balance_below_zero(api, connectwise):
    assert post(api, amount=600).status_code == 201
    assert connectwise.invoice(200).balance == Decimal("-100.00")


def test_an_overpayment_may_be_rejected(api, connectwise):
    connectwise.set_switches(overpayment="reject")
    assert post(api, amount=500.01).status_code == 400
    assert post(api, amount=500).status_code == 201
    assert post(api, amount=0.01).status_code == 400
    assert amounts(connectwise) == ["500.00"]


def test_an_overpayment_may_be_clamped_to_the_balance(api, connectwise):
    connectwise.set_switches(overpayment="clamp")
    response = post(api, amount=600)
    assert (response.status_code, response.json()["amount"]) == (201, 500)
    assert connectwise.invoice(200).balance == 0


def test_a_change_of_a_payment_may_use_what_the_payment_itself_holds(api, connectwise):
    connectwise.set_switches(overpayment="reject")
    payment = post(api, amount=400).json()
    path = f"{PAYMENTS}/{payment['id']}"
    assert api.patch(path, json=[{"op": "replace", "path": "amount", "value": 500}]).status_code == 200
    assert api.patch(path, json=[{"op": "replace", "path": "amount", "value": 501}]).status_code == 400
    assert amounts(connectwise) == ["500.00"]


def test_a_closed_invoice_takes_payments_unless_switched_off(api, connectwise):
    assert post(api).status_code == 201
    connectwise.set_switches(closed_invoice_post="reject")
    assert post(api).status_code == 400
    connectwise.edit_invoice(200, closed=False)
    assert post(api, amount=1).status_code == 201
    assert amounts(connectwise) == ["300.00", "1.00"]


def test_a_payment_on_a_posted_invoice_may_refuse_to_be_deleted(api, connectwise):
    payment = post(api).json()
    connectwise.set_switches(posted_delete="refuse")
    connectwise.edit_invoice(200, posted=True)
    assert api.delete(f"{PAYMENTS}/{payment['id']}").status_code == 409
    assert amounts(connectwise) == ["300.00"]
    connectwise.set_switches(posted_delete="accept")
    assert api.delete(f"{PAYMENTS}/{payment['id']}").status_code == 204


def test_a_payment_date_may_lose_its_time(api, connectwise):
    assert post(api).json()["paymentDate"] == "2023-09-06T22:15:00Z"
    connectwise.set_switches(payment_date="truncated")
    assert post(api).json()["paymentDate"] == "2023-09-06T00:00:00Z"


def test_an_amount_may_be_a_text_unless_switched_off(api, connectwise):
    assert post(api, amount="100.50").json()["amount"] == 100.5
    connectwise.set_switches(amount_as_string="reject")
    assert post(api, amount="100.50").status_code == 400
    assert amounts(connectwise) == ["100.50"]


def test_unknown_fields_are_ignored_unless_switched_off(api, connectwise):
    assert "memo" not in post(api, memo="QBO 12").json()
    connectwise.set_switches(extra_fields="reject")
    refused = post(api, memo="QBO 12")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "memo"


def test_a_payment_may_come_back_with_its_type_as_a_word(api, connectwise):
    assert post(api).json()["type"] == "P"
    connectwise.set_switches(payment_type="word")
    assert [payment["type"] for payment in api.get(PAYMENTS).json()] == ["Payment"]


def test_the_sums_of_an_invoice_may_lag_behind_its_payments(api, connectwise, clock):
    connectwise.set_switches(sums="late")
    for amount in (100, 50):
        clock.now += timedelta(seconds=3)
        post(api, amount=amount)
    late = api.get("/finance/invoices/200").json()
    assert (late["payments"], late["balance"]) == (100, 400)
    assert len(api.get(PAYMENTS).json()) == 2
    clock.now += timedelta(seconds=2)
    settled = api.get("/finance/invoices/200").json()
    assert (settled["payments"], settled["balance"]) == (150, 350)


def test_a_person_is_above_the_switches(connectwise):
    connectwise.set_switches(second_payment="reject", overpayment="reject", closed_invoice_post="reject")
    connectwise.type_payment(200, "400.00")
    connectwise.type_payment(200, "400.00")
    assert connectwise.invoice(200).balance == Decimal("-300.00")


def test_a_sandbox_is_made_with_its_switches_and_returns_to_them():
    sandbox = ConnectWiseSandbox(switches=Switches(overpayment="clamp"))
    assert sandbox.set_switches(second_payment="reject").overpayment == "clamp"
    sandbox.reset()
    assert asdict(sandbox.set_switches()) == asdict(Switches(overpayment="clamp"))


@pytest.mark.parametrize("change", [{"overpayment": "maybe"}, {"nonsense": 1}, {"bad_credentials": 402}])
def test_a_switch_knows_its_positions(connectwise, change):
    with pytest.raises(ValueError, match=next(iter(change))):
        connectwise.set_switches(**change)


def numbers(api):
    return [one["invoiceNumber"] for one in api.get("/finance/invoices").json()]


def test_a_member_may_see_the_invoices_of_some_locations_only(api, connectwise):
    connectwise.add_invoice("INV-2", "10.00", location="West")
    connectwise.limit_locations(["West"])
    assert numbers(api) == ["INV-2"]
    assert api.get("/finance/invoices/count").json() == {"count": 1}
    assert api.get("/finance/invoices/200").status_code == 404
    assert post(api).status_code == 404
    connectwise.set_switches(hidden_invoice=403)
    assert api.get("/finance/invoices/200").status_code == 403
    connectwise.limit_locations(None)
    assert numbers(api) == ["INV-1", "INV-2"]


def test_a_payment_may_leave_the_invoices_moment_of_change_alone(api, connectwise, clock):
    connectwise.set_switches(payment_moves_invoice="stays")
    before = api.get("/finance/invoices/200").json()
    clock.now += timedelta(minutes=1)
    payment = post(api).json()["id"]
    after = api.get("/finance/invoices/200").json()
    assert (after["balance"], after["_info"]) == (200, before["_info"])
    connectwise.delete_payment(200, payment)
    assert api.get("/finance/invoices/200").json()["_info"] == before["_info"]
    connectwise.set_switches(payment_moves_invoice="moves")
    post(api)
    assert api.get("/finance/invoices/200").json()["_info"]["updatedBy"] == "API1"
